"""The answer of the Chat Completions dialect: the bytes of its stream in, chunks out; no sockets.

The quirks that are dealt with here were all seen in engines; each is a test in test_chat_completions.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Literal

import msgspec

from livethread.ids import Ids
from livethread.providers.chunks import (
    Chunk,
    Finish,
    ProviderError,
    Reasoning,
    Refusal,
    Text,
    ToolCallArguments,
    ToolCallStart,
    Usage,
)
from livethread.providers.failures import ModelApi, parse_leniently
from livethread.sse import Decoder, Event, SseError

_MAX_EVENT_BYTES: Final = 16 * 1024 * 1024


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: str | dict[str, Any] | None = None


class _CallDelta(msgspec.Struct):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None


class _Delta(msgspec.Struct):
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    tool_calls: list[_CallDelta] | None = None


class _Choice(msgspec.Struct):
    index: int | None = None
    delta: _Delta | None = None
    finish_reason: str | None = None


class _ChunkJson(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: Any = None
    error: Any = None
    object: str | None = None


_decode_chunk: Final = msgspec.json.Decoder(_ChunkJson).decode

_FINISH: Final[Mapping[str, Literal["stop", "length", "tool_calls", "content_filter"]]] = {
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "content_filter": "content_filter",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
}
_FINISH_ERRORS: Final = frozenset(["error", "abort", "insufficient_system_resource"])


class _Whole:
    """Text whose surrogate pairs are whole: half a pair waits for the next piece, a lone one is U+FFFD."""

    __slots__ = ("_half",)

    def __init__(self) -> None:
        self._half = ""

    def add(self, piece: str) -> str:
        """What may be passed on now; it may be empty."""
        if not self._half and piece.isascii():
            return piece
        text, self._half = self._half + piece, ""
        try:
            text.encode()
        except UnicodeEncodeError:
            if "\ud800" <= text[-1] <= "\udbff":
                text, self._half = text[:-1], text[-1]
            return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return text

    def end(self) -> str:
        """What stands for a half that has never been completed."""
        rest, self._half = "\ufffd" if self._half else "", ""
        return rest


class _Call:
    """A tool call under way; it is announced when its name is known."""

    __slots__ = ("id", "name", "number", "text", "their_id", "waiting")

    def __init__(self, number: int) -> None:
        self.number = number
        self.id: str | None = None
        self.their_id: str | None = None
        self.name = ""
        self.text = _Whole()
        self.waiting = ""


class ChatAnswer:
    """The bytes of one streamed answer, in any pieces, as chunks; usage and finish come last.

    Args:
        ids: where the ids of calls come from that the engine gave none.
        api: how the model API is called in errors.
    """

    def __init__(self, ids: Ids, api: ModelApi) -> None:
        self._ids = ids
        self._api = api
        self._events = Decoder(max_event_bytes=_MAX_EVENT_BYTES)
        self._text = _Whole()
        self._refusal = _Whole()
        self._reasoning = _Whole()
        self._calls: list[_Call] = []
        self._by_index: dict[int, _Call] = {}
        self._reason: str | None = None
        self._usage: Usage | None = None
        self.partial = False
        """Something was passed on already."""
        self.done = False
        """The stream has said that nothing follows."""

    @property
    def finished(self) -> bool:
        """The model has said that its turn is over; nothing that follows can spoil it."""
        return self._reason is not None

    def feed(self, data: bytes) -> Iterable[Chunk]:
        """What these bytes add.

        Raises:
            ProviderError: the stream reports an error, or is none of this dialect.
        """
        text = self._only_text(data)
        if text is None:
            return self._read(data)
        if not text:
            return ()
        self.partial = True
        return (Text(text),)

    def _only_text(self, data: bytes) -> str | None:
        """The text of bytes that are one whole event and say nothing else, as nearly all are that come from a model.

        None for all others, which take the long way.
        """
        if not (data.startswith(b"data: {") and data.endswith(b"}\n\n") and data.count(b"\n") == 2):
            return None
        if b"\r" in data or self._reason is not None or not self._events.resting:
            return None
        try:
            chunk = _decode_chunk(data[6:-2])
        except msgspec.DecodeError:
            return None
        if chunk.error or chunk.usage or chunk.object == "error" or chunk.choices is None or len(chunk.choices) != 1:
            return None
        choice = chunk.choices[0]
        delta = choice.delta
        if choice.index or choice.finish_reason or delta is None or not delta.content:
            return None
        if delta.reasoning_content or delta.reasoning or delta.refusal or delta.tool_calls:
            return None
        return self._text.add(delta.content)

    def _read(self, data: bytes) -> Iterator[Chunk]:
        too_long = False
        try:
            events = self._events.feed(data)
        except SseError as error:
            events, too_long = error.events, True
        for event in events:
            if event.data.startswith("[DONE]"):
                self.done = True
                return
            try:
                for chunk in self._chunks(event):
                    self.partial = True
                    yield chunk
            except ProviderError:
                if not self.finished:
                    raise
                self.done = True
                return
        if too_long:
            raise self._bad("an event that is longer than 16 MB")

    def end(self) -> Iterator[Chunk]:
        """The end of the stream: what was held back, the usage if it was reported, and the finish.

        Raises:
            ProviderError: the model never said that it had finished, so the answer may lack its end.
        """
        if self._reason is None:
            raise ProviderError(
                "bad_stream",
                f"{self._api} ended its answer without a finish reason, so the end of it may be missing. "
                "Try again; if it happens often, look into the log of the engine or of a proxy before it.",
                retryable=True,
                partial=self.partial,
            )
        for kind, text in ((Reasoning, self._reasoning), (Text, self._text), (Refusal, self._refusal)):
            if rest := text.end():
                yield kind(rest)
        for call in self._calls:
            if call.waiting and not call.name:
                raise self._bad("a tool call without a name")
            if rest := call.text.end():
                yield ToolCallArguments(call.number, rest)
        if self._usage is not None:
            yield self._usage
        reason = _FINISH.get(self._reason, "stop")
        # Many engines say `stop` after calls, and some say `tool_calls` after none.
        called = any(call.name for call in self._calls)
        if reason in ("stop", "tool_calls"):
            reason = "tool_calls" if called else "stop"
        yield Finish(reason)

    def _chunks(self, event: Event) -> Iterator[Chunk]:
        chunk = self._parse(event.data)
        if chunk.error or chunk.object == "error" or event.type == "error":
            raise self._api.reported(parse_leniently(event.data), partial=self.partial)
        if chunk.usage:
            self._usage = _usage(chunk.usage) or self._usage
        for choice in chunk.choices or ():
            if choice.index:
                continue  # only one answer was asked for
            if choice.delta is not None:
                yield from self._additions(choice.delta)
            if choice.finish_reason in _FINISH_ERRORS:
                raise self._api.reported({"message": f"finish reason {choice.finish_reason}"}, partial=self.partial)
            # Some engines send an empty finish reason along with every piece.
            if choice.finish_reason and self._reason is None:
                self._reason = choice.finish_reason

    def _additions(self, delta: _Delta) -> Iterator[Chunk]:
        # While vLLM moves from one name to the other it sends the same text under both.
        if (piece := delta.reasoning_content or delta.reasoning) and (piece := self._reasoning.add(piece)):
            yield Reasoning(piece)
        if delta.content and (piece := self._text.add(delta.content)):
            yield Text(piece)
        if delta.refusal and (piece := self._refusal.add(delta.refusal)):
            yield Refusal(piece)
        for part in delta.tool_calls or ():
            yield from self._call_parts(part)

    def _call_parts(self, part: _CallDelta) -> Iterator[Chunk]:
        function = part.function or _Function()
        call = self._call_of(part, function.name)
        arguments = function.arguments
        if isinstance(arguments, dict):
            arguments = json.dumps(arguments, ensure_ascii=False)
        piece = call.text.add(arguments) if arguments else ""
        # llama-cpp-python repeats the whole name in every delta of a call: only the first one counts.
        if function.name and not call.name:
            call.name = function.name.encode("utf-8", "replace").decode()
            taken = any(other.id == call.their_id for other in self._calls)
            call.id = call.their_id if call.their_id and not taken else self._ids.new("call")
            yield ToolCallStart(call.number, call.id, call.name)
            piece, call.waiting = call.waiting + piece, ""
        if not call.name:
            call.waiting += piece
        elif piece:
            yield ToolCallArguments(call.number, piece)

    def _call_of(self, part: _CallDelta, name: str | None) -> _Call:
        """The call that a delta belongs to, by its index; without an index by its id, its name, its place.

        The same index with a new id *and* a name is another call (Gemini's endpoint numbers all its calls 0); a
        new id alone is not (old vLLM made one up for every delta).
        """
        if part.index is not None:
            known = self._by_index.get(part.index)
        else:
            known = next((call for call in self._calls if part.id and call.their_id == part.id), None)
            if known is None and not name and self._calls:
                known = self._calls[-1]
        if known is None or (name and known.name and part.id and known.their_id not in (None, part.id)):
            known = _Call(len(self._calls))
            self._calls.append(known)
            if part.index is not None:
                self._by_index[part.index] = known
        known.their_id = known.their_id or part.id
        return known

    def _parse(self, data: str) -> _ChunkJson:
        try:
            return _decode_chunk(data)
        except msgspec.DecodeError:
            pass
        try:
            chunk = msgspec.convert(parse_leniently(data), _ChunkJson, strict=False)
        except (ValueError, RecursionError):
            raise self._bad(f"something that is not a chunk: {data[:100]!r}") from None
        return chunk

    def _bad(self, what: str) -> ProviderError:
        sentence = f"{self._api} sent {what}. Check that the address is a Chat Completions API; if so, try again."
        return ProviderError("bad_stream", self._api.redact(sentence), retryable=True, partial=self.partial)


def _usage(found: Any) -> Usage | None:
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
