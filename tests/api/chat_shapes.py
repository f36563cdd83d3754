"""The published shapes of chat completions, and a reader of their streams that takes nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Final

from jsonschema import Draft202012Validator

_COUNT: Final = {"type": "integer", "minimum": 0}
_TEXT: Final = {"type": "string"}
_TEXT_OR_NULL: Final = {"type": ["string", "null"]}
_FINISH: Final = {"enum": ["stop", "length", "tool_calls", "content_filter"]}


def _object(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    properties = {**required, **optional}
    return {"type": "object", "properties": properties, "required": [*required], "additionalProperties": False}


_USAGE: Final = _object(
    {
        "prompt_tokens": _COUNT, "completion_tokens": _COUNT, "total_tokens": _COUNT,
        "prompt_tokens_details": _object({"cached_tokens": _COUNT}),
        "completion_tokens_details": _object({"reasoning_tokens": _COUNT}),
    }
)  # fmt: skip
_FUNCTION: Final = _object({"name": {"type": "string", "minLength": 1}, "arguments": _TEXT})
_CALL: Final = _object({"id": {"type": "string", "minLength": 1}, "type": {"const": "function"}, "function": _FUNCTION})
_MESSAGE: Final = _object(
    {"role": {"const": "assistant"}, "content": _TEXT_OR_NULL, "refusal": _TEXT_OR_NULL},
    tool_calls={"type": "array", "items": _CALL, "minItems": 1},
    reasoning_content={"type": "string", "minLength": 1},
)
_PIECE_OF_CALL: Final = {
    "oneOf": [
        _object({"index": _COUNT, **_CALL["properties"]}),
        _object({"index": _COUNT, "function": _object({"arguments": _TEXT})}),
    ]
}
_DELTA: Final = _object(
    {}, role={"const": "assistant"}, content=_TEXT_OR_NULL, refusal=_TEXT, reasoning_content=_TEXT,
    tool_calls={"type": "array", "items": _PIECE_OF_CALL, "minItems": 1, "maxItems": 1},
)  # fmt: skip


def _completion(object: str, choices: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": {"type": "string", "pattern": "^chatcmpl-[A-Za-z0-9]{29}$"},
        "object": {"const": object}, "created": _COUNT, "model": _TEXT, "choices": choices,
        "system_fingerprint": {"type": "null"},
    }  # fmt: skip


def _one(said: str, what: dict[str, Any], finish: dict[str, Any]) -> dict[str, Any]:
    choice = _object({"index": {"const": 0}, said: what, "logprobs": {"type": "null"}, "finish_reason": finish})
    return {"type": "array", "items": choice, "minItems": 1, "maxItems": 1}


WHOLE: Final = Draft202012Validator(
    _object(_completion("chat.completion", _one("message", _MESSAGE, _FINISH)), usage=_USAGE)
)
_CHOICE: Final = _one("delta", _DELTA, {"anyOf": [_FINISH, {"type": "null"}]})
CHUNK: Final = Draft202012Validator(
    {
        "oneOf": [
            _object(_completion("chat.completion.chunk", _CHOICE), usage={"type": "null"}),
            _object({**_completion("chat.completion.chunk", {"const": []}), "usage": _USAGE}),
        ]
    }
)
_BLOCK: Final = re.compile(r":\n|data: (.+)\n\n")
ERROR: Final = Draft202012Validator(
    _object({"error": _object({"message": _TEXT, "type": _TEXT, "param": _TEXT_OR_NULL, "code": _TEXT_OR_NULL})})
)


def lines(body: bytes) -> list[Any]:
    """The data of each line, in order; ``[DONE]`` as it stands, and ``None`` for a comment.

    The bytes have to be framed as the house rules say: ASCII, one line for each event, a comment with one newline.
    """
    found: list[Any] = []
    said = body.decode("ascii")
    at = 0
    while at < len(said):
        block = _BLOCK.match(said, at)
        assert block is not None, said[at : at + 200]
        at = block.end()
        found.append(block[1] if block[1] in (None, "[DONE]") else json.loads(block[1]))
    return found


def chunks(body: bytes) -> list[Any]:
    """The chunks of a stream that has come to its end, each held against the published shape."""
    *said, end = (line for line in lines(body) if line is not None)
    assert end == "[DONE]"
    for chunk in said:
        CHUNK.validate(chunk)
    assert len({(chunk["id"], chunk["created"], chunk["model"]) for chunk in said}) == 1
    first, *later = (choice["delta"] for chunk in said for choice in chunk["choices"])
    assert (first["role"], [delta for delta in later if "role" in delta]) == ("assistant", [])
    finishes = [choice["finish_reason"] for chunk in said for choice in chunk["choices"]]
    assert (finishes[-1] is not None, [reason for reason in finishes[:-1] if reason]) == (True, [])
    return said


def text(said: Iterable[Any]) -> str:
    """What the chunks say."""
    return "".join(choice["delta"].get("content") or "" for chunk in said for choice in chunk["choices"])
