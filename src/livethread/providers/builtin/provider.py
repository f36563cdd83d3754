"""The built-in provider: which of its models answers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

from livethread.clock import Clock
from livethread.ids import Ids
from livethread.providers.builtin import folder
from livethread.providers.builtin.guide import Guide
from livethread.providers.builtin.limit import limited
from livethread.providers.builtin.playback import Playback, Wait
from livethread.providers.builtin.reading import read
from livethread.providers.builtin.scenario import Scenario
from livethread.providers.builtin.script import Player, chosen
from livethread.providers.builtin.tools.turn import Turn
from livethread.providers.chunks import Chunk, ProviderError, Request

MODELS = ("builtin/guide", "builtin/tools", "builtin/script")
_SHORT = 4_000  # characters of a scenario that are read on the spot


class Builtin:
    """A provider that needs no key and no network and is not a language model.

    Args:
        clock: whose time passes between words.
        ids: makes the ids of calls, of scripted ones that have none.
        words_per_second: the pace of what is said, of script steps without a pace of their own; 0 is no wait.
        scripts: the folder in which ``metadata["script"]`` names a file.
    """

    def __init__(self, clock: Clock, ids: Ids, *, words_per_second: float = 40.0, scripts: Path | None = None) -> None:
        self._clock = clock
        self._ids = ids
        self._words_per_second = words_per_second
        self._scripts = scripts
        self._guide = Guide()

    def stream(self, request: Request) -> Playback:
        """One turn of a built-in model. Closing it ends a wait at once.

        Where `Request.max_completion_tokens` is set, the turn ends with ``length`` before the word that would be one
        too many; a scripted turn that says how it finishes does just that.

        Raises:
            ProviderError: while it is read; ``not_found`` for another model, ``bad_request`` for a script that is not
                valid, and whatever the script says.
        """
        return Playback(self._clock, lambda: self._play(request))

    async def models(self) -> list[str]:
        """The models there are."""
        return list(MODELS)

    async def close(self) -> None:
        """Let go of the guide's index; the next question would build it again."""
        self._guide.close()

    async def _play(self, request: Request) -> Iterator[Chunk | Wait]:
        message = request.question
        prompt_words = sum(len(message.text.split()) for message in request.messages)
        limit = request.max_completion_tokens
        words_per_second = 0.0 if request.whole else self._words_per_second
        match request.model:
            case "builtin/guide":
                played = self._guide.answer(message, prompt_words, words_per_second)
                return limited(played, limit, prompt_words)
            case "builtin/tools":
                seconds = 1 / words_per_second if words_per_second else 0.0
                played = Turn(request, lambda: self._ids.new("call")).play(prompt_words, seconds)
                return limited(played, limit, prompt_words)
            case "builtin/script":
                scenario = await self._scenario(request)
                pace = scenario.words_per_second
                player = Player(
                    message=message,
                    prompt_words=prompt_words,
                    words_per_second=words_per_second if pace is None else pace,
                    call_id=lambda: self._ids.new("call"),
                )
                turn = chosen(scenario, message, request.turn, request.attempt)
                played = player.play(turn)
                return played if turn.finishes else limited(played, limit, prompt_words, counted=not turn.uncounted)
            case model:
                raise ProviderError(
                    "not_found", f"There is no built-in model '{model}'; there are {', '.join(MODELS)}.", status=404
                )

    async def _scenario(self, request: Request) -> Scenario:
        text = self._scenario_text(request)
        # The longest one that is allowed takes most of a second, in which every other thread would stand still.
        return read(text) if len(text) <= _SHORT else await asyncio.to_thread(read, text)

    def _scenario_text(self, request: Request) -> str:
        name = request.metadata.get("script")
        if name is not None:
            return folder.load(self._scripts, name)
        if request.instructions is None or not request.instructions.strip():
            raise ProviderError(
                "bad_request",
                "builtin/script has nothing to play: put a scenario in YAML or JSON into the instructions, "
                "or name a file of the scripts folder in metadata.script.",
                status=400,
            )
        return request.instructions
