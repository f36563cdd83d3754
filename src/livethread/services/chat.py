"""Chat completions: one turn of a model for whoever asks. Nothing of it is stored, and nobody else sees it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from livethread.clock import Clock
from livethread.domain.chat import ChatCreate
from livethread.ids import Ids
from livethread.providers.chunks import Chunk, ProviderError
from livethread.providers.registry import Registry
from livethread.services import chat_prompt
from livethread.services.upstream_errors import upstream_error


@dataclass(frozen=True, slots=True)
class ChatTurn:
    """A turn that was asked for; the model is asked when its chunks are read.

    Args:
        id: of the completion.
        created: seconds since the epoch.
        model: by the name that the caller asked for.
        chunks: what the model says; `aclosing` them ends the upstream's work.
        one_call: whether only the first call counts, since parallel ones are forbidden.
    """

    id: str
    created: int
    model: str
    chunks: AsyncIterator[Chunk]
    one_call: bool


class Chat:
    """Asks models for those who keep their conversation themselves.

    A turn is asked once: unlike a run it has an owner who is there, and can ask again; the official SDKs do so.

    Args:
        registry: finds who serves a model.
        ids: new ids.
        clock: the time.
    """

    def __init__(self, registry: Registry, ids: Ids, clock: Clock) -> None:
        self._registry = registry
        self._ids = ids
        self._clock = clock
        self._answering: set[asyncio.Task[Any]] = set()
        self._closed = False

    async def turn(self, body: ChatCreate) -> ChatTurn:
        """The turn that a body asks for.

        Raises:
            ApiError: nothing serves its model, or it contradicts itself.
        """
        try:
            served = await self._registry.find(body.model)
        except ProviderError as error:
            raise upstream_error(error) from error
        request = chat_prompt.request(body, served.model)
        return ChatTurn(
            self._ids.completion(),
            int(self._clock.now()),
            body.model,
            served.provider.stream(request),
            one_call=not request.parallel_tool_calls,
        )

    @contextmanager
    def answering(self, task: asyncio.Task[Any]) -> Iterator[None]:
        """While a task answers, a stop of the server cancels it."""
        if self._closed:
            task.cancel()
        self._answering.add(task)
        try:
            yield
        finally:
            self._answering.discard(task)

    def close(self) -> None:
        """End all answers, and refuse what is asked now."""
        self._closed = True
        for task in self._answering:
            task.cancel()
