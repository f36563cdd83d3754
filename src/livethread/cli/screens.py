"""Where a chat is shown, and where its lines come from: a terminal that is redrawn, or plain text."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from livethread.cli.keyboard import Keyboard
from livethread.cli.line_editor import END, LineEditor
from livethread.cli.transcript import Transcript
from livethread.cli.wording import clean, ending, has_ended, speaker, text_of, troubles
from livethread.client import State

try:
    import termios
    import tty
except ImportError:  # Windows: plain text there
    _HAS_TERMINALS = False
else:
    _HAS_TERMINALS = True

LAST: Final = 20
"""How many of the messages that were there before are shown."""

FRAME: Final = 0.04
"""Seconds between two pictures of a terminal."""

_COLOURS: Final = ["cyan", "green", "magenta", "yellow", "blue", "red"]


class Screen(Protocol):
    """What a chat needs of a screen."""

    frame: float
    """Seconds to leave between two calls of `show`."""
    patient: bool
    """Whether lines come from a script, which does not look at the answers before it goes on."""

    def show(self, state: State) -> None:
        """Show what is new."""
        ...

    def note(self, sentence: str) -> None:
        """Show a line of our own."""
        ...

    def lines(self) -> AsyncIterator[str]:
        """What is entered, line by line, until there is no more."""
        ...

    def begin(self) -> None:
        """Another thread is shown from now on."""
        ...


class PlainScreen:
    """Lines in, a transcript out: for pipes, files and simple terminals.

    Args:
        names: of assistants, by their ids.
    """

    frame = 0.0
    patient = True

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self._keyboard = Keyboard(sys.stdin.fileno())
        self.begin()

    def begin(self) -> None:
        """Another thread is shown from now on."""
        self._transcript = Transcript(sys.stdout.write, self._names, last=LAST)

    def show(self, state: State) -> None:
        """Write what is new."""
        self._transcript.show(state)
        sys.stdout.flush()

    def note(self, sentence: str) -> None:
        """Write a line of our own."""
        self._transcript.note(clean(sentence))
        sys.stdout.flush()

    def lines(self) -> AsyncIterator[str]:
        """What comes in."""
        return self._keyboard.lines()


class LiveScreen:
    """A terminal: what is whole stands above and scrolls away, what grows and what is typed stands below.

    Args:
        names: of assistants, by their ids.
        console: of the terminal.
        who: the name before the line that is typed.
    """

    frame = FRAME
    patient = False

    def __init__(self, names: Mapping[str, str], console: Console, who: str) -> None:
        self._names = names
        self._console = console
        self._who = who
        self.typed: Callable[[], None] = lambda: None
        """Called at each key."""
        self._keyboard = Keyboard(sys.stdin.fileno())
        self._editor = LineEditor()
        self._live = Live(console=console, auto_refresh=False, transient=True, vertical_overflow="crop")
        self.begin()

    @contextmanager
    def drawn(self) -> Iterator[None]:
        """The terminal is ours within the block."""
        before = termios.tcgetattr(sys.stdin)
        tty.setcbreak(sys.stdin)
        try:
            with self._live:
                yield
        finally:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)

    def begin(self) -> None:
        """Another thread is shown from now on."""
        self._state: State | None = None
        self._told: set[str] = set()

    def show(self, state: State) -> None:
        """Print what has become whole, and draw the rest."""
        if self._state is None:
            self._told = {key for key, _ in troubles(state, self._names)}
        self._state = state
        for message in reversed(state.messages):
            if has_ended(message) and message["id"] not in self._told:
                self._told.add(message["id"])
                self._print(self._said(speaker(message, self._names), text_of(message) + ending(message)))
        for key, sentence in troubles(state, self._names):
            if key not in self._told:
                self._told.add(key)
                self.note(sentence)
        self._draw()

    def note(self, sentence: str) -> None:
        """Print a line of our own."""
        self._print(Text(f"· {clean(sentence)}", style="dim"))

    async def lines(self) -> AsyncIterator[str]:
        """What is typed."""
        async for keys in self._keyboard.pieces():
            lines = self._editor.take(keys)
            for line in lines:
                if line == END:
                    return
                yield line
            if self._editor.text and not self._editor.text.startswith("/"):
                self.typed()
            self._draw()

    def _print(self, what: RenderableType) -> None:
        self._live.console.print(what)

    def _draw(self) -> None:
        self._live.update(Group(*self._picture()), refresh=True)

    def _picture(self) -> Iterator[RenderableType]:
        """The ends of the texts that grow, who is there, and the line that is typed."""
        width, height = self._console.size
        state = self._state
        if state is not None:
            growing = [message for message in reversed(state.messages) if not has_ended(message)]
            room = max(2, (height - 4) // max(1, len(growing)))
            for message in growing:
                said = self._said(speaker(message, self._names), text_of(message))
                yield Text("\n").join(said.wrap(self._console, width)[-room:])
            yield Text(_standing(state, self._who), style="dim", no_wrap=True, overflow="ellipsis")
        line = Text(f"{self._who}> {self._editor.text}▏").wrap(self._console, width)
        yield Text("\n").join(line[-3:])

    def _said(self, name: str, text: str) -> Text:
        style = f"bold {_COLOURS[sum(name.encode()) % len(_COLOURS)]}"
        return Text.assemble((f"{name}: ", style), text, overflow="fold")


def _standing(state: State, who: str) -> str:
    """One line on who is there, and on what the others do."""
    parts = [] if state.connected else ["the connection is lost; trying again"]
    here = [clean(person["name"]) for person in state.people]
    typing = [clean(person["name"]) for person in state.people if person["typing"] and person["name"] != who]
    if here:
        parts.append(f"here: {', '.join(here)}")
    if typing:
        parts.append(f"{', '.join(typing)} {'is' if len(typing) == 1 else 'are'} typing")
    return "  ·  ".join(parts)


def can_be_drawn() -> bool:
    """Whether this process has a terminal that can be redrawn."""
    return _HAS_TERMINALS and sys.stdin.isatty() and sys.stdout.isatty()
