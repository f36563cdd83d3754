from __future__ import annotations

import json
from typing import Any

import pytest

from livethread.domain import cursor
from livethread.domain.content import text_block
from livethread.domain.lists import ListQuery
from livethread.domain.messages import MessageCreate, MessageUpdate
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
    assert [listing.ids[0], listing.ids[2], listing.ids[3]] == [spoken, named, quiet]
    first, _, third, last = map(json.loads, listing.texts)
    assert last == json.loads((await rooms.threads.get(quiet)).text) | {
        "title": None, "last_message": None, "active_at": NOW,
    }  # fmt: skip
    assert first == json.loads((await rooms.threads.get(spoken)).text) | {
        "title": "Hello, who",
        "last_message": {
            "text": "Hello, who\n are you?",
            "author": {"role": "user", "assistant_id": None, "name": "Ada", "user_id": "u1"},
            "created_at": NOW + 3,
        },
        "active_at": NOW + 3,
    }
    assert third["title"] == "Mine"


async def item(rooms: Rooms, id: str) -> dict[str, Any]:
    """A thread as the list shows it."""
    listing = await rooms.threads.list(ListQuery())
    shown: dict[str, Any] = json.loads(listing.texts[list(listing.ids).index(id)])
    return shown


async def test_a_thread_comes_up_when_something_is_said_in_it_and_when_an_answer_has_ended(rooms: Rooms) -> None:
    ids = [await opened(rooms, messages=[HELLO]) for _ in range(2)]
    rooms.clock.time += 1
    run = await rooms.run_on(ids[0], "in_progress")
    message = await rooms.writing(run, "Hi")
    rooms.clock.time += 1
    await rooms.messages.create(ids[1], MessageCreate.model_validate(HELLO))
    assert (await rooms.threads.list(ListQuery())).ids == ids[::-1]
    assert (await item(rooms, ids[0]))["active_at"] == NOW
    rooms.clock.time += 1
    ended = message.completed([text_block("Hi")], NOW)
    await rooms.log.append(ids[0], lambda write: write.append(ended, "thread.message.completed"))
    rooms.clock.time += 1
    await rooms.cancel(ids[1], (await rooms.run_on(ids[1])).id)
    assert (await rooms.threads.list(ListQuery())).ids == ids
    assert (await item(rooms, ids[0]))["active_at"] == NOW + 3


async def test_a_clock_that_is_set_back_takes_no_thread_down(rooms: Rooms) -> None:
    first, second = await opened(rooms), await opened(rooms)
    rooms.clock.time += 10
    await rooms.messages.create(first, MessageCreate.model_validate(HELLO))
    rooms.clock.time -= 20
    await rooms.messages.create(first, MessageCreate.model_validate(HELLO))
    assert (await rooms.threads.list(ListQuery())).ids == [first, second]


async def test_the_last_message_is_the_newest_one_also_where_an_older_one_ends_later(rooms: Rooms) -> None:
    id = await opened(rooms, messages=[HELLO])
    older, newer = [
        (await rooms.writing(await rooms.run_on(id, "in_progress"), text)).completed([text_block(text)], NOW)
        for text in ("older", "newer")
    ]
    for message in (newer, older):
        await rooms.log.append(id, lambda write: write.append(message, "thread.message.completed"))  # noqa: B023
        assert (await item(rooms, id))["last_message"]["text"] == "newer"
    await rooms.messages.delete(id, newer.id)
    assert (await item(rooms, id))["last_message"]["text"] == "older"


async def test_nothing_is_shown_of_a_message_that_was_deleted(rooms: Rooms) -> None:
    id = await opened(rooms, messages=[HELLO, HELLO | {"content": "Secret"}, HELLO | {"content": "Later"}])
    messages = (await rooms.messages.list(id, ListQuery(order="asc"))).ids
    for message, title, last in zip(messages, ("Secret", "Later", None), ("Later", "Later", None), strict=True):
        await rooms.messages.delete(id, message)
        shown = await item(rooms, id)
        assert (shown["title"], shown["last_message"] and shown["last_message"]["text"]) == (title, last)
        assert shown["active_at"] == NOW
    await rooms.messages.create(id, MessageCreate.model_validate(HELLO))
    assert (await item(rooms, id))["title"] == "Hello, who"


async def test_an_author_who_is_renamed_is_renamed_in_the_list_where_the_last_message_is_theirs(rooms: Rooms) -> None:
    id = await opened(rooms, messages=[HELLO, HELLO])
    older, newer = (await rooms.messages.list(id, ListQuery(order="asc"))).ids
    rooms.clock.time += 1
    for message, name in ((older, None), (newer, "Ada")):
        await rooms.messages.update(id, message, MessageUpdate(metadata={"name": "Ada"}))
        shown = await item(rooms, id)
        assert (shown["last_message"]["author"]["name"], shown["active_at"]) == (name, NOW)


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
