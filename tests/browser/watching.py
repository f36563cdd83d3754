"""A page with native event sources in it, on an origin of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from aiohttp import web

from livethread.domain import cursor
from livethread.domain.events import THREAD_STREAM_TYPES
from livethread.sse import Event
from tests.browser.chromium import Chromium, Page
from tests.cuts.viewer import Wrong
from tests.cuts.watching import Told, Watching

CONNECTING, CLOSED = 0, 2
LONGEST_SILENCE = 20
"""Half seconds without a word, when all is said."""

PAGE = """<!doctype html><title>Event sources</title><script>
const sources = {};
function watch(name, url) {
  const source = (sources[name] = new EventSource(url));
  const note = ({ type, data, lastEventId }) =>
    tell(JSON.stringify([name, type, data, lastEventId, source.readyState]));
  for (const type of TYPES) source.addEventListener(type, note);
}
tell(JSON.stringify(["ready"]));
</script>""".replace("TYPES", json.dumps([*sorted(THREAD_STREAM_TYPES), "open", "error", "done", "message"]))


@contextlib.asynccontextmanager
async def page(browser: Chromium, text: str = PAGE) -> AsyncIterator[Page]:
    """A page that belongs to no server of ours, and may ask one only because the server says so."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=text, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        async with browser.page(site.name) as opened:
            yield opened
    finally:
        await runner.cleanup()


@dataclass
class Source:
    """One native event source of a page.

    Args:
        page: where it is.
        name: a name that no other of the page has.
        url: of the stream.
    """

    page: Page
    name: str
    url: str

    async def begin(self) -> None:
        """Make it, of a host of its own."""
        address = urlsplit(self.url)
        url = address._replace(netloc=f"{self.name}.test:{address.port}").geturl()
        await self.page.run(f"watch({json.dumps(self.name)}, {json.dumps(url)})")

    async def next(self) -> tuple[Event | None, int]:
        """What it hears next, None if that is no event of the stream; and its ready state then."""
        type, data, id, state = await self.page.hears(self.name)
        return None if data is None else Event(type, data, id), state

    async def hears(self, *types: str) -> list[Event]:
        """The events up to the first of one of these types.

        Raises:
            Wrong: it was closed for good before.
        """
        heard: list[Event] = []
        while not heard or heard[-1].type not in types:
            event, state = await self.next()
            if state == CLOSED:
                raise Wrong(f"{self.name} has closed for good behind {[event.type for event in heard]}")
            if event is not None:
                heard.append(event)
        return heard

    async def closes(self) -> list[str]:
        """Wait until it never comes back; the types of all events before."""
        heard: list[str] = []
        while True:
            event, state = await self.next()
            if event is not None:
                heard.append(event.type)
            if state == CLOSED:
                return heard

    async def close(self) -> None:
        """End it from the page."""
        await self.page.run(f"sources[{json.dumps(self.name)}].close()")


@dataclass
class NativeEventSource(Watching):
    """Follows a stream of the cut test; what it is told is all its own doing, from the first to the last connection."""

    page: Page = field(kw_only=True)

    async def watch(self) -> Told:
        """To the end of the stream: of a run, until the browser has closed it for good."""
        if self.kind == "late":
            await asyncio.sleep(self.dice.random() * 0.5)
        source = Source(self.page, f"v{self.dice.getrandbits(48):x}", self.where()[0])
        await source.begin()
        silence = 0
        while not (self.held.run_id is None and self.over):
            try:
                async with asyncio.timeout(0.5):
                    event, state = await source.next()
            except TimeoutError:  # all may be said and done meanwhile
                silence += self.last_seq is not None
                if silence > LONGEST_SILENCE:
                    raise Wrong(f"{self.held.name}: gets no further than {self.held.last_id}") from None
                continue
            if event is not None:
                self.held.done = False  # unless this says so
                self.held.take(event)
            elif state == CONNECTING and not self.held.at_its_end:
                self.report.cuts += 1
                self.report.in_text += bool(self.held.last_id and cursor.parse(self.held.last_id).places)
            elif state == CLOSED:
                self.held.done = True  # for good, as 204 says
                if not self.held.at_its_end:
                    raise Wrong(f"{self.held.name} was closed for good at {self.held.last_id}")
                return self.held
        await source.close()
        return self.held
