"""``tool_resources``: the files and vector stores that hosted tools work on (reference section 2.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from livethread.domain.body import Body, Metadata
from livethread.domain.choice import by_type, shape
from livethread.ids import Ids

FileIds = Annotated[list[str], Field(max_length=20)]
StoreIds = Annotated[list[str], Field(max_length=1)]


class AutoChunking(Body):
    """The vendor's default chunking."""

    type: Literal["auto"]


class StaticChunks(Body):
    """Sizes of chunks; the overlap may not exceed half of the size."""

    max_chunk_size_tokens: int = Field(ge=100, le=4096)
    chunk_overlap_tokens: int = Field(ge=0)

    @model_validator(mode="after")
    def _overlap_is_at_most_half(self) -> StaticChunks:
        if self.chunk_overlap_tokens * 2 > self.max_chunk_size_tokens:
            raise PydanticCustomError(
                "invalid_value", "expected 'chunk_overlap_tokens' to be at most half of 'max_chunk_size_tokens'."
            )
        return self


class StaticChunking(Body):
    """Chunking with given sizes."""

    type: Literal["static"]
    static: StaticChunks


Chunking = Annotated[
    Annotated[AutoChunking, shape("auto")] | Annotated[StaticChunking, shape("static")],
    by_type,
]


class NewVectorStore(Body):
    """The create-time helper: a store to be made; here it only gets an id (wire.md, Not yet)."""

    file_ids: Annotated[list[str], Field(max_length=10_000)] | None = None
    chunking_strategy: Chunking | None = None
    metadata: Metadata | None = None


class CodeInterpreterFiles(Body):
    """Files for ``code_interpreter``."""

    file_ids: FileIds | None = None


class FileSearchStores(Body):
    """Vector stores for ``file_search``, by id."""

    vector_store_ids: StoreIds | None = None


class FileSearchStoresOrNew(FileSearchStores):
    """Vector stores for ``file_search``: ids, or the helper that makes one; not both."""

    vector_stores: Annotated[list[NewVectorStore], Field(max_length=1)] | None = None

    @model_validator(mode="after")
    def _ids_or_new(self) -> FileSearchStoresOrNew:
        if self.vector_store_ids is not None and self.vector_stores is not None:
            raise PydanticCustomError(
                "mutually_exclusive_parameters", "expected either 'vector_store_ids' or 'vector_stores', but got both."
            )
        return self


class ToolResources(Body):
    """``tool_resources`` where only ids are taken: updates, create-and-run."""

    code_interpreter: CodeInterpreterFiles | None = None
    file_search: FileSearchStores | None = None


class NewToolResources(Body):
    """``tool_resources`` of the create calls, with the ``vector_stores`` helper."""

    code_interpreter: CodeInterpreterFiles | None = None
    file_search: FileSearchStoresOrNew | None = None


def stored_resources(asked: ToolResources | NewToolResources | None, ids: Ids) -> dict[str, Any]:
    """The form that records carry: ``{}`` without resources, the helper answered as the id of a new store."""
    stored: dict[str, Any] = {}
    if asked and asked.code_interpreter:
        stored["code_interpreter"] = {"file_ids": asked.code_interpreter.file_ids or []}
    if asked and asked.file_search:
        stores = list(asked.file_search.vector_store_ids or [])
        if isinstance(asked.file_search, FileSearchStoresOrNew):
            stores += [ids.vector_store() for _ in asked.file_search.vector_stores or ()]
        stored["file_search"] = {"vector_store_ids": stores}
    return stored


def filled_resources(stored: dict[str, Any], tools: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The resources with an empty entry for every hosted tool that is enabled and has none."""
    types = {tool["type"] for tool in tools}
    filled = dict(stored)
    if "code_interpreter" in types:
        filled.setdefault("code_interpreter", {"file_ids": []})
    if "file_search" in types:
        filled.setdefault("file_search", {"vector_store_ids": []})
    return filled
