"""The JSON of the Chat Completions dialect that an answer is made of, with all the shapes in which engines send it."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec

from livethread.providers.chunks import Usage


class FunctionJson(msgspec.Struct):
    """A function call or a piece of one; arguments are text, or an object where they should be text."""

    name: str | None = None
    arguments: Any = None


class CallJson(msgspec.Struct):
    """A tool call or a piece of one."""

    index: int | None = None
    id: str | None = None
    function: FunctionJson | None = None


class SaidJson(msgspec.Struct):
    """What the model says: a piece of it in a stream, all of it in a whole answer."""

    content: str | list[Any] | None = None
    reasoning_content: Any = None
    reasoning: Any = None
    refusal: str | None = None
    tool_calls: list[CallJson] | None = None
    function_call: FunctionJson | None = None

    @property
    def text(self) -> str:
        """The answer; of a list of parts, those that are text."""
        if isinstance(self.content, list):
            return "".join(_parts(self.content, "text"))
        return self.content or ""

    @property
    def thoughts(self) -> str:
        """The reasoning.

        While vLLM moves from one name to the other it sends the same text under both; Mistral has it among the parts.
        """
        for found in (self.reasoning_content, self.reasoning):
            if found and isinstance(found, str):
                return found
        return "".join(_parts(self.content, "thinking")) if isinstance(self.content, list) else ""

    @property
    def calls(self) -> list[CallJson]:
        """The tool calls; the field that they had before counts where there is no other."""
        if self.tool_calls or self.function_call is None:
            return self.tool_calls or []
        return [CallJson(0, None, self.function_call)]


class ChoiceJson(msgspec.Struct):
    """One of the answers: ``delta`` in a stream, ``message`` in a whole answer."""

    index: int | None = None
    delta: SaidJson | None = None
    message: SaidJson | None = None
    finish_reason: str | None = None


class AnswerJson(msgspec.Struct):
    """One event of a stream, or a whole answer."""

    choices: list[ChoiceJson] | None = None
    usage: Any = None
    error: Any = None
    object: str | None = None


decode: Final = msgspec.json.Decoder(AnswerJson).decode
"""The JSON of an event, at the pace of tokens.

Raises:
    msgspec.DecodeError: it is none, or one that only Python's ``json`` takes.
"""


_Nothing = Literal[""] | None
_No = Annotated[list[Any], msgspec.Meta(max_length=0)] | None


class _PlainDelta(msgspec.Struct):
    content: str
    reasoning_content: _Nothing = None
    reasoning: _Nothing = None
    refusal: _Nothing = None
    tool_calls: _No = None
    function_call: None = None


class _PlainChoice(msgspec.Struct):
    delta: _PlainDelta
    index: Literal[0] | None = None
    finish_reason: _Nothing = None


class PlainJson(msgspec.Struct):
    """An event that says a piece of text and nothing else: its types are the proof of that."""

    choices: tuple[_PlainChoice]
    usage: None = None
    error: None = None
    object: Literal["chat.completion.chunk", ""] | None = None


decode_plain: Final = msgspec.json.Decoder(PlainJson).decode
"""The JSON of an event that says a piece of text and nothing else.

Raises:
    msgspec.DecodeError: it says something else, too.
"""


def usage(found: Any) -> Usage | None:
    """A usage report, or None for one that makes no sense: it is a courtesy, and not worth an answer."""
    try:
        prompt_details = found.get("prompt_tokens_details") or {}
        completion_details = found.get("completion_tokens_details") or {}
        return Usage(
            prompt=int(found.get("prompt_tokens") or 0),
            completion=int(found.get("completion_tokens") or 0),
            cached=int(prompt_details.get("cached_tokens") or 0),
            reasoning=int(completion_details.get("reasoning_tokens") or 0),
        )
    except (AttributeError, TypeError, ValueError, OverflowError):
        return None


def _parts(parts: list[Any], kind: str) -> list[str]:
    """The text of the parts of one kind, ``{"type": kind, kind: …}``; what stands there may be parts again."""
    found: list[str] = []
    for part in parts:
        inside = part.get(kind) if isinstance(part, dict) and part.get("type") == kind else None
        if isinstance(inside, str):
            found.append(inside)
        elif isinstance(inside, list):
            found += _parts(inside, "text")
    return found
