"""Threads (reference sections 2.2 and 3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from livethread.domain.body import Body, Metadata
from livethread.domain.messages import Message, MessageCreate
from livethread.domain.record import Record
from livethread.domain.resources import NewToolResources, ToolResources, stored_resources
from livethread.ids import Ids


class ThreadCreate(Body):
    """The body of ``POST /threads``; everything may be absent, the body too (reference section 2.2)."""

    messages: list[MessageCreate] | None = None
    tool_resources: NewToolResources | None = None
    metadata: Metadata | None = None


class ThreadUpdate(Body):
    """The body of ``POST /threads/{thread_id}``."""

    tool_resources: ToolResources | None = None
    metadata: Metadata | None = None


class Thread(Record):
    """A stored thread (reference section 3.2)."""

    object: Literal["thread"] = "thread"
    created_at: int
    metadata: dict[str, str]
    tool_resources: dict[str, Any]

    @classmethod
    def create(cls, body: ThreadCreate, ids: Ids, now: int) -> Thread:
        """A new thread; its first messages are made and taken up by ``with_messages``."""
        return cls(
            id=ids.new("thread"),
            created_at=now,
            metadata=body.metadata or {},
            tool_resources=stored_resources(body.tool_resources, ids),
        )

    def updated(self, body: ThreadUpdate, ids: Ids) -> Thread:
        """The thread with the fields that the body gives; null clears."""
        changes: dict[str, Any] = {}
        if "metadata" in body.model_fields_set:
            changes["metadata"] = body.metadata or {}
        if "tool_resources" in body.model_fields_set:
            changes["tool_resources"] = stored_resources(body.tool_resources, ids)
        return self.model_copy(update=changes)

    def with_messages(self, bodies: Sequence[MessageCreate], ids: Ids, now: int) -> tuple[Thread, list[Message]]:
        """New messages of the thread, and the thread with what their attachments add to it."""
        messages = [Message.create(body, self.id, ids, now) for body in bodies]
        attachments = [attachment for message in messages for attachment in message.attachments]
        return self.with_attachments(attachments, ids), messages

    def with_attachments(self, attachments: Sequence[dict[str, Any]], ids: Ids) -> Thread:
        """The thread with what the attachments of its messages add to ``tool_resources`` (reference section 2.3)."""
        resources = dict(self.tool_resources)
        for attachment in attachments:
            for tool in attachment["tools"]:
                if tool["type"] == "code_interpreter":
                    files = resources.get("code_interpreter", {}).get("file_ids", [])
                    if attachment["file_id"] not in files:
                        files = [*files, attachment["file_id"]]
                    resources["code_interpreter"] = {"file_ids": files}
                elif not resources.get("file_search", {}).get("vector_store_ids"):
                    resources["file_search"] = {"vector_store_ids": [ids.vector_store()]}
        return self if resources == self.tool_resources else self.model_copy(update={"tool_resources": resources})
