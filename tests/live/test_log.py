"""Rule 1 and rule 7: one write, in one transaction, published in order by the log itself (ARCHITECTURE)."""

from __future__ import annotations

import asyncio
import json
import threading

import pytest
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import IntegrityError

from livethread.domain.messages import Message, MessageCreate
from livethread.domain.record import Deleted
from livethread.domain.transitions import IllegalMove, move
from livethread.errors import Fenced, NotFound
from livethread.live.bus import Hint
from livethread.live.log import ThreadWrite
from livethread.storage import queries, tables
from tests.live.stage import Stage


class Hearing:
    """Keeps what the bus says of the thread."""

    def __init__(self, stage: Stage) -> None:
        self.hints: list[Hint] = []
        stage.bus.subscribe(stage.thread_id, self.hints.append)

    @property
    def seqs(self) -> list[int]:
        return [event.seq for hint in self.hints for event in hint.events]


class Gate:
    """Holds the writer's thread, so that what is appended meanwhile becomes one group."""

    def __init__(self, stage: Stage) -> None:
        self._open, self._entered = threading.Event(), threading.Event()
        self._held = stage.database.write(self._wait)

    def _wait(self, _: Connection) -> None:
        self._entered.set()
        assert self._open.wait(10)

    async def entered(self) -> None:
        """The writer has taken its group: what is asked now is another one."""
        await asyncio.to_thread(self._entered.wait, 10)

    async def open(self) -> None:
        self._open.set()
        await self._held


async def rows(stage: Stage) -> dict[str, int]:
    counted = [tables.threads, tables.messages, tables.runs, tables.run_steps, tables.events, tables.leases]
    return await stage.database.read(
        lambda connection: {
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0 for table in counted
        }
    )


def message(stage: Stage, text: str = "hello") -> Message:
    return Message.create(MessageCreate(role="user", content=text), stage.thread_id, stage.ids, 1)


async def test_thread_created_is_seq_1(stage: Stage) -> None:
    assert [(event.seq, event.type) for event in await stage.events()] == [(1, "thread.created")]


async def test_a_thread_cannot_begin_with_anything_else(stage: Stage) -> None:
    before = await rows(stage)
    stray = message(stage).model_copy(update={"thread_id": "thread_new"})
    with pytest.raises(IntegrityError):
        await stage.log.append("thread_new", lambda write: write.append(stray, "thread.message.created"), create=True)
    assert await rows(stage) == before


async def test_events_and_the_rows_they_carry_are_one_transaction(stage: Stage) -> None:
    said = message(stage)
    before = stage.database.transactions
    await stage.log.append(stage.thread_id, lambda write: write.append(said, "thread.message.created"))
    assert stage.database.transactions == before + 1
    created = (await stage.events())[-1]
    assert (created.seq, created.type, created.object_id, created.run_id) == (
        2, "thread.message.created", said.id, None,
    )  # fmt: skip
    assert created.data.decode() == said.json_text() == (await stage.stored(said.id)).json_text()


async def test_a_change_that_raises_leaves_nothing(stage: Stage) -> None:
    hearing, before = Hearing(stage), await rows(stage)

    def change(write: ThreadWrite) -> None:
        write.append(message(stage), "thread.message.created")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await stage.log.append(stage.thread_id, change)
    assert await rows(stage) == before
    assert hearing.hints == []
    await stage.post("after")
    assert hearing.seqs == [2]


async def test_a_refused_change_takes_none_of_its_group_along(stage: Stage) -> None:
    hearing, gate = Hearing(stage), Gate(stage)
    await gate.entered()
    before = stage.database.transactions

    def refused(write: ThreadWrite) -> None:
        write.append(message(stage, "refused"), "thread.message.created")
        raise IllegalMove("queued", "completed")

    appends = [
        asyncio.create_task(stage.post("one")),
        asyncio.create_task(stage.log.append(stage.thread_id, refused)),
        asyncio.create_task(stage.post("two")),
    ]
    await asyncio.sleep(0)
    await gate.open()
    results = await asyncio.gather(*appends, return_exceptions=True)
    assert [type(result) for result in results] == [Message, IllegalMove, Message]
    assert stage.database.transactions == before + 2  # the one that held, and all three
    assert [json.loads(event.data)["content"][0]["text"]["value"] for event in (await stage.events())[1:]] == [
        "one", "two",
    ]  # fmt: skip
    assert hearing.seqs == [2, 3]


async def test_what_is_committed_is_published_in_order_also_when_its_caller_was_cancelled(stage: Stage) -> None:
    hearing, gate = Hearing(stage), Gate(stage)
    appends = [asyncio.create_task(stage.post(str(number))) for number in range(5)]
    await asyncio.sleep(0)
    for append in appends[1:4]:
        append.cancel()
    await gate.open()
    await asyncio.gather(*appends, return_exceptions=True)
    assert [append.cancelled() for append in appends] == [False, True, True, True, False]
    assert hearing.seqs == [2, 3, 4, 5, 6]


async def test_two_threads_are_numbered_each_by_itself(stage: Stage) -> None:
    first = stage.thread_id
    second = await stage.open_thread()
    await stage.post("in the second")
    assert [event.seq for event in await stage.events()] == [1, 2]
    stage.thread_id = first
    await stage.post("in the first")
    assert [event.seq for event in await stage.events()] == [1, 2]
    assert first != second


async def test_every_event_has_a_tag_and_the_row_of_the_thread_that_of_the_last(stage: Stage) -> None:
    await stage.post("hello")
    tags = [event.tag for event in await stage.events()]
    row = await stage.database.read(lambda connection: queries.thread(connection, stage.thread_id))
    assert row is not None
    assert [len(tag) for tag in tags] == [4, 4]
    assert (row.seq, row.tag) == (2, tags[-1])


async def test_an_unknown_thread_is_not_found(stage: Stage) -> None:
    with pytest.raises(NotFound, match="No thread found with id 'thread_x'"):
        await stage.log.append("thread_x", lambda write: None)


async def test_a_deleted_thread_takes_nothing_more(stage: Stage) -> None:
    owner = await stage.run()
    await stage.delete()
    before = await rows(stage)
    with pytest.raises(NotFound):
        await owner.append(lambda write: write.append(message(stage), "thread.message.created"))
    with pytest.raises(NotFound):
        await stage.post("late")
    assert await rows(stage) == before


async def test_what_the_engine_writes_about_a_deleted_message_changes_nothing(stage: Stage) -> None:
    said = await stage.post("hello")
    gone = Deleted(id=said.id, object="thread.message.deleted")
    await stage.log.append(stage.thread_id, lambda write: write.append(gone, "thread.message.deleted"))
    before = await rows(stage)
    with pytest.raises(NotFound):
        await stage.log.append(stage.thread_id, lambda write: write.append(said, "thread.message.updated"))
    assert await rows(stage) == before


async def test_a_run_moves_only_along_the_table_also_when_its_writer_held_an_old_one(stage: Stage) -> None:
    owner = await stage.run()
    old = await stage.log.append(stage.thread_id, lambda write: write.run(owner.run_id))
    await owner.complete()
    before = await stage.events()
    with pytest.raises(IllegalMove):
        await stage.log.append(
            stage.thread_id, lambda write: write.append(move(old, "cancelling", 2), "thread.run.cancelling")
        )
    assert await stage.events() == before


async def test_only_the_last_who_claimed_a_run_may_write_as_its_owner(stage: Stage) -> None:
    owner = await stage.run()
    assert owner.fence == 1
    fence = await stage.log.append(stage.thread_id, lambda write: write.claim(owner.run_id, "you", write.now + 30))
    assert fence == 2
    before = await stage.events()
    with pytest.raises(Fenced):
        await owner.say("mine")
    assert await stage.events() == before
    owner.fence = fence
    owner.message_id = ""
    await owner.say("yours")
    assert len(await stage.events()) == len(before) + 4


async def test_a_run_that_was_handed_back_is_nobodys_and_its_next_fence_is_new(stage: Stage) -> None:
    owner = await stage.run()
    assert not await stage.log.append(stage.thread_id, lambda write: write.unowned(owner.run_id))
    await owner.append(lambda write: write.release(owner.run_id))
    with pytest.raises(Fenced):
        await owner.append(lambda write: None)
    assert await stage.log.append(stage.thread_id, lambda write: write.unowned(owner.run_id))
    assert await stage.log.append(stage.thread_id, lambda write: write.claim(owner.run_id, "you", 0)) == 2


async def test_a_lapsed_lease_leaves_a_run_to_others_but_its_owner_writes_until_somebody_claims(stage: Stage) -> None:
    owner = await stage.run()
    stage.clock.time += 31
    assert await stage.log.append(stage.thread_id, lambda write: write.unowned(owner.run_id))
    await owner.say("still here")


async def test_a_run_of_another_thread_is_not_found(stage: Stage) -> None:
    owner = await stage.run()
    await stage.open_thread()
    with pytest.raises(NotFound):
        await stage.log.append(stage.thread_id, lambda write: write.run(owner.run_id))


async def test_leases_are_no_events(stage: Stage) -> None:
    owner = await stage.run()
    before, hearing = await stage.events(), Hearing(stage)
    await stage.log.append(stage.thread_id, lambda write: write.claim(owner.run_id, "you", 1))
    assert await stage.events() == before
    assert hearing.hints == []


async def test_a_draft_is_open_until_its_end_is_committed(stage: Stage) -> None:
    owner = await stage.run()
    await owner.say("hello")
    message_id, gate = owner.message_id, Gate(stage)
    ending = asyncio.create_task(owner.complete())
    await asyncio.sleep(0)
    assert stage.drafts.get(message_id) is not None
    await gate.open()
    await ending
    assert stage.drafts.get(message_id) is None


async def test_one_who_hears_badly_keeps_nobody_from_their_answer(stage: Stage, logged: list[object]) -> None:
    def deaf(hint: Hint) -> None:
        raise ValueError

    stage.bus.subscribe(stage.thread_id, deaf)
    gate = Gate(stage)
    appends = [asyncio.create_task(stage.post("one")), asyncio.create_task(stage.post("two"))]
    await asyncio.sleep(0)
    await gate.open()
    assert [result.text for result in await asyncio.gather(*appends)] == ["one", "two"]
    assert len(logged) == 2
    logged.clear()


async def test_purging_forgets_old_tombstones_with_their_logs_and_nothing_else(stage: Stage) -> None:
    await stage.run()
    await stage.delete()
    kept = await stage.open_thread()
    assert await stage.log.purge(int(stage.clock.time)) == 0
    assert await stage.log.purge(int(stage.clock.time) + 1) == 1
    assert await rows(stage) == {
        "threads": 1, "messages": 0, "runs": 0, "run_steps": 0, "events": 1, "leases": 0,
    }  # fmt: skip
    assert stage.thread_id == kept
