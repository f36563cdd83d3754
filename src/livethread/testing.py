"""For tests of what is built on Livethread: a real server on a free port, in a thread of its own.

::

    with livethread.testing.server() as url:
        client = OpenAI(base_url=f"{url}/v1", api_key="any")
"""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvicorn

from livethread.serving import Server, running
from livethread.settings import Settings


@contextmanager
def server(**settings: Any) -> Iterator[str]:
    """A server that lives as long as the block; its data goes with it, unless ``data`` names a folder.

    Args:
        settings: fields of `livethread.settings.Settings`; unless told otherwise, built-in models speak at once, and
            no engines are looked for on this machine.

    Yields:
        Its address, such as ``http://127.0.0.1:40123``.
    """
    with tempfile.TemporaryDirectory(prefix="livethread-") as folder:
        defaults = Settings(port=0, data=Path(folder), words_per_second=0, local_engines=False)
        thread = _ServerThread(replace(defaults, **settings))
        thread.start()
        try:
            yield thread.url()
        finally:
            thread.stop()


class _ServerThread(threading.Thread):
    def __init__(self, settings: Settings) -> None:
        super().__init__(name="livethread-server", daemon=True)
        self._settings = settings
        self._ready = threading.Event()
        self._server: Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=uvicorn.Config("livethread").get_loop_factory()) as runner:
                runner.run(self._serve())
        except BaseException as error:  # told to whoever waits for the start
            self._error = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with running(self._settings) as server:
            self._server = server
            self._ready.set()
            await server.until_stopped()

    def url(self) -> str:
        self._ready.wait()
        if self._error is not None:
            raise self._error
        assert self._server is not None
        return self._server.url

    def stop(self) -> None:
        if self._server is not None and self._loop is not None and self._error is None:
            server = self._server
            self._loop.call_soon_threadsafe(lambda: setattr(server, "should_exit", True))
        self.join(30)
        if self.is_alive():
            raise TimeoutError("the server did not stop within 30 s")
