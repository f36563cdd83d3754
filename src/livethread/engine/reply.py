"""The reply: what a model turn amounts to, apart from its text, which grows in a draft. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from typing import Any, Literal, NoReturn

from livethread.domain.steps import function_call
from livethread.domain.usage import Usage, total
from livethread.providers import chunks
from livethread.providers.chunks import Chunk, ProviderError, Request

LastError = dict[str, str]


class Reply:
    """Collects a turn's calls, usage, reasoning and finish as chunks arrive.

    Args:
        spent: what earlier attempts of the turn cost.
    """

    def __init__(self, spent: Usage | None = None) -> None:
        self.finish: Literal["stop", "length", "tool_calls", "content_filter"] | None = None
        self.cost: Usage | None = None
        """What this attempt cost, if that is known."""
        self._spent = spent
        self._reasoning: list[str] = []
        self._calls: dict[int, tuple[str, str, list[str]]] = {}

    def take(self, chunk: Chunk) -> None:
        """Note a chunk that is not text."""
        match chunk:
            case chunks.ToolCallStart(index, id, name):
                self._calls.setdefault(index, (id, name, []))
            case chunks.ToolCallArguments(index, text) if index in self._calls:
                self._calls[index][2].append(text)
            case chunks.Reasoning(text):
                self._reasoning.append(text)
            case chunks.Usage(prompt, completion, cached, reasoning):
                self.cost = Usage.of(prompt, completion, cached=cached, reasoning=reasoning)
            case chunks.Finish(reason):
                self.finish = reason

    @property
    def usage(self) -> Usage | None:
        """What the turn cost, with all its attempts; None if that is not known."""
        return total([self._spent, self.cost])

    @property
    def reasoning(self) -> str:
        """What the model thought, which is not part of its answer."""
        return "".join(self._reasoning)

    @property
    def calls(self) -> list[dict[str, Any]]:
        """The turn's calls in the order of their index, as a step carries them."""
        calls = sorted(self._calls.items())
        return [function_call(id, name, _arguments("".join(pieces))) for _, (id, name, pieces) in calls]

    def judged(self, request: Request, called: Collection[str], new_id: Callable[[], str]) -> list[dict[str, Any]]:
        """The calls, if a client can answer each of them.

        Args:
            request: what the model was asked. Where it forbids parallel calls, the first one counts; the model may
                make the others in its next turn.
            called: the ids of the run's earlier calls; a long prompt does not hold all of them.
            new_id: for a call whose id was used before, as engines that number their calls do in every turn.

        Raises:
            ProviderError: a call of a function that the run does not have, or with arguments that are no JSON object.
        """
        calls = self.calls if request.parallel_tool_calls else self.calls[:1]
        known = {tool["function"]["name"] for tool in request.tools}
        used = set(called)
        for call in calls:
            name, arguments = call["function"]["name"], call["function"]["arguments"]
            if request.tool_choice == "none":
                raise _bad_call(f"The model called '{name}', though tool_choice is none.")
            if name not in known:
                raise _bad_call(f"The model called '{name}', which is no function that this run may call.")
            if not _is_object(arguments):
                raise _bad_call(
                    f"The model called '{name}' with arguments that are not a JSON object: {arguments[:200]!r}."
                )
            if call["id"] in used:
                call["id"] = new_id()
            used.add(call["id"])
        return calls


def last_error(error: ProviderError, attempts: int = 1) -> LastError:
    """``last_error`` of a run whose model failed (reference section 3.4).

    Args:
        attempts: how often the model was asked.
    """
    message = error.message if attempts == 1 else f"{error.message} (The model was asked {attempts} times.)"
    match error.kind:
        case "rate_limit":
            return {"code": "rate_limit_exceeded", "message": message}
        case "context_length" | "bad_request":
            return {"code": "invalid_prompt", "message": message}
        case _:
            return {"code": "server_error", "message": message}


def _bad_call(what: str) -> ProviderError:
    advice = "Try again; if it stays, choose a model that is better at calling functions, or simplify the schema."
    return ProviderError("bad_stream", f"{what} {advice}", retryable=True)


def _arguments(text: str) -> str:
    """Some engines send nothing at all for a function without parameters."""
    return text if text.strip() else "{}"


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text, parse_constant=_no_json), dict)
    except (ValueError, RecursionError):
        return False


def _no_json(constant: str) -> NoReturn:
    raise ValueError(constant)
