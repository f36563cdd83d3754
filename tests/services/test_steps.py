from __future__ import annotations

import json

import pytest

from livethread.domain.lists import ListQuery
from livethread.errors import ApiError, NotFound
from tests.services.rooms import Rooms


async def thread_of(rooms: Rooms) -> str:
    id: str = json.loads((await rooms.threads.create()).text)["id"]
    return id


async def test_the_steps_of_a_run_are_listed_and_read(rooms: Rooms) -> None:
    thread_id = await thread_of(rooms)
    run = await rooms.run_on(thread_id, "in_progress")
    await rooms.writing(run, "a")
    await rooms.writing(run, "b")
    created = [object for type, object in await rooms.logged(thread_id) if type == "thread.run.step.created"]
    listing = await rooms.steps.list(thread_id, run.id, ListQuery(order="asc"))
    assert [json.loads(text) for text in listing.texts] == created
    answer = await rooms.steps.get(thread_id, run.id, created[0]["id"])
    assert (json.loads(answer.text), answer.cursor) == (created[0], await rooms.tip(thread_id))
    page = await rooms.steps.list(thread_id, run.id, ListQuery(after=created[1]["id"]))
    assert (page.ids, page.has_more) == ([created[0]["id"]], False)


async def test_a_step_is_found_only_in_its_own_thread_and_run(rooms: Rooms) -> None:
    thread_id, other_thread = await thread_of(rooms), await thread_of(rooms)
    run, other_run = await rooms.run_on(thread_id, "in_progress"), await rooms.run_on(thread_id)
    await rooms.writing(run, "a")
    (step,) = (await rooms.steps.list(thread_id, run.id, ListQuery())).ids
    for call, message in (
        (rooms.steps.get(thread_id, run.id, "step_123"), "No run step found with id 'step_123'."),
        (rooms.steps.get(thread_id, other_run.id, step), f"No run step found with id '{step}'."),
        (rooms.steps.get(thread_id, "run_123", step), "No run found with id 'run_123'."),
        (rooms.steps.get(other_thread, run.id, step), f"No run found with id '{run.id}'."),
        (rooms.steps.get("thread_123", run.id, step), "No thread found with id 'thread_123'."),
    ):
        with pytest.raises(NotFound) as missing:
            await call
        assert missing.value.message == message
    for listing, message in (
        (rooms.steps.list(other_thread, run.id, ListQuery()), f"No run found with id '{run.id}'."),
        (rooms.steps.list(thread_id, other_run.id, ListQuery(after=step)), f"No run step found with id '{step}'."),
    ):
        with pytest.raises(ApiError) as refused:
            await listing
        assert refused.value.message == message
