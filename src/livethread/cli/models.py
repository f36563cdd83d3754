"""``livethread models``: what is configured, what serves it, and which assistants nothing serves."""

from __future__ import annotations

import asyncio
import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from livethread.clock import SystemClock
from livethread.ids import Ids
from livethread.providers.address import shown
from livethread.providers.builtin import Builtin
from livethread.providers.local_engines import ENGINES, LocalEngine
from livethread.providers.names import BUILTIN
from livethread.providers.registry import Listed, Registry
from livethread.settings import Settings
from livethread.storage.glance import stored_assistants
from livethread.upstreams import Upstreams, connect

_WIDE: Final = 10_000
"""Columns of an output that is no terminal: every row is one line."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a model name leads to.

    Args:
        name: as somebody asks for it.
        target: as it finally reads, with the prefix of its upstream.
        served: whether something serves it; None where the upstream cannot be asked.
        why: a sentence, unless it is served.
    """

    name: str
    target: str
    served: bool | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that is printed, as it was at one moment."""

    settings: Settings
    upstreams: Upstreams
    listed: Sequence[Listed]
    aliases: Sequence[Meaning]
    assistants: Sequence[tuple[Mapping[str, Any], Meaning]]

    @property
    def models(self) -> list[str]:
        """The names of all models that are listed, each as it is asked for."""
        spelled = self.upstreams.registry.names.spelled
        return [
            model if listed.upstream == BUILTIN else spelled(listed.upstream, model)
            for listed in self.listed
            for model in listed.models
        ]


async def report(settings: Settings, engines: Sequence[LocalEngine] = ENGINES) -> Report:
    """Ask every upstream, and look into the data folder without touching it.

    Args:
        settings: those that a server would have.
        engines: where to look for engines on this machine.

    Raises:
        SetupError: the settings or the database make no sense.
    """
    stored = await asyncio.to_thread(stored_assistants, settings.data)
    clock, ids = SystemClock(), Ids()
    upstreams = await connect(settings, Builtin(clock, ids), ids=ids, clock=clock, engines=engines)
    registry = upstreams.registry
    try:
        listed = await registry.listed()
        by_name = {one.upstream: one for one in listed}
        aliases = [await _meaning(registry, by_name, alias) for alias in registry.names.aliases]
        assistants = [(assistant, await _meaning(registry, by_name, str(assistant["model"]))) for assistant in stored]
    finally:
        await registry.close()
    return Report(settings, upstreams, listed, aliases, assistants)


async def _meaning(registry: Registry, listed: Mapping[str, Listed], name: str) -> Meaning:
    place = await registry.place(name)
    if place.upstream is None:
        return Meaning(name, place.model, False, "no upstream takes names without a prefix")
    target = place.model if place.upstream == BUILTIN else f"{place.upstream}/{place.model}"
    there = listed.get(place.upstream)
    if there is None:
        return Meaning(name, target, False, f"{place.upstream} is not there")
    if there.trouble is not None:
        return Meaning(name, target, None, f"{place.upstream} does not answer")
    if there.holds(place.model):
        return Meaning(name, target, True)
    return Meaning(name, target, False, f"{place.upstream} does not list it")


def show(report: Report, console: Console) -> None:
    """Print a report: in tables on a terminal, a line for each row elsewhere."""
    if not console.is_terminal:
        console.width = _WIDE
    say = console.print
    settings, upstreams = report.settings, report.upstreams
    say(f"Settings   {settings.file or 'no livethread.toml, so the environment and the defaults'}")
    say(f"Data       {settings.data}\n")
    by_name = {listed.upstream: listed for listed in report.listed}
    say("Upstreams")
    default = upstreams.registry.default
    rows = [
        (upstream.name, shown(upstream.url), _answer(by_name[upstream.name], bare=upstream.name == default))
        for upstream in upstreams.named
    ]
    rows += [
        (
            one.engine.name,
            one.engine.url,
            f"{one.engine.title}, found on this machine; {_answer(by_name[one.engine.name])}",
        )
        for one in upstreams.engines
    ]
    _table(console, rows or [("none: the built-in models answer",)])
    for sentence in upstreams.ignored:
        say(f"  {sentence}")
    say("\nModels")
    _table(console, [(model,) for model in report.models])
    if report.aliases:
        say("\nAliases")
        _table(console, [(alias.name, f"-> {alias.target}", _standing(alias)) for alias in report.aliases])
    _show_assistants(report, console)


def _show_assistants(report: Report, console: Console) -> None:
    lost = [(assistant, meaning) for assistant, meaning in report.assistants if meaning.served is False]
    unsure = [(assistant, meaning) for assistant, meaning in report.assistants if meaning.served is None]
    console.print(f"\nAssistants: {len(report.assistants)} stored")
    for title, some in (
        ("Nothing serves the model of:", lost),
        ("Nobody can tell whether something serves the model of:", unsure),
    ):
        if some:
            console.print(title)
            rows = [(str(one["id"]), str(one.get("name") or ""), name.name, name.why) for one, name in some]
            _table(console, rows)
    if lost:
        _show_remedy(report, dict.fromkeys(meaning.name for _, meaning in lost), console)


def _show_remedy(report: Report, names: Iterable[str], console: Console) -> None:
    """The lines that would serve some names; TOML allows each table and each key once."""
    there = {alias.name for alias in report.aliases}
    where = "under [aliases] in" if there else "into"
    console.print(f"To serve these, write {where} livethread.toml, with the models that you want:\n")
    if not there:
        console.print("[aliases]")
    for name in names:
        instead = "  # instead of the line that is there" if name in there else ""
        console.print(f"{_quoted(name)} = {_quoted(_nearest(name, report.models))}{instead}")


def _answer(listed: Listed, *, bare: bool = False) -> str:
    if listed.trouble is not None:
        return f"does not answer: {listed.trouble}"
    count = len(listed.models)
    said = f"answers, {count} model{'' if count == 1 else 's'}"
    return f"{said}, takes names without a prefix" if bare else said


def _standing(meaning: Meaning) -> str:
    if meaning.served:
        return "served"
    return f"not served: {meaning.why}" if meaning.served is False else f"unknown: {meaning.why}"


def _nearest(name: str, models: Iterable[str]) -> str:
    """The listed model whose name is most like this one; a built-in one only where there is no other."""
    real = [model for model in models if not model.startswith(f"{BUILTIN}/") and "embed" not in model]
    near = difflib.get_close_matches(name, real, 1, 0.0)
    return near[0] if near else f"{BUILTIN}/guide"


def _quoted(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)


def _table(console: Console, rows: Iterable[tuple[str, ...]]) -> None:
    """Rows in columns; long texts go on in the next line, and nothing is cut."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    rows = [("", *map(_printable, row)) for row in rows]
    for _ in rows[0] if rows else ():
        table.add_column(overflow="fold")
    for row in rows:
        table.add_row(*row)
    with console.capture() as capture:
        console.print(table)
    for line in capture.get().splitlines():
        console.print(line.rstrip())


def _printable(text: str) -> str:
    """Names come from elsewhere, and must not steer the terminal."""
    return "".join(character if character.isprintable() else "�" for character in text)
