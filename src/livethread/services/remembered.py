"""Answers that are remembered, so that a POST that is sent again changes nothing twice (wire.md, Headers)."""

from __future__ import annotations

import json
import math
from collections import deque
from collections.abc import Callable
from dataclasses import astuple, dataclass, replace
from functools import partial
from typing import Final

from livethread.clock import Clock
from livethread.errors import ApiError, NotFound
from livethread.live.log import ThreadLog, ThreadWrite
from livethread.services.answers import Answer, Beginning
from livethread.storage import answers
from livethread.storage.answers import Place
from livethread.storage.database import Connection, Database

KEY_SECONDS: Final = 24 * 3600
"""How long an ``Idempotency-Key`` is good."""

RETRY_SECONDS: Final = 60
"""How long a POST without a key may be sent again, if its answer was not written to its end."""


class Remembered:
    """The answers that POSTs got, for those that are sent again.

    Args:
        database: where they are.
        clock: how long they are kept.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._written: deque[Place] = deque()  # to their end: noted by the loop, struck off by the next write
        self._number = 0

    async def close(self) -> None:
        """Strike off what was written to its end since the last write."""
        if self._written:
            await self._database.write(self._strike_off)

    def once(self, connection: Connection, sent: Sent, change: Callable[[], Answer]) -> Answer:
        """Change something unless an equal request has; runs inside the transaction of the change.

        Args:
            connection: of that transaction.
            sent: the request.
            change: makes the change and its answer. What it refuses is not remembered.

        Returns:
            The answer, that of the first request if this one is sent again.

        Raises:
            ApiError: the key was used for another request.
        """
        now = self._clock.now()
        answers.expire(connection, int(now))
        struck_off = self._strike_off(connection)
        try:
            return self._earlier(connection, sent) or self._remember(connection, sent, change(), now)
        except Exception:
            self._written.extend(struck_off)  # it is undone with everything else
            raise

    async def instead(self, sent: Sent, refusal: NotFound) -> Answer:
        """What an equal request was answered while there still was what it is about.

        Raises:
            NotFound: the refusal, if there was no such request.
            ApiError: the key was used for another request.
        """

        def refuse() -> Answer:
            raise refusal

        if not sent.may_be_a_repetition:
            raise refusal
        return await self._database.write(lambda connection: self.once(connection, sent, refuse))

    def _earlier(self, connection: Connection, sent: Sent) -> Answer | None:
        row = answers.newest(connection, sent.key or sent.request) if sent.may_be_a_repetition else None
        if row is None:
            return None
        if row.request != sent.request:
            raise ApiError(
                "This Idempotency-Key was sent with another request within the last 24 hours. Send a new key with "
                "every new request; only a repetition of the same method, path and body may bear the same one.",
                code="idempotency_key_reused",
            )
        begins = None if row.begins is None else Beginning(*json.loads(row.begins))
        return self._awaited(Answer(row.object, begins=begins), sent, (row.digest, row.number))

    def _remember(self, connection: Connection, sent: Sent, answer: Answer, now: float) -> Answer:
        if sent.key is None:
            self._number = max(self._number + 1, int(now * 1_000_000))
            place = (sent.request, self._number)
        else:
            place = (sent.key, 0)
        answers.remember(
            connection, place, request=sent.request, object=answer.text,
            begins=None if answer.begins is None else json.dumps(astuple(answer.begins)),
            expires_at=math.ceil(now + (RETRY_SECONDS if sent.key is None else KEY_SECONDS)),
        )  # fmt: skip
        return self._awaited(answer, sent, place)

    def _awaited(self, answer: Answer, sent: Sent, place: Place) -> Answer:
        return answer if sent.key is not None else replace(answer, written=partial(self._written.append, place))

    def _strike_off(self, connection: Connection) -> list[Place]:
        places = [self._written.popleft() for _ in range(len(self._written))]
        answers.strike_off(connection, places)
        return places


@dataclass(frozen=True, slots=True)
class Sent:
    """A POST, as far as it matters whether it was sent before.

    Args:
        remembered: where its answer is kept.
        request: the digest of all that it asks: its caller, method, path and body.
        key: the digest of its caller and its ``Idempotency-Key``; None without one.
        again: whether its caller says that it was sent before.
        uncounted: whether its caller is one of the SDKs of before autumn 2024, which send again and never say so. They
            do it only while nothing of the answer has come, so a stream that has begun has arrived.
    """

    remembered: Remembered
    request: str
    key: str | None = None
    again: bool = False
    uncounted: bool = False

    @property
    def may_be_a_repetition(self) -> bool:
        """Whether an equal request may have been answered before."""
        return self.again or self.uncounted or self.key is not None


async def append(
    log: ThreadLog, thread_id: str, sent: Sent | None, change: Callable[[ThreadWrite], Answer], *, create: bool = False
) -> Answer:
    """`ThreadLog.append`, unless an equal request has changed the thread already.

    Args:
        log: the log.
        thread_id: which thread.
        sent: the request; None for a change that nobody sends again.
        change: as for the log.
        create: as for the log.

    Raises:
        NotFound: there is no such thread, or it was deleted, and no equal request has changed it before.
        ApiError: the key was used for another request; and whatever the change raises.
    """
    if sent is None:
        return await log.append(thread_id, change, create=create)

    def once(write: ThreadWrite) -> Answer:
        return sent.remembered.once(write.connection, sent, lambda: change(write))

    try:
        return await log.append(thread_id, once, create=create)
    except NotFound as refusal:
        return await sent.remembered.instead(sent, refusal)


def once(sent: Sent | None, change: Callable[[Connection], Answer]) -> Callable[[Connection], Answer]:
    """A change outside all threads that is made only once; as `append` makes those of threads."""
    if sent is None:
        return change
    return lambda connection: sent.remembered.once(connection, sent, lambda: change(connection))
