"""One Socket.IO connection over a WebSocket, as far as streams take it (wire.md, Socket.IO).

python-socketio's own client takes in whatever comes, each packet in a task of its own. Here nothing is read before what
came last has been dealt with.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final

import aiohttp

from livethread.client.refusals import Unreachable

PATH: Final = "/socket.io/?EIO=4&transport=websocket"
"""Where a server is asked for it, behind its address."""

_PACKET: Final = re.compile(r"4([0-4])(\d*)(.*)", re.DOTALL)
"""Engine.IO's message, in it Socket.IO's type, the number of what it answers, and JSON."""

_CONNECTED, _EVENT, _ANSWER, _REFUSED = "0", "2", "3", "4"

Hear = Callable[[str, Any, int], Awaitable[None]]
"""Is given what the server says: the event, what it carries, and its bytes."""


class Refused(Exception):
    """The server does not want the connection.

    Args:
        said: the error object, with its ``status``.
    """

    def __init__(self, said: Any) -> None:
        super().__init__(str(said))
        self.said = said


class Socket:
    """See the module.

    Args:
        websocket: that stands, and on which nothing was said.
        silence: seconds without a packet after which the connection counts as cut.
    """

    def __init__(self, websocket: aiohttp.ClientWebSocketResponse, silence: float) -> None:
        self._websocket = websocket
        self._silence = silence
        self._size = 0
        self._asked = 0
        self._ended: Exception | None = None
        self._answers: dict[str, asyncio.Future[Any]] = {}

    async def greet(self) -> None:
        """Say hello, and be welcome.

        Raises:
            Refused: not so.
            ConnectionResetError: the connection has ended.
            TimeoutError: it is silent.
            Unreachable: it speaks something else.
        """
        await self._websocket.send_str("40")
        while True:
            kind, _, said = await self._packet()
            if kind == _CONNECTED:
                return
            if kind == _REFUSED:
                raise Refused(said.get("data", said) if isinstance(said, dict) else said)

    async def say(self, event: str, said: Any) -> None:
        """Say an event."""
        await self._websocket.send_str(f"42{json.dumps([event, said])}")

    async def ask(self, event: str, said: Any) -> Any:
        """Say an event, and return what it is acknowledged with.

        Raises:
            ConnectionResetError: the connection has ended.
            TimeoutError: it is not acknowledged, though pings come, or it is silent.
            Unreachable: it speaks something else.
        """
        if self._ended is not None:
            raise self._ended
        self._asked += 1
        number = str(self._asked)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        try:
            await self._websocket.send_str(f"42{number}{json.dumps([event, said])}")
            async with asyncio.timeout(self._silence):
                return await answer
        finally:
            del self._answers[number]

    async def read(self, hear: Hear) -> None:
        """Hand on all that the server says; never comes back.

        Raises:
            ConnectionResetError: the connection has ended.
            TimeoutError: it is silent.
            Unreachable: it speaks something else.
        """
        try:
            while True:
                kind, number, said = await self._packet()
                if kind == _EVENT:
                    await hear(said[0], said[1] if len(said) > 1 else None, self._size)
                elif kind == _ANSWER and (answer := self._answers.get(number)) is not None and not answer.done():
                    answer.set_result(said[0] if said else None)
        except Exception as error:
            self._ended = error
            raise
        finally:
            self._ended = self._ended or ConnectionResetError("it has ended")
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(self._ended)

    async def _packet(self) -> tuple[str, str, Any]:
        """Kind, number and JSON of the next packet that says something; pings are answered."""
        while True:
            message = await self._websocket.receive(self._silence)
            if message.type is not aiohttp.WSMsgType.TEXT:
                raise ConnectionResetError("it has ended")
            if message.data == "2":
                await self._websocket.send_str("3")
            elif message.data == "1" or message.data[:2] == "41":
                raise ConnectionResetError("the server has closed it")
            elif packet := _PACKET.fullmatch(message.data):
                self._size = len(message.data)
                try:
                    return packet[1], packet[2], json.loads(packet[3] or "null")
                except ValueError as error:
                    sentence = "An event of the socket is no JSON; check that a Livethread server is there."
                    raise Unreachable(sentence) from error
