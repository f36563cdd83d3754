"""What goes to a model and what comes back: the one interface of all providers.

A provider turns a `Request` into an async stream of a few chunk kinds and raises one error,
`ProviderError`. A stream that ends without a `Finish` is an error, whatever HTTP said.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec

from livethread.errors import LivethreadError


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call of a model: ``arguments`` is JSON text as the model wrote it, valid or not."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class TextPart:
    """Text of a prompt message."""

    text: str


@dataclass(frozen=True, slots=True)
class ImagePart:
    """An image of a prompt message, by address (``https:`` or ``data:``)."""

    url: str
    detail: str = "auto"


@dataclass(frozen=True, slots=True)
class PromptMessage:
    """One message of the prompt, in the order in which the model reads them.

    Args:
        role: ``user``, ``assistant`` or ``tool``; a ``tool`` message answers ``tool_call_id``. ``system`` only for what
            stands behind the beginning: that is the request's `instructions`.
        parts: what it says; text and images.
        tool_calls: the calls an assistant's message made.
        tool_call_id: which call a ``tool`` message answers.
        of_assistant: another assistant said it, though the model is told it as a user's.
        name: of who says it, for model APIs that tell those of one role apart by it.
        reasoning: what an assistant thought before it said this, for models that want it back.
    """

    role: Literal["system", "user", "assistant", "tool"]
    parts: tuple[TextPart | ImagePart, ...]
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    of_assistant: bool = False
    name: str | None = None
    reasoning: str | None = None

    @property
    def text(self) -> str:
        """Its text parts, joined."""
        return "".join(part.text for part in self.parts if isinstance(part, TextPart))


@dataclass(frozen=True, slots=True)
class Request:
    """One model turn.

    Args:
        model: the name the model API is asked for.
        instructions: the system message, if any.
        messages: the conversation, oldest first.
        tools: function tools in the API's form, ``{"type": "function", "function": {…}}``.
        metadata: the run's metadata over the assistant's (``builtin/script`` reads ``script``).
        turn: how many model turns of this run came before (0 for the first).
        attempt: how many attempts of this turn have failed before it, all unseen.
        options: further fields of a Chat Completions request; a provider hands on those that its model API knows.
        whole: nobody sees the answer before its end, so that it need not be told at a pace.
    """

    model: str
    instructions: str | None
    messages: tuple[PromptMessage, ...]
    tools: tuple[Mapping[str, Any], ...] = ()
    tool_choice: str | Mapping[str, Any] = "auto"
    parallel_tool_calls: bool = True
    temperature: float | None = None
    top_p: float | None = None
    reasoning_effort: str | None = None
    response_format: str | Mapping[str, Any] = "auto"
    max_completion_tokens: int | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    turn: int = 0
    attempt: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)
    whole: bool = False

    @property
    def question(self) -> str:
        """The newest that a person said; empty if nobody has."""
        said = (message for message in reversed(self.messages) if message.role == "user" and not message.of_assistant)
        return next((message.text for message in said), "")


class Text(msgspec.Struct, frozen=True):
    """A piece of the answer."""

    text: str


class Refusal(msgspec.Struct, frozen=True):
    """A piece of a refusal."""

    text: str


class Reasoning(msgspec.Struct, frozen=True):
    """A piece of the model's reasoning, kept apart from the answer."""

    text: str


class ToolCallStart(msgspec.Struct, frozen=True):
    """The call number ``index`` of this turn begins."""

    index: int
    id: str
    name: str


class ToolCallArguments(msgspec.Struct, frozen=True):
    """A piece of the arguments of call number ``index``."""

    index: int
    text: str


class Usage(msgspec.Struct, frozen=True):
    """Tokens of this turn, as the model API counts them; the later report wins."""

    prompt: int
    completion: int
    cached: int = 0
    reasoning: int = 0


class Finish(msgspec.Struct, frozen=True):
    """The model's own word that its turn is over."""

    reason: Literal["stop", "length", "tool_calls", "content_filter"]


Chunk = Text | Refusal | Reasoning | ToolCallStart | ToolCallArguments | Usage | Finish

ErrorKind = Literal[
    "auth", "not_found", "bad_request", "context_length", "rate_limit", "overloaded",
    "upstream", "connection", "timeout", "bad_stream",
]  # fmt: skip


class ProviderError(LivethreadError):
    """What went wrong with a model API, in one sentence that a person can act on.

    Args:
        kind: one of `ErrorKind`.
        status: the HTTP status, where there was one.
        retry_after: seconds the upstream asked to wait, if it did.
        retryable: the same request may succeed later.
        partial: something was already yielded, so it must not be asked again silently.
        param: the field of the request that is to blame, if the upstream has named one.
    """

    def __init__(
        self,
        kind: ErrorKind,
        message: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        retryable: bool = False,
        partial: bool = False,
        param: str | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.status = status
        self.retry_after = retry_after
        self.retryable = retryable
        self.partial = partial
        self.param = param


@runtime_checkable
class Direct(Protocol):
    """A stream of chunks whose text may go a shorter way, where it comes from a network at the pace of tokens."""

    def text_to(self, take: Callable[[str], None] | None) -> None:
        """From now on text is handed to ``take`` in the very call that brings it; if that is None, it is yielded again.

        Only while the next chunk is awaited, so that nothing comes out of order, or behind a cancellation; what comes
        at other times is yielded, as is everything that is not text.
        """
        ...


class Provider(Protocol):
    """Our adapter for one model API."""

    def stream(self, request: Request) -> AsyncIterator[Chunk]:
        """One model turn. Closing the iterator closes the upstream at once. It may be `Direct`.

        Raises:
            ProviderError: for everything that goes wrong, also a stream without a `Finish`.
        """
        ...

    async def models(self) -> list[str]:
        """The names this provider serves, as far as it knows them."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
