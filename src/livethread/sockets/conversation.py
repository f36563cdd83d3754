"""What one socket says, and what it is answered."""

from __future__ import annotations

import json
from typing import Any, Final, TypeVar

import structlog
from pydantic import ValidationError

from livethread.domain.body import Body
from livethread.domain.explained import from_validation
from livethread.domain.rooms import Register, RoomMessage
from livethread.domain.strict_json import check_text
from livethread.errors import ApiError
from livethread.sockets.live import Asked, Followed, Live, Named, Taken
from livethread.sockets.outlet import Outlet
from livethread.sockets.packets import Bundle, event
from livethread.sockets.room_conversation import RoomConversation
from livethread.sockets.room_lobby import Lobby

log = structlog.get_logger()

_OF_THREADS: Final = frozenset(["subscribe", "unsubscribe", "ack"])
_OF_ROOMS: Final = frozenset(["register", "message"])

_Body = TypeVar("_Body", bound=Body)


class SocketConversation:
    """See the module, and `livethread.sockets.engine.Conversation`.

    Args:
        outlet: of the socket.
        live: what sockets follow.
        lobby: the way into rooms.
    """

    def __init__(self, outlet: Outlet, live: Live, lobby: Lobby) -> None:
        self._outlet = outlet
        self._live = live
        self._room = RoomConversation(outlet, lobby)
        self._followed = Followed(outlet)

    async def hear(self, name: str | None, args: tuple[Any, ...]) -> Any:
        """The client says an event; what is refused is told in the acknowledgement and by an event.

        That event is ``error``; for a client of the room protocol, a ``message`` of the system.
        """
        try:
            return await self._answer(name, args[0] if args else None)
        except ApiError as error:
            refused = error
        except Exception:
            log.exception("event failed", event=name)
            refused = ApiError("The server had an error processing your event; its log says why.", status=500)
        if name in _OF_ROOMS or (self._room.is_in_room and name not in _OF_THREADS):
            await self._room.refuse(refused.message)
        else:
            said = {"event": name, **refused.described}
            await self._outlet.answer(Bundle([event("error", json.dumps(said).encode("ascii"))]))
        return {"verdict": "error", "status": refused.status, "error": refused.described}

    def close(self) -> None:
        """The client has gone."""
        self._followed.close()
        self._room.close()

    async def _answer(self, name: str | None, said: Any) -> Any:
        match name:
            case "subscribe":
                return await self._live.subscribe(self._followed, parsed(Asked, said))
            case "unsubscribe":
                self._followed.leave(parsed(Named, said).thread_id)
            case "ack":
                taken = parsed(Taken, said)
                self._followed.acknowledge(taken.thread_id, taken.id)
            case "register":
                return await self._room.register(parsed(Register, said))
            case "message":
                return await self._room.post(parsed(RoomMessage, said))
            case None:
                raise ApiError("This cannot be read. Expected an event: a JSON array that begins with its name.")
            case _:
                raise ApiError(
                    f"Unknown event '{name[:64]}'. This server hears subscribe, unsubscribe, ack, register and message."
                )
        return None


def parsed(body: type[_Body], said: Any) -> _Body:
    """What an event carries.

    Raises:
        ApiError: it is not that.
    """
    check_text(said)
    try:
        return body.model_validate(said)
    except ValidationError as error:
        raise from_validation(error.errors()) from error
