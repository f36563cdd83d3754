"""What every request body has in common: strict types, unknown fields ignored, limits of the published contract."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

MAX_TEXT = 256_000
"""Characters of one text part and of instructions (reference sections 2.1 and 2.3)."""

MAX_TOOLS = 128
"""Tools of an assistant; of a run too, as a run inherits them (reference section 8)."""


class Body(BaseModel):
    """A request body or a part of one.

    A number is not a string and a bool is not a number; an integer is a number. Fields that nobody knows are ignored,
    so that newer SDKs work (reference section 1.3). Where a field may be null, null on create means absent.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    def given(self) -> dict[str, Any]:
        """The fields that the caller wrote, by their names on the wire."""
        return self.model_dump(exclude_unset=True, by_alias=True)


Metadata = Annotated[
    dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=512)]],
    Field(max_length=16),
]
"""At most 16 pairs, keys of 64 characters, values of 512 (reference section 1.3)."""

Name = Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]+$", min_length=1, max_length=64)]
"""The name of a function or of a JSON schema (reference section 2.1)."""

Instructions = Annotated[str, Field(max_length=MAX_TEXT)]
Model = Annotated[str, Field(min_length=1)]
Temperature = Annotated[float, Field(ge=0, le=2)]
TopP = Annotated[float, Field(ge=0, le=1)]
