"""What a setting's value may be: the same rule for the environment's text and for the file's TOML."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from livethread.errors import SetupError
from livethread.settings.file import SettingsFile, dotted


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of value.

    Args:
        must: what it has to be, as it follows "must be".
        fits: whether a TOML value is one.
        parsed: the environment's text as a TOML value; itself where it cannot be one.
        hidden: the value may hold a secret, and no sentence repeats it.
    """

    must: str
    fits: Callable[[Any], bool]
    parsed: Callable[[str], Any] = str
    hidden: bool = False

    def from_text(self, variable: str, text: str) -> Any:
        """The value that a variable of the environment holds.

        Raises:
            SetupError: it is not of this kind.
        """
        value = self.parsed(text)
        if not self.fits(value):
            found = "has a value that makes no sense; it" if self.hidden else f"is '{text}', but"
            raise SetupError(f"{variable} {found} must be {self.must}; set another or unset it.")
        return value

    def from_file(self, file: SettingsFile, keys: tuple[str, ...], value: Any) -> Any:
        """The value that the file holds at these keys.

        Raises:
            SetupError: it is not of this kind.
        """
        if not self.fits(value):
            found = "" if self.hidden else f"is {_shown(value)}, but "
            raise file.wrong(keys, f"{dotted(keys)} {found}must be {self.must}.")
        return value


def whole(most: int, least: int = 0) -> Kind:
    """A whole number in these bounds."""
    return Kind(
        f"a whole number from {least} to {most}" if least else f"a whole number up to {most}",
        lambda value: type(value) is int and least <= value <= most,
        lambda text: int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else text,
    )


def one_of(*known: str) -> Kind:
    """One of these words."""
    return Kind(f"one of {', '.join(known)}" if len(known) > 1 else f"{known[0]}", lambda value: value in known)


def texts(text: str) -> list[str]:
    """What a variable of the environment lists, by commas."""
    return [item.strip() for item in text.split(",") if item.strip()]


def _float(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value < 1e12


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and value.isprintable()


def _is_address(value: Any) -> bool:
    if not _is_text(value):
        return False
    try:
        parts = urlsplit(value.strip())
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _is_origin(value: Any) -> bool:
    return value in ("*", "null") or (isinstance(value, str) and bool(_ORIGIN.fullmatch(value)))


_ORIGIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?/?")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SWITCH: Final = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}

NUMBER: Final = Kind("a number that is not negative", _is_number, _float)
POSITIVE: Final = Kind("a number greater than 0", lambda value: _is_number(value) and value > 0, _float)
SWITCH: Final = Kind(
    "true or false", lambda value: isinstance(value, bool), lambda text: _SWITCH.get(text.lower(), text)
)
TEXT: Final = Kind("text", _is_text)
ORIGINS: Final = Kind(
    "a list of web origins such as https://app.example.com, or *",
    lambda value: isinstance(value, list) and all(map(_is_origin, value)),
    texts,
)
ADDRESS: Final = Kind("an address such as http://127.0.0.1:11434/v1", _is_address, hidden=True)
VARIABLE: Final = Kind(
    "the name of an environment variable that holds the key, never the key itself",
    lambda value: isinstance(value, str) and bool(_VARIABLE.fullmatch(value)) and not _like_a_key(value),
    hidden=True,
)


def _like_a_key(name: str) -> bool:
    """Whether it looks like a secret rather than a name: nobody has to read it in an error then."""
    return len(name) >= 20 and name != name.upper() and any(character.isdigit() for character in name)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:59] + "…"
