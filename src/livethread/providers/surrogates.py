"""Surrogate pairs that an engine has cut in two."""

from __future__ import annotations


class PairedText:
    """Text in pieces whose surrogate pairs are whole: half a pair waits for the next piece, a lone one is U+FFFD."""

    __slots__ = ("_half",)

    def __init__(self) -> None:
        self._half = ""

    def add(self, piece: str) -> str:
        """What may be passed on now; it may be empty."""
        if not self._half and piece.isascii():
            return piece
        text, self._half = self._half + piece, ""
        try:
            text.encode()
        except UnicodeEncodeError:
            if "\ud800" <= text[-1] <= "\udbff":
                text, self._half = text[:-1], text[-1]
            return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return text

    def end(self) -> str:
        """What stands for a half that has never been completed."""
        rest, self._half = "\ufffd" if self._half else "", ""
        return rest
