"""``livethread.toml``: read as a whole, and able to say on which line a key stands."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Self

from livethread.errors import SetupError

NAME: Final = "livethread.toml"

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_PLACE: Final = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A settings file as it was found.

    Args:
        path: where it lies, as sentences about it name it.
        text: what it says.
        values: the same, parsed.
    """

    path: Path
    text: str
    values: Mapping[str, Any]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a file.

        Raises:
            SetupError: it cannot be read, is not UTF-8, or is not valid TOML.
        """
        try:
            data = path.read_bytes()
        except OSError as error:
            raise SetupError(
                f"The settings file {path} cannot be read ({error.strerror}); name another one with --config."
            ) from error
        try:
            text = data.decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise SetupError(f"{path}:{line}: This is not UTF-8; save the file in that encoding.") from error
        try:
            return cls(path, text, tomllib.loads(text))
        except RecursionError as error:
            raise SetupError(f"{path}: This is nested too deeply to be a settings file.") from error
        except tomllib.TOMLDecodeError as error:
            place = _PLACE.search(str(error))
            line = int(place[1]) if place and place[1] else _line(text)
            what = _PLACE.sub("", str(error))
            hint = "; a name with other characters than letters, digits, - and _ stands in quotes"
            unquoted = "Invalid statement" in what or "after a key" in what
            raise SetupError(f"{path}:{line}: This is not valid TOML: {what}{hint if unquoted else ''}.") from error

    def wrong(self, keys: tuple[str, ...], sentence: str) -> SetupError:
        """What is wrong with the value at these keys, with its file and line.

        Args:
            keys: its path, such as ``("upstreams", "local", "url")``.
            sentence: says what is wrong, and what to do.
        """
        return SetupError(f"{self.path}:{_line(self.text, keys)}: {sentence}")

    def unknown(self, keys: tuple[str, ...], known: Iterable[str], what: str) -> SetupError:
        """A key that nobody knows, and the known one that it is nearest to.

        Args:
            keys: its path.
            known: the keys that could stand there.
            what: would have such a key, such as ``an upstream``.
        """
        near = get_close_matches(keys[-1].lower(), known := sorted(known), 1)
        hint = f"did you mean {near[0]}?" if near else f"it may have {', '.join(known)}."
        return self.wrong(keys, f"{what} has no key {dotted(keys[-1:])}; {hint}")


def dotted(keys: tuple[str, ...]) -> str:
    """A path as TOML spells it: ``upstreams.local.url``, ``aliases."gpt-4.1"``."""
    return ".".join(key if _BARE.fullmatch(key) else json.dumps(key, ensure_ascii=False) for key in keys)


def _line(text: str, keys: tuple[str, ...] = ()) -> int:
    """The line where the value at these keys begins; without keys, where the first statement begins that never ends.

    tomllib keeps no places. But a statement is over where the text up to it can be parsed, so the file is read
    again line by line until the keys are there. Only an error costs that.
    """
    lines = text.split("\n")
    begun = 1
    for count in range(1, len(lines) + 1):
        try:
            values = tomllib.loads("\n".join(lines[:count]))
        except tomllib.TOMLDecodeError:
            continue  # in the middle of a statement
        if keys and _holds(values, keys):
            return begun
        begun = count + 1
    return begun


def _holds(values: Any, keys: tuple[str, ...]) -> bool:
    for key in keys:
        if not isinstance(values, dict) or key not in values:
            return False
        values = values[key]
    return True
