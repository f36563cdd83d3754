"""Messages as the room protocol has them (wire.md, Socket.IO), and its packets. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeVar

from livethread.domain.rooms import FACE, STREAM, SYSTEM, clamped_ms, said_in
from livethread.sockets.packets import Bundle, event

AT_ONCE: Final = 48 * 1024
"""Bytes of a ``message-list``; a larger message goes alone."""

SHORT: Final = 4096
"""Characters of a message up to which its JSON is kept for the next who is told of it."""

_FIRST_MS, _LAST_MS = 10**12, 10**13 - 1  # 13 digits

_Thing = TypeVar("_Thing")


class Entry(NamedTuple):
    """A message as a room shows it.

    Args:
        id: what its sender calls it, else our own.
        message_id: our own.
        user_id: of a person.
        name: of a person, or whoever a client has posted for; None for the name of the assistant.
        assistant_id: of an answer.
        role: of who says it.
        text: what it says; an answer that still grows has none yet.
        ms: when, as far as the clocks are to be believed.
        streamed: whether it was sent by ``POST /stream``.
    """

    id: str
    message_id: str
    user_id: str | None
    name: str | None
    assistant_id: str | None
    role: str
    text: str
    ms: int
    streamed: bool


def entry_of(message: dict[str, Any]) -> Entry:
    """A message of the API as a room shows it."""
    metadata, created_at = message["metadata"], message["created_at"]
    said = metadata.get("created_at", "")
    ms = clamped_ms(int(said), created_at) if len(said) == 13 and said.isdecimal() else created_at * 1000
    is_answer = message["assistant_id"] is not None
    return Entry(
        metadata.get("id", message["id"]) if message["run_id"] is None else message["id"],
        message["id"],
        metadata.get("user_id"),
        None if is_answer else metadata.get("name", message["role"]),
        message["assistant_id"],
        message["role"],
        said_in(message["content"], "" if is_answer else "\n"),
        ms,
        metadata.get(FACE) == STREAM,
    )


def is_ms(value: float) -> bool:
    """Whether this is a time in milliseconds as everybody has it: of 13 digits."""
    return _FIRST_MS <= value <= _LAST_MS


@lru_cache(maxsize=16)
def message(entry: Entry, name: str, ms: int) -> bytes:
    """What somebody has said, as the others are told: the ``message`` that was sent."""
    return event("message", _json(_object(entry, name, ms)))


@lru_cache(maxsize=16)
def start(entry: Entry, name: str, ms: int) -> bytes:
    """An answer begins to grow."""
    whole = _object(entry, name, str(ms))
    del whole["content"]
    return event("message-start", _json(whole))


@lru_cache(maxsize=16)
def answer(entry: Entry, name: str, ms: int) -> bytes:
    """A whole answer: a ``message-list`` of one."""
    return listing([listed(entry, name, ms)])


def listed(entry: Entry, name: str, ms: int) -> bytes:
    """An item of a ``message-list``, as JSON."""
    return (_short_listed if len(entry.text) <= SHORT else _listed)(entry, name, ms)


def listing(items: Iterable[bytes]) -> bytes:
    """Items as one ``message-list``."""
    return event("message-list", b"[%b]" % b",".join(items))


def parts(things: Iterable[tuple[_Thing, int]]) -> Iterator[list[_Thing]]:
    """Things, each with its size, as those that go into one ``message-list``."""
    part: list[_Thing] = []
    size = 0
    for thing, its_size in things:
        if part and size + its_size > AT_ONCE:
            yield part
            part, size = [], 0
        part.append(thing)
        size += its_size + 1
    if part:
        yield part


def delta(message_id: str, text: str) -> bytes:
    """An answer grows."""
    return event("message-delta", _json({"id": message_id, "text": text}))


def end(message_id: str) -> bytes:
    """An answer is whole."""
    return event("message-end", _json({"id": message_id}))


@lru_cache(maxsize=256)
def came(name: str, user_id: str, *, went: bool = False) -> bytes:
    """Somebody came, or went."""
    return event("leave" if went else "join", _json({"user_id": user_id, "name": name}))


def sentence(content: str, id: str, ms: int) -> bytes:
    """What the server has to say to one client."""
    said = {"user_id": None, "name": SYSTEM, "role": "system", "content": content, "id": id, "created_at": ms}
    return event("message", _json(said))


@lru_cache(maxsize=16)
def bundle(packets: tuple[bytes, ...]) -> Bundle:
    """Packets that go out together, made once for all who are told the same."""
    return Bundle(packets)


def _listed(entry: Entry, name: str, ms: int) -> bytes:
    return _json(_object(entry, name, str(ms)))


_short_listed = lru_cache(maxsize=256)(_listed)


def _object(entry: Entry, name: str, ms: int | str) -> dict[str, Any]:
    return {
        "user_id": entry.user_id,
        "name": name,
        "id": entry.id,
        "role": entry.role,
        "content": entry.text,
        "created_at": ms,
    }


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii")
