"""The entries of a thread's log and the deltas on the wire.

A logged event is ``(seq, tag, type, object)``; its JSON is the SSE event's data, to the byte.
A delta is never logged, but for the one ``thread.run.step.delta`` of a model turn's tool calls.
"""

from __future__ import annotations

from dataclasses import dataclass
from json.encoder import encode_basestring_ascii as _json_string
from typing import Final

RUN_STREAM_TYPES: Final = frozenset(
    [
        "thread.created",
        "thread.run.created", "thread.run.queued", "thread.run.in_progress", "thread.run.requires_action",
        "thread.run.completed", "thread.run.incomplete", "thread.run.failed", "thread.run.cancelling",
        "thread.run.cancelled", "thread.run.expired",
        "thread.run.step.created", "thread.run.step.in_progress", "thread.run.step.delta",
        "thread.run.step.completed", "thread.run.step.failed", "thread.run.step.cancelled",
        "thread.run.step.expired",
        "thread.message.created", "thread.message.in_progress", "thread.message.delta",
        "thread.message.completed", "thread.message.incomplete",
    ]
)  # fmt: skip
"""The 23 ``thread.*`` types of the old API (reference section 5.2)."""

THREAD_STREAM_TYPES: Final = RUN_STREAM_TYPES | {
    "thread.snapshot", "thread.updated", "thread.deleted", "thread.message.updated",
    "thread.message.deleted", "thread.run.updated", "thread.presence", "thread.typing",
}  # fmt: skip
"""What the thread stream may carry: the old types and ours (wire.md, Event types)."""

MESSAGE_ENDS: Final = frozenset(["thread.message.completed", "thread.message.incomplete"])
"""The events that carry the whole text of a message that was growing."""

RUN_ENDS: Final = frozenset(
    f"thread.run.{status}" for status in ("completed", "incomplete", "failed", "cancelled", "expired")
)
"""The events after which a run never changes again."""


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """One entry of a thread's log, as it is stored and as every viewer gets it.

    Args:
        seq: its number in the thread, 1, 2, 3, …
        tag: four random characters that prove a cursor speaks of this very entry.
        type: such as ``thread.run.queued``.
        object_id: the id of the thread, message, run or run step that changed.
        run_id: the run it belongs to; None for the thread itself and for messages no run wrote.
        data: the object as one line of ASCII JSON.
    """

    seq: int
    tag: str
    type: str
    object_id: str
    run_id: str | None
    data: bytes


def text_delta(message_id: str, part: int, text: str, *, first: bool) -> bytes:
    """The data of a ``thread.message.delta`` that adds text (reference section 5.3).

    Args:
        message_id: an id of ours: letters, digits and underscores.
        part: the index of the content part.
        text: what is added; always a string.
        first: whether it is the first piece of its part, which carries ``annotations``.
    """
    tail = ',"annotations":[]}}]}}' if first else "}}]}}"
    return (
        f'{{"id":"{message_id}","object":"thread.message.delta","delta":{{"content":'
        f'[{{"index":{part},"type":"text","text":{{"value":{_json_string(text)}{tail}'
    ).encode("ascii")


def refusal_delta(message_id: str, part: int, text: str) -> bytes:
    """The data of a ``thread.message.delta`` that adds to a refusal."""
    return (
        f'{{"id":"{message_id}","object":"thread.message.delta","delta":{{"content":'
        f'[{{"index":{part},"type":"refusal","refusal":{_json_string(text)}}}]}}}}'
    ).encode("ascii")
