"""Holds everything that goes between an SDK and a server against the published contract."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.matrix.tap import Tap
from tests.sdk.contract import faults


@contextmanager
def checked(url: str, at_least: int = 1) -> Iterator[Tap]:
    """A tap in front of a server; at the block's end every answer and every event that went through must be right.

    Args:
        url: the server's address.
        at_least: how many answers there must have been, so that nothing passes because nothing was seen.
    """
    with Tap(url) as tap:
        yield tap
    exchanges = tap.exchanges()
    wrong = [str(fault) for exchange in exchanges for fault in faults(exchange) if not fault.known]
    assert not wrong, "\n".join(["not what the contract says:", *wrong])
    assert len(exchanges) >= at_least, f"only {len(exchanges)} answers were seen, and it should be {at_least} or more"
