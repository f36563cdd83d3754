"""Rooms: several people and an assistant in one thread, as clients of the room protocol say it (wire.md, Socket.IO)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from email.utils import formatdate
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field

from livethread.domain.body import Body
from livethread.domain.content import Text
from livethread.domain.given_ids import AssistantId, ThreadId
from livethread.domain.messages import MessageCreate
from livethread.domain.people import LONGEST, UserId, name_of
from livethread.domain.run_bodies import RunCreate

SHORTEST: Final = 3
"""Characters of a nickname."""

AHEAD_MS: Final = 60_000
"""So far ahead of ours a sender's clock is believed."""

BEHIND_MS: Final = 24 * 3600 * 1000
"""So far behind: a message may have waited for a connection."""

SYSTEM: Final = "system"
"""The name by which the server speaks; nobody else has it."""

NO_FUNCTION: Final = '{"status": "error", "message": "No function found"}'
"""What a call is answered with that nobody answers, where the settings say so."""

FACE: Final = "face"
"""The key of a room run's metadata that says where it was asked for: `SOCKET` or `STREAM`."""

SOCKET: Final = "room"
STREAM: Final = "room-stream"


_REASONS: Final = {
    "max_completion_tokens": "it has used up its max_completion_tokens.",
    "max_prompt_tokens": "it has used up its max_prompt_tokens.",
    "content_filter": "its model's content filter has cut it off.",
}
"""Why an answer is not complete, as it follows that sentence."""


def nickname(text: str) -> str:
    """The nickname in a text, without the blanks around it.

    Raises:
        ValueError: it is none; the sentence says what is expected.
    """
    if len(text.strip()) < SHORTEST:
        raise ValueError(f"a nickname must be at least {SHORTEST} characters long.")
    return name_of(text)


def free_name(name: str, taken: Collection[str]) -> str:
    """The name; with a number behind it if others in the room go by it.

    Args:
        name: as it was asked for.
        taken: what the others are called, casefolded.
    """
    number, free = 1, name
    while free.casefold() in taken or free.casefold() == SYSTEM:
        number += 1
        behind = f" {number}"
        free = name[: LONGEST - len(behind)] + behind
    return free


Nickname = Annotated[str, AfterValidator(nickname)]
ClientId = Annotated[str, Field(min_length=1, max_length=128)]


class Register(Body):
    """What ``register`` carries.

    Args:
        user_id: tells people apart.
        name: what the others are shown.
        thread_id: the room; without it the server's default one.
        assistant_id: who answers in it; without it the assistant of the settings, else the server's first.
        stream: whether the client takes answers as they grow.
        last: the id of the last message that the client was told and still has; only what came after it is told.
    """

    user_id: UserId
    name: Nickname
    thread_id: ThreadId | None = None
    assistant_id: AssistantId | None = None
    stream: bool = False
    last: ClientId | None = None


class RoomMessage(Body):
    """What ``message`` carries. Who has registered is known: the name and user id of the registration count.

    Args:
        id: of the client's own making; sent twice by the same person, it is posted once.
        created_at: milliseconds, by the sender's clock.
    """

    user_id: str
    name: str
    content: Text
    role: Literal["user"]
    id: ClientId
    created_at: Annotated[float, Field(allow_inf_nan=False)]


class StreamedMessage(RoomMessage):
    """The body of ``POST /stream``: of somebody who need not have registered."""

    user_id: UserId
    name: Nickname


def clamped_ms(said: float, now: float) -> int:
    """When something was said, in milliseconds, as far as the sender's clock can be believed.

    Args:
        said: milliseconds by the sender's clock.
        now: seconds by ours.
    """
    ours = int(now * 1000)
    return int(min(max(said, ours - BEHIND_MS), ours + AHEAD_MS))


def asked_of(message: RoomMessage, *, user_id: str, name: str, assistant_id: str, face: str, now: float) -> RunCreate:
    """A message of somebody in a room, and the run that answers it, as one request.

    Args:
        message: what was said.
        user_id: of who said it, as is its name; both may differ from what the message claims.
        name: see above.
        assistant_id: who answers.
        face: `SOCKET` or `STREAM`.
        now: seconds.
    """
    said = {"id": message.id, "user_id": user_id, "name": name}
    posted = said | {"created_at": str(clamped_ms(message.created_at, now)), FACE: face}
    return RunCreate(
        assistant_id=assistant_id,
        additional_instructions=f"Please address the user as {name}.\nToday is {formatdate(now, usegmt=True)}.",
        additional_messages=[MessageCreate(role="user", content=message.content, metadata=posted)],
        metadata=said | {FACE: face},
        thread_policy="queue",
    )


def said_in(content: Sequence[dict[str, Any]], between: str) -> str:
    """The text of content blocks; of pictures alone, that they are some."""
    said = []
    for block in content:
        if block["type"] == "text":
            said.append(block["text"]["value"])
        elif block["type"] == "refusal":
            said.append(block["refusal"])
    return between.join(said) if said or not content else "(a picture)"


def fault_of(run: Mapping[str, Any]) -> str | None:
    """Why the answer of a run is not as it should be, in a sentence; None where it is, or somebody has stopped it."""
    match run["status"]:
        case "failed":
            return f"The answer failed: {run['last_error']['message']}"
        case "expired":
            return "The answer took too long, and was given up. Say it again to have another."
        case "incomplete":
            reason = str((run["incomplete_details"] or {}).get("reason"))
            return f"The answer is not complete: {_REASONS.get(reason, 'its model has stopped early.')}"
    return None
