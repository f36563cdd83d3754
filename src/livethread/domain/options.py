"""How the model is to answer: response format, tool choice, truncation, reasoning effort (reference section 2)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from livethread.domain.body import Body, Name
from livethread.domain.choice import by_kind, by_type, shape

ReasoningEffort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]

ThreadPolicy = Literal["queue", "parallel", "interrupt", "reject"]
"""What a new run does while another of the thread is active (ARCHITECTURE section 5, Busy thread)."""


class TextFormat(Body):
    """``{"type": "text"}``."""

    type: Literal["text"]


class JsonObjectFormat(Body):
    """``{"type": "json_object"}``."""

    type: Literal["json_object"]


class JsonSchema(Body):
    """The schema an answer has to follow."""

    name: Name
    description: str | None = None
    schema_: dict[str, Any] | None = Field(None, alias="schema")
    strict: bool | None = None


class JsonSchemaFormat(Body):
    """``{"type": "json_schema", "json_schema": {…}}``."""

    type: Literal["json_schema"]
    json_schema: JsonSchema


ResponseFormat = Annotated[
    Annotated[Literal["auto"], shape("string")]
    | Annotated[
        Annotated[
            Annotated[TextFormat, shape("text")]
            | Annotated[JsonObjectFormat, shape("json_object")]
            | Annotated[JsonSchemaFormat, shape("json_schema")],
            by_type,
        ],
        shape("object"),
    ],
    by_kind,
]


class FunctionName(Body):
    """The function that has to be called."""

    name: Name


class FunctionChoice(Body):
    """``{"type": "function", "function": {"name": …}}``."""

    type: Literal["function"]
    function: FunctionName


class CodeInterpreterChoice(Body):
    """``{"type": "code_interpreter"}``."""

    type: Literal["code_interpreter"]


class FileSearchChoice(Body):
    """``{"type": "file_search"}``."""

    type: Literal["file_search"]


ToolChoice = Annotated[
    Annotated[Literal["none", "auto", "required"], shape("string")]
    | Annotated[
        Annotated[
            Annotated[FunctionChoice, shape("function")]
            | Annotated[CodeInterpreterChoice, shape("code_interpreter")]
            | Annotated[FileSearchChoice, shape("file_search")],
            by_type,
        ],
        shape("object"),
    ],
    by_kind,
]


class TruncationStrategy(Body):
    """How much of the thread a run sees."""

    type: Literal["auto", "last_messages"]
    last_messages: int | None = Field(None, ge=1)

    def stored(self) -> dict[str, Any]:
        """The form that runs carry: always both keys."""
        return {"type": self.type, "last_messages": self.last_messages}


def stored_option(option: Body | str | None) -> str | dict[str, Any]:
    """A response format or tool choice as records carry it: as given, ``auto`` for None."""
    if option is None:
        return "auto"
    return option if isinstance(option, str) else option.given()
