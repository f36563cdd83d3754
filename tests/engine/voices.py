"""What the models of a random program say: good answers, and everything that models and their APIs do wrong."""

from __future__ import annotations

from random import Random
from typing import Final

from livethread.providers.chunks import Chunk, Finish, ProviderError, Reasoning, Refusal, Text, Usage
from tests.engine.scripted import Call
from tests.engine.test_loop import call as calling

WORDS: Final = ["one ", "två ", "日本語", "👩‍💻", "\0", "\r\n"]


class Voices:
    """Draws what a model says, and remembers it.

    Args:
        draw: draws.
    """

    def __init__(self, draw: Random) -> None:
        self._draw = draw
        self._number = 0
        self.said: dict[Call, list[tuple[str, str]]] = {}
        """What each call has said: kinds and pieces of text; the first piece is its own."""

    def say(self, call: Call) -> None:
        """One more piece."""
        pieces = self.said.setdefault(call, [])
        if not pieces:
            self._number += 1
        text = self._draw.choice(WORDS) if pieces else f"{self._number}. "
        kind = "refusal" if self._draw.random() < 0.1 else "text"
        pieces.append((kind, text))
        call.say(Text(text) if kind == "text" else Refusal(text))

    def finish(self, call: Call) -> None:
        """The end of the turn, in one of all the ways there are."""
        draw = self._draw.random
        if draw() < 0.3:
            self.say(call)
        if draw() < 0.3:
            call.say(Reasoning("Hm."))
        if draw() < 0.7:
            call.say(Usage(self._draw.randrange(30), self._draw.randrange(30)))
        match self._draw.randrange(16):
            case 0 | 1 | 2:
                call.end(Finish("stop"))
            case 3 | 4 | 5 | 6 | 7:
                call.end(*self._round(), Finish("tool_calls"))
            case 8:
                call.end(Finish("length"))
            case 9:
                call.end(Finish("content_filter"))
            case 10 | 11:
                hint = self._draw.choice([None, None, 3.0, 30.0, 90.0])
                call.fail(ProviderError("overloaded", "Busy.", retryable=True, retry_after=hint))
            case 12:
                call.fail(ProviderError("auth", "Wrong key."))
            case 13:
                call.end(*calling("call_a", "f", '{"x'), Finish("tool_calls"))
            case 14:
                call.end(*calling("call_a", "unknown", "{}"), Finish("stop"))
            case _ if draw() < 0.5:
                call.fail(RuntimeError("odd"))
            case _:
                call.end()

    def _round(self) -> list[Chunk]:
        """Calls whose ids may be those of an earlier round, or of each other."""
        ids = self._draw.choices(["call_a", "call_b", f"call_{self._number}"], k=self._draw.randrange(1, 4))
        return [chunk for index, id in enumerate(ids) for chunk in calling(id, self._draw.choice("fgh"), "{}", index)]
