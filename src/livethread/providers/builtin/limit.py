"""An answer that may have only so many tokens, which are words here."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec.structs

from livethread.providers.builtin.playback import Wait
from livethread.providers.builtin.words import Tally, words
from livethread.providers.chunks import Chunk, Finish, Reasoning, Refusal, Text, ToolCallArguments, Usage


def limited(
    played: Iterator[Chunk | Wait], limit: int | None, prompt_words: int, *, counted: bool = True
) -> Iterator[Chunk | Wait]:
    """What is played, up to a number of words; what would be one word more ends it with ``length``.

    Args:
        played: a model turn.
        limit: words of text, refusal, reasoning and arguments, as usage counts them; None is no limit.
        prompt_words: told as the prompt's tokens where the limit ends the turn.
        counted: whether usage is told then.
    """
    if limit is None:
        yield from played
        return
    said, reasoned = Tally(), Tally()
    for item in played:
        if not isinstance(item, Text | Refusal | Reasoning | ToolCallArguments):
            yield item
            continue
        tally = reasoned if isinstance(item, Reasoning) else said
        kept = _kept(item.text, tally, limit - said.count - reasoned.count)
        if kept:
            yield msgspec.structs.replace(item, text=kept)
        if len(kept) < len(item.text):
            if counted:
                yield Usage(prompt_words, said.count + reasoned.count, reasoning=reasoned.count)
            yield Finish("length")
            return


def _kept(text: str, tally: Tally, room: int) -> str:
    """The beginning of a piece that adds at most ``room`` words, counted in."""
    kept = ""
    for word in words(text):
        if tally.adds(word) > room:
            break
        room -= tally.adds(word)
        tally.add(word)
        kept += word
    return kept
