"""What is said to a reader, as it stands on the wire: pieces, failures, the end."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from livethread.sse.wire import Event, encode

Piece: TypeAlias = Event | str | Mapping[str, object] | Sequence[object]
"""What a stream is made of: an event as it is, or anything that JSON can say."""

SORRY: Final = "Something went wrong here, and the answer ends. Please ask again."
"""What a reader is told of an error that was not meant for readers."""

_log = logging.getLogger("livethread.sse")


class Failure(Exception):
    """What went wrong, in a sentence that readers are shown; the text of any other error never reaches them."""


def frame(piece: Piece) -> bytes:
    """A piece as one event.

    All but an `Event` becomes one line of JSON in ASCII: ``JSON.parse(event.data)`` gives it back whatever line ends
    are in it, and a reader that decodes each network chunk by itself never meets half a character.

    Raises:
        TypeError: JSON cannot say it.
        ValueError: it cannot say a number in it, or the event breaks out of its line.
    """
    if isinstance(piece, Event):
        return encode(None if piece.type == "message" else piece.type, piece.data, piece.id or None, piece.retry)
    return encode(None, json.dumps(piece, allow_nan=False))


def ending(sentence: str | None, id: str | None = None) -> bytes:
    """The last events: ``error`` if the stream failed, and always ``done``, at which a page closes its EventSource.

    Args:
        sentence: why it failed.
        id: of the last event.
    """
    failed = b"" if sentence is None else encode("error", json.dumps({"message": sentence}))
    return failed + encode("done", "{}", id)


def sentence(error: BaseException) -> str:
    """What a reader is told of an error; one that is not meant for readers is logged."""
    if isinstance(error, Failure):
        return str(error)
    _log.error("A stream ended in an error that its reader was not told.", exc_info=error)
    return SORRY
