"""How a body says "one of these shapes" so that an error names the field and not our classes.

A union of bodies carries a tag for each shape, written ``<function>``. pydantic puts the tag of the chosen shape into
the location of an error, where no field of a caller can be mistaken for it; ``api/problems.py`` takes it out again.
"""

from __future__ import annotations

from typing import Any

from pydantic import Discriminator, Tag

from livethread.domain.body import Body


def shape(name: str) -> Tag:
    """Marks one member of a union: a JSON kind (``string``, ``array``, ``object``) or a value of ``type``."""
    return Tag(f"<{name}>")


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return "<string>"
    if isinstance(value, list):
        return "<array>"
    if isinstance(value, (dict, Body)):
        return "<object>"
    return ""


def _type(value: Any) -> str:
    found = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return f"<{found}>" if isinstance(found, str) else ""


by_kind = Discriminator(_kind)
"""Chooses by what the JSON value is: members are marked ``string``, ``array`` or ``object``."""


def _role(value: Any) -> str:
    found = value.get("role") if isinstance(value, dict) else getattr(value, "role", None)
    return f"<{found}>" if isinstance(found, str) else ""


by_type = Discriminator(_type)
"""Chooses by the value of the object's ``type``."""

by_role = Discriminator(_role)
"""Chooses by the value of the object's ``role``."""
