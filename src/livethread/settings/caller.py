"""Which server ``livethread tail`` and ``livethread chat`` speak to, and as whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from livethread.domain.people import name_of
from livethread.errors import SetupError
from livethread.settings.values import ADDRESS, TEXT

DEFAULT_URL: Final = "http://127.0.0.1:8000"
"""Where a server listens unless told otherwise."""

NOBODY: Final = "me"
"""What somebody is called of whom nothing is known."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and where.

    Args:
        url: of the server (``--url``, else ``LIVETHREAD_URL``).
        api_key: sent with every call, if any (``--key``, else ``LIVETHREAD_API_KEY``).
        name: of the person (``--name``, else who is logged in).
    """

    url: str = DEFAULT_URL
    api_key: str | None = field(default=None, repr=False)
    name: str = NOBODY

    @classmethod
    def read(
        cls, env: Mapping[str, str], *, url: str | None = None, key: str | None = None, name: str | None = None
    ) -> Self:
        """The caller of this process.

        Args:
            env: the environment.
            url: from the command line, as are ``key`` and ``name``.

        Raises:
            SetupError: a value makes no sense.
        """
        given = ("--url", url) if url is not None else ("LIVETHREAD_URL", env.get("LIVETHREAD_URL") or DEFAULT_URL)
        secret = ("--key", key) if key is not None else ("LIVETHREAD_API_KEY", env.get("LIVETHREAD_API_KEY") or None)
        called = name if name is not None else env.get("USER") or env.get("USERNAME") or NOBODY
        try:
            called = name_of(called)
        except ValueError as error:
            raise SetupError(f"--name: {error}") from error
        api_key = None if secret[1] is None else TEXT.from_text(secret[0], secret[1]).strip()
        return cls(ADDRESS.from_text(*given).strip(), api_key, called)
