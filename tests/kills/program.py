"""The program: rounds of four kinds, in each of which something is killed by ``kill -9`` at a random moment.

``python -m tests.kills --seed 7 --kills 100`` runs it at any length.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.kills.client import Client
from tests.kills.imports import Imports
from tests.kills.process import ServerProcess
from tests.kills.report import Report
from tests.kills.settling import Settling
from tests.kills.stored import by_halves, reading
from tests.kills.streams import Streams
from tests.kills.tool_rounds import ToolRounds
from tests.kills.viewers import Viewers
from tests.kills.writes import Writes

KINDS: dict[str, Any] = {"writes": Writes, "streams": Streams, "tool rounds": ToolRounds, "imports": Imports}


class Program:
    """Kills a server at random moments.

    Args:
        client: of that server.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._viewers = Viewers(client)
        self._settling = Settling(client, self._viewers)
        self._going: list[Any] = []
        self._settled: list[str] = []

    async def play(self, kills: int) -> None:
        """So many rounds; the threads of some go through the next kill as well before they must come to an end."""
        await self._client.make_assistant()
        for kind in self._kinds(kills):
            round = KINDS[kind](self._client, self._viewers)
            self._going.append(round)
            await round.play()
            self._client.report.kills[kind] += 1
            await self._check()
            await self._settle(keep=self._client.dice.choice([0, 1]))
            if self._client.report.wrong:
                break
        await self._settle(keep=0)
        await self._viewers.close()

    def _kinds(self, kills: int) -> Iterator[str]:
        deck: list[str] = []
        for _ in range(kills):
            deck = deck or self._client.dice.sample(list(KINDS), len(KINDS))
            yield deck.pop()

    async def _check(self) -> None:
        """Right behind a restart."""
        await self._viewers.come_back()
        threads = [thread_id for round in self._going for thread_id in round.threads]
        with reading(self._client.server.data) as database:
            for thread_id in threads:
                self._client.report.wrong += by_halves(database, thread_id)
        for thread_id in [*threads, *self._client.dice.sample(self._settled, min(3, len(self._settled)))]:
            await self._settling.check_ended(thread_id)

    async def _settle(self, keep: int) -> None:
        while len(self._going) > keep:
            round = self._going.pop(0)
            for thread_id in round.threads:
                if self._client.report.wrong:  # nothing more is to be learnt by waiting
                    return
                await self._settling.settle(thread_id)
            await round.over()
            self._settled += round.threads


async def program(data: Path, seed: int, kills: int) -> Report:
    """Kill a server so many times.

    Args:
        data: a folder for its data, and for what it imports.
        seed: of every choice.
        kills: how often.
    """
    report, server = Report(seed), ServerProcess(data / "data")
    async with server.running():
        await Program(Client(server, random.Random(seed), report)).play(kills)
    if "Traceback" in server.logged:
        report.wrong.append(f"the server has logged {server.logged[-4000:]}")
    return report
