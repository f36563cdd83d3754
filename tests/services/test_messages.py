from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from livethread.domain import cursor
from livethread.domain.content import text_block
from livethread.domain.lists import ListQuery
from livethread.domain.messages import MessageCreate, MessageUpdate
from livethread.domain.options import ThreadPolicy
from livethread.domain.threads import ThreadCreate
from livethread.errors import ApiError, NotFound
from tests.services.rooms import NOW, Rooms, rooms_at


async def thread_of(rooms: Rooms, **metadata: str) -> str:
    id: str = json.loads((await rooms.threads.create(ThreadCreate(metadata=metadata))).text)["id"]
    return id


async def said(rooms: Rooms, thread_id: str, text: str = "Hello", **more: Any) -> dict[str, Any]:
    body = MessageCreate.model_validate({"role": "user", "content": text} | more)
    message: dict[str, Any] = json.loads((await rooms.messages.create(thread_id, body)).text)
    return message


async def test_a_message_is_complete_at_once_and_one_event(rooms: Rooms) -> None:
    thread_id = await thread_of(rooms)
    message = await said(rooms, thread_id, "Hello")
    assert message == {
        "id": message["id"],
        "object": "thread.message",
        "created_at": NOW,
        "assistant_id": None,
        "thread_id": thread_id,
        "run_id": None,
        "status": "completed",
        "incomplete_details": None,
        "incomplete_at": None,
        "completed_at": NOW,
        "role": "user",
        "content": [{"type": "text", "text": {"value": "Hello", "annotations": []}}],
        "attachments": [],
        "metadata": {},
    }
    assert (await rooms.logged(thread_id))[1:] == [("thread.message.created", message)]
    read = await rooms.messages.get(thread_id, message["id"])
    assert (json.loads(read.text), read.cursor) == (message, await rooms.tip(thread_id))


async def test_attachments_change_the_thread_before_the_message_is_there(rooms: Rooms) -> None:
    thread_id = await thread_of(rooms)
    attachments = [{"file_id": "file-1", "tools": [{"type": "code_interpreter"}, {"type": "file_search"}]}]
    message = await said(rooms, thread_id, attachments=attachments)
    await said(rooms, thread_id, attachments=attachments)
    events = await rooms.logged(thread_id)
    assert [type for type, _ in events] == [
        "thread.created",
        "thread.updated",
        "thread.message.created",
        "thread.message.created",
    ]
    stores = events[1][1]["tool_resources"]["file_search"]["vector_store_ids"]
    assert events[1][1]["tool_resources"] == {
        "code_interpreter": {"file_ids": ["file-1"]},
        "file_search": {"vector_store_ids": stores},
    }
    assert message["attachments"] == attachments


@pytest.mark.parametrize("text", ["nul \0 and \x1f and \x7f", "é 漢 🙂", '"quoted"\\', "\u2028\u2029", "a" * 256_000])
async def test_any_text_comes_back_as_it_was_said(rooms: Rooms, text: str) -> None:
    thread_id = await thread_of(rooms)
    message = await said(rooms, thread_id, text)
    answer = await rooms.messages.get(thread_id, message["id"])
    assert json.loads(answer.text)["content"][0]["text"]["value"] == text
    assert answer.text.isascii()


async def test_a_busy_thread_takes_messages_while_runs_queue(rooms: Rooms) -> None:
    thread_id = await thread_of(rooms)
    await rooms.run_on(thread_id, "in_progress")
    await said(rooms, thread_id)
    assert (await rooms.events(thread_id))[-1] == "thread.message.created"


@pytest.mark.parametrize(("server", "own"), [("reject", None), ("queue", "reject"), ("reject", "nonsense")])
async def test_a_busy_thread_that_rejects_says_so_and_takes_nothing(
    tmp_path: Path, server: ThreadPolicy, own: str | None
) -> None:
    async with rooms_at(tmp_path, policy=server) as rooms:
        thread_id = await thread_of(rooms, **({"thread_policy": own} if own else {}))
        run = await rooms.run_on(thread_id, "requires_action")
        counts = await rooms.counts()
        with pytest.raises(ApiError) as refused:
            await said(rooms, thread_id, attachments=[{"file_id": "f", "tools": [{"type": "code_interpreter"}]}])
        assert refused.value.message == f"Can't add messages to {thread_id} while a run {run.id} is active."
        assert (refused.value.status, refused.value.code) == (400, None)
        assert await rooms.counts() == counts


async def test_a_thread_that_rejects_takes_messages_once_its_runs_are_over(tmp_path: Path) -> None:
    async with rooms_at(tmp_path, policy="reject") as rooms:
        thread_id = await thread_of(rooms)
        await rooms.run_on(thread_id, "completed")
        await said(rooms, thread_id)
        assert (await rooms.counts())["messages"] == 1


async def test_a_threads_own_policy_wins_over_the_servers(tmp_path: Path) -> None:
    async with rooms_at(tmp_path, policy="reject") as rooms:
        thread_id = await thread_of(rooms, thread_policy="parallel")
        await rooms.run_on(thread_id, "in_progress")
        await said(rooms, thread_id)
        assert (await rooms.counts())["messages"] == 1


async def test_a_message_that_grows_is_read_with_its_text_so_far_and_a_cursor_that_says_how_far(rooms: Rooms) -> None:
    thread_id = await thread_of(rooms)
    run = await rooms.run_on(thread_id, "in_progress")
    message = await rooms.writing(run, "Grüß")
    shown = message.model_dump(mode="json") | {"content": [text_block("Grüß")]}
    one = await rooms.messages.get(thread_id, message.id)
    page = await rooms.messages.list(thread_id, ListQuery())
    assert json.loads(one.text) == shown
    assert [json.loads(text) for text in page.texts] == [shown]
    assert one.cursor == page.cursor
    assert dict(cursor.parse(one.cursor or "").places) == {7: (0, len("Grüß".encode()))}


async def test_only_a_newest_first_first_page_carries_a_cursor(rooms: Rooms) -> None:
    thread_id = await thread_of(rooms)
    message = await said(rooms, thread_id)
    assert (await rooms.messages.list(thread_id, ListQuery())).cursor == await rooms.tip(thread_id)
    for query in (ListQuery(order="asc"), ListQuery(after=message["id"]), ListQuery(before=message["id"])):
        assert (await rooms.messages.list(thread_id, query)).cursor is None


async def test_messages_are_paged_in_both_orders(rooms: Rooms) -> None:
    thread_id = await thread_of(rooms)
    a, b, c = [(await said(rooms, thread_id, text))["id"] for text in "abc"]
    pages = [
        await rooms.messages.list(thread_id, query)
        for query in (
            ListQuery(limit=2),
            ListQuery(limit=2, after=b),
            ListQuery(before=a),
            ListQuery(before=b, limit=1),
            ListQuery(before=c),
            ListQuery(order="asc", before=c),
        )
    ]
    assert [(page.ids, page.has_more) for page in pages] == [
        ([c, b], True),
        ([a], False),
        ([c, b], False),
        ([c], False),
        ([], False),
        ([a, b], False),
    ]


async def test_the_messages_of_one_run_can_be_asked_for(rooms: Rooms) -> None:
    thread_id = await thread_of(rooms)
    await said(rooms, thread_id)
    run = await rooms.run_on(thread_id, "in_progress")
    message = await rooms.writing(run, "Hi")
    assert (await rooms.messages.list(thread_id, ListQuery(), run.id)).ids == [message.id]
    assert (await rooms.messages.list(thread_id, ListQuery(), "run_unknown")).ids == []


async def test_who_deletes_what_he_lists_goes_on_behind_it(rooms: Rooms) -> None:
    thread_id = await thread_of(rooms)
    ids = [(await said(rooms, thread_id, text))["id"] for text in "abcd"]
    after = None
    while (page := await rooms.messages.list(thread_id, ListQuery(limit=2, after=after))).ids:
        for id in page.ids:
            await rooms.messages.delete(thread_id, id)
        after = page.ids[-1]
    assert after == ids[0]
    assert (await rooms.counts())["messages"] == 0


async def test_a_page_beside_another_threads_message_is_refused(rooms: Rooms) -> None:
    thread_id, other = await thread_of(rooms), await thread_of(rooms)
    foreign = (await said(rooms, other))["id"]
    for query, param in ((ListQuery(after=foreign), "after"), (ListQuery(before=foreign), "before")):
        with pytest.raises(ApiError) as refused:
            await rooms.messages.list(thread_id, query)
        assert (refused.value.status, refused.value.param) == (400, param)
        assert refused.value.message == f"No message found with id '{foreign}'."


async def test_new_metadata_is_an_event_and_the_row(rooms: Rooms) -> None:
    thread_id = await thread_of(rooms)
    message = await said(rooms, thread_id, metadata={"a": "1"})
    updated = await rooms.messages.update(thread_id, message["id"], MessageUpdate(metadata={"b": "2"}))
    assert json.loads(updated.text) == message | {"metadata": {"b": "2"}}
    assert (await rooms.logged(thread_id))[-1] == ("thread.message.updated", json.loads(updated.text))
    assert (await rooms.messages.get(thread_id, message["id"])).text == updated.text


async def test_new_metadata_of_a_growing_message_loses_none_of_its_text(rooms: Rooms) -> None:
    thread_id = await thread_of(rooms)
    run = await rooms.run_on(thread_id, "in_progress")
    message = await rooms.writing(run, "So far")
    updated = await rooms.messages.update(thread_id, message.id, MessageUpdate(metadata={"b": "2"}))
    assert json.loads(updated.text) == message.model_dump(mode="json") | {
        "metadata": {"b": "2"},
        "content": [text_block("So far")],
    }


async def test_a_deleted_message_is_gone_and_no_longer_the_last_of_its_thread(rooms: Rooms) -> None:
    thread_id = await thread_of(rooms)
    await said(rooms, thread_id, "first")
    message = await said(rooms, thread_id, "second")
    deleted = await rooms.messages.delete(thread_id, message["id"])
    assert json.loads(deleted.text) == {"id": message["id"], "object": "thread.message.deleted", "deleted": True}
    assert (await rooms.logged(thread_id))[-1] == ("thread.message.deleted", json.loads(deleted.text))
    with pytest.raises(NotFound, match=f"^No message found with id '{message['id']}'.$"):
        await rooms.messages.get(thread_id, message["id"])
    listed = await rooms.threads.list(ListQuery())
    assert json.loads(listed.texts[0])["last_message"]["text"] == "first"


async def test_a_message_that_grows_is_not_deleted(rooms: Rooms) -> None:
    thread_id = await thread_of(rooms)
    run = await rooms.run_on(thread_id, "in_progress")
    message = await rooms.writing(run, "So far")
    counts = await rooms.counts()
    with pytest.raises(ApiError) as refused:
        await rooms.messages.delete(thread_id, message.id)
    assert refused.value.message == (
        f"Can't delete message {message.id} while run {run.id} is writing it. Cancel the run first."
    )
    assert await rooms.counts() == counts


async def test_a_deleted_thread_takes_no_message_and_shows_none(rooms: Rooms) -> None:
    thread_id = await thread_of(rooms)
    message = (await said(rooms, thread_id))["id"]
    await rooms.threads.delete(thread_id)
    counts = await rooms.counts()
    for call in (
        said(rooms, thread_id),
        rooms.messages.get(thread_id, message),
        rooms.messages.list(thread_id, ListQuery()),
        rooms.messages.update(thread_id, message, MessageUpdate()),
        rooms.messages.delete(thread_id, message),
    ):
        with pytest.raises(NotFound, match=f"^No thread found with id '{thread_id}'.$"):
            await call
    assert await rooms.counts() == counts


async def test_another_threads_message_is_not_found(rooms: Rooms) -> None:
    thread_id, other = await thread_of(rooms), await thread_of(rooms)
    foreign = (await said(rooms, other))["id"]
    for call in (
        rooms.messages.get(thread_id, foreign),
        rooms.messages.update(thread_id, foreign, MessageUpdate(metadata={"x": "y"})),
        rooms.messages.delete(thread_id, foreign),
    ):
        with pytest.raises(NotFound, match=f"^No message found with id '{foreign}'.$"):
            await call
    assert await rooms.events(thread_id) == ["thread.created"]
