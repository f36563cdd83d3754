"""Runs (reference section 3.4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from livethread.domain.assistants import Assistant
from livethread.domain.options import ThreadPolicy, stored_option
from livethread.domain.record import Record
from livethread.domain.resources import filled_resources, stored_resources
from livethread.domain.run_bodies import RunCreate, RunOptions, RunUpdate, ThreadAndRunCreate
from livethread.domain.tools import skipped_tools, stored_tools
from livethread.domain.usage import Usage
from livethread.errors import ApiError
from livethread.ids import Ids

RunStatus = Literal[
    "queued", "in_progress", "requires_action", "cancelling",
    "cancelled", "failed", "completed", "incomplete", "expired",
]  # fmt: skip


class Run(Record):
    """A stored run: every field is there in every state (reference section 3.4), the last three are ours.

    Args:
        thread_policy: what it does while another run of the thread is active (ARCHITECTURE section 5).
        turn_id: the turn it belongs to, if any (wire.md, Calls).
        skipped_tools: hosted tool types that its prompt leaves out (wire.md, Not yet).
    """

    object: Literal["thread.run"] = "thread.run"
    created_at: int
    assistant_id: str
    thread_id: str
    status: RunStatus
    started_at: int | None = None
    expires_at: int | None = None
    cancelled_at: int | None = None
    failed_at: int | None = None
    completed_at: int | None = None
    required_action: dict[str, Any] | None = None
    last_error: dict[str, Any] | None = None
    model: str
    instructions: str | None
    tools: list[dict[str, Any]]
    tool_resources: dict[str, Any]
    metadata: dict[str, str]
    temperature: float
    top_p: float
    reasoning_effort: str | None
    max_completion_tokens: int | None
    max_prompt_tokens: int | None
    truncation_strategy: dict[str, Any]
    incomplete_details: dict[str, Any] | None = None
    usage: Usage | None = None
    response_format: str | dict[str, Any]
    tool_choice: str | dict[str, Any]
    parallel_tool_calls: bool
    thread_policy: ThreadPolicy
    turn_id: str | None = None
    skipped_tools: list[str]

    @classmethod
    def create(
        cls,
        body: RunOptions,
        assistant: Assistant,
        thread_id: str,
        ids: Ids,
        now: int,
        *,
        thread_policy: ThreadPolicy,
        turn_id: str | None = None,
    ) -> Run:
        """A queued run: the assistant's settings with the body's overrides, copied once and for all.

        Args:
            body: ``RunCreate`` or ``ThreadAndRunCreate``.
            thread_policy: what the thread or the server says; the body's own wins.
            turn_id: the turn it belongs to.

        Raises:
            ApiError: the body forces a function that the run does not have.
        """
        tools = assistant.tools if body.tools is None else stored_tools(body.tools)
        tool_choice = stored_option(body.tool_choice)
        _check_choice(tool_choice, tools)
        resources = assistant.tool_resources
        if isinstance(body, ThreadAndRunCreate) and body.tool_resources is not None:
            resources = stored_resources(body.tool_resources, ids)
        truncation = body.truncation_strategy
        return cls(
            id=ids.new("run"),
            created_at=now,
            assistant_id=assistant.id,
            thread_id=thread_id,
            status="queued",
            model=assistant.model if body.model is None else body.model,
            instructions=_instructions(body, assistant),
            tools=tools,
            tool_resources=filled_resources(resources, tools),
            metadata=body.metadata or {},
            temperature=assistant.temperature if body.temperature is None else body.temperature,
            top_p=assistant.top_p if body.top_p is None else body.top_p,
            reasoning_effort=body.reasoning_effort or assistant.reasoning_effort,
            max_completion_tokens=body.max_completion_tokens,
            max_prompt_tokens=body.max_prompt_tokens,
            truncation_strategy=truncation.stored() if truncation else {"type": "auto", "last_messages": None},
            response_format=(
                assistant.response_format if body.response_format is None else stored_option(body.response_format)
            ),
            tool_choice=tool_choice,
            parallel_tool_calls=body.parallel_tool_calls,
            thread_policy=body.thread_policy or thread_policy,
            turn_id=turn_id,
            skipped_tools=skipped_tools(tools),
        )

    def updated(self, body: RunUpdate) -> Run:
        """The run with its metadata replaced, if the body gives any."""
        if "metadata" not in body.model_fields_set:
            return self
        return self.model_copy(update={"metadata": body.metadata or {}})

    @property
    def pending_calls(self) -> list[dict[str, Any]]:
        """The calls that the run waits for; none unless it is in ``requires_action``."""
        if self.required_action is None:
            return []
        calls: list[dict[str, Any]] = self.required_action["submit_tool_outputs"]["tool_calls"]
        return calls


def required_action(calls: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """``required_action`` for calls as a ``tool_calls`` step carries them; their ``output`` is left out."""
    return {
        "type": "submit_tool_outputs",
        "submit_tool_outputs": {
            "tool_calls": [
                {
                    "id": call["id"],
                    "type": "function",
                    "function": {"name": call["function"]["name"], "arguments": call["function"]["arguments"]},
                }
                for call in calls
            ]
        },
    }


def _check_choice(tool_choice: str | dict[str, Any], tools: Sequence[dict[str, Any]]) -> None:
    if isinstance(tool_choice, str) or tool_choice["type"] != "function":
        return
    name = tool_choice["function"]["name"]
    if name not in [tool["function"]["name"] for tool in tools if tool["type"] == "function"]:
        raise ApiError(f"Invalid 'tool_choice': the run has no function named '{name}'.", param="tool_choice")


def _instructions(body: RunOptions, assistant: Assistant) -> str | None:
    """Additional instructions follow the effective ones on a line of their own (reference section 10: our choice)."""
    effective = assistant.instructions if body.instructions is None else body.instructions
    added = body.additional_instructions if isinstance(body, RunCreate) else None
    return "\n".join(part for part in (effective, added) if part) if added else effective
