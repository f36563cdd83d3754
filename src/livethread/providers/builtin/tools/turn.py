"""One turn of `builtin/tools`: which calls to make now, or what to say. Pure.

The provider keeps nothing between turns: the plan is made anew from the message each time, and what has been called
already is left out. So a run always ends.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from livethread.providers.builtin.pieces import clean
from livethread.providers.builtin.playback import Wait, paced
from livethread.providers.builtin.tools import wording
from livethread.providers.builtin.tools.filling import Filling, Known, Missing, Source, known
from livethread.providers.builtin.tools.fitting import canonical
from livethread.providers.builtin.tools.functions import Function, as_mapping, functions
from livethread.providers.builtin.tools.mentions import READ, Said
from livethread.providers.builtin.tools.plan import Task, stages
from livethread.providers.builtin.tools.schemas import TooMuch, Work
from livethread.providers.builtin.words import Tally, words
from livethread.providers.chunks import (
    Chunk,
    Finish,
    ImagePart,
    PromptMessage,
    ProviderError,
    Refusal,
    Request,
    Text,
    ToolCall,
    ToolCallArguments,
    ToolCallStart,
    Usage,
)

MOST_CALLS = 16
"""Calls of one run."""

_SPEAKER = re.compile(r"^\[[^\]\n]{1,256}\]: ")
_IMAGE = re.compile(r"\[image ([\w-]{1,100})\]")


class Turn:
    """One turn.

    Args:
        request: with the conversation; the calls behind the newest user message are those of this run.
        call_id: makes the id of a call.
    """

    def __init__(self, request: Request, call_id: Callable[[], str]) -> None:
        self._request = request
        self._call_id = call_id
        self._functions = functions(request.tools)
        self._verbs = frozenset(stem for function in self._functions for stem in function.own)
        self._messages, self._newest, own = _parted(request.messages)
        self._rounds = _rounds(own)
        self._made = {_key(call.name, call.arguments) for calls in self._rounds for call, _ in calls}
        self._answers: dict[tuple[str, str], Said] = {}
        self._said = self._understood()
        self._missing: tuple[Function, Missing] | None = None
        self._work = Work()

    def play(self, prompt_words: int, seconds: float) -> Iterator[Chunk | Wait]:
        """The turn's chunks: calls, or an answer.

        Args:
            prompt_words: told as the prompt's tokens.
            seconds: between two words.

        Raises:
            ProviderError: ``bad_request`` for a ``tool_choice`` that names no function of the request.
        """
        calls = self._calls()
        tally = Tally()
        spoken = self._called(calls) if calls else self._spoken()
        for chunk in paced(spoken, seconds):
            if isinstance(chunk, Text | Refusal | ToolCallArguments):
                tally.add(chunk.text)
            yield chunk
        yield Usage(prompt_words, tally.count)
        yield Finish("tool_calls" if calls else "stop")

    # -- what is called ----------------------------------------------------------------------------

    def _calls(self) -> list[tuple[str, str]]:
        """The names and arguments of the calls to make now; none when it is time to answer."""
        choice, parallel = self._request.tool_choice, self._request.parallel_tool_calls
        if choice == "none" or not self._functions or (parallel and len(self._rounds) > len(self._functions)):
            return []
        named = as_mapping(as_mapping(choice).get("function")).get("name")
        if named is not None:
            function = next((function for function in self._functions if function.name == named), None)
            if function is None:
                raise ProviderError(
                    "bad_request",
                    f"tool_choice names the function '{named}', which is not among the tools.",
                    status=400,
                )
            planned = [[self._task(function)]]
        else:
            planned = stages(self._said, self._functions)
        forced = named is not None or choice == "required"
        calls = self._next(planned, forced)
        if not calls and choice == "required":
            calls = self._any()
        allowed = max(MOST_CALLS - len(self._outputs()), 0)
        return calls[: allowed if parallel else min(allowed, 1)]

    def _task(self, function: Function) -> Task:
        return Task(function, ((0, len(self._said.text)),), 0)

    def _next(self, planned: Sequence[Sequence[Task]], forced: bool) -> list[tuple[str, str]]:
        """The new calls of the first stage that has any; in the last round that there may be, of all that are left."""
        last = self._request.parallel_tool_calls and len(self._rounds) == len(self._functions)
        calls: list[tuple[str, str]] = []
        for stage in planned:
            missing = None
            found: list[tuple[str, str]] = []
            for task in stage:
                filled = self._filled(task, forced)
                if isinstance(filled, Missing):
                    missing = missing or (task.function, filled)
                else:
                    found += self._new(task.function, filled)
            calls += [call for call in found if call not in calls]
            if calls and not last:
                return calls
            if missing and not found:
                self._missing = missing
                break
        return calls

    def _any(self) -> list[tuple[str, str]]:
        """A call where there must be one: of the first function that the message fills, else of the first."""
        for forced in (False, True):
            for function in self._functions:
                filled = self._filled(self._task(function), forced)
                new = [] if isinstance(filled, Missing) else self._new(function, filled)
                if new:
                    return new
        return []

    def _filled(self, task: Task, forced: bool) -> list[dict[str, Any]] | Missing:
        name = task.function.name
        answers = {path: said for (function, path), said in self._answers.items() if function == name}
        source = Source(self._said, task.spans, task.behind, self._known(name), answers, forced)
        try:
            return Filling(task.function.parameters, source, self._work).arguments()
        except (TooMuch, RecursionError):
            return Missing("")

    def _known(self, name: str | None) -> list[Known]:
        """What the rounds before the first call of a function have brought."""
        found: list[Known] = []
        for calls in self._rounds:
            if any(call.name == name for call, _ in calls):
                break
            for call, output in calls:
                read = wording.parsed(output)
                found += known(call.name, output[:READ] if read is None else read)
        return found

    def _new(self, function: Function, filled: list[dict[str, Any]]) -> list[tuple[str, str]]:
        calls = [(function.name, json.dumps(arguments, ensure_ascii=False)) for arguments in filled]
        return [call for call in calls if _key(*call) not in self._made]

    def _called(self, calls: Sequence[tuple[str, str]]) -> Iterator[Chunk]:
        for index, (name, arguments) in enumerate(calls):
            yield ToolCallStart(index, self._call_id(), name)
            yield from (ToolCallArguments(index, word) for word in words(arguments))

    # -- what is said ------------------------------------------------------------------------------

    def _spoken(self) -> Iterator[Chunk]:
        wanted = as_mapping(self._request.response_format)
        match wanted.get("type"):
            case "json_object":
                yield from map(Text, words(json.dumps(self._report(), ensure_ascii=False)))
            case "json_schema":
                yield from self._structured(as_mapping(wanted.get("json_schema")))
            case _:
                yield from map(Text, words(self._text()))

    def _text(self) -> str:
        images = self._images()
        if self._rounds or self._missing:
            return wording.answer(self._outputs(), images, self._missing)
        if not self._functions:
            return wording.without_functions(images)
        return wording.nothing_fits(self._functions, images, forbidden=self._request.tool_choice == "none")

    def _structured(self, wanted: Mapping[str, Any]) -> Iterator[Chunk]:
        source = Source(self._said, [(0, len(self._said.text))], 0, self._known(None), None, True)
        try:
            value = Filling(as_mapping(wanted.get("schema")), source, Work()).value()
        except (TooMuch, RecursionError):
            value = None
        if value is None:
            yield from map(Refusal, words(wording.no_value(str(wanted.get("name", "")))))
        else:
            yield from map(Text, words(json.dumps(value[0], ensure_ascii=False)))

    def _report(self) -> dict[str, Any]:
        """The answer where any JSON object will do."""
        results = [
            {
                "function": call.name,
                "arguments": wording.parsed(call.arguments),
                "output": output if (read := wording.parsed(output)) is None else read,
            }
            for call, output in self._outputs()
        ]
        missing = {"missing": wording.question(*self._missing)} if self._missing else {}
        return {"message": self._said.text, "results": results, **missing, "note": wording.HONEST}

    def _outputs(self) -> list[tuple[ToolCall, str]]:
        return [call for calls in self._rounds for call in calls]

    # -- what was said -----------------------------------------------------------------------------

    def _understood(self) -> Said:
        """The newest message; where it only answers a question of ours, the one that the question was about."""
        said = self._read(self._newest)
        messages = list(self._messages)
        while len(messages) >= 2 and (question := wording.asked(messages[-1])) and messages[-2].role == "user":
            if any(said.asks(function.own) for function in self._functions):
                break
            self._answers.setdefault(question, said.or_all_of_it())
            said = self._read(messages[-2])
            del messages[-2:]
        return said

    def _read(self, message: PromptMessage | None) -> Said:
        text = clean(message.text[: 2 * READ]) if message else ""
        return Said(_IMAGE.sub(" ", _SPEAKER.sub("", text)), self._verbs)

    def _images(self) -> list[ImagePart | str]:
        message = self._newest
        if message is None:
            return []
        shown = [part for part in message.parts if isinstance(part, ImagePart)]
        return [*shown, *_IMAGE.findall(message.text[: 2 * READ])]


def _parted(
    messages: Sequence[PromptMessage],
) -> tuple[Sequence[PromptMessage], PromptMessage | None, Sequence[PromptMessage]]:
    """What was said before the newest user message, that message, and what the run has done since."""
    newest = max((at for at, message in enumerate(messages) if message.role == "user"), default=None)
    if newest is None:
        return (), None, messages
    return messages[:newest], messages[newest], messages[newest + 1 :]


def _rounds(own: Sequence[PromptMessage]) -> list[list[tuple[ToolCall, str]]]:
    """The run's calls with their outputs, round by round."""
    outputs = {
        message.tool_call_id: clean(message.text[: 2 * wording.READ]) for message in own if message.role == "tool"
    }
    return [[(call, outputs.get(call.id, "")) for call in message.tool_calls] for message in own if message.tool_calls]


def _key(name: str, arguments: str) -> tuple[str, str]:
    try:
        return name, canonical(json.loads(arguments))
    except (ValueError, RecursionError):
        return name, arguments
