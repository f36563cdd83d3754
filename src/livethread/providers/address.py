"""An upstream's address as anybody may read it."""

from __future__ import annotations

from yarl import URL


def shown(url: str) -> str:
    """The address without user, password and query: any of them may be a secret."""
    return str(URL(url.strip()).with_user(None).with_query(None).with_fragment(None)).rstrip("/")
