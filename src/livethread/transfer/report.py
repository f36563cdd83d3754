"""What became of an import, in figures; the sentences are the command line's."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from livethread.errors import SetupError
from livethread.transfer.stage import KINDS, RUN, Stage, printable

SHOWN: Final = 20
"""Refusals that a report holds; a file has all of them."""

_NAMES: Final = 100
"""Names of unknown fields that are remembered."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something was refused.

    Args:
        line: of the file.
        thread: the thread that is refused for it, if it is known.
        id: the object's, if that is known.
        reason: a sentence.
    """

    line: int
    thread: str | None
    id: str | None
    reason: str


@dataclass(slots=True)
class Report:
    """What an import did, or would do. Counters are by kind: ``thread.message``.

    Args:
        imported: objects that went in.
        stored: objects that were there already.
        again: objects that stand in the file more than once.
        refused: objects that were refused, by themselves or with their thread.
        made: threads whose own object is not in the file.
        ended: objects that had not ended, and were imported as ended.
        empty: messages without any content, which are left out.
        early: runs that stand before what they wrote and did, although they say they were created later.
        unknown: fields that were left out, by kind and name: how many, and the first line.
        refusals: the first of them, by line.
        refusals_total: how many there are.
        refused_threads: how many threads are refused.
        held_back: nothing was imported, because of the refusals.
    """

    imported: Counter[str] = field(default_factory=Counter)
    stored: Counter[str] = field(default_factory=Counter)
    again: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    made: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    empty: int = 0
    early: int = 0
    unknown: dict[str, tuple[int, int]] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    refusals_total: int = 0
    refused_threads: int = 0
    held_back: bool = False

    def note_unknown(self, kind: str, name: str, line: int) -> None:
        """A field of this object is not known."""
        field = printable(f"{kind}.{name[:64]}")
        if field not in self.unknown and len(self.unknown) == _NAMES:
            field = "others"
        count, first = self.unknown.get(field, (0, line))
        self.unknown[field] = count + 1, first

    def hold_back(self) -> None:
        """Nothing is imported after all."""
        self.held_back = True
        self.made = self.early = 0
        self.imported.clear()
        self.ended.clear()

    def count(self, stage: Stage) -> None:
        """Take the figures of a stage that has been judged."""

        def by_kind(where: str) -> Counter[str]:
            found = stage.rows(f"SELECT kind, count(*) FROM {where} GROUP BY kind")
            return Counter({KINDS[kind]: count for kind, count in found})

        good = "items WHERE thread NOT IN (SELECT thread FROM refused)"
        self.imported = by_kind(f"{good} AND stored = 0")
        self.stored = by_kind(f"{good} AND stored = 1")
        self.ended = by_kind(f"{good} AND stored = 0 AND ended_here")
        self.again = by_kind("again")
        self.refused += by_kind("items WHERE thread IN (SELECT thread FROM refused)")
        self.made = stage.one(
            """SELECT count(*) FROM threads WHERE stored = 0 AND id NOT IN (SELECT thread FROM refused)
            AND id NOT IN (SELECT id FROM items WHERE kind = 1)"""
        )
        self.early = stage.one(
            f"""SELECT count(*) FROM items AS run WHERE kind = {RUN} AND stored = 0
            AND thread NOT IN (SELECT thread FROM refused)
            AND at > (SELECT min(at) FROM items WHERE run = run.id AND stored = 0)"""
        )
        first = stage.rows("SELECT line, thread, id, reason FROM refusals ORDER BY line, rowid LIMIT ?", SHOWN)
        self.refusals = [Refusal(*row) for row in first]
        self.refusals_total = stage.one("SELECT count(*) FROM refusals")
        self.refused_threads = stage.one(
            "SELECT count(*) FROM refused WHERE thread NOT IN (SELECT id FROM items WHERE kind = 0)"
        )


def write_refusals(stage: Stage, file: Path) -> None:
    """Write every refusal into a file, one JSON object a line.

    Raises:
        SetupError: it cannot be written.
    """
    try:
        with file.open("w", encoding="ascii") as lines:
            for row in stage.rows("SELECT line, thread, id, reason FROM refusals ORDER BY line, rowid"):
                lines.write(json.dumps(asdict(Refusal(*row))) + "\n")
    except OSError as error:
        raise SetupError(
            f"The report {file} cannot be written ({error.strerror}), and nothing was imported; "
            "name another file with --report."
        ) from error
