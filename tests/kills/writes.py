"""A round of writes: many clients create, change and delete while the server is killed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from tests.kills.client import Client
from tests.kills.stored import events_with, reading
from tests.kills.viewers import Viewers

WRITERS = 6
SETTLED = 4
"""Threads of the round that must take a message and a run behind it, beside the one that all share."""


@dataclass
class Write:
    """A request that changes something.

    Args:
        method: POST or DELETE.
        path: where.
        body: what; it carries the key as a mark that stands nowhere else.
        key: its ``Idempotency-Key``.
        verb: what its events are called.
        events: how many.
        answer: None while nobody knows what became of it.
    """

    method: str
    path: str
    body: Any
    key: str
    verb: str = "created"
    events: int = 1
    answer: Any = None


class Writer:
    """One client that does one thing behind another, and remembers what must be there.

    Args:
        client: sends it.
        shared: the path of a thread that others write to as well.
    """

    def __init__(self, client: Client, shared: str) -> None:
        self._client = client
        self._shared = shared
        self._writes: list[Write] = []
        self.there: dict[str, Any] = {}
        """What a path must lead to; None where nothing may be."""

    async def write(self) -> None:
        """Until the server is gone."""
        while True:
            await self._send(self._drawn())

    async def check(self) -> None:
        """What was answered is there as it was answered; what was not is there or not; again it makes no second one."""
        last = self._writes[-1] if self._writes else None
        cut_off = last if last is not None and last.answer is None else None
        for path, due in [*self.there.items()]:
            status, found = await self._client.call("GET", path)
            found = found if status == 200 else None
            if found != due and not (cut_off and _may_have_come_of(cut_off, path, due, found)):
                self._client.wrong(f"{path} is {found} and was answered {due}; the last write was {last}")
            self.there[path] = found  # a deletion that nobody answered may have been done
        self._check_events()
        if cut_off is not None:
            self._client.report.did["writes cut off"] += 1
            if cut_off.method == "POST" or (await self._client.call("GET", cut_off.path))[0] == 200:
                await self._send(self._writes.pop())
        for write in self._client.dice.sample(self._writes, min(3, len(self._writes))):
            if write.method == "POST" and (again := await self._client.post(write.path, write.body, write.key)):
                self._client.report.did["writes repeated"] += 1
                if again != write.answer:
                    self._client.wrong(f"{write} was answered {again} when it was repeated")
        self._check_events()

    def _drawn(self) -> Write:
        dice, mark = self._client.dice, self._client.mark()
        threads = [path for path, found in self.there.items() if found and path.count("/") == 2]
        messages = [path for path, found in self.there.items() if found and path.count("/") == 4]
        chance = dice.random()
        if not threads or chance < 0.1:
            first = [{"role": "user", "content": f"{mark}, {number}"} for number in range(dice.randint(0, 3))]
            body: Any = {"messages": first, "metadata": {"mark": mark}}
            return Write("POST", "/threads", body, mark, events=1 + len(first))
        if not messages or chance < 0.6:
            path = f"{dice.choice([*threads, self._shared])}/messages"
            return Write("POST", path, {"role": "user", "content": mark}, mark)
        if chance < 0.85:
            return Write("POST", dice.choice(messages + threads), {"metadata": {"mark": mark}}, mark, verb="updated")
        return Write("DELETE", dice.choice(threads if chance > 0.97 else messages), None, mark, events=0)

    async def _send(self, write: Write) -> None:
        self._writes.append(write)
        status, answer = await self._client.call(write.method, write.path, write.body, write.key)
        if status != 200:
            raise RuntimeError(f"{write} was answered {status}: {answer}")
        write.answer = answer
        self._client.report.did["writes answered"] += 1
        if write.method == "DELETE":
            self.there |= {path: None for path in self.there if path == write.path or path.startswith(f"{write.path}/")}
        elif write.verb == "created":
            self.there[f"{write.path}/{answer['id']}"] = answer
        else:
            self.there[write.path] = answer

    def _check_events(self) -> None:
        """Each write has all its events, once; one that nobody answered has all or none."""
        with reading(self._client.server.data) as database:
            for write in self._writes:
                found = events_with(database, write.key, write.verb)
                if found != write.events and (found or write.answer):
                    self._client.wrong(f"the log has {found} of {write.events} events of {write}")


def _may_have_come_of(write: Write, path: str, due: Any, found: Any) -> bool:
    """Whether a write that nobody answered may have changed what was due into what was found."""
    if write.method == "DELETE":
        return found is None and (path == write.path or path.startswith(f"{write.path}/"))
    return path == write.path and write.verb == "updated" and bool(found == {**due, **write.body})


class Writes:
    """Many writers.

    Args:
        client: for each.
        viewers: look on at the thread that all share.
    """

    def __init__(self, client: Client, viewers: Viewers) -> None:
        self._client = client
        self._viewers = viewers
        self.threads: list[str] = []

    async def play(self) -> None:
        """Kill the server, and start it again."""
        dice = self._client.dice
        shared = (await self._client.post("/threads", {}))["id"]
        self._viewers.follow(shared, 2)
        writers = [Writer(self._client, f"/threads/{shared}") for _ in range(WRITERS)]
        moment = asyncio.sleep(0.02 + dice.random() * dice.choice([0.1, 0.8]))
        await self._client.server.kill_during([writer.write() for writer in writers], moment)
        for writer in writers:
            await writer.check()
        paths = [path for writer in writers for path, found in writer.there.items() if found and path.count("/") == 2]
        self.threads = [shared, *(path.split("/")[2] for path in dice.sample(paths, min(SETTLED, len(paths))))]

    async def over(self) -> None:
        """All was compared behind the restart."""
