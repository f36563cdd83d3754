from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from livethread.domain.assistants import AssistantCreate
from livethread.domain.cursor import parse
from livethread.domain.messages import MessageCreate
from livethread.domain.people import Person
from livethread.domain.rooms import RoomMessage
from livethread.domain.threads import ThreadCreate
from livethread.errors import ApiError, NotFound
from tests.services.rooms import Rooms

ANN, BEN = Person("user_ann", "Ann"), Person("user_ben", "Ben")


def said(id: str, content: str = "Hello") -> RoomMessage:
    return RoomMessage(user_id="?", name="?", content=content, role="user", id=id, created_at=0)


async def assistant(rooms: Rooms, **body: Any) -> str:
    answer = await rooms.assistants.create(AssistantCreate.model_validate({"model": "m"} | body))
    return str(json.loads(answer.text)["id"])


async def thread(rooms: Rooms) -> str:
    return str(json.loads((await rooms.threads.create(ThreadCreate())).text)["id"])


async def write(rooms: Rooms, thread_id: str, text: str) -> str:
    """Post a message; its id."""
    answer = await rooms.messages.create(thread_id, MessageCreate(role="user", content=text))
    return str(json.loads(answer.text)["id"])


async def test_all_who_come_at_once_get_one_default_room(rooms: Rooms) -> None:
    assert await rooms.rooms.known_default() is None
    (room,) = set(await asyncio.gather(*(rooms.rooms.default() for _ in range(5))))
    assert await rooms.rooms.known_default() == await rooms.rooms.default() == room
    assert (await rooms.counts())["threads"] == 1


async def test_a_default_room_that_was_deleted_is_followed_by_another(rooms: Rooms) -> None:
    first = await rooms.rooms.default()
    await rooms.threads.delete(first)
    assert await rooms.rooms.known_default() is None
    second = await rooms.rooms.default()
    assert second != first
    assert await rooms.events(second) == ["thread.created"]


async def test_the_first_assistant_answers_unless_one_is_named(rooms: Rooms) -> None:
    with pytest.raises(ApiError, match="this server has no assistant yet"):
        await rooms.rooms.assistant()
    first, second = await assistant(rooms), await assistant(rooms)
    assert (await rooms.rooms.assistant()).id == first
    assert (await rooms.rooms.assistant(second)).id == second
    with pytest.raises(NotFound):
        await rooms.rooms.assistant("asst_none")


async def test_a_message_and_its_run_are_one_transaction(rooms: Rooms) -> None:
    room, guide = await rooms.rooms.default(), await assistant(rooms, instructions="Be kind.")
    before = rooms.database.transactions
    run = json.loads((await rooms.rooms.post(room, said("m1"), ANN, guide, "room")).text)
    assert rooms.database.transactions == before + 1
    assert await rooms.events(room) == [
        "thread.created", "thread.message.created", "thread.run.created", "thread.run.queued",
    ]  # fmt: skip
    assert run["instructions"] == ("Be kind.\nPlease address the user as Ann.\nToday is Tue, 14 Nov 2023 22:13:20 GMT.")


async def test_the_same_message_of_the_same_person_is_posted_once(rooms: Rooms) -> None:
    room, guide = await rooms.rooms.default(), await assistant(rooms)
    answers = [await rooms.rooms.post(room, said("m1", text), ANN, guide, "room") for text in ("Hello", "Hello!")]
    assert answers[0] == answers[1]
    await rooms.rooms.post(room, said("m1"), BEN, guide, "room")
    await rooms.rooms.post(room, said("m2"), ANN, guide, "room")
    assert (await rooms.counts())["messages"] == 3


async def test_what_is_said_while_the_default_room_goes_is_said_in_the_next_one(rooms: Rooms) -> None:
    await assistant(rooms)
    gone = await rooms.rooms.default()
    deletions = [gone]

    async def post() -> None:
        await rooms.rooms.post_to_default(said("m1"), lambda _: ANN, "room-stream")

    original = rooms.rooms.default

    async def default() -> str:
        room = await original()
        if deletions:
            await rooms.threads.delete(deletions.pop())  # behind the back of who has just been told of it
        return room

    rooms.rooms.default = default  # type: ignore[method-assign]
    await post()
    assert (await rooms.events(await original()))[1] == "thread.message.created"


async def test_a_room_is_found_with_its_newest_messages_in_the_order_of_the_log(rooms: Rooms) -> None:
    room = await thread(rooms)
    ids = [await write(rooms, room, str(number)) for number in range(103)]
    found = await rooms.rooms.find(room)
    assert [message.id for message in found.messages] == ids[3:]
    assert found.unseen == frozenset(ids[3:])
    assert str(found.position.cursor()) == await rooms.tip(room)


async def test_who_names_the_last_message_is_told_what_has_ended_since(rooms: Rooms) -> None:
    room, guide = await thread(rooms), await assistant(rooms)
    await rooms.rooms.post(room, said("m1"), ANN, guide, "room")
    first = await write(rooms, room, "First")
    second = await write(rooms, room, "Second")
    for last in (first, "m1", "msg_unknown"):
        found = await rooms.rooms.find(room, last=last)
        newer = {first: {second}, "m1": {first, second}}.get(last)
        unseen = found.unseen if newer is None else newer
        assert found.unseen == unseen
        assert len(found.unseen) == (3 if newer is None else len(newer))


async def test_an_answer_that_ends_behind_the_last_message_is_unseen_though_it_began_before(rooms: Rooms) -> None:
    room, guide = await thread(rooms), await assistant(rooms, name="Guide")
    run = await rooms.run_on(room, "in_progress")
    answer = await rooms.writing(run, "Half an ")
    last = await write(rooms, room, "Last")
    found = await rooms.rooms.find(room, last=last)
    assert found.unseen == frozenset()
    assert [(text.message_id, text.place) for text in found.position.open.values()] == [(answer.id, (0, 8))]
    assert [held.id for held in found.runs] == [run.id]
    assert found.names == {run.assistant_id: "assistant"}
    assert (await rooms.rooms.find(room, from_begin=True)).position.open[answer.id].place == (0, 0)

    def end(write: Any) -> None:
        write.append(answer.completed([{"type": "text", "text": {"value": "Half", "annotations": []}}], 1),
                     "thread.message.completed")  # fmt: skip

    await rooms.log.append(room, end)
    assert (await rooms.rooms.find(room, last=last)).unseen == frozenset([answer.id])
    assert await rooms.rooms.names([guide, "asst_none"]) == {guide: "Guide", "asst_none": "assistant"}


async def test_behind_an_answer_that_took_long_all_is_told_that_stands_there_though_it_ended_before(
    rooms: Rooms,
) -> None:
    room = await thread(rooms)
    answer = await rooms.writing(await rooms.run_on(room, "in_progress"), "Half an ")
    meanwhile = await write(rooms, room, "Meanwhile")  # the history may have been cut off between the two

    def end(write: Any) -> None:
        write.append(answer.completed([{"type": "text", "text": {"value": "Half", "annotations": []}}], 1),
                     "thread.message.completed")  # fmt: skip

    await rooms.log.append(room, end)
    assert (await rooms.rooms.find(room, last=answer.id)).unseen == frozenset([meanwhile])
    assert (await rooms.rooms.find(room, last=meanwhile)).unseen == frozenset([answer.id])


async def test_whether_there_may_be_a_gap_before_the_newest_is_known(rooms: Rooms) -> None:
    room = await thread(rooms)
    ids = [await write(rooms, room, str(number)) for number in range(102)]
    lasts = {None: False, ids[0]: True, ids[1]: True, ids[2]: False, ids[101]: False, "msg_none": True}
    assert {last: (await rooms.rooms.find(room, last=last)).gap for last in lasts} == lasts
    few = await thread(rooms)
    await write(rooms, few, "One")
    assert not (await rooms.rooms.find(few, last="msg_none")).gap


async def test_messages_are_read_by_their_ids_as_far_as_they_are_there(rooms: Rooms) -> None:
    room, other = await thread(rooms), await thread(rooms)
    first, second, foreign = [await write(rooms, thread, "Hello") for thread in (room, room, other)]
    read = await rooms.rooms.messages(room, [second, "msg_none", foreign, first])
    assert [message.id for message in read] == [second, first]


async def test_who_holds_a_cursor_is_told_what_has_ended_since_unless_the_log_is_another_one(rooms: Rooms) -> None:
    room = await thread(rooms)
    await write(rooms, room, "First")
    held = parse(await rooms.tip(room))
    second = await write(rooms, room, "Second")
    assert (await rooms.rooms.find(room, held=held)).unseen == frozenset([second])
    foreign = parse(str(held).replace(held.tag, "zzzz"))
    assert len((await rooms.rooms.find(room, held=foreign)).unseen) == 2


async def test_a_room_that_is_not_there_is_not_found(rooms: Rooms) -> None:
    with pytest.raises(NotFound):
        await rooms.rooms.find("thread_none")
