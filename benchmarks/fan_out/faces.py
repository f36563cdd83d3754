"""The faces that events are handed out by, each with its subjects, and with what Livethread has to reach among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.fan_out.crowds import CROWDS, Crowd
from benchmarks.fan_out.subjects import (
    ASGI,
    LIMIT,
    NCHAN,
    NODE,
    NODE_SOCKETIO,
    OURS,
    OURS_SOCKETS,
    PYTHON_SOCKETIO,
    SSE_STARLETTE,
    STARLETTE,
)


class Ceilings(NamedTuple):
    """What Livethread's figures may be at most.

    Args:
        p99: milliseconds, with many threads at a pace that is to be held.
        memory: KB for an idle viewer.
    """

    p99: float
    memory: float


@dataclass(frozen=True, eq=False)
class Face:
    """See the module.

    Args:
        title: as the page has it.
        names: of its subjects; the first is Livethread.
        ratios: what it has to deliver per core at least, in parts of what a peer does; None if that is only reported.
        ceilings: if there are any.
        packages: of Python, whose versions matter.
        picture: where its bars go.
    """

    title: str
    names: tuple[str, ...]
    ratios: Mapping[Crowd, Mapping[str, float | None]]
    ceilings: Ceilings | None
    packages: tuple[str, ...]
    picture: Path

    @property
    def ours(self) -> str:
        """Livethread."""
        return self.names[0]


STREAMS: Final = Face(
    "server-sent events",
    (OURS, ASGI, STARLETTE, SSE_STARLETTE, NODE, NCHAN, LIMIT),
    {
        CROWDS[2]: {STARLETTE: 2.5, SSE_STARLETTE: 4.5, NODE: 1.2, NCHAN: 1.2, LIMIT: 0.6},
        CROWDS[3]: {STARLETTE: 2.5, SSE_STARLETTE: 4.0, NODE: 1.1, NCHAN: 1.0, LIMIT: 0.55},
        CROWDS[4]: {NODE: 1.0},
    },
    Ceilings(p99=100, memory=14),
    ("uvicorn", "uvloop", "httptools", "starlette", "sse-starlette"),
    Path("docs/fan-out.svg"),
)
SOCKETS: Final = Face(
    "Socket.IO",
    (OURS_SOCKETS, PYTHON_SOCKETIO, NODE_SOCKETIO),
    {
        CROWDS[2]: {PYTHON_SOCKETIO: 10, NODE_SOCKETIO: 1.5},
        CROWDS[3]: {PYTHON_SOCKETIO: None, NODE_SOCKETIO: None},
        CROWDS[4]: {PYTHON_SOCKETIO: None, NODE_SOCKETIO: None},
    },
    None,
    ("uvicorn", "uvloop", "websockets", "python-engineio", "python-socketio"),
    Path("docs/fan-out-socketio.svg"),
)
FACES: Final = (STREAMS, SOCKETS)
NAMES: Final = STREAMS.names + SOCKETS.names
