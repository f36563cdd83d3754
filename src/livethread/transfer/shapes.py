"""From an object as somebody dumped it to a record as it would have been stored here. Pure.

The hosted API left fields out, or called them otherwise, depending on the year and on the call (reference sections 3
and 8): what is missing gets the value that it stood for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from livethread.domain.assistants import Assistant
from livethread.domain.content import ContentBlock, refusal_block, text_block
from livethread.domain.messages import Message
from livethread.domain.record import Record
from livethread.domain.resources import filled_resources
from livethread.domain.runs import Run
from livethread.domain.steps import RunStep
from livethread.domain.threads import Thread
from livethread.domain.tools import skipped_tools
from livethread.domain.transitions import TERMINAL
from livethread.errors import LivethreadError
from livethread.ids import is_id

Object = dict[str, Any]

AHEAD: Final = 60
"""Seconds by which another machine's clock may be ahead of ours."""

PREFIXES: Final = {"assistant": "asst", "thread": "thread", "thread.message": "msg", "thread.run": "run",
                   "thread.run.step": "step"}  # fmt: skip
"""What is imported: kinds of objects, in the order in which they need each other, and how their ids begin."""

_RECORDS: Final[Mapping[str, type[Record]]] = {
    "assistant": Assistant, "thread": Thread, "thread.message": Message, "thread.run": Run, "thread.run.step": RunStep
}  # fmt: skip

_DEFAULTS: Final[Mapping[str, Any]] = {
    "metadata": {}, "tools": [], "tool_resources": {}, "temperature": 1.0, "top_p": 1.0, "response_format": "auto",
    "tool_choice": "auto", "parallel_tool_calls": True, "truncation_strategy": {"type": "auto"},
    "thread_policy": "queue", "attachments": [],
}  # fmt: skip
"""What null, or nothing, means."""

_SAID_OTHERWISE: Final = {
    "ordered_at", "activity", "active_at", "title", "last_message", "attachments", "file_ids",
}  # fmt: skip
"""Fields that are read, or follow from others, although no record has them by that name."""


class Refused(LivethreadError):
    """An object that cannot be imported; the text says why."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """An object that may be imported.

    Args:
        kind: its ``object``.
        record: as it would have been stored here.
        ordered_at: where it stands among others: seconds.
        ended_here: it had not ended; now it has.
        unknown: the names of fields that were left out.
        activity: of a thread that was exported: what its list shows of it.
    """

    kind: str
    record: Assistant | Thread | Message | Run | RunStep
    ordered_at: int
    ended_here: bool
    unknown: Set[str]
    activity: Object | None = None


def arrive(raw: Object, now: int) -> Arrived:
    """Judge one object by itself.

    Args:
        raw: as it stands in the file.
        now: seconds.

    Raises:
        Refused: it cannot be imported.
    """
    kind = raw.get("object")
    if not isinstance(kind, str) or kind not in _RECORDS:
        raise Refused(f"Objects of the kind {_shown(kind)} are not imported.")
    plan = _PLANS[kind]
    values = {name: _DEFAULTS.get(name) if raw.get(name) is None else raw[name] for name in plan.fields}
    for name, prefix in plan.ids:
        values[name] = _id(name, values[name] or None, prefix)
    for name, normal in plan.normal:
        values[name] = normal(values[name])
    record, ended_here = _ENDED[kind](_record(kind, _completed(kind, values, raw)), now)
    ordered_at = raw.get("ordered_at", record.created_at)
    activity = _activity(raw["activity"], now) if kind == "thread" and raw.get("activity") is not None else None
    for name, moment in (("created_at", record.created_at), ("ordered_at", ordered_at)):
        if type(moment) is not int or moment < 0:
            raise Refused(f"{name}: expected a whole number of seconds since 1970.")
        if moment > now + AHEAD:
            raise Refused(f"{name}: this is in the future.")
    return Arrived(kind, record, ordered_at, ended_here, raw.keys() - plan.known, activity)


def text_of(record: Record) -> str:
    """The record as it is stored.

    Raises:
        Refused: it holds what is not text.
    """
    try:
        return record.json_text()
    except PydanticSerializationError as error:
        raise Refused("This holds what cannot be written as JSON.") from error


def _record(kind: str, values: Object) -> Any:
    try:
        return _RECORDS[kind].model_validate(values, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        message = first["msg"]
        raise Refused(f"{'.'.join(map(str, first['loc']))}: {message[0].lower()}{message[1:]}.") from None


def _completed(kind: str, values: Object, raw: Object) -> Object:
    """What follows from several fields together."""
    match kind:
        case "assistant":
            values["tool_resources"] = filled_resources(values["tool_resources"], values["tools"])
        case "thread.message":
            if values["status"] is None:  # plain answers had none of these fields
                values["status"] = "completed" if values["incomplete_at"] is None else "incomplete"
            ended = {"completed": "completed_at", "incomplete": "incomplete_at"}.get(values["status"])
            if ended and values[ended] is None:
                values[ended] = values["created_at"]
            if not values["attachments"]:
                values["attachments"] = [{"file_id": file_id, "tools": []} for file_id in _list("file_ids", raw)]
        case "thread.run" if values["skipped_tools"] is None:
            values["skipped_tools"] = skipped_tools(values["tools"])
        case "thread.run.step" if values["step_details"]["type"] != values["type"]:
            raise Refused("step_details.type: expected the step's own type.")
    return values


def _end_message(message: Message, now: int) -> tuple[Message, bool]:
    if message.status != "in_progress":
        return message, False
    return message.cut(message.content, "run_expired", now), True


def _end_run(run: Run, now: int) -> tuple[Run, bool]:
    if run.status in TERMINAL:
        return run, False
    return run.model_copy(update={"status": "expired", "expires_at": None}), True


def _end_step(step: RunStep, now: int) -> tuple[RunStep, bool]:
    if step.status != "in_progress":
        return step, False
    return step.ended("expired", now), True


def _whole(record: Any, now: int) -> tuple[Any, bool]:
    return record, False


_ENDED: Final[Mapping[str, Callable[[Any, int], tuple[Any, bool]]]] = {
    "assistant": _whole, "thread": _whole, "thread.message": _end_message, "thread.run": _end_run,
    "thread.run.step": _end_step,
}  # fmt: skip


def _id(name: str, id: Any, prefix: str) -> str | None:
    if id is None and name in ("run_id", "assistant_id", "turn_id"):
        return None  # the record knows whether it may be
    if not isinstance(id, str) or not id.startswith(prefix) or not is_id(id):
        begins = f" that begins with '{prefix}'" if prefix else ""
        raise Refused(f"{name}: expected an id{begins}, of letters, digits, '_' and '-', not {_shown(id)}.")
    return id


def _content(value: Any) -> list[ContentBlock]:
    if isinstance(value, str):  # as requests have it
        return [text_block(value)] if value else []
    return [_block(f"content[{index}]", block) for index, block in enumerate(_array("content", value))]


def _block(path: str, block: Any) -> ContentBlock:
    kind = block.get("type") if isinstance(block, dict) else None
    inside = block.get(kind) if isinstance(kind, str) else None
    if kind in ("text", "refusal") and isinstance(inside, str):  # a text so, as requests have it
        return text_block(inside) if kind == "text" else refusal_block(inside)
    if isinstance(inside, dict):
        if kind == "text" and isinstance(inside.get("value"), str):
            annotations = inside.get("annotations") or []
            return text_block(inside["value"], _objects(f"{path}.text.annotations", annotations))
        for image, field in (("image_file", "file_id"), ("image_url", "url")):
            if kind == image and isinstance(inside.get(field), str):
                return {"type": image, image: {field: inside[field], "detail": inside.get("detail") or "auto"}}
    raise Refused(f"{path}: expected a text, a refusal, or an image.")


def _attachments(value: Any) -> list[Object]:
    attachments = []
    for index, item in enumerate(_objects("attachments", value)):
        if not isinstance(item.get("file_id"), str):
            raise Refused(f"attachments[{index}].file_id: expected a string.")
        tools = _typed(f"attachments[{index}].tools", item.get("tools") or [])
        attachments.append({"file_id": item["file_id"], "tools": tools})
    return attachments


def _tools(value: Any) -> list[Object]:
    return [_tool(f"tools[{index}]", tool) for index, tool in enumerate(_typed("tools", value))]


def _tool(path: str, tool: Object) -> Object:
    if tool["type"] != "function":
        return tool
    function = tool.get("function")
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise Refused(f"{path}.function: expected an object with a name.")
    given = {name: value for name, value in function.items() if value is not None}
    return {**tool, "function": given | {
        "parameters": given.get("parameters", {"type": "object", "properties": {}}),
        "strict": given.get("strict", False),
    }}  # fmt: skip


def _resources(value: Any) -> Object:
    ids = {"code_interpreter": "file_ids", "file_search": "vector_store_ids"}
    return {
        name: {ids[name]: _list(ids[name], _mapping(f"tool_resources.{name}", found))}
        for name, found in _mapping("tool_resources", value).items()
        if name in ids and found is not None
    }


def _usage(value: Any) -> Object | None:
    if value is None:
        return None
    usage = _mapping("usage", value)
    counts = {name: usage.get(name) or 0 for name in ("prompt_tokens", "completion_tokens", "total_tokens")}
    prompt = usage.get("prompt_token_details") or usage.get("prompt_tokens_details") or {}
    answer = usage.get("completion_tokens_details") or {}
    return {
        **counts,
        "prompt_token_details": {"cached_tokens": _mapping("usage", prompt).get("cached_tokens") or 0},
        "completion_tokens_details": {"reasoning_tokens": _mapping("usage", answer).get("reasoning_tokens") or 0},
        "estimated": usage.get("estimated", False),
    }


def _truncation(value: Any) -> Object:
    truncation = _mapping("truncation_strategy", value)
    return {"type": truncation.get("type") or "auto", "last_messages": truncation.get("last_messages")}


def _details(value: Any) -> Object:
    details = _mapping("step_details", value)
    match details:
        case {"type": "message_creation", "message_creation": {"message_id": str()}}:
            return details
        case {"type": "tool_calls", "tool_calls": calls}:
            return details | {"tool_calls": [_call(call) for call in _typed("step_details.tool_calls", calls)]}
    raise Refused("step_details: expected a message that was made, or tool calls.")


def _call(call: Object) -> Object:
    if call["type"] != "function":
        return call
    match call:
        case {"id": str(), "function": {"name": str(), "arguments": str(), **rest}}:
            return call if "output" in rest else call | {"function": call["function"] | {"output": None}}
    raise Refused("step_details.tool_calls: expected the id, the name and the arguments of each call.")


def _nothing(value: Any) -> None:
    """What only an object has that has not ended."""


_NORMAL: Final[Mapping[str, Callable[[Any], Any]]] = {
    "content": _content, "attachments": _attachments, "tools": _tools, "tool_resources": _resources, "usage": _usage,
    "truncation_strategy": _truncation, "step_details": _details, "required_action": _nothing,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Plan:
    """How a kind of object is looked at.

    Args:
        fields: of its record.
        ids: those that are ids, and how they begin.
        normal: those with an inside, and what makes it what the server relies on.
        known: the fields that are not worth a word.
    """

    fields: tuple[str, ...]
    ids: tuple[tuple[str, str], ...]
    normal: tuple[tuple[str, Callable[[Any], Any]], ...]
    known: frozenset[str]

    @classmethod
    def of(cls, kind: str) -> _Plan:
        fields = tuple(_RECORDS[kind].model_fields)
        ids = {
            "id": PREFIXES[kind], "thread_id": "thread", "run_id": "run", "assistant_id": "", "turn_id": "turn"
        }  # fmt: skip
        return cls(
            fields,
            tuple((name, prefix) for name, prefix in ids.items() if name in fields),
            tuple((name, normal) for name, normal in _NORMAL.items() if name in fields),
            frozenset(fields) | _SAID_OTHERWISE,
        )


_PLANS: Final = {kind: _Plan.of(kind) for kind in PREFIXES}


def _activity(value: Any, now: int) -> Object:
    activity = _mapping("activity", value)
    match activity:
        case {"at": int(at), "opening": str(), "last_message": dict() | None} if 0 <= at <= (now + AHEAD) * 1_000_000:
            return activity
    raise Refused("activity: expected it as an export writes it, with a time that is not in the future.")


def _mapping(path: str, value: Any) -> Object:
    if not isinstance(value, dict):
        raise Refused(f"{path}: expected an object.")
    return value


def _array(path: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Refused(f"{path}: expected an array.")
    return value


def _objects(path: str, value: Any) -> list[Object]:
    return [_mapping(f"{path}[{index}]", item) for index, item in enumerate(_array(path, value))]


def _typed(path: str, value: Any) -> list[Object]:
    objects = _objects(path, value)
    for index, item in enumerate(objects):
        if not isinstance(item.get("type"), str):
            raise Refused(f"{path}[{index}].type: expected a string.")
    return objects


def _list(name: str, value: Object) -> list[str]:
    strings = _array(name, value.get(name) or [])
    if not all(isinstance(item, str) for item in strings):
        raise Refused(f"{name}: expected strings.")
    return strings


def _shown(value: Any) -> str:
    return "nothing" if value is None else repr(value)[:60]
