"""Paths, as far as the app is mounted somewhere."""

from __future__ import annotations

from starlette.types import Scope


def route_of(scope: Scope) -> str:
    """The path below the place where the app is mounted."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))
