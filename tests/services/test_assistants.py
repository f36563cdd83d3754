from __future__ import annotations

import json

import pytest

from livethread.domain.assistants import AssistantCreate, AssistantUpdate
from livethread.domain.lists import ListQuery
from livethread.errors import ApiError, NotFound
from tests.services.rooms import NOW, Rooms


async def named(rooms: Rooms, *names: str) -> list[str]:
    """Assistants with these names; their ids."""
    ids = []
    for name in names:
        answer = await rooms.assistants.create(AssistantCreate(model="m", name=name))
        ids.append(json.loads(answer.text)["id"])
    return ids


async def test_an_assistant_is_read_as_it_was_created(rooms: Rooms) -> None:
    created = await rooms.assistants.create(AssistantCreate(model="m", name="Ada", metadata={"color": "red"}))
    id = json.loads(created.text)["id"]
    assert await rooms.assistants.get(id) == created
    assert json.loads(created.text) == {
        "id": id,
        "object": "assistant",
        "created_at": NOW,
        "name": "Ada",
        "description": None,
        "model": "m",
        "instructions": None,
        "tools": [],
        "top_p": 1.0,
        "temperature": 1.0,
        "reasoning_effort": None,
        "tool_resources": {},
        "metadata": {"color": "red"},
        "response_format": "auto",
    }


async def test_an_update_changes_what_it_gives_and_nothing_else(rooms: Rooms) -> None:
    created = await rooms.assistants.create(AssistantCreate(model="m", name="Ada", instructions="Be kind."))
    before = json.loads(created.text)
    updated = await rooms.assistants.update(before["id"], AssistantUpdate(name="Bea"))
    assert json.loads(updated.text) == before | {"name": "Bea"}
    assert await rooms.assistants.get(before["id"]) == updated


async def test_a_deleted_assistant_is_gone(rooms: Rooms) -> None:
    (id,) = await named(rooms, "Ada")
    deleted = await rooms.assistants.delete(id)
    assert json.loads(deleted.text) == {"id": id, "object": "assistant.deleted", "deleted": True}
    for call in (
        rooms.assistants.get(id),
        rooms.assistants.update(id, AssistantUpdate()),
        rooms.assistants.delete(id),
    ):
        with pytest.raises(NotFound, match=f"^No assistant found with id '{id}'.$"):
            await call
    assert (await rooms.counts())["assistants"] == 0


async def test_assistants_of_one_second_keep_the_order_of_their_creation(rooms: Rooms) -> None:
    a, b, c = await named(rooms, "a", "b", "c")
    assert (await rooms.assistants.list(ListQuery())).ids == [c, b, a]
    assert (await rooms.assistants.list(ListQuery(order="asc"))).ids == [a, b, c]


async def test_pages_follow_each_other_without_a_gap(rooms: Rooms) -> None:
    ids = await named(rooms, *"abcde")
    seen: list[str] = []
    more, after = True, None
    while more:
        page = await rooms.assistants.list(ListQuery(limit=2, after=after))
        seen += page.ids
        more, after = page.has_more, page.ids[-1]
    assert seen == ids[::-1]


async def test_before_gives_the_nearest_that_precede(rooms: Rooms) -> None:
    a, b, c = await named(rooms, *"abc")
    pages = {
        id: [(page.ids, page.has_more) for page in [await rooms.assistants.list(ListQuery(limit=1, before=id))]]
        for id in (a, b, c)
    }
    assert pages == {a: [([b], True)], b: [([c], False)], c: [([], False)]}


@pytest.mark.parametrize("param", ["after", "before"])
@pytest.mark.parametrize("id", ["asst_gone", "", "asst_\0", "a" * 500])
async def test_a_page_beside_an_unknown_assistant_is_refused(rooms: Rooms, param: str, id: str) -> None:
    query = ListQuery(after=id) if param == "after" else ListQuery(before=id)
    with pytest.raises(ApiError) as refused:
        await rooms.assistants.list(query)
    assert (refused.value.status, refused.value.param) == (400, param)
    assert refused.value.message == f"No assistant found with id '{id[:128]}'."
