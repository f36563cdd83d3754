"""The bodies of the run calls (reference section 2.4)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from livethread.domain.body import Body, Instructions, Metadata, Model, Temperature, TopP
from livethread.domain.messages import MessageCreate
from livethread.domain.options import ReasoningEffort, ResponseFormat, ThreadPolicy, ToolChoice, TruncationStrategy
from livethread.domain.resources import ToolResources
from livethread.domain.threads import ThreadCreate
from livethread.domain.tools import Tools

TokenLimit = Annotated[int, Field(ge=1)]
"""At least 1: the hosted API took less than the published minimum of 256 (reference section 8)."""


class RunOptions(Body):
    """What both ways to create a run share: overrides for this run; absent or null means the assistant's own."""

    assistant_id: str
    model: Model | None = None
    instructions: Instructions | None = None
    tools: Tools | None = None
    metadata: Metadata | None = None
    temperature: Temperature | None = None
    top_p: TopP | None = None
    reasoning_effort: ReasoningEffort | None = None
    stream: bool | None = None
    max_prompt_tokens: TokenLimit | None = None
    max_completion_tokens: TokenLimit | None = None
    truncation_strategy: TruncationStrategy | None = None
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool = True
    response_format: ResponseFormat | None = None
    thread_policy: ThreadPolicy | None = None


class RunCreate(RunOptions):
    """The body of ``POST /threads/{thread_id}/runs``."""

    additional_instructions: Instructions | None = None
    additional_messages: list[MessageCreate] | None = None


class ThreadAndRunCreate(RunOptions):
    """The body of ``POST /threads/runs``."""

    thread: ThreadCreate | None = None
    tool_resources: ToolResources | None = None


class RunUpdate(Body):
    """The body of ``POST /threads/{thread_id}/runs/{run_id}``."""

    metadata: Metadata | None = None


class ToolOutput(Body):
    """The result of one call; without ``output`` it is empty."""

    tool_call_id: str
    output: str | None = None

    @property
    def text(self) -> str:
        """The output; empty when none was given."""
        return self.output or ""


class ToolOutputsSubmit(Body):
    """The body of ``…/submit_tool_outputs``: the outputs of all calls that the run waits for."""

    tool_outputs: list[ToolOutput]
    stream: bool | None = None
