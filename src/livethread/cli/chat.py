"""``livethread chat``: people and assistants in one thread, on a terminal or through pipes."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import ExitStack, aclosing, suppress
from typing import Any, Final, Literal

from rich.console import Console

from livethread.cli.screens import LiveScreen, PlainScreen, Screen, can_be_drawn
from livethread.cli.speakers import Speakers
from livethread.cli.wording import ACTIVE
from livethread.client import Client, LivethreadError, State, Thread
from livethread.domain.fold import Object
from livethread.domain.people import Person
from livethread.errors import SetupError
from livethread.settings import Caller

HELP: Final = """What you type is said to everybody here, and the assistants answer it.
  /stop    stop the answers that are being written (also Ctrl-C)
  /people  who is here
  /new     begin another thread
  /quit    leave (also Ctrl-C while nothing is being written)"""

TELL_TYPING: Final = 3.0
"""Seconds between two words to the others that somebody types; they forget it after five."""

Outcome = Literal["quit", "new", "deleted"]


async def chat(caller: Caller, thread_id: str | None, assistants: Sequence[str]) -> None:
    """Chat until the person leaves.

    Args:
        caller: where the server is, and who speaks.
        thread_id: of the thread; a new one if None.
        assistants: ids or names of those who answer; the oldest of the server if there are none.

    Raises:
        LivethreadError: there is no such server, thread or assistant, or the key is wrong.
        BrokenPipeError: nobody reads it any more.
    """
    async with Client(caller.url, api_key=caller.api_key, name=caller.name) as client:
        answering = choose(await client.assistants(), assistants)
        thread = client.thread(thread_id) if thread_id is not None else await client.create_thread()
        speakers = Speakers(client)
        with ExitStack() as drawing:
            screen: Screen
            if can_be_drawn():
                screen = live = LiveScreen(speakers.names, Console(highlight=False), caller.name)
                talk = Talk(screen, speakers, [one["id"] for one in answering], client.person)
                live.typed = talk.typed
                drawing.enter_context(live.drawn())
            else:
                screen = PlainScreen(speakers.names)
                talk = Talk(screen, speakers, [one["id"] for one in answering], client.person)
            names = " and ".join(str(one["name"] or one["id"]) for one in answering)
            with suppress(NotImplementedError):  # on Windows Ctrl-C quits
                asyncio.get_running_loop().add_signal_handler(signal.SIGINT, talk.interrupt)
            outcome: Outcome = "new"
            while outcome == "new":
                screen.note(f"Thread {thread.id}; {names} will answer. /help says what you can type.")
                outcome = await talk.over(thread)
                if outcome == "new":
                    thread = await client.create_thread()
                    screen.begin()


def choose(there: Sequence[Object], wanted: Sequence[str]) -> list[Object]:
    """The assistants that are wanted, by id or by name.

    Raises:
        SetupError: there is no such assistant, or none at all.
    """
    if not there:
        raise SetupError("This server has no assistant; create one with POST /v1/assistants, then chat.")
    if not wanted:
        return [there[-1]]
    chosen = []
    for name in wanted:
        found = [one for one in there if name == one["id"] or name.casefold() == (one["name"] or "").casefold()]
        if not found:
            names = ", ".join(dict.fromkeys(str(one["name"] or one["id"]) for one in there))
            raise SetupError(f"No assistant is called '{name}'; there are {names}.")
        chosen.append(found[0])
    return chosen


class Talk:
    """One person's part in a thread.

    Args:
        screen: where it is shown, and what is entered comes from.
        speakers: learns the names of those who appear.
        assistants: ids of those who answer.
        person: whose part it is.
    """

    def __init__(self, screen: Screen, speakers: Speakers, assistants: list[str], person: Person | None) -> None:
        self._screen = screen
        self._lines = screen.lines()  # one for all threads: what was read ahead is not lost at /new
        self._speakers = speakers
        self._assistants = assistants
        self._person = person
        self._state: State | None = None
        self._expected: set[str] = set()  # runs that were started here, and that no state has shown to have ended
        self._changed = asyncio.Event()
        self._left = asyncio.Event()
        self._stopping = False
        self._told_typing = 0.0
        self._asides: set[asyncio.Task[None]] = set()

    async def over(self, thread: Thread) -> Outcome:
        """Talk over a thread until the person leaves it, or it is gone."""
        self._thread, self._state, self._expected = thread, None, set()
        ways = [asyncio.create_task(way) for way in (self._watch(), self._listen(), self._leave())]
        try:
            done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            return next(iter(done)).result()
        finally:
            for way in (*ways, *self._asides):
                way.cancel()
            await asyncio.gather(*ways, *self._asides, return_exceptions=True)

    def interrupt(self) -> None:
        """Ctrl-C: stop what is being written; leave if nothing is, or if it is the second."""
        if self._busy and not self._stopping:
            self._stopping = True
            self._aside(self._stop())
        else:
            self._left.set()

    def typed(self) -> None:
        """A key was pressed: tell the others, now and then."""
        if time.monotonic() - self._told_typing > TELL_TYPING:
            self._told_typing = time.monotonic()
            self._aside(self._tell_typing(True))

    @property
    def _busy(self) -> bool:
        """Whether answers are being written, or wait to be."""
        runs = self._state.runs if self._state is not None else ()
        return bool(self._expected) or any(run["status"] in ACTIVE for run in runs)

    async def _watch(self) -> Outcome:
        async with aclosing(self._thread.states()) as states:
            async for state in states:
                await self._speakers.learn(state)
                before, self._state = self._state, state
                self._expected -= _ended(state)
                if before is not None:
                    self._tell_people(before, state)
                self._screen.show(state)
                self._stopping = self._stopping and self._busy
                self._changed.set()
                await asyncio.sleep(self._screen.frame)
        self._screen.note("The thread was deleted.")
        return "deleted"

    async def _listen(self) -> Outcome:
        await self._until(lambda: self._state is not None)
        async for line in self._lines:
            text = line.strip()
            if text in ("/quit", "/exit"):
                return "quit"
            if text == "/new":
                if self._screen.patient:
                    await self._until(lambda: not self._busy)
                return "new"
            if text:
                await self._take(text)
        await self._until(lambda: not self._busy or not self._screen.patient)
        return "quit"

    async def _leave(self) -> Outcome:
        await self._left.wait()
        return "quit"

    async def _take(self, text: str) -> None:
        match text:
            case "/help":
                self._screen.note(HELP)
            case "/people":
                self._screen.note(self._people())
            case "/stop":
                await self._stop()
            case _ if text.startswith("/"):
                self._screen.note(f"{text.split()[0]} is no command; /help says what is.")
            case _:
                await self._say(text)

    async def _say(self, text: str) -> None:
        if self._screen.patient:
            await self._until(lambda: not self._busy)
        try:
            turn = await self._thread.turn(text, self._assistants)
            self._expected |= {run["id"] for run in turn["runs"]}
            if self._state is not None:
                self._expected -= _ended(self._state)
            if self._told_typing:
                self._told_typing = 0.0
                self._aside(self._tell_typing(False))
        except LivethreadError as error:
            self._screen.note(str(error))

    async def _stop(self) -> None:
        try:
            if not await self._thread.stop():
                self._screen.note("Nothing is being written.")
        except LivethreadError as error:
            self._screen.note(str(error))

    async def _tell_typing(self, typing: bool) -> None:
        with suppress(LivethreadError):  # nobody needs to know
            await self._thread.typing(typing)

    def _aside(self, what: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(what)
        self._asides.add(task)
        task.add_done_callback(self._asides.discard)

    def _people(self) -> str:
        assert self._state is not None
        names = ", ".join(str(person["name"]) for person in self._state.people) or "nobody with a name"
        viewers = self._state.viewers  # 0 until it is told
        return f"Here: {names}. Connections: {viewers}." if viewers else f"Here: {names}."

    def _tell_people(self, before: State, now: State) -> None:
        """Who else has come, and who has gone."""
        if not before.people:
            return  # the first set that is told was there before us
        were, are = self._others(before), self._others(now)
        for user_id in are.keys() - were.keys():
            self._screen.note(f"{are[user_id]} has come.")
        for user_id in were.keys() - are.keys():
            self._screen.note(f"{were[user_id]} has gone.")

    def _others(self, state: State) -> dict[str, str]:
        names = {str(one["user_id"]): str(one["name"]) for one in state.people}
        if self._person is not None:
            names.pop(self._person.user_id, None)
        return names

    async def _until(self, true: Callable[[], bool]) -> None:
        """Come back when that is so; it is looked at with each new state."""
        while not true():
            self._changed.clear()
            await self._changed.wait()


def _ended(state: State) -> set[str]:
    return {run["id"] for run in state.runs if run["status"] not in ACTIVE}
