"""What every object of the scenario format has in common: it is strict, and its errors speak of what was written."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Discriminator, model_validator
from pydantic_core import PydanticCustomError


class Strict(BaseModel):
    """An object of the format: nothing is converted, no key is ignored."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, value: Any) -> Any:
        if isinstance(value, dict):
            unknown = next((key for key in value if key not in cls.model_fields), None)
            if unknown is not None:
                known = ", ".join(cls.model_fields)
                raise PydanticCustomError("key", f"'{str(unknown)[:40]}' is not known here; allowed are {known}")
        return value


def _typed(value: object) -> str | None:
    """Which form of a field was written, so that an error speaks of that form alone."""
    if isinstance(value, bool):
        return None
    forms: dict[type, str] = {str: "as:text", list: "as:list", int: "as:number", float: "as:number"}
    return forms.get(type(value), "as:object" if isinstance(value, dict | BaseModel) else None)


def either(message: str) -> Discriminator:
    """For a field that has several forms, tagged ``as:text``, ``as:list``, ``as:number`` or ``as:object``."""
    return Discriminator(_typed, custom_error_type="form", custom_error_message=message)
