"""Who is cut off for taking nothing, by a clock that is passed in."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import cast

from livethread.api.stalled import AT_ONCE, LOOK_EVERY, PATIENCE, Stalled


class Client:
    """A connection, as its kernel knows it, and its transport.

    Args:
        waits: whether something is left for its client to take.
        steady: whether its client takes some of it all the time.
    """

    def __init__(self, *, waits: bool, steady: bool = False) -> None:
        self.waits = waits
        self.steady = steady
        self.looks = 0
        self.aborted = False

    @property
    def transport(self) -> asyncio.Transport:
        return cast(asyncio.Transport, self)

    def abort(self) -> None:
        self.aborted = True


def taken(transport: asyncio.Transport) -> tuple[bool, int]:
    client = cast(Client, transport)
    client.looks += 1
    return client.waits, client.looks if client.steady else 0


def test_only_who_leaves_something_and_takes_nothing_for_so_long_is_cut_off() -> None:
    idle, slow, stuck = Client(waits=False), Client(waits=True, steady=True), Client(waits=True)
    stalled, now = Stalled(taken), 100.0
    while now < 100 + PATIENCE:
        stalled.look({idle, slow, stuck}, now)
        assert not stuck.aborted
        now += LOOK_EVERY / 10
    stalled.look({idle, slow, stuck}, now)
    assert [client.aborted for client in (idle, slow, stuck)] == [False, False, True]


def test_who_takes_something_in_the_end_begins_anew() -> None:
    client, stalled = Client(waits=True), Stalled(taken)
    stalled.look({client}, 0)
    client.waits = False
    stalled.look({client}, PATIENCE - 5)
    client.waits = True
    stalled.look({client}, PATIENCE)
    stalled.look({client}, 2 * PATIENCE - 5)
    assert not client.aborted
    stalled.look({client}, 2 * PATIENCE)
    assert client.aborted


def test_many_are_looked_at_some_at_a_time_each_once_in_a_round_and_who_has_gone_no_more() -> None:
    clients = {Client(waits=True) for _ in range(AT_ONCE * 2 + 1)}
    stalled, there = Stalled(taken), set(clients)
    stalled.look(there, 0.0)
    seen = {client for client in clients if client.looks}
    assert len(seen) == AT_ONCE
    gone = (clients - seen).pop()
    there.discard(gone)
    for tick in range(1, 20):
        stalled.look(there, tick / 10)
    assert Counter(client.looks for client in clients) == {1: AT_ONCE * 2, 0: 1}
    assert gone.looks == 0
