"""What is left of the tokens that a run may use: both limits are totals over all its model turns. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Self

from livethread.domain.runs import Run
from livethread.domain.steps import RunStep
from livethread.errors import LivethreadError


class OutOfTokens(LivethreadError):
    """The run has reached a limit that its caller set, and ends ``incomplete``.

    Args:
        reason: which one, as ``incomplete_details`` names it.
    """

    def __init__(self, reason: Literal["max_prompt_tokens", "max_completion_tokens"]) -> None:
        super().__init__(f"The run has used up its {reason}.")
        self.reason: Literal["max_prompt_tokens", "max_completion_tokens"] = reason


@dataclass(frozen=True, slots=True)
class Budget:
    """Tokens that a model turn may use; None where the run's caller set no limit (reference section 2.4)."""

    prompt: int | None
    completion: int | None

    @classmethod
    def of(cls, run: Run, steps: Iterable[RunStep]) -> Self:
        """What the steps so far have left of it.

        Raises:
            OutOfTokens: nothing.
        """
        costs = [step.usage for step in steps if step.usage is not None]
        prompt = _left(run.max_prompt_tokens, sum(cost.prompt_tokens for cost in costs))
        completion = _left(run.max_completion_tokens, sum(cost.completion_tokens for cost in costs))
        if completion == 0:
            raise OutOfTokens("max_completion_tokens")
        if prompt == 0:
            raise OutOfTokens("max_prompt_tokens")
        return cls(prompt, completion)

    def room(self, context: int | None) -> int | None:
        """Tokens that the prompt may have; None where nothing limits it.

        Args:
            context: what the model takes, prompt and answer together. A quarter of it is left to the answer, or
                as much as the run allows, if that is less.
        """
        if context is None:
            return self.prompt
        quarter = context // 4
        room = context - (quarter if self.completion is None else min(quarter, self.completion))
        return room if self.prompt is None else min(room, self.prompt)


def _left(limit: int | None, used: int) -> int | None:
    return None if limit is None else max(0, limit - used)
