"""Tools as they are asked for and as they are stored (reference section 2.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from livethread.domain.body import MAX_TOOLS, Body, Name
from livethread.domain.choice import by_type, shape

HOSTED_TOOLS: Final = ("code_interpreter", "file_search")
"""Tools that ran on the vendor's machines; a run of ours leaves them out (wire.md, Not yet)."""

StoredTool = dict[str, Any]
"""A normalised tool, as records carry it."""


class CodeInterpreterTool(Body):
    """``{"type": "code_interpreter"}``."""

    type: Literal["code_interpreter"]

    def stored(self) -> StoredTool:
        """The form that records carry."""
        return {"type": "code_interpreter"}


class RankingOptions(Body):
    """How search results are ranked; ``score_threshold`` is required when the object is given."""

    ranker: Literal["auto", "default_2024_08_21"] | None = None
    score_threshold: float = Field(ge=0, le=1)


class FileSearchOptions(Body):
    """The settings of ``file_search``."""

    max_num_results: int | None = Field(None, ge=1, le=50)
    ranking_options: RankingOptions | None = None


class FileSearchTool(Body):
    """``{"type": "file_search"}``, with settings or without."""

    type: Literal["file_search"]
    file_search: FileSearchOptions | None = None

    def stored(self) -> StoredTool:
        """The form that records carry: ranking options are always written out."""
        options = self.file_search or FileSearchOptions()
        asked = options.ranking_options
        stored: dict[str, Any] = {}
        if options.max_num_results is not None:
            stored["max_num_results"] = options.max_num_results
        stored["ranking_options"] = {
            "ranker": (asked.ranker if asked else None) or "default_2024_08_21",
            "score_threshold": asked.score_threshold if asked else 0.0,
            "hybrid_search": None,
        }
        return {"type": "file_search", "file_search": stored}


class FunctionDefinition(Body):
    """A function that the model may call."""

    name: Name
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class FunctionTool(Body):
    """``{"type": "function", "function": {…}}``."""

    type: Literal["function"]
    function: FunctionDefinition

    def stored(self) -> StoredTool:
        """The form that records carry: ``parameters`` and ``strict`` are always there, ``description`` if given."""
        asked = self.function
        return {
            "type": "function",
            "function": {
                "name": asked.name,
                **({} if asked.description is None else {"description": asked.description}),
                "parameters": {"type": "object", "properties": {}} if asked.parameters is None else asked.parameters,
                "strict": asked.strict or False,
            },
        }


Tool = Annotated[
    Annotated[CodeInterpreterTool, shape("code_interpreter")]
    | Annotated[FileSearchTool, shape("file_search")]
    | Annotated[FunctionTool, shape("function")],
    by_type,
]

Tools = Annotated[list[Tool], Field(max_length=MAX_TOOLS)]


def stored_tools(tools: Sequence[Tool] | None) -> list[StoredTool]:
    """The tools as records carry them; none for None."""
    return [tool.stored() for tool in tools or ()]


def skipped_tools(tools: Sequence[StoredTool]) -> list[str]:
    """The hosted tool types among the stored tools, each once."""
    present = {tool["type"] for tool in tools}
    return [type for type in HOSTED_TOOLS if type in present]
