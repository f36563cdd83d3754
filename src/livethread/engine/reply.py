"""The reply: what a model turn amounts to, apart from its text, which grows in a draft. Pure."""

from __future__ import annotations

from typing import Any, Literal

from livethread.domain.steps import function_call
from livethread.domain.usage import Usage
from livethread.providers import chunks
from livethread.providers.chunks import Chunk, ProviderError

LastError = dict[str, str]


class Reply:
    """Collects a turn's calls, usage and finish as chunks arrive."""

    def __init__(self) -> None:
        self.finish: Literal["stop", "length", "tool_calls", "content_filter"] | None = None
        self.usage: Usage | None = None
        self._calls: dict[int, tuple[str, str, list[str]]] = {}

    def take(self, chunk: Chunk) -> None:
        """Note a chunk that is not text."""
        match chunk:
            case chunks.ToolCallStart(index, id, name):
                self._calls.setdefault(index, (id, name, []))
            case chunks.ToolCallArguments(index, text) if index in self._calls:
                self._calls[index][2].append(text)
            case chunks.Usage(prompt, completion, cached, reasoning):
                self.usage = Usage.of(prompt, completion, cached=cached, reasoning=reasoning)
            case chunks.Finish(reason):
                self.finish = reason

    @property
    def calls(self) -> list[dict[str, Any]]:
        """The turn's calls in the order of their index, as a step carries them."""
        return [function_call(id, name, "".join(pieces)) for _, (id, name, pieces) in sorted(self._calls.items())]


def last_error(error: ProviderError) -> LastError:
    """``last_error`` of a run whose model failed (reference section 3.4)."""
    match error.kind:
        case "rate_limit":
            return {"code": "rate_limit_exceeded", "message": error.message}
        case "context_length" | "bad_request":
            return {"code": "invalid_prompt", "message": error.message}
        case _:
            return {"code": "server_error", "message": error.message}
