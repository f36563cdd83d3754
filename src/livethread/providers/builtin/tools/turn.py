"""One turn of `builtin/tools`: which calls to make now, or what to say. Pure.

The provider keeps nothing between turns: the plan is made anew from the message each time, and what has been called
already is left out. So a run always ends.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

from livethread.providers.builtin.pieces import clean
from livethread.providers.builtin.playback import Wait, paced
from livethread.providers.builtin.tools import wording
from livethread.providers.builtin.tools.filling import Filling, Missing
from livethread.providers.builtin.tools.mentions import Said
from livethread.providers.builtin.tools.picking import Task, functions, stages
from livethread.providers.builtin.tools.schemas import TooMuch, as_mapping
from livethread.providers.builtin.words import Tally, name_stems, words
from livethread.providers.chunks import (
    Chunk,
    Finish,
    ImagePart,
    ProviderError,
    Refusal,
    Request,
    Text,
    ToolCallArguments,
    ToolCallStart,
    Usage,
)  # fmt: skip

MOST_CALLS = 16
"""Calls of one run."""

_SPEAKER = re.compile(r"^\[[^\]\n]{1,256}\]: ")
_IMAGE = re.compile(r"\[image ([\w-]{1,100})\]")

_Call = tuple[str, str]


class Turn:
    """One turn.

    Args:
        request: with the conversation; the calls behind the newest message of a person are those of this run.
        call_id: makes the id of a call.
    """

    def __init__(self, request: Request, call_id: Callable[[], str]) -> None:
        self._request = request
        self._call_id = call_id
        self._functions = functions(request.tools)
        people = [at for at, one in enumerate(request.messages) if one.role == "user" and not one.of_assistant]
        newest, own = (people[-1], request.messages[people[-1] + 1 :]) if people else (0, request.messages)
        outputs = {one.tool_call_id: clean(one.text[: wording.READ]) for one in own if one.role == "tool"}
        self._made = [(call, outputs.get(call.id, "")) for one in own for call in one.tool_calls]
        text = clean(request.question[: wording.READ])
        parts = request.messages[newest].parts if people else ()
        self._images = [one.url for one in parts if isinstance(one, ImagePart)] + _IMAGE.findall(text)
        verbs = frozenset(stem for one in self._functions for stem in name_stems(one.name))
        self._said = Said(_IMAGE.sub(" ", _SPEAKER.sub("", text)), verbs)
        self._question = ""

    def play(self, prompt_words: int, seconds: float) -> Iterator[Chunk | Wait]:
        """The turn's chunks: calls, or an answer.

        Args:
            prompt_words: told as the prompt's tokens.
            seconds: between two words.

        Raises:
            ProviderError: ``bad_request`` for a ``tool_choice`` that names no function of the request.
        """
        left = max(MOST_CALLS - len(self._made), 0)
        calls = self._calls()[: left if self._request.parallel_tool_calls else min(left, 1)]
        tally = Tally()
        for chunk in paced(self._called(calls) if calls else self._spoken(), seconds):
            if isinstance(chunk, Text | Refusal | ToolCallArguments):
                tally.add(chunk.text)
            yield chunk
        yield Usage(prompt_words, tally.count)
        yield Finish("tool_calls" if calls else "stop")

    def _calls(self) -> list[_Call]:
        """The calls to make now, those of the first stage that has any; none when it is time to answer."""
        choice = self._request.tool_choice
        name = as_mapping(as_mapping(choice).get("function")).get("name")
        anyhow = [Task(one, [self._said], self._said.text) for one in self._functions if name in (None, one.name)]
        if name is not None and not anyhow:
            message = f"tool_choice names the function '{name}', which is not among the tools."
            raise ProviderError("bad_request", message, status=400)
        planned = stages(self._said, self._functions) if name is None and choice != "none" else []
        for stage in planned:
            calls = [call for task in stage for call in self._filled(task, forced=False)]
            if calls:
                return list(dict.fromkeys(calls))
            if self._question:
                break
        if name is not None or choice == "required":  # what is asked for, else what can be filled, else anything
            tasks = [task for stage in planned for task in stage] + anyhow[:8]
            for forced, task in [(forced, task) for forced in (False, True) for task in tasks]:
                if calls := self._filled(task, forced=forced):
                    return calls
        return []

    def _filled(self, task: Task, *, forced: bool) -> list[_Call]:
        """The new calls of a task; what is missing for them becomes the question to ask."""
        missing: Missing | None = None
        for said in task.heard:
            found = _objects(task.function.parameters, said, task.rest, forced=forced)
            if isinstance(found, list):
                made = [wording.parsed(call.arguments) for call, _ in self._made if call.name == task.function.name]
                new = [one for one in found if one not in made]
                return [(task.function.name, json.dumps(one, ensure_ascii=False)) for one in new]
            missing = missing or found
        self._question = self._question or (wording.question(task.function, missing) if missing else "")
        return []

    def _called(self, calls: list[_Call]) -> Iterator[Chunk]:
        for index, (name, arguments) in enumerate(calls):
            yield ToolCallStart(index, self._call_id(), name)
            yield from (ToolCallArguments(index, word) for word in words(arguments))

    def _spoken(self) -> Iterator[Chunk]:
        wanted = as_mapping(self._request.response_format)
        if wanted.get("type") == "json_object":
            told = wording.report(self._said.text, self._made, self._question)
        elif wanted.get("type") == "json_schema":
            asked = as_mapping(wanted.get("json_schema"))
            found = _objects(as_mapping(asked.get("schema")), self._said, self._said.text, forced=True)
            if isinstance(found, Missing):
                yield from map(Refusal, words(wording.no_value(asked.get("name"))))
                return
            told = json.dumps(found[0], ensure_ascii=False)
        else:
            forbidden = self._request.tool_choice == "none"
            told = wording.answer(self._images, self._made, self._question, self._functions, forbidden=forbidden)
        yield from map(Text, words(told))


def _objects(schema: object, said: Said, rest: str, *, forced: bool) -> list[dict[str, object]] | Missing:
    try:
        return Filling(as_mapping(schema), said, rest, forced=forced).objects()
    except TooMuch:
        return Missing()
