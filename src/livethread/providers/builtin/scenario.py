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
    FaultStep,
    FinishStep,
    StallStep,
    Step,
    ToolCallsStep,
    UsageStep,
    WordsPerSecond,
    ends_stream,
)
from livethread.providers.builtin.strict import Strict, either

Phrase = Annotated[str, Field(min_length=1, pattern=r"\S")]


class Turn(Strict):
    """One model turn: a list of steps, or an object with ``steps`` or ``attempts``."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["steps"]}, {"required": ["attempts"]}]})

    steps: list[Step] = Field(default_factory=list)
    attempts: list[list[Step]] = Field(default_factory=list, min_length=1)
    """Steps for each attempt: a turn that fails before anything of it was shown is asked again. Past the end, the last
    ones are played again."""
    words_per_second: WordsPerSecond | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_list(cls, value: Any) -> Any:
        if isinstance(value, list):
            return {"steps": value}
        if not isinstance(value, dict):
            raise PydanticCustomError("turn", "a turn is a list of steps, or an object with steps or attempts")
        return value

    @model_validator(mode="after")
    def _in_order(self) -> Turn:
        if ("steps" in self.model_fields_set) == ("attempts" in self.model_fields_set):
            raise PydanticCustomError("turn", "takes either steps or attempts")
        _check_order("steps", self.steps)
        for number, steps in enumerate(self.attempts):
            _check_order(f"attempts[{number}]", steps)
        return self

    def attempt(self, number: int) -> Turn:
        """The turn with the steps of one attempt, counted from 0."""
        if not self.attempts:
            return self
        steps = self.attempts[min(number, len(self.attempts) - 1)]
        return self.model_copy(update={"steps": steps, "attempts": []})

    @property
    def calls_tools(self) -> bool:
        """Whether it may make calls."""
        return any(isinstance(step, ToolCallsStep) for steps in (self.steps, *self.attempts) for step in steps)

    @property
    def finishes(self) -> bool:
        """Whether it says itself how it ends."""
        return any(isinstance(step, FinishStep) for step in self.steps)

    @property
    def uncounted(self) -> bool:
        """Whether it says that no usage is told."""
        return any(isinstance(step, UsageStep) and step.usage == "none" for step in self.steps)

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        as_object = handler(core)
        steps = handler.resolve_ref_schema(as_object)["properties"]["steps"]
        steps = {key: value for key, value in steps.items() if key != "default"}
        return {"anyOf": [as_object, {**steps, "title": "Steps of a turn"}]}


def _check_order(place: str, steps: list[Step]) -> None:
    """Refuse steps that could never be played, or not behind those before them."""
    finished: int | None = None
    for position, step in enumerate(steps):
        here = f"{place}[{position}]"
        if finished is not None and not isinstance(step, UsageStep | StallStep | CutStep | ErrorStep):
            raise PydanticCustomError("order", f"{here} comes after {place}[{finished}], which finishes the turn")
        if ends_stream(step) and position + 1 < len(steps):
            raise PydanticCustomError(
                "order", f"{place}[{position + 1}] is never played, because {here} ends the stream"
            )
        if isinstance(step, FaultStep) and not all(isinstance(before, StallStep) for before in steps[:position]):
            raise PydanticCustomError("order", f"{here} must come first: it is trouble before any answer")
        if isinstance(step, FinishStep):
            finished = position


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
