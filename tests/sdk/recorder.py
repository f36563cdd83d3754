"""A handler for the Python SDK's stream helper that writes down every callback in its order."""

from __future__ import annotations

from typing import Any

from openai import AssistantEventHandler
from openai.types.beta import AssistantStreamEvent
from openai.types.beta.threads import Message, MessageDelta, Text, TextDelta
from openai.types.beta.threads.runs import RunStep, RunStepDelta, ToolCall, ToolCallDelta
from typing_extensions import override

Call = tuple[Any, ...]


class Recorder(AssistantEventHandler):
    """Notes each callback with what matters of its arguments.

    How an answer is cut into deltas is a matter of time, so deltas of one text that follow each other are noted as one.
    """

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Call] = []
        self.events: list[AssistantStreamEvent] = []
        self.message_deltas = ""

    def note(self, *call: Any) -> None:
        self.calls.append(call)

    @override
    def on_event(self, event: AssistantStreamEvent) -> None:
        self.events.append(event)

    @override
    def on_message_created(self, message: Message) -> None:
        self.note("message created", message.status, [*message.content])

    @override
    def on_message_delta(self, delta: MessageDelta, snapshot: Message) -> None:
        for block in delta.content or []:
            assert block.type == "text"
            assert block.text is not None
            self.message_deltas += block.text.value or ""
        (grown,) = snapshot.content
        assert grown.type == "text"
        assert grown.text.value == self.message_deltas

    @override
    def on_message_done(self, message: Message) -> None:
        (block,) = message.content
        assert block.type == "text"
        self.note("message done", message.status, block.text.value)
        self.message_deltas = ""

    @override
    def on_text_created(self, text: Text) -> None:
        self.note("text created", [*(text.annotations or [])])

    @override
    def on_text_delta(self, delta: TextDelta, snapshot: Text) -> None:
        name, said = "text delta", delta.value or ""
        if self.calls[-1][0] == name:
            said = self.calls.pop()[1] + said
        self.note(name, said)
        assert snapshot.value == said

    @override
    def on_text_done(self, text: Text) -> None:
        self.note("text done", text.value)

    @override
    def on_run_step_created(self, run_step: RunStep) -> None:
        self.note("step created", run_step.type, run_step.status)

    @override
    def on_run_step_delta(self, delta: RunStepDelta, snapshot: RunStep) -> None:
        assert snapshot.step_details.type == "tool_calls"
        self.note("step delta", [call.id for call in snapshot.step_details.tool_calls])

    @override
    def on_run_step_done(self, run_step: RunStep) -> None:
        self.note("step done", run_step.type, run_step.status)

    @override
    def on_tool_call_created(self, tool_call: ToolCall) -> None:
        self.note("call created", *_function(tool_call))

    @override
    def on_tool_call_delta(self, delta: ToolCallDelta, snapshot: ToolCall) -> None:
        self.note("call delta", *_function(snapshot))

    @override
    def on_tool_call_done(self, tool_call: ToolCall) -> None:
        self.note("call done", *_function(tool_call))

    @override
    def on_exception(self, exception: Exception) -> None:
        self.note("exception", repr(exception))

    @override
    def on_timeout(self) -> None:
        self.note("timeout")

    @override
    def on_end(self) -> None:
        self.note("end")


def _function(call: ToolCall) -> tuple[str, str, str]:
    assert call.type == "function"
    return call.id, call.function.name, call.function.arguments
