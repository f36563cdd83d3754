"""What `builtin/tools` says when it does not call anything. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from livethread.providers.builtin.tools.filling import Missing
from livethread.providers.builtin.tools.functions import Function, plain
from livethread.providers.chunks import ImagePart, PromptMessage, ToolCall

HONEST = "(Built-in demo model, not a language model: I call your functions with what I find in the message.)"

_LONGEST_OUTPUT = 600
READ = 20_000
"""Characters of an output that may be JSON; reading a longer one would hold up other threads."""

_LONGEST_LIST = 20
_ASKED = re.compile(r"^To call `([\w-]{1,64})` I need `([^`\n]+)`", re.MULTILINE)

_HOW = """\
I call functions, so that you can try a tool loop without a key; but this run has none. Give me some with `tools`, on \
the assistant or on the run:

```python
from openai import OpenAI

client = OpenAI(base_url="http://127.0.0.1:8000/v1", api_key="any")
weather = {
    "name": "get_weather",
    "description": "The weather in a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
assistant = client.beta.assistants.create(
    model="builtin/tools", tools=[{"type": "function", "function": weather}]
)
run = client.beta.threads.create_and_run_poll(
    assistant_id=assistant.id,
    thread={"messages": [{"role": "user", "content": "What is the weather in Rome and Paris?"}]},
)
for call in run.required_action.submit_tool_outputs.tool_calls:
    print(call.function.name, call.function.arguments)
```"""


def without_functions(images: Sequence[ImagePart | str]) -> str:
    """What is said when there is nothing to call."""
    return _text(_seen(images), _HOW)


def nothing_fits(functions: Sequence[Function], images: Sequence[ImagePart | str], *, forbidden: bool) -> str:
    """What is said when the message asks for no function, or none may be called."""
    listed = [f"- `{one.signature}`" + (f": {_line(one.description)}" if one.description else "") for one in functions]
    more = [f"- and {len(listed) - _LONGEST_LIST} more"] if len(listed) > _LONGEST_LIST else []
    why = (
        "I am told to call no function (`tool_choice` is `none`). These are yours:"
        if forbidden
        else "None of your functions fits that, as far as its words tell. These are yours:"
    )
    return _text(_seen(images), why, "\n".join([*listed[:_LONGEST_LIST], *more]))


def answer(
    outputs: Iterable[tuple[ToolCall, str]], images: Sequence[ImagePart | str], missing: tuple[Function, Missing] | None
) -> str:
    """What the calls have brought, and what could not be called."""
    lines = [f"- `{call.name}`{_arguments(call.arguments)}: {_output(output)}" for call, output in outputs]
    brought = "Your functions say:\n\n" + "\n".join(lines) if lines else ""
    return _text(_seen(images), brought, question(*missing) if missing else "")


def question(function: Function, missing: Missing) -> str:
    """What is asked when a required argument is missing; `asked` finds it again."""
    if not missing.path:
        return (
            f"I could not fill the parameters of `{function.name}` so that they fit its schema, so I did not call it."
        )
    described = f" ({_line(missing.description)})" if missing.description else ""
    return f"To call `{function.name}` I need `{missing.path.replace('`', '')}`{described}. What shall I take?"


def asked(message: PromptMessage) -> tuple[str, str] | None:
    """The function and the argument that a message of ours asks for."""
    if message.role != "assistant" or message.tool_calls or not message.text.endswith(HONEST):
        return None
    found = _ASKED.search(message.text)
    return (found[1], found[2]) if found else None


def no_value(name: str) -> str:
    """The refusal where no JSON fits the schema that was asked for."""
    return f"(Built-in demo model, not a language model.) I found no JSON that fits the schema '{name}'."


def parsed(output: str) -> Any:
    """An output as JSON; None for what is none, or too long to be read."""
    try:
        return json.loads(output) if len(output) <= READ else None
    except (ValueError, RecursionError):
        return None


def _text(*parts: str) -> str:
    return "\n\n".join(part for part in (*parts, HONEST) if part)


def _seen(images: Sequence[ImagePart | str]) -> str:
    """That images are noticed, which is all that can be said about them here."""
    if not images:
        return ""
    named = [
        f"an image at {_place(image.url)}" if isinstance(image, ImagePart) else f"the image {image}" for image in images
    ]
    return f"You sent {' and '.join(named)}. I cannot look into images."


def _place(url: str) -> str:
    return f"a data URL of {len(url)} characters" if url.startswith("data:") else url[:200]


def _arguments(arguments: str) -> str:
    read = parsed(arguments)
    if not isinstance(read, dict):
        return ""
    return " with " + ", ".join(f"{name} {_short(plain(value))}" for name, value in read.items()) if read else ""


def _output(output: str) -> str:
    read = parsed(output)
    shown = read if isinstance(read, str) else plain(read) if read is not None else output
    return _short(" ".join(shown.split())) or "nothing"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_OUTPUT else f"{text[:_LONGEST_OUTPUT]}…"


def _line(text: str) -> str:
    text = " ".join(text.split()).rstrip(".")
    return text if len(text) <= 200 else f"{text[:200]}…"
