"""People who look at a thread: what they may call themselves, and how viewers are told of them (wire.md, People)."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from typing import Annotated, Any, Final, NamedTuple

from pydantic import AfterValidator

from livethread.domain.body import Body
from livethread.errors import ApiError

LONGEST: Final = 64
"""Characters of a name, and of a user id."""

_NOT_IN_A_NAME: Final = frozenset(["Cc", "Cs", "Zl", "Zp"])
"""Control characters, halves of surrogate pairs, line and paragraph separators: what is not on one line of text."""


class Person(NamedTuple):
    """Who a viewer says it is; nobody proves it.

    Args:
        user_id: tells people apart: two viewers with one id are one person.
        name: what the others are shown.
    """

    user_id: str
    name: str


class Present(NamedTuple):
    """A person who is there."""

    user_id: str
    name: str
    typing: bool


def name_of(text: str) -> str:
    """The name in a text, without the blanks around it.

    Raises:
        ValueError: it is none; the sentence says what is expected.
    """
    name = text.strip()
    if not 1 <= len(name) <= LONGEST or any(unicodedata.category(character) in _NOT_IN_A_NAME for character in name):
        raise ValueError(f"expected 1 to {LONGEST} characters on one line, and no control characters.")
    return name


def user_id_of(text: str) -> str:
    """The text, if it may be a user's id.

    Raises:
        ValueError: it may not; the sentence says what is expected.
    """
    if not 1 <= len(text) <= LONGEST or not text.isprintable() or any(map(str.isspace, text)):
        raise ValueError(f"expected 1 to {LONGEST} visible characters without blanks.")
    return text


UserId = Annotated[str, AfterValidator(user_id_of)]


def person_of(name: str | None, user_id: str | None) -> Person | None:
    """Who a viewer says it is; None if it says nothing.

    Raises:
        ApiError: it has said half of it.
    """
    if name is not None and user_id is not None:
        return Person(user_id, name)
    if name is None and user_id is None:
        return None
    missing = "user_id" if user_id is None else "name"
    raise ApiError(
        f"Missing required parameter: '{missing}'. Who says who they are gives both a 'name' and a 'user_id'.",
        param=missing,
        code="missing_required_parameter",
    )


class Typing(Body):
    """The body of ``POST /threads/{thread_id}/typing`` (wire.md, Calls)."""

    user_id: UserId
    typing: bool


def presence_data(people: Iterable[Present], viewers: int, joined: Iterable[Person], left: Iterable[Person]) -> bytes:
    """The data of a ``thread.presence``."""
    data = {"people": _objects(people), "viewers": viewers, "joined": _objects(joined), "left": _objects(left)}
    return _json(data).encode("ascii")


def typing_data(person: Present) -> bytes:
    """The data of a ``thread.typing``."""
    return _json(person._asdict()).encode("ascii")


def people_json(people: Iterable[Present]) -> str:
    """The ``people`` of a snapshot."""
    return _json(_objects(people))


def _objects(people: Iterable[Person | Present]) -> list[dict[str, Any]]:
    return [person._asdict() for person in people]


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
