"""A headless Chromium, driven over its own debugging protocol: as much of it as opening a page and hearing from it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp

NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = (
    "There is no Chromium here, so nothing of a browser can be tested: apt-get install chromium (Debian's package)."
)
SWITCHES = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions",
    "--disable-background-networking", "--no-first-run", "--remote-debugging-port=0",
    "--host-resolver-rules=MAP *.test 127.0.0.1",  # a name for each stream: of one host a browser opens six at most
]  # fmt: skip


class Chromium:
    """A running browser.

    Args:
        socket: its debugging protocol.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._pages: dict[str, Page] = {}

    async def listen(self) -> None:
        """Take what it says, until it is gone."""
        async for said in self._socket:
            message = json.loads(said.data)
            if "id" in message:
                answer = self._waiting.pop(message["id"])
                if not answer.done():  # whoever asked may have given up
                    answer.set_result(message)
            elif message["method"] == "Runtime.bindingCalled":
                self._pages[message["sessionId"]].told(json.loads(message["params"]["payload"]))

    async def call(self, method: str, session: str | None = None, **params: Any) -> Any:
        """Call a method of the protocol.

        Raises:
            RuntimeError: it refused.
        """
        id = next(self._ids)
        answer = self._waiting[id] = asyncio.get_running_loop().create_future()
        await self._socket.send_json(
            {"id": id, "method": method, "params": params} | ({"sessionId": session} if session else {})
        )
        async with asyncio.timeout(20):
            message = await answer
        if "error" in message:
            raise RuntimeError(f"Chromium refused {method}: {message['error']}")
        return message["result"]

    @contextlib.asynccontextmanager
    async def page(self, url: str) -> AsyncIterator[Page]:
        """A page, as long as the block lasts; its scripts have a function ``tell(text)`` that `Page` hears."""
        target = (await self.call("Target.createTarget", url="about:blank"))["targetId"]
        session = (await self.call("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
        page = self._pages[session] = Page(self, session)
        await self.call("Runtime.enable", session)
        await self.call("Runtime.addBinding", session, name="tell")
        await self.call("Page.navigate", session, url=url)
        try:
            await page.hears("ready")
            yield page
        finally:
            await self.call("Target.closeTarget", targetId=target)


class Page:
    """A page of the browser. What its scripts tell is a list that begins with the name of who is to hear it.

    Args:
        browser: whose page it is.
        session: by which the browser knows it.
    """

    def __init__(self, browser: Chromium, session: str) -> None:
        self._browser = browser
        self._session = session
        self._heard: dict[str, asyncio.Queue[list[Any]]] = {}

    def told(self, what: list[Any]) -> None:
        """Take something that a script tells."""
        self._queue(what[0]).put_nowait(what[1:])

    async def hears(self, name: str) -> list[Any]:
        """The next thing that is told to this name."""
        async with asyncio.timeout(20):
            return await self._queue(name).get()

    async def run(self, script: str) -> Any:
        """Run a script, and come back with its value.

        Raises:
            RuntimeError: it threw.
        """
        found = await self._browser.call(
            "Runtime.evaluate", self._session, expression=script, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in found:
            raise RuntimeError(f"a script in the page threw: {found['exceptionDetails']}")
        return found["result"].get("value")

    async def become(self, state: str) -> None:
        """Be ``frozen``, as a browser does to a page that nobody looks at, or ``active`` again."""
        await self._browser.call("Page.setWebLifecycleState", self._session, state=state)

    def _queue(self, name: str) -> asyncio.Queue[list[Any]]:
        return self._heard.setdefault(name, asyncio.Queue())


@contextlib.asynccontextmanager
async def chromium(folder: Path) -> AsyncIterator[Chromium]:
    """A browser of its own, with nothing in it, and gone behind the block.

    Args:
        folder: for its profile.
    """
    program = next(filter(None, map(shutil.which, NAMES)), None)
    assert program is not None, MISSING
    process = await asyncio.create_subprocess_exec(
        program, *SWITCHES, f"--user-data-dir={folder}", "about:blank",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        port, path = await _address(process, folder / "DevToolsActivePort")
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"ws://127.0.0.1:{port}{path}", max_msg_size=0) as socket,
        ):
            browser = Chromium(socket)
            listening = asyncio.create_task(browser.listen())
            yield browser
            await browser.call("Browser.close")
            await listening
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        await process.wait()


async def _address(process: asyncio.subprocess.Process, file: Path) -> tuple[str, str]:
    """Where it listens, which it writes into its profile when it does."""
    for _ in range(1000):
        if process.returncode is not None:
            raise RuntimeError(f"Chromium ended with {process.returncode} before it could be asked anything")
        with contextlib.suppress(FileNotFoundError):
            if len(lines := file.read_text().split()) == 2:  # noqa: ASYNC240 - two lines
                return lines[0], lines[1]
        await asyncio.sleep(0.02)
    raise TimeoutError("Chromium did not listen within 20 s")
