"""What a request may ask for that not every model or engine can do, and how their refusals are told from others.

The words were read from refusals of OpenAI, OpenRouter, Groq, vLLM, llama.cpp, llama-cpp-python, Ollama and LM Studio.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Final, Literal

from livethread.providers.chat_request import shows_images
from livethread.providers.chunks import Request

Ability = Literal["images", "stream", "schema", "tools"]


@dataclass(frozen=True, slots=True)
class _Unable:
    words: re.Pattern[str]
    advice: str


_UNABLE: Final[Mapping[Ability, _Unable]] = {
    "images": _Unable(
        re.compile(r"image|vision|multi-?modal|mmproj", re.IGNORECASE),
        "Choose a model that takes images, or set images = false for this one's upstream in livethread.toml, "
        "so that runs say so at once.",
    ),
    "stream": _Unable(
        re.compile(r"\bstream(ing|ed|_options)?\b", re.IGNORECASE),
        "Set stream = false for this upstream in livethread.toml: its answers are then asked for whole, and told word "
        "by word.",
    ),
    "schema": _Unable(
        re.compile(r"response.?format|\bschema|json.?(schema|object|mode)|structured.?output|grammar", re.IGNORECASE),
        "Simplify the schema in response_format, or use {'type': 'json_object'} or a model that knows schemas.",
    ),
    "tools": _Unable(
        re.compile(r"\btools?\b|\bfunctions?\b|(tool|function)[-_]", re.IGNORECASE),
        "Check the functions; if the model cannot call any, choose one that can, or start its engine "
        "with tool calling on.",
    ),
}
_UNSUPPORTED: Final = (
    r"not (yet )?(be )?(support|enabled|allowed|available|implemented|permitted)|(n't|cannot|unable to) support|"
    r"unsupported"
)
_STREAM_REFUSED: Final = re.compile(_UNSUPPORTED, re.IGNORECASE)
_REFUSED: Final = re.compile(
    rf"{_UNSUPPORTED}|support (image|tool)|requires?\b|should be|must be|need to provide|missing data", re.IGNORECASE
)


def abilities(request: Request, *, stream: bool) -> frozenset[Ability]:
    """What a request needs besides plain text.

    Args:
        request: the turn.
        stream: whether its answer is asked for as a stream.
    """
    needs: dict[Ability, bool] = {
        "images": shows_images(request),
        "stream": stream,
        "schema": not isinstance(request.response_format, str) and request.response_format.get("type") != "text",
        "tools": bool(request.tools),
    }
    return frozenset(ability for ability, needed in needs.items() if needed)


def advice(needed: frozenset[Ability], status: int, said: str, param: str) -> str | None:
    """What to do about a refusal for want of an ability; None where it is about something else.

    A 400 is a refusal anyway. Some engines send 404 or 500 instead, which must also sound like one.

    Args:
        needed: what the request asks for.
        status: of the answer, or what stands for it in a stream.
        said: its words.
        param: the field that it blames, or "".
    """
    if status not in (400, 404, 422, 500, 501):
        return None
    for told, (ability, unable) in product((param, said), _UNABLE.items()):
        if ability not in needed or not unable.words.search(told):
            continue
        if ability == "stream":  # nearly every request streams, and many an error has that word in it
            refused = told == param or _STREAM_REFUSED.search(said)
        else:
            refused = status in (400, 422) or _REFUSED.search(said)
        if refused:
            return unable.advice
    return None
