"""The object that a whole chat completion is. Pure."""

from __future__ import annotations

from typing import Any

from livethread.providers import chunks
from livethread.providers.chunks import Chunk


class Whole:
    """One answer, gathered.

    Args:
        one_call: see `livethread.services.chat.ChatTurn`.
    """

    def __init__(self, *, one_call: bool) -> None:
        self._one_call = one_call
        self._text: list[str] = []
        self._refusal: list[str] = []
        self._reasoning: list[str] = []
        self._calls: dict[int, tuple[str, str, list[str]]] = {}
        self._usage: chunks.Usage | None = None
        self.reason: str | None = None
        """Why the model has ended; None while it has not."""

    def take(self, chunk: Chunk) -> None:
        """Gather what it says."""
        match chunk:
            case chunks.Text(text):
                self._text.append(text)
            case chunks.Refusal(text):
                self._refusal.append(text)
            case chunks.Reasoning(text):
                self._reasoning.append(text)
            case chunks.ToolCallStart(index, id, name) if not (self._one_call and index):
                self._calls[index] = (id, name, [])
            case chunks.ToolCallArguments(index, text) if index in self._calls:
                self._calls[index][2].append(text)
            case chunks.Usage():
                self._usage = chunk
            case chunks.Finish(reason):
                self.reason = reason

    def object(self, id: str, created: int, model: str) -> dict[str, Any]:
        """What it has come to.

        Args:
            id: of the completion.
            created: seconds since the epoch.
            model: its name.
        """
        text, refusal, reasoning = ("".join(said) for said in (self._text, self._refusal, self._reasoning))
        message: dict[str, Any] = {
            "role": "assistant",
            "content": text if text or not (self._calls or refusal) else None,
            "refusal": refusal or None,
        }
        if reasoning:
            message["reasoning_content"] = reasoning
        if self._calls:
            message["tool_calls"] = [_call(*call) for _, call in sorted(self._calls.items())]
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self.reason}
        usage = {} if self._usage is None else {"usage": usage_object(self._usage)}
        return {
            "id": id, "object": "chat.completion", "created": created, "model": model, "choices": [choice], **usage,
            "system_fingerprint": None,
        }  # fmt: skip


def usage_object(usage: chunks.Usage) -> dict[str, Any]:
    """What an answer cost, as chat completions tell it."""
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "total_tokens": usage.prompt + usage.completion,
        "prompt_tokens_details": {"cached_tokens": usage.cached},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    }


def _call(id: str, name: str, pieces: list[str]) -> dict[str, Any]:
    """Some engines send no arguments at all for a function without parameters, which no caller could parse."""
    arguments = "".join(pieces)
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments or "{}"}}
