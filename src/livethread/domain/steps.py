"""Run steps (reference section 3.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from livethread.domain.record import Record
from livethread.domain.runs import Run
from livethread.domain.usage import Usage

StepType = Literal["message_creation", "tool_calls"]
StepStatus = Literal["in_progress", "cancelled", "failed", "completed", "expired"]


def function_call(id: str, name: str, arguments: str, output: str | None = None) -> dict[str, Any]:
    """A function call as a step carries it; ``output`` is null until it is known."""
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments, "output": output}}


class RunStep(Record):
    """A stored run step; both ``expires_at`` (the wire's) and ``expired_at`` (the spec's), reference section 8."""

    object: Literal["thread.run.step"] = "thread.run.step"
    created_at: int
    run_id: str
    assistant_id: str
    thread_id: str
    type: StepType
    status: StepStatus = "in_progress"
    cancelled_at: int | None = None
    completed_at: int | None = None
    expires_at: int | None = None
    expired_at: int | None = None
    failed_at: int | None = None
    last_error: dict[str, Any] | None = None
    step_details: dict[str, Any]
    usage: Usage | None = None
    metadata: dict[str, str] = Field(default_factory=dict)

    @classmethod
    def message_creation(cls, run: Run, message_id: str, *, id: str, now: int) -> RunStep:
        """The step of a message that the run begins to write."""
        details = {"type": "message_creation", "message_creation": {"message_id": message_id}}
        return cls._begin(run, id, now, "message_creation", details)

    @classmethod
    def tool_calls(cls, run: Run, *, id: str, now: int) -> RunStep:
        """The step of a model turn's tool calls; without calls at first (reference section 3.5)."""
        return cls._begin(run, id, now, "tool_calls", {"type": "tool_calls", "tool_calls": []})

    @classmethod
    def _begin(cls, run: Run, id: str, now: int, type: StepType, details: dict[str, Any]) -> RunStep:
        return cls(
            id=id,
            created_at=now,
            run_id=run.id,
            assistant_id=run.assistant_id,
            thread_id=run.thread_id,
            type=type,
            expires_at=run.expires_at,
            step_details=details,
        )

    @property
    def calls(self) -> list[dict[str, Any]]:
        """The tool calls of the step; none for a message."""
        calls: list[dict[str, Any]] = self.step_details.get("tool_calls", [])
        return calls

    def with_calls(self, calls: list[dict[str, Any]]) -> RunStep:
        """The step with its calls."""
        return self.model_copy(update={"step_details": {"type": "tool_calls", "tool_calls": calls}})

    def delta(self) -> RunStepDelta:
        """The one delta of the step: all its calls, with complete arguments (reference section 5.4)."""
        calls = [{"index": index, **call} for index, call in enumerate(self.calls)]
        return RunStepDelta(id=self.id, delta={"step_details": {"type": "tool_calls", "tool_calls": calls}})

    def with_outputs(self, outputs: Mapping[str, str]) -> RunStep:
        """The step with the outputs written into the calls they belong to, by call id."""

        def filled(call: dict[str, Any]) -> dict[str, Any]:
            if call["id"] not in outputs:
                return call
            return call | {"function": call["function"] | {"output": outputs[call["id"]]}}

        return self.with_calls([filled(call) for call in self.calls])

    def ended(
        self,
        status: Literal["cancelled", "failed", "completed", "expired"],
        now: int,
        *,
        usage: Usage | None = None,
        last_error: dict[str, Any] | None = None,
    ) -> RunStep:
        """The step at its end: the matching time is set (``failed`` -> ``failed_at``), and ``expires_at`` null."""
        return self.model_copy(
            update={
                "status": status,
                f"{status}_at": now,
                "expires_at": None,
                "usage": usage if usage is not None else self.usage,
                "last_error": last_error,
            }
        )


class RunStepDelta(Record):
    """What a ``thread.run.step.delta`` event carries (reference section 5.4)."""

    object: Literal["thread.run.step.delta"] = "thread.run.step.delta"
    delta: dict[str, Any]
