"""The tables ``[upstreams.NAME]`` and ``[aliases]`` of the settings file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from livethread.providers.names import BUILTIN
from livethread.settings.file import SettingsFile, dotted
from livethread.settings.values import ADDRESS, SWITCH, VARIABLE, Kind, one_of, whole

_NAME: Final = re.compile(r"[a-z0-9_-]+")
_KINDS: Final[Mapping[str, Kind]] = {
    "url": ADDRESS,
    "key_env": VARIABLE,
    "dialect": one_of("chat-completions"),
    "stream": SWITCH,
    "images": SWITCH,
    "context": whole(2**31, least=1),
}


@dataclass(frozen=True, slots=True)
class UpstreamSettings:
    """One model API.

    Args:
        name: the prefix of its models' names.
        url: what stands before ``/chat/completions``.
        key: sent to it as a bearer token; the file names a variable that holds it.
        stream: whether it can stream; if not, its whole answer is streamed word by word.
        images: whether its models take images; None where nobody said, and they are sent.
        context: tokens that prompt and answer may have together; None where nobody said.
    """

    name: str
    url: str = field(repr=False)  # some hold a password
    key: str | None = field(default=None, repr=False)
    stream: bool = True
    images: bool | None = None
    context: int | None = None


def upstreams_of(file: SettingsFile, tables: Any, env: Mapping[str, str]) -> tuple[UpstreamSettings, ...]:
    """The upstreams of the file.

    Args:
        file: where they stand.
        tables: its value at ``upstreams``.
        env: holds the keys.

    Raises:
        SetupError: a table says something that makes no sense, or a key's variable is not set.
    """
    if not isinstance(tables, dict):
        raise file.wrong(("upstreams",), "upstreams must be tables, one for each: [upstreams.NAME].")
    return tuple(_upstream(file, name, table, env) for name, table in tables.items())


def _upstream(file: SettingsFile, name: str, table: Any, env: Mapping[str, str]) -> UpstreamSettings:
    keys = ("upstreams", name)
    if not isinstance(table, dict):
        raise file.wrong(keys, f"{dotted(keys)} must be a table; name the upstream that it is of: [upstreams.NAME].")
    if not _NAME.fullmatch(name):
        raise file.wrong(keys, f"An upstream's name consists of a-z, 0-9, - and _, which {dotted(keys[1:])} does not.")
    if name == BUILTIN:
        raise file.wrong(keys, "The name builtin is that of the built-in models; give the upstream another one.")
    for key, value in table.items():
        if key in ("key", "api_key", "token"):
            raise file.wrong(
                (*keys, key), "A key never stands in a file; put it into a variable, and name that in key_env."
            )
        if key not in _KINDS:
            raise file.unknown((*keys, key), _KINDS, "An upstream")
        _KINDS[key].from_file(file, (*keys, key), value)
    if "url" not in table:
        raise file.wrong(keys, f'The upstream {name} has no address; add one, as in url = "http://127.0.0.1:11434/v1".')
    variable, key = table.get("key_env"), None
    if variable is not None and not (key := (env.get(variable) or "").strip()):
        raise file.wrong(
            (*keys, "key_env"),
            f"The variable {variable}, which is to hold the key of the upstream {name}, is not set; "
            "set it, or remove key_env if no key is needed.",
        )
    optional = {key: table[key] for key in ("stream", "images", "context") if key in table}
    return UpstreamSettings(name, table["url"].strip(), key, **optional)


def aliases_of(file: SettingsFile, table: Any) -> dict[str, str]:
    """The aliases of the file.

    Args:
        file: where they stand.
        table: its value at ``aliases``.

    Raises:
        SetupError: one of them is not a name for a name.
    """
    if not isinstance(table, dict):
        raise file.wrong(("aliases",), 'aliases must be a table: [aliases], and below it lines such as "old" = "new".')
    for alias, target in table.items():
        keys = ("aliases", alias)
        if isinstance(target, dict):
            raise file.wrong(keys, f'A name with a dot stands in quotes: "{alias}.…" = "UPSTREAM/MODEL".')
        if not (alias and isinstance(target, str) and target):
            raise file.wrong(keys, f'{dotted(keys)} must be the name of a model in quotes, such as "local/llama3.3".')
    return table
