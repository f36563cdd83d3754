from __future__ import annotations

import json

import pytest

from livethread.domain import cursor
from livethread.domain.lists import ListQuery
from livethread.domain.runs import RunStatus
from livethread.domain.threads import ThreadCreate, ThreadUpdate
from livethread.errors import ApiError, Fenced, NotFound
from tests.services.rooms import NOW, Rooms

HELLO = {"role": "user", "content": "Hello, who\n are you?"}


async def opened(rooms: Rooms, **body: object) -> str:
    """A new thread; its id."""
    answer = await rooms.threads.create(ThreadCreate.model_validate(body))
    id: str = json.loads(answer.text)["id"]
    return id


async def test_a_thread_without_a_body_is_empty(rooms: Rooms) -> None:
    created = await rooms.threads.create()
    thread = json.loads(created.text)
    assert thread == {
        "id": thread["id"],
        "object": "thread",
        "created_at": NOW,
        "metadata": {},
        "tool_resources": {},
    }
    assert await rooms.logged(thread["id"]) == [("thread.created", thread)]
    assert (await rooms.threads.get(thread["id"])).text == created.text


async def test_a_thread_and_its_first_messages_are_one_transaction_with_the_resources_already_there(
    rooms: Rooms,
) -> None:
    before = rooms.database.transactions
    attachment = {"file_id": "file-1", "tools": [{"type": "code_interpreter"}]}
    id = await opened(rooms, messages=[HELLO, HELLO | {"attachments": [attachment]}])
    assert rooms.database.transactions == before + 1
    events = await rooms.logged(id)
    assert [type for type, _ in events] == ["thread.created", "thread.message.created", "thread.message.created"]
    assert events[0][1]["tool_resources"] == {"code_interpreter": {"file_ids": ["file-1"]}}


async def test_a_single_read_carries_the_cursor_of_the_logs_tip(rooms: Rooms) -> None:
    id = await opened(rooms, messages=[HELLO])
    answer = await rooms.threads.get(id)
    assert answer.cursor is not None
    read = cursor.parse(answer.cursor)
    assert (read.seq, read.run, dict(read.places)) == (2, None, {})


async def test_an_update_is_an_event_and_the_row(rooms: Rooms) -> None:
    id = await opened(rooms, metadata={"a": "1"})
    updated = await rooms.threads.update(id, ThreadUpdate(metadata={"b": "2"}))
    assert json.loads(updated.text)["metadata"] == {"b": "2"}
    assert (await rooms.logged(id))[1] == ("thread.updated", json.loads(updated.text))
    assert (await rooms.threads.get(id)).text == updated.text


async def test_an_update_that_changes_nothing_is_no_event(rooms: Rooms) -> None:
    id = await opened(rooms, metadata={"a": "1"})
    await rooms.threads.update(id, ThreadUpdate())
    await rooms.threads.update(id, ThreadUpdate(metadata={"a": "1"}))
    assert await rooms.events(id) == ["thread.created"]


@pytest.mark.parametrize("status", ["queued", "in_progress", "requires_action", "cancelling"])
async def test_deleting_cancels_a_run_that_has_not_ended(rooms: Rooms, status: RunStatus) -> None:
    id = await opened(rooms)
    await rooms.run_on(id, "completed")
    run = await rooms.run_on(id, status)
    before = await rooms.events(id)
    deleted = await rooms.threads.delete(id)
    assert json.loads(deleted.text) == {"id": id, "object": "thread.deleted", "deleted": True}
    ending = (await rooms.logged(id))[len(before) :]
    cancelled = run.model_dump(mode="json") | {
        "status": "cancelled", "cancelled_at": NOW, "required_action": None, "expires_at": None,
    }  # fmt: skip
    assert ending == [("thread.run.cancelled", cancelled), ("thread.deleted", json.loads(deleted.text))]


async def test_what_the_owner_of_a_run_writes_after_the_delete_changes_nothing(rooms: Rooms) -> None:
    id = await opened(rooms)
    run = await rooms.run_on(id, "in_progress")
    fence = await rooms.log.append(id, lambda write: write.claim(run.id, "owner", NOW + 30))
    await rooms.log.append(id, lambda write: write.own(run.id, fence))
    await rooms.threads.delete(id)
    events = await rooms.events(id)
    with pytest.raises((Fenced, NotFound)):
        await rooms.log.append(id, lambda write: write.own(run.id, fence))
    assert await rooms.events(id) == events


async def test_a_deleted_thread_is_gone_for_every_call(rooms: Rooms) -> None:
    id = await opened(rooms)
    await rooms.threads.delete(id)
    counts = await rooms.counts()
    for call in (rooms.threads.get(id), rooms.threads.update(id, ThreadUpdate()), rooms.threads.delete(id)):
        with pytest.raises(NotFound, match=f"^No thread found with id '{id}'.$"):
            await call
    assert await rooms.counts() == counts


async def test_threads_are_listed_by_their_newest_activity_with_title_and_last_message(rooms: Rooms) -> None:
    quiet = await opened(rooms)
    rooms.clock.time += 1
    named = await opened(rooms, metadata={"title": "Mine"}, messages=[HELLO])
    rooms.clock.time += 1
    await opened(rooms)
    rooms.clock.time += 1
    spoken = await opened(rooms, messages=[HELLO | {"metadata": {"name": "Ada", "user_id": "u1"}}])
    rooms.clock.time += 1
    await rooms.threads.update(quiet, ThreadUpdate(metadata={"x": "y"}))
    listing = await rooms.threads.list(ListQuery())
    assert [listing.ids[0], listing.ids[1], listing.ids[3]] == [quiet, spoken, named]
    first, second, _, last = map(json.loads, listing.texts)
    assert first == json.loads((await rooms.threads.get(quiet)).text) | {"title": None, "last_message": None}
    assert second == json.loads((await rooms.threads.get(spoken)).text) | {
        "title": "Hello, who are you?",
        "last_message": {
            "text": "Hello, who\n are you?",
            "author": {"role": "user", "assistant_id": None, "name": "Ada", "user_id": "u1"},
            "created_at": NOW + 3,
        },
    }
    assert last["title"] == "Mine"


async def test_deleted_threads_are_not_listed(rooms: Rooms) -> None:
    kept, gone = await opened(rooms), await opened(rooms)
    await rooms.threads.delete(gone)
    assert (await rooms.threads.list(ListQuery())).ids == [kept]
    with pytest.raises(ApiError) as refused:
        await rooms.threads.list(ListQuery(after=gone))
    assert (refused.value.status, refused.value.param) == (400, "after")


async def test_threads_of_one_moment_are_paged_without_a_gap(rooms: Rooms) -> None:
    ids = {await opened(rooms) for _ in range(5)}
    seen: list[str] = []
    more, after = True, None
    while more:
        page = await rooms.threads.list(ListQuery(limit=2, after=after))
        seen += page.ids
        more, after = page.has_more, page.ids[-1]
    assert (len(seen), set(seen)) == (5, ids)
