"""What is told of a thread, whatever brings it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a thread.

    Args:
        type: such as ``thread.message.delta`` (wire.md, Event types).
        data: its object, as parsed JSON.
        id: the cursor behind it, with which its stream may be resumed; presence and typing move none.
    """

    type: str
    data: Any
    id: str
