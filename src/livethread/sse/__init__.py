"""Server-sent events, for this server and for endpoints of your own in Flask, FastAPI, Starlette or Django.

`stream` and `astream` make a response body of whatever you iterate over; `text` and `atext` iterate over the answer of
a model; `Answers` keeps answers while they grow, so that a page may watch, lose its connection, and go on. Beneath are
`encode` and `Decoder`, the wire itself. No framework, no dependencies; ``docs/sse.md`` shows each at work.
"""

from livethread.sse.answers import Answer, Answers, Reader
from livethread.sse.completion import atext, text
from livethread.sse.frames import SORRY, Failure, Piece
from livethread.sse.stream import HEADERS, astream, stream
from livethread.sse.wire import KEEP_ALIVE, Decoder, Event, SseError, encode

__all__ = [
    "HEADERS",
    "KEEP_ALIVE",
    "SORRY",
    "Answer",
    "Answers",
    "Decoder",
    "Event",
    "Failure",
    "Piece",
    "Reader",
    "SseError",
    "astream",
    "atext",
    "encode",
    "stream",
    "text",
]
