"""A viewer that keeps only what the stream tells it, and complains the moment that cannot be true."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from livethread.domain import cursor
from livethread.domain.fold import Fold
from livethread.sse import Event


class Wrong(AssertionError):
    """What a viewer was told cannot be true."""


class Held:
    """What one viewer holds: the fold, and beside it the bare concatenation of deltas.

    Args:
        name: for complaints.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.fold = Fold()
        self.text: dict[str, str] = defaultdict(str)
        self.created: dict[str, int] = {}
        self.ended: set[str] = set()
        self.last_id: str | None = None
        self.done = False
        self.snapshots = 0
        self.deltas = 0
        self.people = 0

    def take(self, event: Event) -> None:
        """Take one event, and check it against all that is held."""
        if event.type == "done":
            self.done = True
            return
        data: dict[str, Any] = json.loads(event.data)
        if event.type in ("thread.presence", "thread.typing"):  # of the moment: no cursor, and no state of the thread
            if event.id != (self.last_id or ""):
                raise Wrong(f"{self.name}: {event.type} moves the cursor from {self.last_id} to {event.id}")
            self.people += 1
            self.fold.take(event.type, data)
            return
        before = cursor.parse(self.last_id) if self.last_id else None
        now = cursor.parse(event.id)
        if event.type == "thread.snapshot":
            self._restart(data)
            self.snapshots += 1
        elif event.type == "thread.run.created" and now.run is not None:
            self._restart({"messages": []})
        elif event.type == "thread.message.delta":
            self._grow(data)
        elif before is not None and now.seq <= before.seq:
            raise Wrong(f"{self.name}: event {event.type} {event.id} behind {self.last_id}")
        if event.type == "thread.message.created":
            self.created[data["id"]] = now.seq
        if event.type in ("thread.message.completed", "thread.message.incomplete"):
            self._end(data)
        self.fold.take(event.type, data, event.id)
        self.last_id = event.id
        self._agree(now)

    def _restart(self, snapshot: dict[str, Any]) -> None:
        self.text.clear()
        self.created.clear()
        self.ended.clear()
        for message in snapshot["messages"]:
            self.text[message["id"]] = text_of(message)
            if message["status"] != "in_progress":
                self.ended.add(message["id"])

    def _grow(self, delta: dict[str, Any]) -> None:
        self.deltas += 1
        if delta["id"] in self.ended:
            raise Wrong(f"{self.name}: text for {delta['id']} behind its end")
        for part in delta["delta"]["content"]:
            self.text[delta["id"]] += part["text"]["value"]

    def _end(self, message: dict[str, Any]) -> None:
        self.ended.add(message["id"])
        if self.text[message["id"]] != text_of(message):
            raise Wrong(
                f"{self.name}: the deltas of {message['id']} do not add up to its text: "
                f"{_difference(self.text[message['id']], text_of(message))}"
            )

    def _agree(self, now: cursor.Cursor) -> None:
        """The text held is exactly as long as the cursor says."""
        by_seq = {seq: id for id, seq in self.created.items()}
        for seq, (_, offset) in now.places.items():
            if seq in by_seq and len(self.text[by_seq[seq]].encode()) != offset:
                raise Wrong(f"{self.name}: holds {len(self.text[by_seq[seq]].encode())} bytes at {self.last_id}")


def text_of(message: dict[str, Any]) -> str:
    """The text of a message."""
    return "".join(block["text"]["value"] for block in message["content"] if block["type"] == "text")


def _difference(held: str, stored: str) -> str:
    pairs = enumerate(zip(held, stored, strict=False))
    at = next((number for number, (one, other) in pairs if one != other), min(len(held), len(stored)))
    shown = [repr(text[at : at + 40]) for text in (held, stored)]
    return f"{len(held)} characters are held and {len(stored)} stored; from {at} on {shown[0]} and {shown[1]}"
