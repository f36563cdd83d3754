"""Messages (reference sections 2.3 and 3.3)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from livethread.domain.body import Body, Metadata
from livethread.domain.choice import by_type, shape
from livethread.domain.content import Content, ContentBlock, stored_content
from livethread.domain.record import Record
from livethread.ids import Ids

MessageStatus = Literal["in_progress", "incomplete", "completed"]
IncompleteReason = Literal["content_filter", "max_tokens", "run_cancelled", "run_expired", "run_failed"]


class AttachedToCodeInterpreter(Body):
    """``{"type": "code_interpreter"}``."""

    type: Literal["code_interpreter"]


class AttachedToFileSearch(Body):
    """``{"type": "file_search"}``."""

    type: Literal["file_search"]


AttachmentTool = Annotated[
    Annotated[AttachedToCodeInterpreter, shape("code_interpreter")]
    | Annotated[AttachedToFileSearch, shape("file_search")],
    by_type,
]


class Attachment(Body):
    """A file, and the tools that may use it; both are required (reference section 8)."""

    file_id: str
    tools: list[AttachmentTool]


class MessageCreate(Body):
    """The body of ``POST /threads/{thread_id}/messages``, also inside threads and runs (reference section 2.3)."""

    role: Literal["user", "assistant"]
    content: Content
    attachments: list[Attachment] | None = None
    metadata: Metadata | None = None


class MessageUpdate(Body):
    """The body of ``POST /threads/{thread_id}/messages/{message_id}``."""

    metadata: Metadata | None = None


class Message(Record):
    """A stored message (reference section 3.3); ``content`` is empty only while nothing of it is stored."""

    object: Literal["thread.message"] = "thread.message"
    created_at: int
    assistant_id: str | None
    thread_id: str
    run_id: str | None
    status: MessageStatus
    incomplete_details: dict[str, Any] | None = None
    incomplete_at: int | None = None
    completed_at: int | None = None
    role: Literal["user", "assistant"]
    content: list[ContentBlock]
    attachments: list[dict[str, Any]] = Field(default_factory=list)
    metadata: dict[str, str] = Field(default_factory=dict)

    @classmethod
    def create(cls, body: MessageCreate, thread_id: str, ids: Ids, now: int) -> Message:
        """A message that a client posts: complete at once, written by no run whatever its role."""
        return cls(
            id=ids.new("msg"),
            created_at=now,
            assistant_id=None,
            thread_id=thread_id,
            run_id=None,
            status="completed",
            completed_at=now,
            role=body.role,
            content=stored_content(body.content),
            attachments=[attachment.model_dump() for attachment in body.attachments or ()],
            metadata=body.metadata or {},
        )

    @classmethod
    def begin(cls, *, id: str, thread_id: str, assistant_id: str, run_id: str, now: int) -> Message:
        """A message that a run begins to write: ``in_progress`` and still without content."""
        return cls(
            id=id,
            created_at=now,
            assistant_id=assistant_id,
            thread_id=thread_id,
            run_id=run_id,
            status="in_progress",
            role="assistant",
            content=[],
        )

    def updated(self, body: MessageUpdate) -> Message:
        """The message with its metadata replaced, if the body gives any."""
        if "metadata" not in body.model_fields_set:
            return self
        return self.model_copy(update={"metadata": body.metadata or {}})

    def completed(self, content: list[ContentBlock], now: int) -> Message:
        """The message with its final content."""
        return self.model_copy(update={"status": "completed", "completed_at": now, "content": content})

    def cut(self, content: list[ContentBlock], reason: IncompleteReason, now: int) -> Message:
        """The message as it ends when its text breaks off: ``incomplete`` (reference section 4)."""
        return self.model_copy(
            update={
                "status": "incomplete",
                "incomplete_at": now,
                "incomplete_details": {"reason": reason},
                "content": content,
            }
        )

    @property
    def text(self) -> str:
        """The text of all text blocks, one per line."""
        return "\n".join(block["text"]["value"] for block in self.content if block["type"] == "text")
