"""A line that is being typed, where the terminal itself does not edit; pure."""

from __future__ import annotations

import re
from typing import Final

END: Final = "\x04"
"""What Ctrl-D sends."""

_ESCAPES: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|[^\[O])")
_BEGUN_ESCAPE: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|O)?\Z")


class LineEditor:
    """Takes keys and gives lines. Arrows and the like do nothing."""

    def __init__(self) -> None:
        self.text = ""
        """What stands in the line now."""
        self._begun = ""  # an escape sequence of which the rest is still to come

    def take(self, keys: str) -> list[str]:
        """The lines that these keys complete; `END` for a Ctrl-D in an empty one."""
        keys = self._begun + keys
        begun = _BEGUN_ESCAPE.search(keys)
        self._begun = begun[0] if begun else ""
        lines = []
        for key in _ESCAPES.sub("", keys.removesuffix(self._begun)):
            match key:
                case "\r" | "\n":
                    lines.append(self.text)
                    self.text = ""
                case "\x7f" | "\b":
                    self.text = self.text[:-1]
                case "\x15":  # Ctrl-U
                    self.text = ""
                case "\x17":  # Ctrl-W
                    self.text = re.sub(r"\S*\s*\Z", "", self.text)
                case "\x04":
                    if not self.text:
                        lines.append(END)
                case _ if key >= " ":
                    self.text += key
        return lines
