"""The tool calls of one answer, put together from the pieces in which engines send them."""

from __future__ import annotations

import json
from collections.abc import Iterator

from livethread.ids import Ids
from livethread.providers.chat_json import CallJson, FunctionJson
from livethread.providers.chunks import Chunk, ToolCallArguments, ToolCallStart
from livethread.providers.surrogates import PairedText


class _Call:
    """A tool call under way; it is announced when its name is known."""

    __slots__ = ("id", "name", "number", "text", "their_id", "waiting")

    def __init__(self, number: int) -> None:
        self.number = number
        self.id: str | None = None
        self.their_id: str | None = None
        self.name = ""
        self.text = PairedText()
        self.waiting = ""


class Calls:
    """All tool calls of an answer.

    Args:
        ids: where the ids of calls come from that the engine gave none.
    """

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._calls: list[_Call] = []
        self._by_index: dict[int, _Call] = {}

    def __bool__(self) -> bool:
        return any(call.name for call in self._calls)

    @property
    def nameless(self) -> bool:
        """A call has arguments and has never got a name, so nobody could answer it."""
        return any(call.waiting and not call.name for call in self._calls)

    def add(self, part: CallJson) -> Iterator[Chunk]:
        """What a piece of a call adds."""
        function = part.function or FunctionJson()
        call = self._call_of(part, function.name)
        piece = call.text.add(_text(function.arguments))
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

    def end(self) -> Iterator[Chunk]:
        """What was held back of the arguments."""
        for call in self._calls:
            if rest := call.text.end():
                yield ToolCallArguments(call.number, rest)

    def _call_of(self, part: CallJson, name: str | None) -> _Call:
        """The call that a piece belongs to, by its index; without an index by its id, its name, its place.

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


def _text(arguments: object) -> str:
    """Arguments as the model wrote them; what is no text is written as JSON."""
    if isinstance(arguments, str):
        return arguments
    return "" if arguments is None else json.dumps(arguments, ensure_ascii=False)
