"""The request of the Chat Completions dialect, as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from livethread.providers.chunks import ImagePart, PromptMessage, Request, TextPart


def request_body(request: Request, *, openai: bool, stream: bool = True, reasoning: bool = True) -> bytes:
    """The JSON that asks for one turn; what is left at its default is left out.

    Args:
        request: the turn.
        openai: whether OpenAI itself is asked, which differs from the engines in three fields.
        stream: whether the answer is to come as a stream, or whole.
        reasoning: whether the model is told what it thought before. DeepSeek and Kimi ask for it.
    """
    tools, tool_choice = (request.tools, request.tool_choice) if openai else _narrowed(request)
    body: dict[str, Any] = {
        **request.options,
        "model": request.model,
        "messages": [
            *([{"role": "system", "content": request.instructions}] if request.instructions else []),
            *({**_message(message), **_more(message, reasoning=reasoning)} for message in request.messages),
        ],
        "stream": stream,
    }
    if stream:
        body["stream_options"] = {"include_usage": True}
    if tools:
        body["tools"] = [dict(tool) for tool in tools]
        if tool_choice != "auto":
            body["tool_choice"] = _plain(tool_choice)
        # llama.cpp makes one call at a time unless it is asked for more. OpenAI makes several by itself, and
        # its reasoning models (o1, o3-mini, o4-mini) refuse the very field.
        if not (openai and request.parallel_tool_calls):
            body["parallel_tool_calls"] = request.parallel_tool_calls
    if request.response_format != "auto":
        body["response_format"] = _plain(request.response_format)
    # OpenAI's reasoning models refuse `max_tokens`. Everybody else knows it, while Ollama and llama-cpp-python
    # silently ignore the new name and generate without end (ollama#7125, llama-cpp-python#1907).
    limit = "max_completion_tokens" if openai else "max_tokens"
    optional = {
        "temperature": request.temperature,
        "top_p": request.top_p,
        "reasoning_effort": request.reasoning_effort,
        limit: request.max_completion_tokens,
    }
    body.update((name, value) for name, value in optional.items() if value is not None)
    return json.dumps(body).encode("ascii")  # unlike msgspec, it writes any str there is


def shows_images(request: Request) -> bool:
    """Whether the model is to look at an image: the dialect has them in the messages of users only."""
    return any(_shows(message) for message in request.messages)


def _narrowed(request: Request) -> tuple[Sequence[Mapping[str, Any]], str | Mapping[str, Any]]:
    """The tools and the choice among them, with a forced call told as the only one there is.

    llama.cpp takes a choice that names its function for `auto`, and LM Studio refuses it, while `required` is known to
    both, to vLLM and to the hosted APIs. With one tool the two mean the same.
    """
    choice = request.tool_choice
    if not isinstance(choice, str):
        named = [tool for tool in request.tools if tool["function"]["name"] == choice.get("function", {}).get("name")]
        if named:
            return named, "required"
    return request.tools, choice


def _plain(value: str | Mapping[str, Any]) -> str | dict[str, Any]:
    return value if isinstance(value, str) else dict(value)


def _message(message: PromptMessage) -> dict[str, Any]:
    if message.role == "tool":
        return {"role": "tool", "tool_call_id": message.tool_call_id, "content": message.text}
    if message.role == "assistant" and message.tool_calls:
        calls = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
        return {"role": "assistant", "content": message.text or None, "tool_calls": calls}
    # Plain text goes as a string, since many engines' templates know nothing else.
    if not _shows(message):
        text = "".join(part.text if isinstance(part, TextPart) else "[image]" for part in message.parts)
        return {"role": message.role, "content": text}
    return {"role": "user", "content": [_part(part) for part in message.parts]}


def _more(message: PromptMessage, *, reasoning: bool) -> dict[str, Any]:
    """What few messages have."""
    more = {"name": message.name, "reasoning_content": message.reasoning if reasoning else None}
    return {name: value for name, value in more.items() if value is not None}


def _shows(message: PromptMessage) -> bool:
    return message.role == "user" and any(isinstance(part, ImagePart) for part in message.parts)


def _part(part: TextPart | ImagePart) -> dict[str, Any]:
    if isinstance(part, TextPart):
        return {"type": "text", "text": part.text}
    detail = {} if part.detail == "auto" else {"detail": part.detail}
    return {"type": "image_url", "image_url": {"url": part.url, **detail}}
