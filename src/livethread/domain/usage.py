"""What a run or a step has used (reference section 3.4)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from pydantic import BaseModel, ConfigDict, Field


class PromptTokenDetails(BaseModel):
    """What the prompt tokens were."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    cached_tokens: int = 0


class CompletionTokensDetails(BaseModel):
    """What the completion tokens were."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    reasoning_tokens: int = 0


class Usage(BaseModel):
    """Tokens of one step, or of all steps of a run.

    ``prompt_token_details`` has a singular "token" and ``completion_tokens_details`` has not: so it was on the wire.

    Args:
        estimated: whether any of it was counted here, because the model API did not say; ours, and only there if true.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    prompt_token_details: PromptTokenDetails = PromptTokenDetails()
    completion_tokens_details: CompletionTokensDetails = CompletionTokensDetails()
    estimated: bool = Field(False, exclude_if=lambda estimated: not estimated)

    @classmethod
    def of(
        cls, prompt: int = 0, completion: int = 0, *, cached: int = 0, reasoning: int = 0, estimated: bool = False
    ) -> Self:
        """The usage of one model call; the total is prompt and completion."""
        return cls(
            prompt_tokens=prompt,
            completion_tokens=completion,
            total_tokens=prompt + completion,
            prompt_token_details=PromptTokenDetails(cached_tokens=cached),
            completion_tokens_details=CompletionTokensDetails(reasoning_tokens=reasoning),
            estimated=estimated,
        )

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            total_tokens=self.total_tokens + other.total_tokens,
            prompt_token_details=PromptTokenDetails(
                cached_tokens=self.prompt_token_details.cached_tokens + other.prompt_token_details.cached_tokens
            ),
            completion_tokens_details=CompletionTokensDetails(
                reasoning_tokens=self.completion_tokens_details.reasoning_tokens
                + other.completion_tokens_details.reasoning_tokens
            ),
            estimated=self.estimated or other.estimated,
        )


def total(costs: Iterable[Usage | None]) -> Usage | None:
    """All costs together; None if none is known."""
    known = [cost for cost in costs if cost is not None]
    return sum(known[1:], known[0]) if known else None
