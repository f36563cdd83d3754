"""The events of the room protocol that one socket says (wire.md, Socket.IO, Room protocol)."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Final

from livethread.domain.rooms import SOCKET, Register, RoomMessage
from livethread.errors import ApiError, NotFound
from livethread.sockets.outlet import Outlet
from livethread.sockets.packets import Bundle
from livethread.sockets.room_lobby import Lobby, Stay, not_registered

EARLY: Final = 20
"""Messages that may come before ``register``: a client that was cut off says first what it has gathered."""

EARLY_SECONDS: Final = 2.0
"""So long they wait for it."""

AGAIN: Final = 0.5
"""Seconds after which a client comes in again that its hub has lost; a server that stops has closed it by then."""

PATIENCE: Final = 10.0
"""Seconds after which a client that lags is acknowledged what it has not come to yet."""


class RoomConversation:
    """See the module; a `livethread.sockets.room_lobby.Guest`.

    Args:
        outlet: of the socket.
        lobby: the way into rooms.
    """

    def __init__(self, outlet: Outlet, lobby: Lobby) -> None:
        self._outlet = outlet
        self._lobby = lobby
        self._said: Register | None = None
        self._stay: Stay | None = None
        self._before: Stay | None = None  # where it was until it could not be let in again
        self._moving = asyncio.Lock()
        self._early: list[RoomMessage] = []
        self._patience: asyncio.TimerHandle | None = None
        self._return: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def outlet(self) -> Outlet:
        """Where it is told."""
        return self._outlet

    @property
    def is_in_room(self) -> bool:
        """Whether it has registered."""
        return self._said is not None

    async def register(self, said: Register) -> dict[str, Any]:
        """Come into a room, or into another one, or under another name; where that is refused, all stays as it was.

        Returns:
            The acknowledgement: by which name the others know it, and the thread that the room is.

        Raises:
            NotFound: there is no such thread or assistant.
            ApiError: there is nobody to answer, or no place.
        """
        async with self._moving:
            before = self._said if self._stay is not None else None
            try:
                stay = await self._enter(said)
            except ApiError:
                if before is not None:
                    await self._stay_on(before)
                raise
        early, self._early = self._early, []
        for message in early:
            try:
                await self.post(message)
            except ApiError as error:  # the registration itself is good
                await self.refuse(error.message)
        return {"verdict": "registered", "name": stay.sink.person.name, "thread_id": stay.thread_id}

    async def post(self, message: RoomMessage) -> dict[str, Any] | None:
        """Say something to all, and have it answered.

        Returns:
            The acknowledgement: when it was said, as all others are told; null if it was posted before.

        Raises:
            NotFound: the thread or the assistant is gone.
            ApiError: it has not registered, or the message is refused.
        """
        if self._said is None:
            self._keep(message)
            return None
        try:
            return await self._post(message)
        except NotFound:
            stay = self._stay
            if stay is None or not stay.is_default or await self._lobby.rooms.known_default() == stay.thread_id:
                raise
            self._leave()  # its thread was deleted, and we have not heard of it yet
            return await self._post(message)

    async def refuse(self, why: str) -> None:
        """Tell it that something cannot be, as a message of the system; come back when it may be told more."""
        if self._stay is not None:
            wait = self._stay.sink.tell(why)
        else:
            wait = self._outlet.write(Bundle([self._lobby.sentence(why)]))
        if wait is not None:
            await wait

    def close(self) -> None:
        """The client has gone."""
        self._closed = True
        self._lobby.forget(self)
        for timer in (self._patience, self._return):
            if timer is not None:
                timer.cancel()
        self._leave()

    def anew(self) -> None:
        """See `livethread.sockets.room_lobby.Guest`."""
        self._lobby.do(self._again(self._stay))

    def lost(self) -> None:
        """See `livethread.sockets.room_lobby.Guest`."""
        if self._stay is not None and self._stay.is_over and not self._closed:
            stay = self._stay
            self._leave()
            if not stay.viewer.ended:
                self._before = stay
                self._return = asyncio.get_running_loop().call_later(AGAIN, lambda: self._lobby.do(self.follow()))
            elif stay.is_default:
                self._lobby.wait(self)

    async def follow(self) -> None:
        """See `livethread.sockets.room_lobby.Guest`."""
        await self._again(None)

    async def _again(self, stay: Stay | None) -> None:
        """Come in once more, unless it has moved on by itself."""
        try:
            async with self._moving:
                if self._said is not None and self._stay is stay and not self._closed:
                    await self._enter(self._said, welcome=stay is None and self._before is None)
        except ApiError as error:
            await self.refuse(error.message)

    async def _stay_on(self, said: Register) -> None:
        with suppress(ApiError):  # why it was refused is the better answer
            await self._enter(said, welcome=False)

    async def _enter(self, said: Register, *, welcome: bool = True) -> Stay:
        self._before = self._stay or self._before
        if self._stay is not None:
            self._stay.sink.fall_silent()
        try:
            stay = await self._lobby.enter(self, said, self._before, welcome=welcome)
        finally:
            self._leave()  # behind it: so the hub, and all who are known to be there, stay
        self._stay = stay
        self._before = None
        self._said = said.model_copy(update={"last": None})
        if self._closed:
            self._leave()
        return stay

    async def _post(self, message: RoomMessage) -> dict[str, Any] | None:
        async with self._moving:
            if self._stay is None and self._said is not None and not self._closed:
                await self._enter(self._said)
            stay, said = self._stay, self._said
        if stay is None or said is None:  # the client has gone meanwhile
            return None
        assistant = await self._lobby.rooms.assistant(said.assistant_id)  # who answered before may be there no more
        sink = stay.sink
        passed = sink.expect(message.id, message.created_at)
        try:
            run = await self._lobby.rooms.post(stay.thread_id, message, sink.person, assistant.id, SOCKET)
            assert run.begins is not None
            if not passed.done() and sink.held.seq < run.begins.run_seq:  # it lags; else it was posted before
                either: list[asyncio.Future[Any]] = [passed, stay.viewer.closed]
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED, timeout=PATIENCE)
        finally:
            sink.expect_no_more(message.id)
        return {"verdict": "posted", "created_at": str(passed.result()) if passed.done() else None}

    def _leave(self) -> None:
        stay, self._stay = self._stay, None
        if stay is not None:
            stay.leave()

    def _keep(self, message: RoomMessage) -> None:
        if len(self._early) >= EARLY:
            raise not_registered()
        self._early.append(message)
        if self._patience is None:
            self._patience = asyncio.get_running_loop().call_later(EARLY_SECONDS, self._give_up)

    def _give_up(self) -> None:
        self._patience = None
        early, self._early = self._early, []
        if early:
            self._outlet.write(Bundle([self._lobby.sentence(not_registered().message)]))
