"""The lines of a streamed chat completion. Pure.

Each is a template of bytes around what it says: a line is made for every token.
"""

from __future__ import annotations

import json
from functools import partial
from json.encoder import encode_basestring_ascii
from typing import Any, Final

from livethread.api.chat_object import usage_object
from livethread.errors import ApiError
from livethread.providers import chunks
from livethread.providers.chunks import Chunk

_json: Final = partial(json.dumps, separators=(",", ":"))


def error_line(error: ApiError) -> bytes:
    """The last line of an answer that breaks off: the official SDKs raise it."""
    return f"data: {_json({'error': error.described})}\n\n".encode()


class Lines:
    """One answer, line by line.

    Args:
        id: of the completion.
        created: seconds since the epoch.
        model: its name.
        one_call: see `livethread.services.chat.ChatTurn`.
        usage: whether to tell what it cost.
    """

    def __init__(self, id: str, created: int, model: str, *, one_call: bool = False, usage: bool = False) -> None:
        head = {"id": id, "object": "chat.completion.chunk", "created": created, "model": model}
        self._head = f"data: {_json({**head, 'system_fingerprint': None})[:-1]},".encode()
        self._choice = self._head + b'"choices":[{"index":0,"delta":'
        self._tail = (b',"usage":null' if usage else b"") + b"}\n\n"
        self._more = b',"logprobs":null,"finish_reason":null}]' + self._tail
        self._before_text = self._choice + b'{"content":'
        self._behind_text = b"}" + self._more
        self._one_call = one_call
        self._wants_usage = usage
        self._usage: chunks.Usage | None = None
        self._begun = False
        self._calls: dict[int, bool] = {}  # whether there was anything of their arguments

    def text(self, text: str) -> bytes:
        """A piece of text that is not the first."""
        return self._before_text + encode_basestring_ascii(text).encode() + self._behind_text

    def of(self, chunk: Chunk) -> bytes:
        """What a chunk says, which may be nothing."""
        match chunk:
            case chunks.Text(text):
                return self._first("") + self.text(text)
            case chunks.Reasoning(text):
                return self._first(None) + self._delta({"reasoning_content": text})
            case chunks.Refusal(text):
                return self._first(None) + self._delta({"refusal": text})
            case chunks.ToolCallStart(index, id, name) if not (self._one_call and index):
                self._calls[index] = False
                function = {"name": name, "arguments": ""}
                return self._first(None) + self._call(index, id=id, type="function", function=function)
            case chunks.ToolCallArguments(index, text) if index in self._calls:
                self._calls[index] = True
                return self._call(index, function={"arguments": text})
            case chunks.Usage():
                self._usage = chunk
            case chunks.Finish(reason):
                return self._end(reason)
        return b""

    def _first(self, content: str | None) -> bytes:
        """The line that says who speaks, before all others."""
        begun, self._begun = self._begun, True
        return b"" if begun else self._delta({"role": "assistant", "content": content})

    def _end(self, reason: str) -> bytes:
        lines = [self._first("")]
        # Some engines send no arguments at all for a function without parameters, which no caller could parse.
        lines += [self._call(index, function={"arguments": "{}"}) for index, given in self._calls.items() if not given]
        lines.append(self._choice + f'{{}},"logprobs":null,"finish_reason":"{reason}"}}]'.encode() + self._tail)
        if self._wants_usage and self._usage is not None:
            lines.append(self._head + f'"choices":[],"usage":{_json(usage_object(self._usage))}}}\n\n'.encode())
        return b"".join([*lines, b"data: [DONE]\n\n"])

    def _call(self, index: int, **said: Any) -> bytes:
        return self._delta({"tool_calls": [{"index": index, **said}]})

    def _delta(self, delta: dict[str, Any]) -> bytes:
        return self._choice + _json(delta).encode() + self._more
