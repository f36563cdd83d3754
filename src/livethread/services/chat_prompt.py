"""A conversation that a caller sends, as the model reads it. Pure."""

from __future__ import annotations

from itertools import takewhile
from typing import Any

from livethread.domain import chat
from livethread.domain.chat import ChatCreate, ChatMessage
from livethread.domain.options import stored_option
from livethread.domain.tools import FunctionTool
from livethread.errors import ApiError
from livethread.providers.chunks import ImagePart, PromptMessage, Request, TextPart, ToolCall


def request(body: ChatCreate, model: str) -> Request:
    """The model turn that a body asks for.

    Args:
        body: of the call.
        model: the name to ask the model API for.

    Raises:
        ApiError: it is to call a function that it does not have.
    """
    leading = list(takewhile(_is_system, body.messages))
    messages = tuple(map(_message, body.messages[len(leading) :]))
    tools = tuple(map(_tool, body.tools or ()))
    _refuse_choice(body)
    return Request(
        model=model,
        # Many engines' templates know one system message, at the beginning.
        instructions="\n\n".join(_message(message).text for message in leading) or None,
        messages=messages,
        tools=tools,
        tool_choice=stored_option(body.tool_choice),
        parallel_tool_calls=body.parallel_tool_calls is not False,
        temperature=body.temperature,
        top_p=body.top_p,
        reasoning_effort=body.reasoning_effort,
        response_format=stored_option(body.response_format),
        max_completion_tokens=body.max_completion_tokens or body.max_tokens,
        metadata=body.metadata or {},
        turn=_rounds(messages),
        options={**body.options, **({"metadata": body.metadata} if body.metadata else {})},
        whole=not body.stream,
    )


def _is_system(message: ChatMessage) -> bool:
    return isinstance(message, chat.SystemMessage | chat.DeveloperMessage)


def _message(message: ChatMessage) -> PromptMessage:
    match message:
        case chat.ToolMessage():
            return PromptMessage("tool", _parts(message.content), tool_call_id=message.tool_call_id)
        case chat.AssistantMessage():
            calls = [
                ToolCall(call.id, call.function.name, call.function.arguments) for call in message.tool_calls or ()
            ]
            return PromptMessage(
                "assistant", _parts(message.content or message.refusal or ""), tuple(calls),
                name=message.name, reasoning=message.reasoning_content,
            )  # fmt: skip
        case chat.UserMessage():
            return PromptMessage("user", _parts(message.content), name=message.name)
    return PromptMessage("system", _parts(message.content), name=message.name)


def _parts(content: str | list[Any]) -> tuple[TextPart | ImagePart, ...]:
    return (TextPart(content),) if isinstance(content, str) else tuple(map(_part, content))


def _part(part: Any) -> TextPart | ImagePart:
    match part:
        case chat.TextPart(text=text):
            return TextPart(text)
        case chat.RefusalPart(refusal=text):
            return TextPart(text)
    return ImagePart(part.image_url.url, part.image_url.detail or "auto")


def _tool(tool: FunctionTool) -> dict[str, Any]:
    """As given; some engines want parameters even where there are none."""
    function = {name: value for name, value in tool.function.given().items() if value is not None}
    return {"type": "function", "function": {"parameters": {"type": "object", "properties": {}}, **function}}


def _refuse_choice(body: ChatCreate) -> None:
    choice = body.tool_choice
    if choice is None or choice in ("none", "auto"):
        return
    if not body.tools:
        raise ApiError("Invalid 'tool_choice': it is only allowed with 'tools'.", param="tool_choice")
    if not isinstance(choice, str) and choice.function.name not in {tool.function.name for tool in body.tools}:
        raise ApiError(
            f"Invalid 'tool_choice': the function '{choice.function.name}' is not among the 'tools'.",
            param="tool_choice",
        )


def _rounds(messages: tuple[PromptMessage, ...]) -> int:
    """How many rounds of calls were made since a person last spoke: which turn of a script comes next."""
    own = takewhile(lambda message: message.role != "user", reversed(messages))
    return sum(bool(message.tool_calls) for message in own)
