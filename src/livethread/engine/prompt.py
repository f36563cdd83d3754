"""The prompt: what a run sees, as the model reads it (ARCHITECTURE, "What a run sees"). Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from livethread.domain.messages import Message
from livethread.domain.runs import Run
from livethread.domain.steps import RunStep
from livethread.engine.budget import Budget, OutOfTokens
from livethread.engine.truncation import fit, message_tokens, overhead, request_tokens
from livethread.providers.chunks import ImagePart, PromptMessage, Request, TextPart, ToolCall
from livethread.providers.tokens import ESTIMATE, Counter


@dataclass(frozen=True, slots=True)
class Seen:
    """A message of the thread that a run may see.

    Args:
        message: itself.
        created_seq: where it stands in the log.
        run_created_seq: where its run was created; None for a message that no run wrote.
    """

    message: Message
    created_seq: int
    run_created_seq: int | None


def request(
    run: Run,
    conversation: Sequence[Seen],
    own_messages: Sequence[Message],
    own_steps: Sequence[RunStep],
    *,
    model: str,
    names: Mapping[str, str],
    metadata: Mapping[str, str],
    context: int | None = None,
    most: int | None = None,
    counter: Counter = ESTIMATE,
) -> Request:
    """The next model turn of a run.

    Args:
        run: the run.
        conversation: what of the thread it may see, in the order of the log.
        own_messages: what it has written itself.
        own_steps: its steps so far, oldest first.
        model: the name to ask the model API for.
        names: assistants' names by id.
        metadata: the run's metadata over its assistant's.
        context: tokens that the model takes, prompt and answer together, if anybody said.
        most: tokens of a prompt that the model has found too long, or a part of that.
        counter: counts the model's tokens.

    Raises:
        OutOfTokens: the run's limits leave nothing for another turn.
    """
    budget = Budget.of(run, own_steps)
    seen = _placed([item for item in conversation if not _superseded(item, conversation)])
    several = len({_person(item.message) for item in seen if _is_persons(item)}) > 1
    if run.truncation_strategy["type"] == "last_messages" and run.truncation_strategy["last_messages"]:
        seen = seen[-run.truncation_strategy["last_messages"] :]
    told = [message for item in seen if (message := _told(item, run, names, several)).parts]
    rounds = _own_rounds(own_messages, own_steps)
    turn = sum(step.type == "tool_calls" for step in own_steps)
    asked = Request(
        model=model,
        instructions=run.instructions,
        messages=(*told, *(message for round in rounds for message in round)),
        tools=tuple(tool for tool in run.tools if tool["type"] == "function"),
        tool_choice=_choice(run.tool_choice, turn),
        parallel_tool_calls=run.parallel_tool_calls,
        temperature=run.temperature,
        top_p=run.top_p,
        reasoning_effort=run.reasoning_effort,
        response_format=run.response_format,
        max_completion_tokens=budget.completion,
        metadata=metadata,
        turn=turn,
    )
    limits = [limit for limit in (budget.room(context), most) if limit is not None]
    if not limits:
        return asked
    room = min(limits) - overhead(asked, counter)
    asked = replace(asked, messages=tuple(fit(told, rounds, room, partial(message_tokens, counter=counter))))
    if budget.prompt is not None and request_tokens(asked, counter) > budget.prompt:
        raise OutOfTokens("max_prompt_tokens")
    return asked


def _placed(seen: Sequence[Seen]) -> list[Seen]:
    """The output of a run right behind the message that it answers: the last before it that no run wrote."""
    anchors = sorted(item.created_seq for item in seen if item.run_created_seq is None)

    def place(item: Seen) -> tuple[int, int, int]:
        if item.run_created_seq is None:
            return (item.created_seq, 0, 0)
        before = bisect_left(anchors, item.run_created_seq)
        return (anchors[before - 1] if before else 0, item.run_created_seq, item.created_seq)

    return sorted(seen, key=place)


def _superseded(item: Seen, conversation: Sequence[Seen]) -> bool:
    """Whether a half message was written again by its run, after a crash."""
    message = item.message
    return message.status == "incomplete" and any(
        other.message.run_id == message.run_id and other.created_seq > item.created_seq
        for other in conversation
        if message.run_id is not None
    )


def _is_persons(item: Seen) -> bool:
    return item.run_created_seq is None and item.message.role == "user"


def _person(message: Message) -> str | None:
    return message.metadata.get("user_id") or message.metadata.get("name")


def _told(item: Seen, run: Run, names: Mapping[str, str], several: bool) -> PromptMessage:
    """One message as this run's model is told it."""
    message = item.message
    parts = _parts(message)
    if message.assistant_id == run.assistant_id:
        return PromptMessage("assistant", parts)
    if message.assistant_id is not None:
        speaker = names.get(message.assistant_id, "assistant")
        return PromptMessage("user", _said_by(speaker, parts), of_assistant=True)
    name = message.metadata.get("name")
    if several and name and message.role == "user":
        return PromptMessage("user", _said_by(name, parts))
    return PromptMessage(message.role, parts)


def _said_by(name: str, parts: tuple[TextPart | ImagePart, ...]) -> tuple[TextPart | ImagePart, ...]:
    return (TextPart(f"[{name}]: "), *parts) if parts else ()


def _parts(message: Message) -> tuple[TextPart | ImagePart, ...]:
    parts: list[TextPart | ImagePart] = []
    for block in message.content:
        match block["type"]:
            case "text" if block["text"]["value"]:
                parts.append(TextPart(block["text"]["value"]))
            case "refusal":
                parts.append(TextPart(block["refusal"]))
            case "image_url":
                parts.append(ImagePart(block["image_url"]["url"], block["image_url"]["detail"]))
            case "image_file":
                parts.append(TextPart(f"[image {block['image_file']['file_id']}]"))
    return tuple(parts)


def _own_rounds(messages: Sequence[Message], steps: Sequence[RunStep]) -> list[list[PromptMessage]]:
    """What the run has said and done so far; a turn's text and its calls are one message, and the outputs follow it."""
    said = {message.id: message for message in messages if message.status == "completed"}
    rounds: list[list[PromptMessage]] = []
    text: tuple[TextPart | ImagePart, ...] = ()
    for step in steps:
        if step.type == "message_creation":
            message = said.get(step.step_details["message_creation"]["message_id"])
            text = _parts(message) if message else ()
            continue
        calls = [ToolCall(call["id"], call["function"]["name"], call["function"]["arguments"]) for call in step.calls]
        outputs = [
            PromptMessage("tool", (TextPart(call["function"]["output"] or ""),), tool_call_id=call["id"])
            for call in step.calls
        ]
        rounds.append([PromptMessage("assistant", text, tuple(calls)), *outputs])
        text = ()
    return [*rounds, [PromptMessage("assistant", text)]] if text else rounds


def _choice(tool_choice: str | Mapping[str, object], turn: int) -> str | Mapping[str, object]:
    """What the model may choose of the run's functions in this turn.

    A forced call applies to the first turn only, or the run would never end (reference section 4); a tool that is
    left out of the prompt cannot be forced.
    """
    if tool_choice == "none":
        return "none"
    forced = turn == 0 and (isinstance(tool_choice, str) or tool_choice["type"] == "function")
    return tool_choice if forced else "auto"
