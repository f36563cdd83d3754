"""The client for scripts without ``async``: the same names, and loops that are left when you leave them.

::

    from livethread.client.sync import Client

    with Client("http://127.0.0.1:8000") as client:
        for messages in client.thread("thread_…").messages():
            print(messages[0]["content"])

The client proper runs on a loop in a thread of its own. A client may be used by several threads at once.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from types import TracebackType
from typing import Any, Generic, Literal, Self, TypeVar

from livethread.client import client as live
from livethread.client import thread as live_thread
from livethread.client.connection import CLOSED
from livethread.client.event import Event
from livethread.client.state import State
from livethread.client.thread import Content
from livethread.domain.fold import Object

T = TypeVar("T")


class Client:
    """See `livethread.client.Client`; use it as a context, or `close` it.

    Args:
        url: of the server.
        options: as there.
    """

    def __init__(self, url: str = live.URL, **options: Any) -> None:
        self._client = live.Client(url, **options)
        self.person = self._client.person
        self._loop = _Loop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection, and end the loop; again does nothing."""
        self._loop.close(self._client.close)

    def thread(self, id: str) -> Thread:
        """A thread that exists; nothing is sent."""
        return Thread(self._client.thread(id), self._loop)

    def create_thread(self, messages: Sequence[Content | Object] = (), **options: Any) -> Thread:
        """Create a thread."""
        return Thread(self._loop.wait(self._client.create_thread(messages, **options)), self._loop)

    def assistants(self) -> list[Object]:
        """All assistants, newest first."""
        return self._loop.wait(self._client.assistants())

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """Any other call of the API."""
        return self._loop.wait(self._client.call(method, path, body, **options))


class Thread:
    """See `livethread.client.Thread`.

    Args:
        thread: what it stands for.
        loop: where that lives.
    """

    def __init__(self, thread: live_thread.Thread, loop: _Loop) -> None:
        self.id = thread.id
        self._thread = thread
        self._loop = loop

    def events(self, *, cursor: str | None = None, limit: int = 20) -> Iterator[Event]:
        """Every event from now on; leaving the loop closes the connection."""
        return self._loop.each(self._thread.events(cursor=cursor, limit=limit))

    def states(self, *, limit: int = 20) -> Iterator[State]:
        """The newest state whenever it has changed."""
        return self._loop.each(self._thread.states(limit=limit))

    def messages(self, *, limit: int = 20) -> Iterator[tuple[Object, ...]]:
        """The messages, newest first, whenever one of them has changed."""
        return self._loop.each(self._thread.messages(limit=limit))

    def older(self) -> bool:
        """Load older messages into what `states` and `messages` show; whether there are more."""
        return self._loop.wait(self._thread.older())

    def read(self) -> Object:
        """The thread itself."""
        return self._loop.wait(self._thread.read())

    def delete(self) -> Object:
        """Delete it."""
        return self._loop.wait(self._thread.delete())

    def post(self, content: Content, **options: Any) -> Object:
        """Add a message, which nobody is asked to answer."""
        return self._loop.wait(self._thread.post(content, **options))

    def run(self, assistant_id: str, **options: Any) -> Object:
        """Have one assistant answer."""
        return self._loop.wait(self._thread.run(assistant_id, **options))

    def turn(
        self,
        content: Content,
        assistants: Sequence[str | Object],
        *,
        mode: Literal["parallel", "sequential"] = "parallel",
        **options: Any,
    ) -> Object:
        """Add a message and have assistants answer it."""
        return self._loop.wait(self._thread.turn(content, assistants, mode=mode, **options))

    def stop(self) -> list[Object]:
        """Stop every run that is active or waits."""
        return self._loop.wait(self._thread.stop())

    def cancel(self, run_id: str) -> Object:
        """Stop one run."""
        return self._loop.wait(self._thread.cancel(run_id))

    def claim(self, run_id: str, *, token: str | None = None) -> Object:
        """Ask to be the only one who answers the calls of a run."""
        return self._loop.wait(self._thread.claim(run_id, token=token))

    def submit(self, run_id: str, outputs: Mapping[str, str], *, token: str | None = None) -> Object:
        """Give a run what its calls have returned."""
        return self._loop.wait(self._thread.submit(run_id, outputs, token=token))

    def typing(self, typing: bool = True) -> None:
        """Tell the others that the person types."""
        self._loop.wait(self._thread.typing(typing))


class _Loop:
    """A loop in a thread of its own, and ways to wait for what happens there."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="livethread-client", daemon=True)
        self._thread.start()
        self._closed = False

    def wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """What a coroutine returns; an interruption of the wait, such as Ctrl-C, ends it too.

        Raises:
            RuntimeError: the client has been closed, perhaps by another thread meanwhile.
        """
        if self._closed:
            coroutine.close()
            raise RuntimeError(CLOSED)
        waiting = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return waiting.result()
        except CancelledError as error:
            raise RuntimeError(CLOSED) from error
        except BaseException:
            waiting.cancel()
            raise

    def each(self, source: AsyncGenerator[T, None]) -> Iterator[T]:
        """What an asynchronous generator yields; it is closed when the loop over it is left."""
        steps = _Steps(source)
        try:
            while found := self.wait(steps.next()):
                yield found[0]
        finally:
            if not self._closed:
                closing = asyncio.run_coroutine_threadsafe(steps.close(), self._loop)
                if threading.current_thread() is not self._thread:  # where the garbage collector may run, too
                    closing.result()

    def close(self, last: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run what is to be done last, end whatever else runs, and the loop."""
        if self._closed:
            return
        self._closed = True
        asyncio.run_coroutine_threadsafe(self._end(last), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self, last: Callable[[], Coroutine[Any, Any, None]]) -> None:
        await last()
        running = asyncio.all_tasks() - {asyncio.current_task()}
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self._loop.shutdown_asyncgens()


class _Steps(Generic[T]):
    """An asynchronous generator that is asked step by step, and closed behind the last."""

    def __init__(self, source: AsyncGenerator[T, None]) -> None:
        self._source = source
        self._step: asyncio.Task[Any] | None = None

    async def next(self) -> list[T]:
        """What it yields next; nothing at its end."""
        self._step = asyncio.current_task()
        try:
            return [await anext(self._source)]
        except StopAsyncIteration:
            return []

    async def close(self) -> None:
        """End the step whose wait was interrupted, if there is one, and the generator."""
        if self._step is not None and not self._step.done():
            self._step.cancel()
            await asyncio.wait([self._step])
        await self._source.aclose()
