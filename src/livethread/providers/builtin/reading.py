"""From the text of a scenario to its models, with limits and with errors that name the place."""

from __future__ import annotations

import functools
import json
import re
from typing import Any

import yaml
from pydantic import ValidationError
from yaml.nodes import Node

from livethread.providers.builtin.pieces import clean
from livethread.providers.builtin.scenario import Scenario
from livethread.providers.chunks import ProviderError

JSON_LIMIT = 256_000
YAML_LIMIT = 64_000  # at worst a second of parsing, where JSON of this length takes milliseconds

_DEPTH = 50
_SURPRISING = ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp")


class _Loader(yaml.SafeLoader):
    """YAML without aliases, a few lines of which unfold to more than any memory holds.

    As in YAML 1.2 only ``true`` and ``false`` are truth values and a date is text, so that ``when: yes`` is a word.
    """

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.MarkedYAMLError(problem="aliases (*name) are not allowed", problem_mark=self.get_mark())
        return super().compose_node(parent, index)

    def fetch_more_tokens(self) -> None:
        # Each open bracket makes every later token slower to read, so depth is refused where it begins.
        if self.flow_level + len(self.indents) > _DEPTH:
            raise yaml.MarkedYAMLError(problem="it is nested too deeply", problem_mark=self.get_mark())
        super().fetch_more_tokens()


_Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in resolvers if tag not in _SURPRISING]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"(?:true|false)\Z"), ["t", "f"])


@functools.lru_cache(maxsize=32)
def read(text: str) -> Scenario:
    """The scenario that a text in YAML or JSON describes.

    Args:
        text: at most 256,000 characters of JSON or 64,000 of YAML.

    Raises:
        ProviderError: ``bad_request``; its sentence names the place and what is allowed there.
    """
    try:
        return Scenario.model_validate(_parse(text))
    except ValidationError as error:
        raise _refused(_first(error)) from None


_MESSAGES = {
    "missing": "is required",
    "model_type": "must be an object with keys and values",
    "dict_type": "must be an object with keys and values",
    "list_type": "must be a list",
    "string_type": "must be text (in quotes, if it looks like a number)",
    "string_unicode": "must not hold half of a surrogate pair",
    "recursion_depth_exceeded": "is nested too deeply",
    "string_pattern_mismatch": "must not be blank",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
}


def _parse(text: str) -> Any:
    if len(text) > JSON_LIMIT:
        raise _refused(f"{JSON_LIMIT} characters are allowed, not {len(text)}; use repeat for long texts")
    try:
        if text.lstrip().startswith("{"):
            return _first_value(text.lstrip())
    except (ValueError, RecursionError):
        pass  # YAML also begins like this, and says where it is wrong
    if len(text) > YAML_LIMIT:
        raise _refused(f"{YAML_LIMIT} characters of YAML are allowed, not {len(text)}; use repeat for long texts")
    try:
        return yaml.load(text.partition("\n...\n")[0], Loader=_Loader)  # behind its end, likewise
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise _refused(f"{place}{error.problem or 'this is no YAML'}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise _refused(" ".join(str(error).split())) from None
    except RecursionError:
        raise _refused("it is nested too deeply") from None


def _first_value(text: str) -> Any:
    """The JSON at the start; what follows on a line of its own are instructions that were added to the script."""
    value, end = json.JSONDecoder().raw_decode(text)
    rest = text[end:].lstrip(" \t\r")
    if rest and not rest.startswith("\n"):
        raise ValueError("more than one value")
    return value


def _first(error: ValidationError) -> str:
    """The first thing that is wrong, as ``turns[0].steps[2].delay_ms: must be …``."""
    details = error.errors(include_url=False, include_input=False)
    message = _MESSAGES.get(details[0]["type"]) or details[0]["msg"].replace("Input should be", "must be")
    place = ""
    for part in details[0]["loc"]:
        if isinstance(part, int):
            place += f"[{part}]"
        elif not part.startswith(("as:", "step:")):
            place += f".{part}" if place else part
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    if len(place) > 200:
        place = f"{place[:200]}…"
    return f"{place}: {message}{more}" if place else f"{message}{more}"


def _refused(reason: str) -> ProviderError:
    return ProviderError("bad_request", f"The script is not valid: {clean(reason).rstrip('.')}.", status=400)
