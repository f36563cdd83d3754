"""The answer of the Chat Completions dialect: the bytes of its stream in, chunks out; no sockets.

The quirks that are dealt with here were all seen in engines; each is a test in tests/providers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, Literal

import msgspec

from livethread.ids import Ids
from livethread.providers import chat_json
from livethread.providers.chat_calls import Calls
from livethread.providers.chat_json import AnswerJson, SaidJson
from livethread.providers.chunks import Chunk, Finish, ProviderError, Reasoning, Refusal, Text, Usage
from livethread.providers.failures import ModelApi, parse_leniently
from livethread.providers.surrogates import PairedText
from livethread.providers.thinking import Thinking
from livethread.sse import Decoder, Event, SseError

MAX_BYTES: Final = 16 * 1024 * 1024
"""Of one event, or of a whole answer."""

_FINISH: Final[Mapping[str, Literal["stop", "length", "tool_calls", "content_filter"]]] = {
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "content_filter": "content_filter",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
}
_FINISH_ERRORS: Final = frozenset(["error", "abort", "insufficient_system_resource"])


def is_whole(found: object) -> bool:
    """Whether this is the JSON of a whole answer, be it one without an end."""
    match found:
        case {"choices": [{"message": {}}, *_]}:
            return True
    return False


class ChatAnswer:
    """One answer, as chunks: a stream in any pieces, or a whole one; usage and finish come last.

    Args:
        ids: where the ids of calls come from that the engine gave none.
        api: how the model API is called in errors.
    """

    def __init__(self, ids: Ids, api: ModelApi) -> None:
        self._api = api
        self._events = Decoder(max_event_bytes=MAX_BYTES)
        self._text = PairedText()
        self._thinking = Thinking()
        self._refusal = PairedText()
        self._reasoning = PairedText()
        self._calls = Calls(ids)
        self._reason: str | None = None
        self._usage: Usage | None = None
        self._plain = False  # nothing is held back, and what begins now is answer: text may take the short way
        self.take: Callable[[str], None] | None = None
        """Where `at_once` hands text to."""
        self.partial = False
        """Something was passed on already."""
        self.done = False
        """The stream has said that nothing follows."""

    @property
    def finished(self) -> bool:
        """The model has said that its turn is over; nothing that follows can spoil it."""
        return self._reason is not None

    def feed(self, data: bytes) -> Iterable[Chunk]:
        """What these bytes of a stream add.

        Raises:
            ProviderError: the stream reports an error, or is none of this dialect.
        """
        text = self._only_text(data)
        if text is None:
            return self._read(data)
        return (Text(text),) if text else ()

    def whole(self, body: Any) -> list[Chunk]:
        """All of an answer that came in one piece.

        Args:
            body: its parsed JSON.

        Raises:
            ProviderError: it is none of this dialect, or has no finish reason.
        """
        answer = self._converted(body, "an answer of another shape")
        for choice in answer.choices or ():
            if choice.index or choice.message is None:
                continue
            for number, call in enumerate(choice.message.tool_calls or ()):
                call.index = number  # whole calls come without
            chunks = [*self._additions(choice.message)]
            self._finish(choice.finish_reason)
            self._usage = chat_json.usage(answer.usage) if answer.usage else None
            return [*chunks, *self.end()]
        raise self._bad("an answer that says nothing")

    def end(self) -> Iterator[Chunk]:
        """What is left to say when the answer is over.

        Raises:
            ProviderError: the model never said that it had finished, so the answer may lack its end.
        """
        if self._reason is None:
            raise self._api.unfinished(partial=self.partial)
        if self._calls.nameless:
            raise self._bad("a tool call without a name")
        if rest := self._reasoning.end():
            yield Reasoning(rest)
        yield from self._told(self._thinking.add(self._text.end()))
        yield from self._told(self._thinking.end())
        if rest := self._refusal.end():
            yield Refusal(rest)
        yield from self._calls.end()
        if self._usage is not None:
            yield self._usage
        reason = _FINISH.get(self._reason, "stop")
        # Many engines say `stop` after calls, and some say `tool_calls` after none.
        if reason in ("stop", "tool_calls"):
            reason = "tool_calls" if self._calls else "stop"
        yield Finish(reason)

    def at_once(self, data: bytes) -> bool:
        """Hand the text of these bytes to ``take``, if they are whole events that say nothing else.

        So are nearly all that come from a model. Otherwise nothing of them was taken, and they are for `feed`.
        """
        if self.take is None or (text := self._only_text(data)) is None:
            return False
        if text:
            self.take(text)
        return True

    def _only_text(self, data: bytes) -> str | None:
        """The text of bytes that are whole events and say nothing else; None for all others."""
        if not self._plain or not data.endswith(b"}\n\n") or b"\r" in data:
            return None
        said = ""
        for event in (data[:-2],) if data.count(b"\n") == 2 else data[:-2].split(b"\n\n"):
            if not event.startswith(b"data: {") or b"\n" in event:
                return None
            try:
                said += chat_json.decode_plain(event[6:]).choices[0].delta.content
            except msgspec.DecodeError:
                return None
        return self._text.add(said)

    def _read(self, data: bytes) -> Iterator[Chunk]:
        self._plain = too_long = False
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
        self._plain = self._reason is None and self._thinking.over and self._events.resting

    def _chunks(self, event: Event) -> Iterator[Chunk]:
        chunk = self._parse(event.data)
        if chunk.error or chunk.object == "error" or event.type == "error":
            raise self._api.reported(parse_leniently(event.data), partial=self.partial)
        if chunk.usage:
            self._usage = chat_json.usage(chunk.usage) or self._usage
        for choice in chunk.choices or ():
            if choice.index:
                continue  # only one answer was asked for
            if choice.delta is not None:
                yield from self._additions(choice.delta)
            self._finish(choice.finish_reason)

    def _additions(self, said: SaidJson) -> Iterator[Chunk]:
        if (piece := said.thoughts) and (piece := self._reasoning.add(piece)):
            yield Reasoning(piece)
        if piece := said.text:
            yield from self._told(self._thinking.add(self._text.add(piece)))
        if said.refusal and (piece := self._refusal.add(said.refusal)):
            yield Refusal(piece)
        for part in said.calls:
            yield from self._calls.add(part)

    def _told(self, pieces: tuple[str, str]) -> Iterator[Chunk]:
        reasoning, text = pieces
        if reasoning:
            yield Reasoning(reasoning)
        if text:
            yield Text(text)

    def _finish(self, reason: str | None) -> None:
        if reason in _FINISH_ERRORS:
            raise self._api.reported({"message": f"finish reason {reason}"}, partial=self.partial)
        if reason and self._reason is None:  # some engines send an empty one along with every piece
            self._reason = reason

    def _parse(self, data: str) -> AnswerJson:
        try:
            return chat_json.decode(data)
        except msgspec.DecodeError:
            pass
        try:
            found = parse_leniently(data)
        except (ValueError, RecursionError):
            raise self._bad(f"something that is not a chunk: {data[:100]!r}") from None
        return self._converted(found, f"something that is not a chunk: {data[:100]!r}")

    def _converted(self, found: Any, what: str) -> AnswerJson:
        try:
            return msgspec.convert(found, AnswerJson, strict=False)
        except (ValueError, RecursionError):
            raise self._bad(what) from None

    def _bad(self, what: str) -> ProviderError:
        sentence = f"{self._api} sent {what}. Check that the address is a Chat Completions API; if so, try again."
        return ProviderError("bad_stream", self._api.redact(sentence), retryable=True, partial=self.partial)
