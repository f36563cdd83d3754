"""Upstreams are not ourselves.

A developer exports OPENAI_BASE_URL for the app, and that would point the server at itself.
"""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit


def is_ourselves(url: str, host: str, port: int) -> bool:
    """Whether an upstream is the address that we listen on, however it is spelt.

    Args:
        url: the upstream's.
        host: what we listen on.
        port: likewise; an upstream on another port is another program.
    """
    try:
        parts = urlsplit(url)
        theirs = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return False
    if theirs != port or parts.hostname is None:
        return False
    there, here = _addresses(parts.hostname), _addresses(host)
    if any(address.is_unspecified for address in here):  # every address of this machine
        here |= _addresses(socket.gethostname())
        return any(address.is_loopback or address in here for address in there)
    return bool(there & here) or any(address.is_unspecified for address in there)


def _addresses(host: str) -> set[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return set()
    return {ipaddress.ip_address(address[0]) for *_, address in found}
