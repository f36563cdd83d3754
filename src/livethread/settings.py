"""The settings: one frozen object, and the only reader of the environment.

A value comes from the command line, else from ``LIVETHREAD_…`` in the environment, else it is the default.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self, cast, get_args

from livethread.domain.options import ThreadPolicy
from livethread.errors import SetupError


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set.

    Args:
        host: the address to listen on (``--host``, ``LIVETHREAD_HOST``).
        port: the port; 0 takes a free one (``--port``, ``LIVETHREAD_PORT``).
        data: the folder of the database and the draft file (``--data``, ``LIVETHREAD_DATA``).
        upstream_url: the model API's address, such as ``http://127.0.0.1:11434/v1``
            (``LIVETHREAD_UPSTREAM_URL``, else ``OPENAI_BASE_URL``).
        upstream_key: its key (``LIVETHREAD_UPSTREAM_KEY``, else ``OPENAI_API_KEY`` with ``OPENAI_BASE_URL``).
        thread_policy: what a new run does on a busy thread (``LIVETHREAD_THREAD_POLICY``).
        origins: web origins that may call besides this machine's own (``LIVETHREAD_ORIGINS``, by commas).
        api_keys: if any are set, a caller must send one (``LIVETHREAD_API_KEYS``, by commas).
        words_per_second: how fast the built-in models speak; 0 for at once (``LIVETHREAD_WORDS_PER_SECOND``).
        run_seconds: how long after its first start a run expires (``LIVETHREAD_RUN_SECONDS``).
        max_body: the largest request body taken, in bytes (``LIVETHREAD_MAX_BODY``).
    """

    host: str = "127.0.0.1"
    port: int = 8000
    data: Path = Path("data")
    upstream_url: str | None = None
    upstream_key: str | None = None
    thread_policy: ThreadPolicy = "queue"
    origins: tuple[str, ...] = ()
    api_keys: tuple[str, ...] = ()
    words_per_second: float = 40.0
    run_seconds: float = 600.0
    max_body: int = 8 * 1024 * 1024

    @classmethod
    def read(
        cls,
        *,
        host: str | None = None,
        port: int | None = None,
        data: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Self:
        """The settings of this process.

        Args:
            host: from the command line, as are ``port`` and ``data``.
            environment: stands in for the process's own, in tests.

        Raises:
            SetupError: a value makes no sense.
        """
        env = os.environ if environment is None else environment
        default = cls()
        url, key = env.get("LIVETHREAD_UPSTREAM_URL"), env.get("LIVETHREAD_UPSTREAM_KEY")
        if not url:
            url, key = env.get("OPENAI_BASE_URL"), key or env.get("OPENAI_API_KEY")
        return cls(
            host=host or env.get("LIVETHREAD_HOST") or default.host,
            port=port if port is not None else _whole(env, "LIVETHREAD_PORT", default.port, most=65535),
            data=data or Path(env.get("LIVETHREAD_DATA") or default.data),
            upstream_url=url or None,
            upstream_key=key or None,
            thread_policy=_policy(env, default.thread_policy),
            origins=_list(env, "LIVETHREAD_ORIGINS"),
            api_keys=_list(env, "LIVETHREAD_API_KEYS"),
            words_per_second=_number(env, "LIVETHREAD_WORDS_PER_SECOND", default.words_per_second),
            run_seconds=_number(env, "LIVETHREAD_RUN_SECONDS", default.run_seconds),
            max_body=_whole(env, "LIVETHREAD_MAX_BODY", default.max_body, most=2**31),
        )


def _number(env: Mapping[str, str], name: str, default: float) -> float:
    text = env.get(name)
    if not text:
        return default
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < 1e12:
        raise SetupError(f"{name} is '{text}', but must be a number that is not negative; set another or unset it.")
    return number


def _whole(env: Mapping[str, str], name: str, default: int, *, most: int) -> int:
    text = env.get(name)
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and int(text) <= most):
        raise SetupError(f"{name} is '{text}', but must be a whole number up to {most}; set another or unset it.")
    return int(text)


def _list(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in env.get(name, "").split(",") if item.strip())


def _policy(env: Mapping[str, str], default: ThreadPolicy) -> ThreadPolicy:
    text = env.get("LIVETHREAD_THREAD_POLICY") or default
    if text not in get_args(ThreadPolicy):
        known = ", ".join(get_args(ThreadPolicy))
        raise SetupError(f"LIVETHREAD_THREAD_POLICY is '{text}', but must be one of {known}.")
    return cast(ThreadPolicy, text)
