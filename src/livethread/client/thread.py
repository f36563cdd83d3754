"""One thread: its events, its state, and what may be done in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Literal

from livethread.client.connection import Connection
from livethread.client.event import Event
from livethread.client.state import State, Watch, states
from livethread.client.stream import follow
from livethread.domain.fold import Object
from livethread.domain.people import Person

Content = str | list[Object]
"""The content of a message: text, or a list of the API's blocks."""


class Thread:
    """A thread of a server; made by `Client.thread` and `Client.create_thread`.

    Every call raises `ApiError` (status, message, param, code) where it is refused, `NotFound` where something does not
    exist, and `Unreachable` where nobody answers. Calls are sent again while nobody answers; nothing is done twice.

    Args:
        connection: to the server.
        id: of the thread.
        person: who looks on and writes; nobody in particular if None.
    """

    def __init__(self, connection: Connection, id: str, person: Person | None) -> None:
        self.id = id
        self._connection = connection
        self._person = person
        self._path = f"/threads/{id}"
        self._who: dict[str, str] = {} if person is None else person._asdict()
        self._watches: set[Watch] = set()

    # ------------------------------------------------------------------------------------------------ live

    def events(self, *, cursor: str | None = None, limit: int = 20) -> AsyncGenerator[Event, None]:
        """Every event of the thread from now on, each once, until the thread is deleted.

        It begins with a ``thread.snapshot``, and whenever one comes, what was held before is void. While the body of
        the loop is busy nothing is read. Within ``contextlib.aclosing`` the connection is closed at once where the loop
        is left early, else when the generator is collected.

        Args:
            cursor: the ``id`` of an event, to go on behind it; the snapshot then comes only if the server cannot tell
                what has happened since.
            limit: how many of the newest messages, and of the runs that have ended, a snapshot shows, 1 to 100.

        Raises:
            ApiError: the key is wrong or the request makes no sense; `NotFound` if there is no such thread.
            Unreachable: there is no such server. One that has answered before is waited for.
        """
        return follow(self._connection, self.id, self._query(limit), cursor)

    def states(self, *, limit: int = 20) -> AsyncGenerator[State, None]:
        """The state of the thread whenever it has changed; one who is slow is shown the newest, and none in between.

        Args:
            limit: as for `events`.

        Raises:
            ApiError: as for `events`.
            Unreachable: likewise.
        """
        return states(self._connection, self.id, self._query(limit), self._watches)

    async def messages(self, *, limit: int = 20) -> AsyncGenerator[tuple[Object, ...], None]:
        """The messages of `states`, newest first, whenever one of them has changed.

        Args:
            limit: as for `events`.

        Raises:
            ApiError: as for `events`.
            Unreachable: likewise.
        """
        shown: tuple[Object, ...] | None = None
        async with aclosing(self.states(limit=limit)) as seen:
            async for state in seen:
                if state.messages is not shown:
                    shown = state.messages
                    yield shown

    async def older(self) -> bool:
        """Load older messages into what `states` and `messages` show, up to 100; several who ask at once get the same.

        A snapshot, which comes where the server cannot tell what was missed, holds the newest messages only.

        Returns:
            Whether there are more.

        Raises:
            ApiError: it is refused.
            Unreachable: nobody answers.
            ValueError: no loop over `states` or `messages` of this object has been shown anything.
        """
        if not self._watches:
            raise ValueError("Nobody looks on: loop over messages() or states(), and ask for older ones meanwhile.")
        return any(await asyncio.gather(*(watch.older() for watch in self._watches)))

    # ------------------------------------------------------------------------------------------------ calls

    async def read(self) -> Object:
        """The thread itself."""
        return await self._call("GET", "")

    async def delete(self) -> Object:
        """Delete it; everybody's stream of it ends."""
        return await self._call("DELETE", "")

    async def post(
        self,
        content: Content,
        *,
        role: Literal["user", "assistant"] = "user",
        metadata: Mapping[str, str] | None = None,
        key: str | None = None,
    ) -> Object:
        """Add a message, which nobody is asked to answer.

        Args:
            content: text, or a list of the API's blocks.
            role: whose words they are.
            metadata: of the message; the person's name and id are added.
            key: an ``Idempotency-Key`` of your own, if the same message may be sent by another process, too.

        Returns:
            The message.
        """
        return await self._call("POST", "/messages", self._message(content, role, metadata), key=key)

    async def run(self, assistant_id: str, *, key: str | None = None, **options: Any) -> Object:
        """Have one assistant answer.

        Args:
            assistant_id: which one.
            key: as for `post`.
            options: further fields of the API's body, such as ``instructions`` or ``thread_policy``.

        Returns:
            The run, as it is queued.
        """
        return await self._call("POST", "/runs", {"assistant_id": assistant_id, **options}, key=key)

    async def turn(
        self,
        content: Content,
        assistants: Sequence[str | Object],
        *,
        mode: Literal["parallel", "sequential"] = "parallel",
        metadata: Mapping[str, str] | None = None,
        key: str | None = None,
        **options: Any,
    ) -> Object:
        """Add a message and have assistants answer it, both or neither.

        Args:
            content: text, or a list of the API's blocks.
            assistants: their ids, or the API's bodies of runs.
            mode: all at once, or one after the other, each of whom reads those before.
            metadata: of the message; the person's name and id are added.
            key: as for `post`.
            options: further fields of the body, such as ``thread_policy``.

        Returns:
            The turn: ``{"id", "message", "runs", …}``.
        """
        message = self._message(content, "user", metadata)
        body = {"message": message, "assistants": list(assistants), "mode": mode, **options}
        return await self._call("POST", "/turns", body, key=key)

    async def stop(self) -> list[Object]:
        """Stop every run that is active or waits; what was written stays.

        Returns:
            Those runs.
        """
        runs: list[Object] = (await self._call("POST", "/stop"))["data"]
        return runs

    async def cancel(self, run_id: str) -> Object:
        """Stop one run; what was written stays."""
        return await self._call("POST", f"/runs/{run_id}/cancel")

    async def claim(self, run_id: str, *, token: str | None = None) -> Object:
        """Ask to be the only one who answers the calls of a run that is in ``requires_action``, for 15 seconds.

        Args:
            run_id: of the run.
            token: of a claim that is held, to renew it.

        Returns:
            ``{"granted": True, "token", "expires_at"}``, or ``{"granted": False, "expires_at"}``: somebody else does.

        Raises:
            ValueError: the client has no name.
        """
        body = {"user_id": self._someone("claims a run")}
        return await self._call("POST", f"/runs/{run_id}/claim", body, claim=token)

    async def submit(self, run_id: str, outputs: Mapping[str, str], *, token: str | None = None) -> Object:
        """Give a run that is in ``requires_action`` what its calls have returned.

        Args:
            run_id: of the run.
            outputs: by the id of the call; all that the run waits for.
            token: of a claim, so that they are refused if it is held no more.
        """
        body = {"tool_outputs": [{"tool_call_id": id, "output": output} for id, output in outputs.items()]}
        return await self._call("POST", f"/runs/{run_id}/submit_tool_outputs", body, claim=token)

    async def typing(self, typing: bool = True) -> None:
        """Tell the others that the person types; it lapses after 5 seconds.

        Raises:
            ValueError: the client has no name.
        """
        await self._call("POST", "/typing", {"user_id": self._someone("types"), "typing": typing})

    async def _call(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, claim: str | None = None
    ) -> Object:
        answer: Object = await self._connection.call(method, self._path + path, body, key=key, claim=claim)
        return answer

    def _someone(self, does: str) -> str:
        if self._person is None:
            raise ValueError(f"Nobody in particular {does}: give the client a name.")
        return self._person.user_id

    def _message(self, content: Content, role: str, metadata: Mapping[str, str] | None) -> Object:
        return {"role": role, "content": content, "metadata": {**self._who, **(metadata or {})}}

    def _query(self, limit: int) -> dict[str, str]:
        return {"limit": str(limit), **self._who}
