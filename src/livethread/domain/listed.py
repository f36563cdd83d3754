"""A thread as the list of threads shows it (wire.md, Calls)."""

from __future__ import annotations

import json
from typing import Final

from livethread.domain.messages import Message

OPENING: Final = 80
"""How much of the first message is kept for the title, in characters."""

TITLE: Final = 60
"""How long a title is that nobody has given, in characters."""

EXCERPT: Final = 200
"""How much of the last message is shown, in characters."""

_LOOKED_AT: Final = 2000  # characters of a message: its first line is sought no further


def listed(thread: str, beginning: str, last_message: str, active_at: int) -> str:
    """The item of a thread: its object, and beside the caller's fields ours.

    Args:
        thread: the object, as JSON.
        beginning: the `opening` of its first message.
        last_message: the `excerpt` of its last one, ``null`` where there is none.
        active_at: when something was said in it last, or it was created: microseconds.
    """
    head = json.dumps(title(thread, beginning))
    return f'{thread[:-1]},"title":{head},"last_message":{last_message},"active_at":{active_at // 1_000_000}}}'


def title(thread: str, beginning: str) -> str | None:
    """What a thread is called: as its caller has it, else by its first message, cut behind a word.

    Args:
        thread: the object, as JSON.
        beginning: the `opening` of that message; earlier versions kept its text as it was.
    """
    given: str = json.loads(thread)["metadata"].get("title", "")
    if given.strip():
        return given
    line = opening(beginning)
    if len(line) <= TITLE:
        return line or None
    words = line[:TITLE].rpartition(" ")[0]
    return (words if len(words) > TITLE // 2 else line[: TITLE - 1]) + "…"


def opening(text: str) -> str:
    """What the text of a message gives to the title of its thread: the beginning of its first line."""
    lines = text.strip()[:_LOOKED_AT].splitlines()
    return " ".join(lines[0].split())[:OPENING] if lines else ""


def excerpt(message: Message) -> str:
    """What is shown of the last message, as JSON."""
    author = {
        "role": message.role,
        "assistant_id": message.assistant_id,
        "name": message.metadata.get("name"),
        "user_id": message.metadata.get("user_id"),
    }
    return json.dumps({"text": message.text[:EXCERPT], "author": author, "created_at": message.created_at})
