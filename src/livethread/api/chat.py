"""Chat completions over HTTP: one answer of any model that this server serves, of which nothing is kept."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel
from starlette.responses import Response

from livethread.api.chat_answers import StreamedAnswer, WholeAnswer
from livethread.domain.chat import ChatCreate
from livethread.services.chat import Chat


class ChatMessageSaid(BaseModel):
    """What the model says, for the documentation only."""

    role: Literal["assistant"]
    content: str | None
    refusal: str | None
    reasoning_content: str = ""
    tool_calls: list[dict[str, Any]] = []


class ChatChoice(BaseModel):
    """The only answer, for the documentation only."""

    index: Literal[0]
    message: ChatMessageSaid
    logprobs: None
    finish_reason: Literal["stop", "length", "tool_calls", "content_filter"]


class ChatCompletion(BaseModel):
    """A whole answer, for the documentation only."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[ChatChoice]
    usage: dict[str, Any] = {}
    system_fingerprint: None


class ChatCalls:
    """The call on chat completions.

    Args:
        chat: the service that answers it.
    """

    def __init__(self, chat: Chat) -> None:
        self._chat = chat

    async def create(self, body: ChatCreate) -> Response:
        """Answer a conversation, whole or as a stream of `chat.completion.chunk`; nothing of it is kept."""
        turn = await self._chat.turn(body)
        if body.stream:
            return StreamedAnswer(self._chat, turn, usage=body.wants_usage)
        return WholeAnswer(self._chat, turn)
