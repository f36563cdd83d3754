"""The steps of a scenario: everything that a model, or the connection to it, can be made to do."""

from __future__ import annotations

import base64
import re
from typing import Annotated, Literal

from pydantic import Discriminator, Field, JsonValue, Tag, field_validator, model_validator
from pydantic_core import PydanticCustomError

from livethread.providers.builtin.strict import Strict, either

Milliseconds = Annotated[float, Field(ge=0, le=3_600_000, allow_inf_nan=False)]
WordsPerSecond = Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]


class HexPiece(Strict):
    """Raw bytes in hex, for a piece that ends inside a character or is no UTF-8 at all."""

    hex: str = Field(json_schema_extra={"pattern": "^([0-9A-Fa-f]{2} ?)*$"})
    """Such as ``f0 9f``."""

    @field_validator("hex")
    @classmethod
    def _decodes(cls, value: str) -> str:
        if not re.fullmatch("([0-9A-Fa-f]{2} ?)*", value):
            raise PydanticCustomError("hex", "must be pairs of hex digits, such as 'f0 9f'")
        return value

    @property
    def octets(self) -> bytes:
        """The raw bytes."""
        return bytes.fromhex(self.hex)


class Base64Piece(Strict):
    """Raw bytes in base64."""

    base64: str
    """Standard alphabet, with padding."""

    @field_validator("base64")
    @classmethod
    def _decodes(cls, value: str) -> str:
        try:
            base64.b64decode(value, validate=True)
        except ValueError:
            raise PydanticCustomError("base64", "must be base64 with padding") from None
        return value

    @property
    def octets(self) -> bytes:
        """The raw bytes."""
        return base64.b64decode(self.base64)


def _piece_form(value: object) -> str | None:
    if isinstance(value, str):
        return "as:text"
    if isinstance(value, dict):
        return next((f"as:{key}" for key in ("hex", "base64") if key in value), None)
    return None


Piece = Annotated[
    Annotated[str, Tag("as:text")] | Annotated[HexPiece, Tag("as:hex")] | Annotated[Base64Piece, Tag("as:base64")],
    Discriminator(_piece_form, custom_error_type="form", custom_error_message="must be text, {hex: …} or {base64: …}"),
]


class _Spoken(Strict):
    """Something said in pieces, at a pace."""

    delay_ms: Milliseconds | None = None
    """Wait so long between two pieces of this step."""
    words_per_second: WordsPerSecond | None = None
    """The same as a pace; 0 is no wait. Without either: the turn's, the scenario's, then the server's pace."""
    repeat: int = Field(default=1, ge=1, le=10_000)
    """Say it so many times, for long texts; at most 2,000,000 characters in all."""

    @model_validator(mode="after")
    def _one_pace(self) -> _Spoken:
        if self.delay_ms is not None and self.words_per_second is not None:
            raise PydanticCustomError("pace", "takes delay_ms or words_per_second, not both")
        return self


class TextStep(_Spoken):
    """Text of the answer, cut into words. ``{{message}}`` stands for the last user message."""

    text: str


class ReasoningStep(_Spoken):
    """Reasoning, cut into words."""

    reasoning: str


class RefusalStep(_Spoken):
    """A refusal, cut into words."""

    refusal: str


class PiecesStep(_Spoken):
    """Exactly these pieces. What is left of a cut character at the end of the step becomes U+FFFD."""

    pieces: list[Piece] = Field(min_length=1)
    of: Literal["text", "reasoning", "refusal"] = "text"
    """What they are pieces of."""


class Call(Strict):
    """One call of a tool."""

    name: str = Field(min_length=1)
    id: str | None = Field(default=None, min_length=1)
    """Minted when missing."""
    arguments: Annotated[
        Annotated[dict[str, JsonValue], Tag("as:object")] | Annotated[str, Tag("as:text")],
        either("must be an object, or text that is sent as it stands"),
    ] = Field(default_factory=dict)
    """An object, or raw text (so arguments can be broken)."""
    pieces: list[Piece] | None = Field(default=None, min_length=1)
    """The raw text of the arguments in exactly these pieces, instead of ``arguments``."""
    piece_length: int = Field(default=12, ge=1, le=1_000_000)
    """``arguments`` are streamed in pieces of so many characters."""

    @model_validator(mode="after")
    def _one_source(self) -> Call:
        if self.pieces is not None and "arguments" in self.model_fields_set:
            raise PydanticCustomError("arguments", "takes arguments or pieces, not both")
        return self


class ToolCallsStep(Strict):
    """Calls made in parallel; they are chained by further turns, one for each round of tool outputs."""

    tool_calls: list[Call] = Field(min_length=1, max_length=128)
    interleaved: bool = False
    """Begin every call first, then send one piece of each in turn."""
    delay_ms: Milliseconds = 0
    """Wait so long between two chunks of this step."""


class Tokens(Strict):
    """What the turn is said to have cost."""

    prompt: Count
    completion: Count
    cached: Count = 0
    reasoning: Count = 0


class UsageStep(Strict):
    """Usage told by the script. A turn without this step counts words as tokens and tells that before its finish."""

    usage: Annotated[
        Annotated[Tokens, Tag("as:object")] | Annotated[Literal["none"], Tag("as:text")],
        either("must be {prompt: …, completion: …} or none"),
    ]
    """``none``: this upstream tells no usage."""


class FinishStep(Strict):
    """The finish reason. A turn without this step finishes by itself: ``tool_calls`` if it made any, else ``stop``."""

    finish: Literal["stop", "length", "tool_calls", "content_filter", "none"]
    """``none``: the stream ends without a finish reason, which is an error (bad_stream)."""


class CutStep(Strict):
    """The connection is lost here; in a turn that has said nothing, without any answer."""

    cut: Literal[True]


class StallStep(Strict):
    """Nothing comes for a while, or until the stream is closed."""

    stall_ms: Annotated[
        Annotated[Milliseconds, Tag("as:number")] | Annotated[Literal["forever"], Tag("as:text")],
        either("must be a number of milliseconds or forever"),
    ]


class TimeoutStep(Strict):
    """Nothing comes for so long that the stream is given up."""

    timeout_ms: Milliseconds


FaultName = Literal["refused", "dns", "html", "unknown_model", "ourselves"]


class FaultStep(Strict):
    """Trouble before any answer."""

    fault: FaultName
    """``refused``: nothing listens at the address. ``dns``: there is no such host. ``html``: a page instead of a
    stream. ``unknown_model``: the model is gone. ``ourselves``: the model API is a Livethread server."""


class ReportedError(Strict):
    """What a model API says of its own error."""

    status: int | None = Field(default=None, ge=400, le=599)
    """The HTTP status. Without it, and behind anything said, the error is an object inside a stream with status 200."""
    code: str | None = Field(default=None, min_length=1)
    """Such as ``context_length_exceeded`` or ``insufficient_quota``."""
    message: str | None = None
    retry_after: float | None = Field(default=None, ge=0, le=86_400, allow_inf_nan=False)
    """How long it asks to wait, in seconds."""


class ErrorStep(Strict):
    """The model API answers with an error."""

    error: ReportedError


_STEPS = (
    "text", "pieces", "reasoning", "refusal", "tool_calls", "usage", "finish", "cut", "stall_ms", "timeout_ms", "fault",
    "error",
)  # fmt: skip


def _step_kind(value: object) -> str | None:
    if isinstance(value, dict):
        return next((f"step:{key}" for key in _STEPS if key in value), None)
    return None


Step = Annotated[
    Annotated[TextStep, Tag("step:text")]
    | Annotated[PiecesStep, Tag("step:pieces")]
    | Annotated[ReasoningStep, Tag("step:reasoning")]
    | Annotated[RefusalStep, Tag("step:refusal")]
    | Annotated[ToolCallsStep, Tag("step:tool_calls")]
    | Annotated[UsageStep, Tag("step:usage")]
    | Annotated[FinishStep, Tag("step:finish")]
    | Annotated[CutStep, Tag("step:cut")]
    | Annotated[StallStep, Tag("step:stall_ms")]
    | Annotated[TimeoutStep, Tag("step:timeout_ms")]
    | Annotated[FaultStep, Tag("step:fault")]
    | Annotated[ErrorStep, Tag("step:error")],
    Discriminator(
        _step_kind,
        custom_error_type="step",
        custom_error_message=f"a step is an object with one of: {', '.join(_STEPS)}",
    ),
]


def ends_stream(step: Step) -> bool:
    """Whether nothing can come after this step."""
    match step:
        case CutStep() | TimeoutStep() | FaultStep() | ErrorStep():
            return True
        case FinishStep(finish="none") | StallStep(stall_ms="forever"):
            return True
        case _:
            return False
