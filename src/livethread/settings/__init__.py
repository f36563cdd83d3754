"""The settings: one frozen object, and the only reader of the environment.

A value comes from the command line, else from ``LIVETHREAD_…`` in the environment, else from ``livethread.toml``, else
it is the default.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Self, get_args

from livethread.domain.options import ThreadPolicy
from livethread.providers.local_engines import ENGINES
from livethread.providers.names import DEFAULT, Names, UnusableAlias, default_of
from livethread.settings.caller import Caller
from livethread.settings.file import NAME, SettingsFile
from livethread.settings.upstreams import UpstreamSettings, aliases_of, upstreams_of
from livethread.settings.values import ADDRESS, NUMBER, ORIGINS, POSITIVE, SWITCH, TEXT, Kind, one_of, texts, whole

__all__ = ["Caller", "Settings", "UpstreamSettings", "this_caller"]

_DATA: Final = Path("data")
_KINDS: Final[Mapping[str, Kind]] = {
    "host": TEXT,
    "port": whole(65535),
    "data": TEXT,
    "thread_policy": one_of(*get_args(ThreadPolicy)),
    "origins": ORIGINS,
    "words_per_second": NUMBER,
    "run_seconds": NUMBER,
    "max_body": whole(2**31),
    "retries": whole(100),
    "retry_seconds": NUMBER,
    "stall_seconds": POSITIVE,
    "max_rounds": whole(10_000, least=1),
    "max_viewers": whole(10**6, least=1),
    "max_viewers_per_thread": whole(10**6, least=1),
    "local_engines": SWITCH,
    "room_assistant": TEXT,
    "room_empty_seconds": POSITIVE,
    "room_no_function": SWITCH,
}
"""Every setting that is one value, in the file by this name, in the environment in capitals behind ``LIVETHREAD_``."""

_SECRETS: Final = {
    "api_keys": "LIVETHREAD_API_KEYS",
    "upstream_key": "LIVETHREAD_UPSTREAM_KEY",
}
"""What somebody may look for in the file, and where it belongs instead."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set.

    Each field is set by the key of its name in ``livethread.toml``, or by the same name in capitals behind
    ``LIVETHREAD_`` in the environment, unless said otherwise here.

    Args:
        host: the address to listen on (also ``--host``).
        port: the port; 0 takes a free one (also ``--port``).
        data: the folder of the database and the draft file (also ``--data``; in the file, seen from the file's folder).
        upstreams: the model APIs, one table ``[upstreams.NAME]`` of the file each. One called ``default`` comes from
            ``LIVETHREAD_UPSTREAM_URL`` and ``LIVETHREAD_UPSTREAM_KEY``, or, where neither these nor the file make one,
            from ``OPENAI_BASE_URL`` and ``OPENAI_API_KEY``.
        aliases: what other model names stand for, the table ``[aliases]``; in the file only.
        thread_policy: what a new run does on a busy thread.
        origins: web origins that may call besides this machine's own, and whose names may be this server's own
            (in the environment by commas).
        api_keys: if any are set, a caller must send one; in the environment only, by commas.
        words_per_second: how fast the built-in models speak, and an upstream's whole answer is told; 0 for at once.
        run_seconds: how long after its first start a run expires.
        max_body: the largest request body taken, in bytes.
        retries: further attempts of a model turn that fails while nothing was shown of it.
        retry_seconds: the most that is waited between these attempts, in all.
        stall_seconds: silence after which an upstream counts as stalled.
        max_rounds: rounds of tool calls that one run may take.
        max_viewers: how many may watch threads and runs at a time; one more is asked to come back later.
        max_viewers_per_thread: how many of them may watch the same thread.
        local_engines: look for model engines on their usual ports at the start.
        room_assistant: the id of the assistant that answers in rooms; unless set, the server's first one does.
        room_empty_seconds: how long after the last one has left the default room its thread is deleted; unless set,
            it never is.
        room_no_function: answer calls that a run in a room waits for with "No function found"; else it waits.
        file: the settings file that was read (``--config``, else ``LIVETHREAD_CONFIG``, else ``livethread.toml`` in the
            current folder, else in the data folder).

    Raises:
        SetupError: an alias leads back to itself, or to no upstream.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    data: Path = _DATA
    upstreams: tuple[UpstreamSettings, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    thread_policy: ThreadPolicy = "queue"
    origins: tuple[str, ...] = ()
    api_keys: tuple[str, ...] = field(default=(), repr=False)
    words_per_second: float = 40.0
    run_seconds: float = 600.0
    max_body: int = 8 * 1024 * 1024
    retries: int = 3
    retry_seconds: float = 60.0
    stall_seconds: float = 120.0
    max_rounds: int = 64
    max_viewers: int = 20_000
    max_viewers_per_thread: int = 10_000
    local_engines: bool = True
    room_assistant: str | None = None
    room_empty_seconds: float | None = None
    room_no_function: bool = False
    file: Path | None = None

    def __post_init__(self) -> None:
        named = [upstream.name for upstream in self.upstreams]
        engines = [engine.name for engine in ENGINES] if self.local_engines else []
        Names({*named, *engines}, default_of(named), self.aliases).refuse_lost_aliases()

    @classmethod
    def read(
        cls,
        *,
        host: str | None = None,
        port: int | None = None,
        data: Path | None = None,
        config: Path | None = None,
        environment: Mapping[str, str] | None = None,
        folder: Path = Path(),
    ) -> Self:
        """The settings of this process.

        Args:
            host: from the command line, as are ``port``, ``data`` and ``config``.
            environment: stands in for the process's own, in tests.
            folder: likewise for the current folder.

        Raises:
            SetupError: a value makes no sense, or the file cannot be used.
        """
        env = os.environ if environment is None else environment
        data = data or _path(env, "LIVETHREAD_DATA")
        beside = folder / (data or _DATA) / NAME
        path = config or _path(env, "LIVETHREAD_CONFIG")
        path = path or next((file for file in (folder / NAME, beside) if os.path.exists(file)), None)
        file = None if path is None else SettingsFile.load(path)
        found = {} if file is None else _from_file(file, env)
        if file is not None and "data" in found and path == beside and data is None:
            raise file.wrong(("data",), "The data folder's own settings cannot name another one; remove the line.")
        found |= _from_environment(env)
        given = {"host": host, "port": port, "data": data}
        found |= {name: value for name, value in given.items() if value is not None}
        found["upstreams"] = _with_default(found.get("upstreams", ()), env)
        try:
            return cls(**found, file=path)
        except UnusableAlias as error:
            assert file is not None, "only a file has aliases"
            raise file.wrong(("aliases", error.alias), str(error)) from error


def this_caller(*, url: str | None = None, key: str | None = None, name: str | None = None) -> Caller:
    """Who calls a server from this process, and where it is; see `Caller.read`."""
    return Caller.read(os.environ, url=url, key=key, name=name)


def _path(env: Mapping[str, str], variable: str) -> Path | None:
    text = env.get(variable)
    return Path(text) if text else None


def _from_environment(env: Mapping[str, str]) -> dict[str, Any]:
    """The fields that the environment sets, but for the folder and the upstream."""
    found: dict[str, Any] = {}
    for name, kind in _KINDS.items():
        variable = f"LIVETHREAD_{name.upper()}"
        if text := env.get(variable):
            found[name] = kind.from_text(variable, text)
    if text := env.get("LIVETHREAD_API_KEYS"):
        found["api_keys"] = texts(text)
    return _frozen(found)


def _frozen(found: dict[str, Any]) -> dict[str, Any]:
    """The values as the fields have them: paths, and tuples for lists."""
    if "data" in found:
        found["data"] = Path(found["data"])
    return {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}


def _from_file(file: SettingsFile, env: Mapping[str, str]) -> dict[str, Any]:
    """The fields that the file sets.

    Raises:
        SetupError: a key is not known, or its value makes no sense.
    """
    found: dict[str, Any] = {}
    for name, value in file.values.items():
        if name == "upstreams":
            found[name] = upstreams_of(file, value, env)
        elif name == "aliases":
            found[name] = aliases_of(file, value)
        elif name in _KINDS:
            found[name] = _KINDS[name].from_file(file, (name,), value)
        elif name in _SECRETS:
            raise file.wrong((name,), f"A key never stands in a file; put it into the variable {_SECRETS[name]}.")
        else:
            raise file.unknown((name,), [*_KINDS, "upstreams", "aliases"], "The settings file")
    if "data" in found:
        found["data"] = file.path.parent / found["data"]
    return _frozen(found)


def _with_default(upstreams: tuple[UpstreamSettings, ...], env: Mapping[str, str]) -> tuple[UpstreamSettings, ...]:
    """The file's upstreams, and the one that the environment names."""
    key = (env.get("LIVETHREAD_UPSTREAM_KEY") or "").strip() or None
    variable = "LIVETHREAD_UPSTREAM_URL"
    url = env.get(variable)
    named = {upstream.name: upstream for upstream in upstreams}
    if not url and DEFAULT not in named:
        variable = "OPENAI_BASE_URL"
        url, key = env.get(variable), key or (env.get("OPENAI_API_KEY") or "").strip() or None
    if url:
        named[DEFAULT] = UpstreamSettings(DEFAULT, ADDRESS.from_text(variable, url).strip(), key)
    elif key and DEFAULT in named and named[DEFAULT].key is None:
        named[DEFAULT] = replace(named[DEFAULT], key=key)
    return tuple(named.values())
