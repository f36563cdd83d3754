"""What a hub writes, as what happens in a room; read once for all who are handed the same bytes. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from livethread.domain.events import MESSAGE_ENDS, RUN_ENDS
from livethread.domain.rooms import FACE, SOCKET, STREAM, fault_of, said_in
from livethread.sockets import room_entries
from livethread.sockets.packets import blocks
from livethread.sockets.room_entries import Entry, entry_of


class Said(NamedTuple):
    """Somebody has posted a message, or a client one of an assistant."""

    entry: Entry


class Begins(NamedTuple):
    """An answer begins to grow."""

    entry: Entry
    run_id: str


class Grows(NamedTuple):
    """An answer grows; the packet says by what."""

    message_id: str
    packet: bytes


class Ends(NamedTuple):
    """An answer is whole, or cut short."""

    entry: Entry


class RunIs(NamedTuple):
    """A run has another status.

    Args:
        run_id: the run.
        assistant_id: who answers.
        active: whether it may still go on.
        user_id: whose message it answers, if it was asked for in a room.
        streamed: whether that person reads the answer from ``POST /stream``.
        fault: why its answer is not as it should be, in a sentence.
    """

    run_id: str
    assistant_id: str
    active: bool
    user_id: str | None
    streamed: bool
    fault: str | None


class People(NamedTuple):
    """Who is there.

    Args:
        names: by user id; of very many people only those that came first.
        joined: the user ids of some who have just come; others among them may have been there, and not been listed.
    """

    names: Mapping[str, str]
    joined: frozenset[str]


class Anew(NamedTuple):
    """What was told does not count any more: the log is another one, or a text ended otherwise than it was shown."""


class Over(NamedTuple):
    """The thread was deleted."""


Event = Said | Begins | Grows | Ends | RunIs | People | Anew | Over


class Happened(NamedTuple):
    """What happened.

    Args:
        events: in order.
        speakers: the ids of the assistants that speak in them.
        asked: the ids of those that are asked to: by now they may be called something else.
        cursor: what a client holds that knows of it; None if that has not moved.
    """

    events: Sequence[Event]
    speakers: frozenset[str]
    asked: frozenset[str]
    cursor: str | None


@lru_cache(maxsize=16)
def happened(data: bytes) -> Happened:
    """What happened in a room, by what a hub writes.

    Args:
        data: server-sent events as `livethread.sse.encode` makes them, whole ones.
    """
    events: list[Event] = []
    cursor = None
    for type, body, id in blocks(data):
        cursor = id or cursor
        event = _event(type.decode("ascii"), json.loads(body))
        if event is not None:
            events.append(event)
    speak = {event.entry.assistant_id for event in events if isinstance(event, (Begins, Ends))}
    return Happened(
        events,
        frozenset(id for id in speak if id is not None),
        frozenset(event.assistant_id for event in events if isinstance(event, RunIs) and event.active),
        None if cursor is None else cursor.decode("ascii"),
    )


def run_is(run: Mapping[str, Any]) -> RunIs:
    """How a run stands, by its object."""
    metadata, status = run["metadata"], run["status"]
    face = metadata.get(FACE)
    user_id = metadata.get("user_id") if face in (SOCKET, STREAM) else None
    active = f"thread.run.{status}" not in RUN_ENDS
    return RunIs(run["id"], run["assistant_id"], active, user_id, face == STREAM, fault_of(run))


def _event(type: str, data: dict[str, Any]) -> Event | None:
    match type:
        case "thread.message.delta":
            text = said_in(data["delta"]["content"], "")
            return Grows(data["id"], room_entries.delta(data["id"], text))
        case "thread.message.created":
            growing = data["status"] == "in_progress"
            return Begins(entry_of(data), data["run_id"]) if growing else Said(entry_of(data))
        case "thread.presence":
            names = {person["user_id"]: person["name"] for person in data["people"]}
            return People(MappingProxyType(names), frozenset(person["user_id"] for person in data["joined"]))
        case "thread.snapshot":
            return Anew()
        case "thread.deleted":
            return Over()
    if type in MESSAGE_ENDS:
        return Ends(entry_of(data))
    if type == "thread.run.created" or type in RUN_ENDS:
        return run_is(data)
    return None
