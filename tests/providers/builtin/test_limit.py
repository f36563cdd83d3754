from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livethread.ids import Ids
from livethread.providers.builtin import Builtin
from livethread.providers.builtin.limit import limited
from livethread.providers.builtin.playback import Wait
from livethread.providers.builtin.words import Tally
from livethread.providers.chunks import (
    Chunk,
    Finish,
    Reasoning,
    Refusal,
    Text,
    ToolCallArguments,
    ToolCallStart,
    Usage,
)
from tests.providers.builtin.stopped_clock import StoppedClock, request, until_error
from tests.providers.builtin.tools.runs import TOOLBOX

PLAYED: Sequence[Chunk | Wait] = (
    Reasoning("Let me"), Wait(0.1), Text("One "), Text("two th"), Text("ree."), Wait(0.1),
    ToolCallStart(0, "call_1", "f"), ToolCallArguments(0, '{"a": 1}'), Usage(9, 9), Finish("tool_calls"),
)  # fmt: skip


def played(limit: int | None, *, counted: bool = True) -> list[Chunk | Wait]:
    return list(limited(iter(PLAYED), limit, 7, counted=counted))


def test_without_a_limit_and_below_it_nothing_changes() -> None:
    # Seven words: the arguments go on where "three." ends, as without a space between them.
    for limit in (None, 6, 1_000):
        assert played(limit) == list(PLAYED)


@pytest.mark.parametrize(
    ("limit", "kept", "usage"),
    [
        (0, [], Usage(7, 0)),
        (1, [Reasoning("Let")], Usage(7, 1, reasoning=1)),
        (2, [*PLAYED[:2]], Usage(7, 2, reasoning=2)),
        (3, [*PLAYED[:3]], Usage(7, 3, reasoning=2)),
        (4, [*PLAYED[:3], Text("two")], Usage(7, 4, reasoning=2)),
        (5, [*PLAYED[:7], ToolCallArguments(0, '{"a":')], Usage(7, 5, reasoning=2)),
    ],
)
def test_the_word_that_would_be_one_too_many_ends_the_turn(limit: int, kept: list[Chunk | Wait], usage: Usage) -> None:
    assert played(limit) == [*kept, usage, Finish("length")]
    assert played(limit, counted=False) == [*kept, Finish("length")]


@given(st.lists(st.text(alphabet="ab \n", max_size=5), max_size=8), st.integers(0, 6))
def test_what_is_kept_is_the_longest_beginning_with_so_many_words(pieces: list[str], limit: int) -> None:
    chunks = list(limited((Refusal(piece) for piece in pieces), limit, 0))
    kept = "".join(chunk.text for chunk in chunks if isinstance(chunk, Refusal))
    whole = "".join(pieces)
    if len(whole.split()) <= limit:
        assert (kept, Finish("length") in chunks) == (whole, False)
        return
    assert whole.startswith(kept)
    assert chunks[-2:] == [Usage(0, limit), Finish("length")]
    assert len(kept.split()) == limit
    tally = Tally()
    tally.add(kept)
    assert tally.adds(whole[len(kept) :].rstrip()) >= 1


async def ended(model: str, limit: int, instructions: str | None = None, **more: object) -> list[Chunk]:
    provider = Builtin(StoppedClock(), Ids(seed=1), words_per_second=0)
    asked = request(model, instructions, "weather in Rome", max_completion_tokens=limit, **more)
    chunks, error = await until_error(provider.stream(asked))
    assert error is None
    return chunks


async def test_the_guide_stops_at_the_limit() -> None:
    chunks = await ended("builtin/guide", 5)
    assert len("".join(chunk.text for chunk in chunks if isinstance(chunk, Text)).split()) == 5
    assert chunks[-2:] == [Usage(3, 5), Finish("length")]


async def test_the_tools_stop_at_the_limit_in_words_and_in_a_call() -> None:
    assert (await ended("builtin/tools", 5))[-2:] == [Usage(3, 5), Finish("length")]
    chunks = await ended("builtin/tools", 1, tools=TOOLBOX)
    assert chunks[1:] == [ToolCallArguments(0, '{"city":'), Usage(3, 1), Finish("length")]
    assert (await ended("builtin/tools", 2, tools=TOOLBOX))[-1] == Finish("tool_calls")


async def test_a_script_stops_at_the_limit_unless_it_says_how_it_finishes() -> None:
    said = "{text: one two three}"
    kept = [Text("one"), Text(" two")]
    assert await ended("builtin/script", 2, f"turns: [[{said}]]") == [*kept, Usage(3, 2), Finish("length")]
    assert await ended("builtin/script", 2, f"turns: [[{said}, {{usage: none}}]]") == [*kept, Finish("length")]
    assert (await ended("builtin/script", 2, f"turns: [[{said}, {{finish: stop}}]]"))[-1] == Finish("stop")
