"""Reasoning that an engine leaves in the answer, between ``<think>`` and ``</think>``.

vLLM without its reasoning parser and LM Studio by default do so. Only tags that begin the answer count: further on they
are something the model writes about.
"""

from __future__ import annotations

from typing import Final, Literal

_OPEN: Final = "<think>"
_CLOSE: Final = "</think>"


class Thinking:
    """Tells reasoning from answer, in whatever pieces they come."""

    __slots__ = ("_held", "_where")

    def __init__(self) -> None:
        self._held = ""  # what may be a tag when more of it has come
        self._where: Literal["start", "inside", "behind", "answer"] = "start"

    @property
    def over(self) -> bool:
        """All that follows is answer."""
        return self._where == "answer"

    def add(self, piece: str) -> tuple[str, str]:
        """The reasoning and, behind it, the answer that may be passed on now."""
        if self._where == "answer":
            return "", piece
        reasoning = ""
        text, self._held = self._held + piece, ""
        if self._where == "start":
            begun = text.lstrip()
            if _OPEN.startswith(begun):  # also when nothing but space has come
                self._where = "inside" if begun == _OPEN else "start"
                self._held = "" if begun == _OPEN else text
                return "", ""
            if not begun.startswith(_OPEN):
                self._where = "answer"
                return "", text
            self._where, text = "inside", begun[len(_OPEN) :]
        if self._where == "inside":
            reasoning, found, text = text.partition(_CLOSE)
            if not found:
                cut = len(reasoning) - _beginning_of(_CLOSE, reasoning)
                self._held = reasoning[cut:]
                return reasoning[:cut], ""
            self._where = "behind"
        text = text.lstrip()  # the blank lines between the two are no part of the answer
        if text:
            self._where = "answer"
        return reasoning, text

    def end(self) -> tuple[str, str]:
        """What was held back and is no tag after all, as reasoning and answer."""
        held, self._held = self._held, ""
        return (held, "") if self._where == "inside" else ("", held)


def _beginning_of(tag: str, text: str) -> int:
    """How many characters at the end of a text may be the beginning of a tag."""
    return next((length for length in range(len(tag) - 1, 0, -1) if text.endswith(tag[:length])), 0)
