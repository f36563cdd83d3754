"""A thread as text that only ever gets longer: one message grows at a time, and those behind it wait."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from livethread.cli.wording import ending, has_ended, speaker, text_of, troubles
from livethread.client import State


class Transcript:
    """Writes what each state adds to those before; it does not matter how many were left out.

    Args:
        write: takes text.
        names: of assistants, by their ids.
        last: how many of the messages that were there before are written.
    """

    def __init__(self, write: Callable[[str], object], names: Mapping[str, str], *, last: int) -> None:
        self._write = write
        self._names = names
        self._last = last
        self._begun = False
        self._told: set[str] = set()
        self._growing: str | None = None  # the message whose text stands at the end
        self._shown = ""  # of it
        self._broken = False  # whether a line of ours stands behind it

    def show(self, state: State) -> None:
        """Write what is new."""
        if not self._begun:
            self._begun = True
            ended = [message["id"] for message in state.messages if has_ended(message)]
            self._told = {*ended[self._last :], *(key for key, _ in troubles(state, self._names))}
        if self._growing is not None and all(message["id"] != self._growing for message in state.messages):
            self._end(" [deleted]")
        for message in reversed(state.messages):
            if message["id"] in self._told:
                continue
            self._grow(message["id"], speaker(message, self._names), text_of(message))
            if not has_ended(message):
                return
            self._end(ending(message))
            self._told.add(message["id"])
        for key, sentence in troubles(state, self._names):
            if key not in self._told:
                self._told.add(key)
                self.note(sentence)

    def note(self, sentence: str) -> None:
        """Write a line of our own; a text that grows goes on behind it."""
        if self._growing is not None and not self._broken:
            self._write(" …\n")
            self._broken = True
        self._write(f"· {sentence}\n")

    def _grow(self, id: str, name: str, text: str) -> None:
        if self._growing is not None and not text.startswith(self._shown):  # it was written again after a crash
            self._end(" [not so]")
        if self._growing is None:
            self._growing, self._shown, self._broken = id, "", False
            self._write(f"{name}: ")
        elif self._broken and text != self._shown:
            self._broken = False
            self._write(f"{name}: … ")
        self._write(text[len(self._shown) :])
        self._shown = text

    def _end(self, mark: str) -> None:
        if mark or not self._broken:
            self._write(f"{mark}\n")
        self._growing = None
