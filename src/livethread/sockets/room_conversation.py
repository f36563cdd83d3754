"""The events of the room protocol that one socket says (wire.md, Socket.IO, Room protocol)."""

from __future__ import annotations

import asyncio
from typing import Final

from livethread.domain.rooms import SOCKET, Register, RoomMessage
from livethread.errors import ApiError
from livethread.sockets.outlet import Outlet
from livethread.sockets.packets import Bundle
from livethread.sockets.room_lobby import Lobby, Stay, not_registered

EARLY: Final = 20
"""Messages that may come before ``register``: a client that was cut off says first what it has gathered."""

EARLY_SECONDS: Final = 2.0
"""So long they wait for it."""


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
        self._early: list[RoomMessage] = []
        self._patience: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def outlet(self) -> Outlet:
        """Where it is told."""
        return self._outlet

    @property
    def is_in_room(self) -> bool:
        """Whether it has registered."""
        return self._said is not None

    async def register(self, said: Register) -> None:
        """Come into a room, or into another one, or under another name.

        Raises:
            NotFound: there is no such thread or assistant.
            ApiError: there is nobody to answer, or no place.
        """
        await self._enter(said)
        early, self._early = self._early, []
        for message in early:
            try:
                await self.post(message)
            except ApiError as error:  # the registration itself is good
                await self.refuse(error.message)

    async def post(self, message: RoomMessage) -> None:
        """Say something to all, and have it answered.

        Raises:
            NotFound: the thread or the assistant is gone.
            ApiError: it has not registered, or the message is refused.
        """
        if self._said is None:
            self._keep(message)
            return
        if self._stay is None:
            await self._enter(self._said)
        stay = self._stay
        assert stay is not None
        stay.sink.expect(message.id, message.created_at)
        try:
            await self._lobby.rooms.post(stay.thread_id, message, stay.sink.person, stay.assistant_id, SOCKET)
        except BaseException:
            stay.sink.expect_no_more(message.id)
            raise

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
        if self._patience is not None:
            self._patience.cancel()
        self._leave()

    def anew(self) -> None:
        """See `livethread.sockets.room_lobby.Guest`."""
        self._lobby.do(self._again())

    def lost(self) -> None:
        """See `livethread.sockets.room_lobby.Guest`."""
        if self._stay is not None and self._stay.is_over and not self._closed:
            is_default, ended = self._stay.is_default, self._stay.viewer.ended
            self._leave()
            if is_default and ended:
                self._lobby.wait(self)

    async def follow(self) -> None:
        """See `livethread.sockets.room_lobby.Guest`."""
        if self._said is not None and self._stay is None and not self._closed:
            try:
                await self._enter(self._said)
            except ApiError as error:
                await self.refuse(error.message)

    async def _again(self) -> None:
        stay, said = self._stay, self._said
        if stay is not None and said is not None:
            await self._enter(said, welcome=False)

    async def _enter(self, said: Register, *, welcome: bool = True) -> None:
        before = self._stay
        self._leave()  # nobody hears of it: a leave is told later
        self._stay = await self._lobby.enter(self, said, before, welcome=welcome)
        self._said = said.model_copy(update={"last": None})
        if self._closed:
            self._leave()

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
