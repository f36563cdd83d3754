"""The body of ``POST /v1/chat/completions``: a conversation, and how it is to be answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from livethread.domain.body import MAX_TOOLS, Body, Metadata, Temperature, TopP
from livethread.domain.choice import by_kind, by_role, by_type, shape
from livethread.domain.content import ImageUrlPart
from livethread.domain.options import FunctionChoice, ResponseFormat
from livethread.domain.run_bodies import TokenLimit
from livethread.domain.tools import FunctionTool

ModelName = Annotated[str, Field(min_length=1, max_length=512)]
"""It stands in every line of the answer."""


class TextPart(Body):
    """``{"type": "text", "text": "…"}``."""

    type: Literal["text"]
    text: str


class RefusalPart(Body):
    """``{"type": "refusal", "refusal": "…"}``."""

    type: Literal["refusal"]
    refusal: str


_TextParts = Annotated[list[TextPart], Field(min_length=1), shape("array")]
_UserParts = Annotated[
    list[
        Annotated[
            Annotated[TextPart, shape("text")] | Annotated[ImageUrlPart, shape("image_url")],
            by_type,
        ]
    ],
    Field(min_length=1),
    shape("array"),
]
_AssistantParts = Annotated[
    list[
        Annotated[
            Annotated[TextPart, shape("text")] | Annotated[RefusalPart, shape("refusal")],
            by_type,
        ]
    ],
    Field(min_length=1),
    shape("array"),
]
_String = Annotated[str, shape("string")]


class SystemMessage(Body):
    """What the model is to keep to."""

    role: Literal["system"]
    content: Annotated[_String | _TextParts, by_kind]
    name: str | None = None


class DeveloperMessage(Body):
    """The same, by its newer name."""

    role: Literal["developer"]
    content: Annotated[_String | _TextParts, by_kind]
    name: str | None = None


class UserMessage(Body):
    """What a person says."""

    role: Literal["user"]
    content: Annotated[_String | _UserParts, by_kind]
    name: str | None = None


class CalledFunction(Body):
    """A function and its arguments: JSON as the model wrote it, valid or not."""

    name: str
    arguments: str


class FunctionCall(Body):
    """A call that the model made."""

    id: str
    type: Literal["function"]
    function: CalledFunction


class AssistantMessage(Body):
    """What the model said before; ``reasoning_content`` is what it thought, for the models that want it back."""

    role: Literal["assistant"]
    content: Annotated[_String | _AssistantParts, by_kind] | None = None
    refusal: str | None = None
    name: str | None = None
    tool_calls: list[FunctionCall] | None = None
    reasoning_content: str | None = None


class ToolMessage(Body):
    """The output of a call."""

    role: Literal["tool"]
    content: Annotated[_String | _TextParts, by_kind]
    tool_call_id: str


ChatMessage = Annotated[
    Annotated[SystemMessage, shape("system")]
    | Annotated[DeveloperMessage, shape("developer")]
    | Annotated[UserMessage, shape("user")]
    | Annotated[AssistantMessage, shape("assistant")]
    | Annotated[ToolMessage, shape("tool")],
    by_role,
]

ToolChoice = Annotated[
    Annotated[Literal["none", "auto", "required"], shape("string")] | Annotated[FunctionChoice, shape("object")],
    by_kind,
]


class StreamOptions(Body):
    """How the answer is to be streamed."""

    include_usage: bool | None = None


def _one(value: int | None) -> int | None:
    if value not in (None, 1):
        raise PydanticCustomError(
            "invalid_value", "only one answer is given. Expected 1; for more, send the request again."
        )
    return value


def _unasked(value: Any) -> Any:
    """For what would come back in a field that answers do not have here."""
    if value not in (None, False, 0, [], ["text"]):
        raise PydanticCustomError("invalid_value", "answers have text and tool calls only. Leave it out.")
    return value


def _outdated(value: Any) -> Any:
    if value is not None:
        raise PydanticCustomError(
            "invalid_value", "it gave way to 'tools' and 'tool_choice'. Send the functions there."
        )
    return value


_Unasked = Annotated[Any, AfterValidator(_unasked)]
_Outdated = Annotated[Any, AfterValidator(_outdated)]


class ChatCreate(Body):
    """The body; what it has besides these fields is handed on to the model API as it is."""

    model_config = ConfigDict(extra="allow")

    model: ModelName
    messages: Annotated[list[ChatMessage], Field(min_length=1)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    tools: Annotated[list[FunctionTool], Field(max_length=MAX_TOOLS)] | None = None
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    temperature: Temperature | None = None
    top_p: TopP | None = None
    max_completion_tokens: TokenLimit | None = None
    max_tokens: TokenLimit | None = None
    reasoning_effort: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    metadata: Metadata | None = None
    n: Annotated[int | None, AfterValidator(_one)] = None
    logprobs: _Unasked = None
    top_logprobs: _Unasked = None
    modalities: _Unasked = None
    audio: _Unasked = None
    functions: _Outdated = None
    function_call: _Outdated = None

    @property
    def options(self) -> Mapping[str, Any]:
        """What is handed on as it is; null means absent."""
        return {name: value for name, value in (self.model_extra or {}).items() if value is not None}

    @property
    def wants_usage(self) -> bool:
        """Whether a stream is to end with what it cost."""
        return self.stream_options is not None and bool(self.stream_options.include_usage)
