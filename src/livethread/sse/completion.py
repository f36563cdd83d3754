"""The text of a streamed chat completion, as the official SDK hands it out."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Generator, Iterable, Iterator
from typing import Any, Final

from livethread.sse.frames import Failure
from livethread.sse.sources import ashut, shut

_ENDED: Final = {
    None: "The model broke off in the middle of its answer. Please ask again.",
    "length": "The answer has reached the greatest length that is allowed, and breaks off here.",
    "content_filter": "The rest of the answer was withheld by the filter of the model's provider.",
}
"""How an answer ends that is not whole, by its finish reason."""


def text(completion: Iterable[Any]) -> Iterator[str]:
    """The deltas of ``client.chat.completions.create(…, stream=True)``.

    Chunks without text, of which every answer has some, are left out. Closing it closes the completion.

    Raises:
        Failure: while it is iterated over, if the answer ends without a finish reason or is cut short by it.
    """
    return _Text(completion)


def atext(completion: AsyncIterable[Any]) -> AsyncIterator[str]:
    """The same for ``await AsyncOpenAI().chat.completions.create(…, stream=True)``; see `text`."""
    return _AsyncText(completion)


class _Text(Iterator[str]):
    """Not a mere generator: closing one that has not begun closes nothing."""

    def __init__(self, completion: Iterable[Any]) -> None:
        self._completion = completion
        self._deltas = self._read()

    def __next__(self) -> str:
        return next(self._deltas)

    def close(self) -> None:
        shut(self._completion)

    def _read(self) -> Generator[str, None, None]:
        reason = None
        for chunk in self._completion:
            delta, reason = _read(chunk, reason)
            if delta:
                yield delta
        _check(reason)


class _AsyncText(AsyncIterator[str]):
    def __init__(self, completion: AsyncIterable[Any]) -> None:
        self._completion = completion
        self._deltas = self._read()

    async def __anext__(self) -> str:
        return await anext(self._deltas)

    async def aclose(self) -> None:
        await self._deltas.aclose()
        await ashut(self._completion)

    async def _read(self) -> AsyncGenerator[str, None]:
        reason = None
        async for chunk in self._completion:
            delta, reason = _read(chunk, reason)
            if delta:
                yield delta
        _check(reason)


def _read(chunk: Any, reason: str | None) -> tuple[str | None, str | None]:
    """The text of a chunk, and the finish reason as far as it is known; a chunk of figures only has no choices."""
    for choice in (chunk.choices or ())[:1]:
        return choice.delta and choice.delta.content, choice.finish_reason or reason
    return None, reason


def _check(reason: str | None) -> None:
    if reason in _ENDED:
        raise Failure(_ENDED[reason])
