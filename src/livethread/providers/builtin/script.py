"""`builtin/script`: a scenario played as if a model had said it."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator

from livethread.providers.builtin import faults
from livethread.providers.builtin.pieces import clean, decoded
from livethread.providers.builtin.playback import Wait, paced
from livethread.providers.builtin.scenario import Scenario, Turn
from livethread.providers.builtin.steps import (
    Call,
    CutStep,
    ErrorStep,
    FaultStep,
    FinishStep,
    Piece,
    PiecesStep,
    ReasoningStep,
    RefusalStep,
    StallStep,
    Step,
    TextStep,
    TimeoutStep,
    ToolCallsStep,
    UsageStep,
)
from livethread.providers.builtin.words import Tally, words
from livethread.providers.chunks import (
    Chunk,
    Finish,
    ProviderError,
    Reasoning,
    Refusal,
    Text,
    ToolCallArguments,
    ToolCallStart,
    Usage,
)

STEP_LIMIT = 2_000_000
_SPOKEN: dict[str, type[Text | Reasoning | Refusal]] = {"text": Text, "reasoning": Reasoning, "refusal": Refusal}


def chosen(scenario: Scenario, message: str, number: int, attempt: int = 0) -> Turn:
    """The turn to play, with the steps of this attempt.

    Args:
        message: the last user message; the first case with a word of it is taken, else the scenario's own turns.
        number: how many turns of the run came before. Past the end the last turn is played again, unless it calls
            tools: then a run would never end, so one plain sentence closes it.
        attempt: how many attempts of the turn came before.
    """
    case = next((case for case in scenario.cases if any(_says(message, phrase) for phrase in case.phrases)), None)
    turns = case.turns if case else scenario.turns
    if not turns:
        known = ", ".join(phrase for case in scenario.cases for phrase in case.phrases)
        return _plain(f"(Built-in script, not a language model.) Say one of: {known}.")
    if number >= len(turns) and turns[-1].calls_tools:
        return _plain("(Built-in script, not a language model.) The script has no further turn.")
    return turns[min(number, len(turns) - 1)].attempt(attempt)


class Player:
    """Plays one turn.

    Args:
        message: stands for ``{{message}}`` in what is said.
        prompt_words: told as the prompt's tokens when the script tells no usage.
        words_per_second: the pace of steps without their own; 0 is no wait.
        call_id: makes the id of a call that has none.
    """

    def __init__(self, *, message: str, prompt_words: int, words_per_second: float, call_id: Callable[[], str]) -> None:
        self._message = message
        self._prompt_words = prompt_words
        self._words_per_second = words_per_second
        self._call_id = call_id
        self._calls = 0
        self._said = Tally()
        self._reasoned = Tally()

    def play(self, turn: Turn) -> Iterator[Chunk | Wait]:
        """The turn's chunks and waits, in order.

        Raises:
            ProviderError: exactly where the script has a fault.
        """
        if turn.words_per_second is not None:
            self._words_per_second = turn.words_per_second
        counted = not any(isinstance(step, UsageStep) for step in turn.steps)
        finished = answering = False
        for step in turn.steps:
            if isinstance(step, FinishStep):
                yield from self._finish(step, counted)
                finished = True
            else:
                yield from self._play(step, answering)
            answering = answering or not isinstance(step, StallStep)
        if not finished:
            yield from self._finish(FinishStep(finish="tool_calls" if self._calls else "stop"), counted)

    def _play(self, step: Step, answering: bool) -> Iterator[Chunk | Wait]:
        match step:
            case TextStep(text=text):
                yield from self._say("text", words(self._filled(text, step.repeat)), step)
            case ReasoningStep(reasoning=text):
                yield from self._say("reasoning", words(self._filled(text, step.repeat)), step)
            case RefusalStep(refusal=text):
                yield from self._say("refusal", words(self._filled(text, step.repeat)), step)
            case PiecesStep():
                pieces = _raw(step.pieces)
                _check_length(sum(max(len(piece), 1) for piece in pieces) * step.repeat)
                yield from self._say(step.of, decoded(pieces * step.repeat), step, repeat=1)
            case ToolCallsStep():
                yield from self._call(step)
            case UsageStep(usage=usage):
                if not isinstance(usage, str):
                    yield Usage(usage.prompt, usage.completion, usage.cached, usage.reasoning)
            case StallStep(stall_ms=pause):
                yield Wait(None if isinstance(pause, str) else pause / 1000)
            case CutStep():
                raise faults.cut(answering=answering)
            case TimeoutStep(timeout_ms=pause):
                yield Wait(pause / 1000)
                raise faults.silent(pause / 1000)
            case FaultStep(fault=name):
                raise faults.fault(name)
            case ErrorStep(error=error):
                raise faults.reported(error, answering=answering)

    def _filled(self, text: str, repeat: int) -> str:
        mark = "{{message}}"
        _check_length((len(text) + text.count(mark) * len(self._message)) * repeat)
        return clean(text.replace(mark, self._message))

    def _say(
        self,
        kind: str,
        pieces: Iterable[str],
        step: TextStep | ReasoningStep | RefusalStep | PiecesStep,
        *,
        repeat: int | None = None,
    ) -> Iterator[Chunk | Wait]:
        repeated = itertools.chain.from_iterable(itertools.repeat(pieces, repeat or step.repeat))
        for piece in paced(repeated, self._seconds(step)):
            if isinstance(piece, Wait):
                yield piece
            elif piece:
                (self._reasoned if kind == "reasoning" else self._said).add(piece)
                yield _SPOKEN[kind](piece)

    def _call(self, step: ToolCallsStep) -> Iterator[Chunk | Wait]:
        calls: list[tuple[ToolCallStart, list[ToolCallArguments]]] = []
        for call in step.tool_calls:
            start = ToolCallStart(self._calls, clean(call.id) if call.id else self._call_id(), clean(call.name))
            calls.append((start, [ToolCallArguments(self._calls, text) for text in _arguments(call)]))
            self._calls += 1
        for chunk in paced(_in_order(calls, step.interleaved), step.delay_ms / 1000):
            if isinstance(chunk, ToolCallArguments):
                if not chunk.text:
                    continue
                self._said.add(chunk.text)
            yield chunk

    def _finish(self, step: FinishStep, counted: bool) -> Iterator[Chunk]:
        if step.finish == "none":
            raise faults.unfinished()
        if counted:
            reasoned = self._reasoned.count
            yield Usage(self._prompt_words, self._said.count + reasoned, reasoning=reasoned)
        yield Finish(step.finish)

    def _seconds(self, step: TextStep | ReasoningStep | RefusalStep | PiecesStep) -> float:
        if step.delay_ms is not None:
            return step.delay_ms / 1000
        pace = self._words_per_second if step.words_per_second is None else step.words_per_second
        return min(1 / pace, 3_600.0) if pace else 0.0


def _in_order(
    calls: list[tuple[ToolCallStart, list[ToolCallArguments]]], interleaved: bool
) -> Iterator[ToolCallStart | ToolCallArguments]:
    if not interleaved:
        for start, pieces in calls:
            yield start
            yield from pieces
        return
    yield from (start for start, _ in calls)
    for row in itertools.zip_longest(*(pieces for _, pieces in calls)):
        yield from (piece for piece in row if piece is not None)


def _says(message: str, phrase: str) -> bool:
    pattern = r"\s+".join(re.escape(word) for word in phrase.casefold().split())
    return re.search(rf"(?<!\w){pattern}(?!\w)", message.casefold()) is not None


def _plain(text: str) -> Turn:
    return Turn.model_validate([{"text": text}])


def _raw(pieces: list[Piece]) -> list[str | bytes]:
    return [piece if isinstance(piece, str) else piece.octets for piece in pieces]


def _arguments(call: Call) -> list[str]:
    if call.pieces is not None:
        return list(decoded(_raw(call.pieces)))
    raw = call.arguments if isinstance(call.arguments, str) else json.dumps(call.arguments, ensure_ascii=False)
    text = clean(raw)
    return [text[start : start + call.piece_length] for start in range(0, len(text), call.piece_length)]


def _check_length(characters: int) -> None:
    if characters > STEP_LIMIT:
        raise ProviderError(
            "bad_request",
            f"The script is not valid: one step would say {characters} characters, and {STEP_LIMIT} are allowed.",
            status=400,
        )
