"""The format of a scenario: what `builtin/script` can be told to play.

These models are the format; ``spec/script.schema.json`` is written from them (`schema.py`) and a test compares the two.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, GetJsonSchemaHandler, Tag, model_validator
from pydantic_core import CoreSchema, PydanticCustomError

from livethread.providers.builtin.steps import (
    CutStep,
    ErrorStep,
    FinishStep,
    StallStep,
    Step,
    UsageStep,
    WordsPerSecond,
    ends_stream,
)
from livethread.providers.builtin.strict import Strict, either

Phrase = Annotated[str, Field(min_length=1, pattern=r"\S")]


class Turn(Strict):
    """One model turn: a list of steps, or an object with ``steps``."""

    steps: list[Step]
    words_per_second: WordsPerSecond | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_list(cls, value: Any) -> Any:
        if isinstance(value, list):
            return {"steps": value}
        if not isinstance(value, dict):
            raise PydanticCustomError("turn", "a turn is a list of steps, or an object with steps")
        return value

    @model_validator(mode="after")
    def _order(self) -> Turn:
        finished: int | None = None
        for position, step in enumerate(self.steps):
            if finished is not None and not isinstance(step, UsageStep | StallStep | CutStep | ErrorStep):
                raise PydanticCustomError(
                    "order", f"steps[{position}] comes after steps[{finished}], which finishes the turn"
                )
            if ends_stream(step) and position + 1 < len(self.steps):
                raise PydanticCustomError(
                    "order", f"steps[{position + 1}] is never played, because steps[{position}] ends the stream"
                )
            if isinstance(step, FinishStep):
                finished = position
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        as_object = handler(core)
        steps = handler.resolve_ref_schema(as_object)["properties"]["steps"]
        return {"anyOf": [as_object, {**steps, "title": "Steps of a turn"}]}


class Case(Strict):
    """What to play when the last user message holds a word."""

    when: Annotated[
        Annotated[Phrase, Tag("as:text")] | Annotated[list[Phrase], Field(min_length=1), Tag("as:list")],
        either("must be a word, or a list of words (in quotes, if it looks like a number)"),
    ]
    """A word or a few words in a row, or a list of such; whole words, upper and lower case alike."""
    turns: list[Turn] = Field(min_length=1)

    @property
    def phrases(self) -> list[str]:
        """The words it waits for, one or many."""
        return [self.when] if isinstance(self.when, str) else self.when


class Scenario(Strict):
    """A script: the turns of a run, or cases of which the first that matches the last user message is played.

    Turn n of the run plays ``turns[n]``. Past the end, the last turn is played again if it calls no tools; otherwise
    one plain sentence closes the run.
    """

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["turns"]}, {"required": ["cases"]}]})

    description: str | None = None
    """For the reader; never played."""
    words_per_second: WordsPerSecond | None = None
    """The pace of everything that has none of its own."""
    cases: list[Case] = Field(default_factory=list, min_length=1)
    turns: list[Turn] = Field(default_factory=list, min_length=1)
    """What is played when no case matches; without it, a sentence that names the words there are."""

    @model_validator(mode="after")
    def _something(self) -> Scenario:
        if not self.turns and not self.cases:
            raise PydanticCustomError("empty", "needs turns, or cases")
        return self
