"""Which web pages may read and write here, and under which names the server answers (wire.md, Headers). Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

from starlette.types import Scope

_THIS_MACHINE: Final = re.compile(r"https?://(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?", re.IGNORECASE)
_NOBODY_SELLS: Final = (
    ".localhost",
    ".local",
    ".internal",
    ".home.arpa",
    ".test",
    ".lan",
    ".home",
    ".corp",
    ".private",
)
"""Ends of names that no web site can register (RFC 6761, 6762 with its appendix G, 8375; ICANN for ``internal``)."""


class Origins:
    """Judges requests by what browsers say of the page that asks.

    Args:
        named: web origins that may call besides this machine's own, as ``https://app.example.com``; ``*`` is every one.
        guarded: whether callers must send a key, which no foreign page has.
    """

    def __init__(self, named: Collection[str], guarded: bool) -> None:
        self._named = frozenset(origin.rstrip("/").lower() for origin in named)
        self._names = frozenset(urlsplit(origin).hostname for origin in self._named)
        self._guarded = guarded

    def may_read(self, given: dict[bytes, bytes]) -> bool:
        """Whether the page that asks is of another origin, and may read the answer."""
        origin = given.get(b"origin", b"").decode("latin-1").lower()
        return bool(origin) and (
            _THIS_MACHINE.fullmatch(origin) is not None or origin in self._named or "*" in self._named
        )

    def may_write(self, given: dict[bytes, bytes]) -> bool:
        """Whether it is no page that asks, or one that may write."""
        return b"origin" not in given or self.may_read(given) or _own_page(given)

    def foreign_name(self, scope: Scope, given: dict[bytes, bytes]) -> str | None:
        """The name that the server was asked by, if a web site may have made it point here (DNS rebinding).

        Its pages would count as the server's own. So a server that checks no keys answers, where it was reached over
        loopback, only to names that nobody can register, and to those of the named origins. Where others reach it, a
        proxy may well have handed on a public name.
        """
        if self._guarded or "*" in self._named or not _is_loopback((scope.get("server") or ("", None))[0]):
            return None
        host = given.get(b"host", b"").decode("latin-1").lower()
        name = re.sub(r":\d*$", "", host).rstrip(".")
        if "." not in name or name.endswith(_NOBODY_SELLS) or name in self._names or _is_address(name):
            return None
        return name[:128]


def _own_page(given: dict[bytes, bytes]) -> bool:
    """Whether a page that this very server has served asks: its origin is the host that was asked."""
    return given[b"origin"].lower().partition(b"://")[2] == given.get(b"host", b"").lower()


def _is_loopback(server: str) -> bool:
    try:
        address = ipaddress.ip_address(server)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
