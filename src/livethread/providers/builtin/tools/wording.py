"""What `builtin/tools` says when it does not call anything."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from livethread.providers.builtin.passages import packed
from livethread.providers.builtin.tools.filling import Missing
from livethread.providers.builtin.tools.picking import Function
from livethread.providers.builtin.tools.schemas import as_mapping
from livethread.providers.chunks import ToolCall

HONEST = "(Built-in demo model, not a language model: I call your functions with what I find in the message.)"
READ = 20_000
"""Characters of an output or of a message that are looked at; to read more would hold up other threads."""

_LONGEST_OUTPUT = 600
_LONGEST_LIST = 20


def answer(
    images: Sequence[str],
    calls: Sequence[tuple[ToolCall, str]],
    question: str,
    functions: Sequence[Function],
    *,
    forbidden: bool,
) -> str:
    """What the calls have brought and what is missing for others; else why there is nothing to call."""
    seen = [f"a data URL of {len(one)} characters" if one.startswith("data:") else one[:200] for one in images]
    parts = [f"You sent an image ({', '.join(seen)}). I cannot look into images."] if seen else []
    if calls:
        parts.append("Your functions say:\n\n" + "\n".join(_result(call, output) for call, output in calls))
    if question:
        parts.append(question)
    elif not functions:
        parts.append(next(passage.body for passage in packed() if passage.heading == "builtin/tools"))
    elif not calls:
        fits = "None of your functions fits that, as far as its words tell."
        listed = "\n".join(f"- `{one.name}`: {_line(one.description)}" for one in functions[:_LONGEST_LIST])
        why = "I am told to call no function (`tool_choice` is `none`)." if forbidden else fits
        parts.append(f"{why} These are yours:\n\n{listed}")
    return "\n\n".join([*parts, HONEST])


def report(message: str, calls: Sequence[tuple[ToolCall, str]], question: str) -> str:
    """The answer where any JSON object will do."""
    results = [
        {"function": call.name, "arguments": parsed(call.arguments), "output": parsed(output) or output}
        for call, output in calls
    ]
    asked = {"question": question} if question else {}
    return json.dumps({"message": message, "results": results, **asked, "note": HONEST}, ensure_ascii=False)


def question(function: Function, missing: Missing) -> str:
    """What is asked when a required argument is missing."""
    why = f"; its schema uses `{missing.unknown}`, which I do not follow" if missing.unknown else ""
    if not missing.path:
        return f"I could not fill the parameters of `{function.name}`, so I did not call it{why}."
    described = f" ({_line(missing.description)})" if missing.description else ""
    return f"To call `{function.name}` I need `{missing.path}`{described}{why}. What shall I take?"


def no_value(name: object) -> str:
    """The refusal where there is no JSON for the schema that was asked for."""
    return f"(Built-in demo model, not a language model.) I found no JSON that fits the schema '{name}'."


def parsed(text: str) -> Any:
    """A text as JSON; None for what is none, or too long to be read."""
    try:
        return json.loads(text) if len(text) < READ else None
    except (ValueError, RecursionError):
        return None


def _result(call: ToolCall, output: str) -> str:
    arguments = as_mapping(parsed(call.arguments)).items()
    given = ", ".join(f"{name} {_shown(json.dumps(value, ensure_ascii=False))}" for name, value in arguments)
    return f"- `{call.name}`{' with ' if given else ''}{given}: {_shown(output) or 'nothing'}"


def _shown(text: str) -> str:
    text = " ".join(text[: 2 * _LONGEST_OUTPUT].split())
    return text if len(text) <= _LONGEST_OUTPUT else f"{text[:_LONGEST_OUTPUT]}…"


def _line(text: str) -> str:
    return " ".join(text[:200].split()).rstrip(".")
