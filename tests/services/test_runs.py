from __future__ import annotations

import json
from typing import Any

import pytest

from livethread.domain.assistants import AssistantCreate
from livethread.domain.run_bodies import ThreadAndRunCreate
from livethread.domain.runs import RunStatus
from livethread.domain.threads import ThreadCreate
from livethread.errors import NotFound
from tests.services.rooms import Rooms


async def test_a_thread_made_with_a_run_begins_as_one_made_without(rooms: Rooms) -> None:
    attachment = {"file_id": "file-1", "tools": [{"type": "code_interpreter"}]}
    thread = {"messages": [{"role": "user", "content": "Hi", "attachments": [attachment]}], "metadata": {"a": "1"}}
    alone = json.loads((await rooms.threads.create(ThreadCreate.model_validate(thread))).text)["id"]
    assistant = json.loads((await rooms.assistants.create(AssistantCreate(model="m"))).text)["id"]
    body = ThreadAndRunCreate.model_validate({"assistant_id": assistant, "thread": thread})
    begins = (await rooms.runs.create_with_thread(body)).begins
    assert begins is not None
    with_run = await rooms.logged(begins.thread_id)
    assert [type for type, _ in with_run] == [
        "thread.created",
        "thread.message.created",
        "thread.run.created",
        "thread.run.queued",
    ]
    assert with_run[0][1]["tool_resources"] == {"code_interpreter": {"file_ids": ["file-1"]}}
    assert (begins.run_seq, begins.before) == (3, 0)

    def without_ids(event: tuple[str, dict[str, Any]]) -> tuple[str, dict[str, Any]]:
        type, object = event
        return type, {name: value for name, value in object.items() if name not in ("id", "thread_id")}

    assert list(map(without_ids, with_run[:2])) == list(map(without_ids, await rooms.logged(alone)))


async def test_stop_asks_every_run_that_has_not_ended_and_lists_them_all_oldest_first(rooms: Rooms) -> None:
    thread_id = json.loads((await rooms.threads.create(ThreadCreate())).text)["id"]
    states: list[RunStatus] = ["completed", "in_progress", "cancelling", "requires_action", "queued"]
    runs = [await rooms.run_on(thread_id, status) for status in states]
    before = len(await rooms.events(thread_id))
    stopped = json.loads((await rooms.runs.stop(thread_id)).text)
    assert stopped == {
        "object": "list",
        "data": [json.loads((await rooms.runs.get(thread_id, run.id))[0].text) for run in runs[1:]],
    }
    assert [run["status"] for run in stopped["data"]] == ["cancelling"] * 4
    asked = [(type, object["id"]) for type, object in (await rooms.logged(thread_id))[before:]]
    assert asked == [("thread.run.cancelling", runs[place].id) for place in (1, 3, 4)]


async def test_stop_where_nothing_runs_changes_nothing_and_lists_nothing(rooms: Rooms) -> None:
    thread_id = json.loads((await rooms.threads.create(ThreadCreate())).text)["id"]
    await rooms.run_on(thread_id, "completed")
    before = await rooms.counts()
    assert (await rooms.runs.stop(thread_id)).text == '{"object":"list","data":[]}'
    assert await rooms.counts() == before
    with pytest.raises(NotFound):
        await rooms.runs.stop("thread_none")
