"""A POST that is sent again changes nothing twice, and is answered as the first was."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from livethread.domain.assistants import AssistantCreate, AssistantUpdate
from livethread.domain.claims import ClaimCreate
from livethread.domain.messages import MessageCreate, MessageUpdate
from livethread.domain.run_bodies import RunCreate, RunUpdate, ThreadAndRunCreate, ToolOutputsSubmit
from livethread.domain.threads import ThreadCreate, ThreadUpdate
from livethread.domain.turns import TurnCreate
from livethread.errors import ApiError, NotFound
from livethread.services.answers import Answer, Beginning
from livethread.services.remembered import KEY_SECONDS, RETRY_SECONDS, Remembered, Sent
from tests.services.rooms import Rooms, rooms_at

Call = Callable[["Scene", Sent | None], Awaitable[Answer]]

HELLO = MessageCreate(role="user", content="Hello")


class Scene:
    """A thread with a message and a run of each kind, and what POSTs ask of them."""

    def __init__(self, rooms: Rooms) -> None:
        self.rooms = rooms

    async def set(self, *, busy: bool = True) -> Scene:
        rooms = self.rooms
        self.assistant = _id(await rooms.assistants.create(AssistantCreate(model="m", instructions="Be kind.")))
        self.thread = _id(await rooms.threads.create(ThreadCreate(messages=[HELLO])))
        self.message = _id(await rooms.messages.create(self.thread, HELLO))
        if busy:
            self.waiting = (await rooms.run_on(self.thread, "requires_action")).id
            self.writing = (await rooms.run_on(self.thread, "in_progress")).id
        return self

    async def end(self, run_id: str) -> None:
        await self.rooms.cancel(self.thread, run_id)

    def sent(self, *, key: str | None = None, again: bool = False, request: str = "this") -> Sent:
        return Sent(self.rooms.remembered, request, key, again)

    async def say(self, sent: Sent | None, text: str = "ok") -> Answer:
        return await self.rooms.messages.create(self.thread, MessageCreate(role="user", content=text), sent)

    async def stored(self) -> dict[str, int]:
        counts = await self.rooms.counts()
        counts.pop("answers")
        return counts

    async def kept(self) -> int:
        return (await self.rooms.counts())["answers"]


CALLS: dict[str, Call] = {
    "create an assistant": lambda s, sent: s.rooms.assistants.create(AssistantCreate(model="m"), sent),
    "update an assistant": lambda s, sent: s.rooms.assistants.update(s.assistant, AssistantUpdate(name="Ada"), sent),
    "create a thread": lambda s, sent: s.rooms.threads.create(ThreadCreate(messages=[HELLO]), sent),
    "update a thread": lambda s, sent: s.rooms.threads.update(s.thread, ThreadUpdate(metadata={"a": "b"}), sent),
    "create a message": lambda s, sent: s.rooms.messages.create(s.thread, HELLO, sent),
    "update a message": lambda s, sent: s.rooms.messages.update(
        s.thread, s.message, MessageUpdate(metadata={"a": "b"}), sent
    ),
    "create a run": lambda s, sent: s.rooms.runs.create(
        s.thread,
        RunCreate(assistant_id=s.assistant, additional_messages=[HELLO], thread_policy="interrupt"),
        sent,
    ),
    "create a thread and run it": lambda s, sent: s.rooms.runs.create_with_thread(
        ThreadAndRunCreate(assistant_id=s.assistant, thread=ThreadCreate(messages=[HELLO])), sent
    ),
    "update a run": lambda s, sent: s.rooms.runs.update(s.thread, s.writing, RunUpdate(metadata={"a": "b"}), sent),
    "cancel a run": lambda s, sent: s.rooms.runs.cancel(s.thread, s.writing, sent),
    "create a turn": lambda s, sent: s.rooms.turns.create(
        s.thread,
        TurnCreate(message="Hi", assistants=[s.assistant, s.assistant], thread_policy="interrupt"),
        sent,
    ),
    "stop a thread": lambda s, sent: s.rooms.runs.stop(s.thread, sent),
    "claim a run": lambda s, sent: s.rooms.runs.claim(s.thread, s.waiting, ClaimCreate(user_id="ann"), sent),
    "submit outputs": lambda s, sent: s.rooms.runs.submit(
        s.thread, s.waiting, ToolOutputsSubmit(tool_outputs=[]), sent
    ),
}


@pytest.fixture
async def scene(rooms: Rooms) -> Scene:
    return await Scene(rooms).set()


@pytest.mark.parametrize("name", CALLS)
async def test_equal_requests_with_one_key_at_the_same_time_change_something_once(scene: Scene, name: str) -> None:
    first = await CALLS[name](scene, scene.sent(key="k"))
    after = await scene.stored()
    answers = await asyncio.gather(*(CALLS[name](scene, scene.sent(key="k")) for _ in range(20)))
    assert answers == [first] * 20
    assert await scene.stored() == after
    assert await scene.kept() == 1


@pytest.mark.parametrize("name", CALLS)
async def test_a_retry_without_a_key_gets_the_answer_that_was_not_written_to_its_end(scene: Scene, name: str) -> None:
    first = await CALLS[name](scene, scene.sent())
    after = await scene.stored()
    second = await CALLS[name](scene, scene.sent(again=True))
    third = await CALLS[name](scene, scene.sent(again=True))
    assert [second, third] == [first, first]
    assert await scene.stored() == after


@pytest.mark.parametrize("name", CALLS)
async def test_a_call_that_nobody_sends_again_is_not_remembered(scene: Scene, name: str) -> None:
    answer = await CALLS[name](scene, None)
    assert answer.written is None
    assert await scene.kept() == 0


async def test_only_the_first_of_equal_requests_at_the_same_time_is_done(scene: Scene) -> None:
    answers = await asyncio.gather(*(scene.say(scene.sent(key="k")) for _ in range(20)))
    assert answers == [answers[0]] * 20
    assert (await scene.stored())["messages"] == 3


async def test_equal_requests_that_are_no_retries_are_each_done(scene: Scene) -> None:
    first, second = [await scene.say(scene.sent()) for _ in range(2)]
    assert _id(first) != _id(second)
    assert await scene.kept() == 2


async def test_a_retry_gets_the_newest_answer_that_was_not_written_to_its_end(scene: Scene) -> None:
    first, second, third = [await scene.say(scene.sent()) for _ in range(3)]
    _write(third)
    assert await scene.say(scene.sent(again=True)) == second
    _write(await scene.say(scene.sent(again=True)))
    assert await scene.say(scene.sent(again=True)) == first
    _write(first)
    fourth = await scene.say(scene.sent(again=True))
    assert _id(fourth) not in map(_id, (first, second, third))


async def test_an_answer_that_was_written_to_its_end_is_struck_off_by_the_next_write(scene: Scene) -> None:
    _write(await scene.say(scene.sent()))
    assert await scene.kept() == 1
    await scene.say(scene.sent(request="another"), "something else")
    assert await scene.kept() == 1


async def test_an_answer_that_two_have_written_to_its_end_takes_no_other_along(scene: Scene) -> None:
    first = await scene.say(scene.sent())
    retried = await scene.say(scene.sent(again=True))
    _write(first)
    second = await scene.say(scene.sent())
    _write(retried)
    assert await scene.say(scene.sent(again=True)) == second


async def test_a_stop_strikes_off_what_was_written_to_its_end(scene: Scene) -> None:
    first = await scene.say(scene.sent())
    _write(await scene.say(scene.sent()))
    await scene.rooms.remembered.close()
    assert await scene.kept() == 1
    assert await scene.say(scene.sent(again=True)) == first
    await scene.rooms.remembered.close()


async def test_a_killed_process_leaves_what_a_retry_needs(scene: Scene) -> None:
    unkeyed, keyed = await scene.say(scene.sent()), await scene.say(scene.sent(key="k", request="other"), "yes")
    scene.rooms.remembered = Remembered(scene.rooms.database, scene.rooms.clock)
    assert await scene.say(scene.sent(again=True)) == unkeyed
    assert await scene.say(scene.sent(key="k", request="other"), "yes") == keyed


async def test_a_key_holds_for_a_day_whether_or_not_the_answer_was_written(scene: Scene) -> None:
    first = await scene.say(scene.sent(key="k"))
    assert first.written is None
    scene.rooms.clock.time += KEY_SECONDS - 1
    assert await scene.say(scene.sent(key="k")) == first
    scene.rooms.clock.time += 1
    assert await scene.say(scene.sent(key="k")) != first
    assert await scene.kept() == 1


async def test_a_retry_without_a_key_has_a_minute(scene: Scene) -> None:
    scene.rooms.clock.time += 0.9
    first = await scene.say(scene.sent())
    scene.rooms.clock.time += RETRY_SECONDS
    assert await scene.say(scene.sent(again=True)) == first
    scene.rooms.clock.time += 0.1
    assert await scene.say(scene.sent(again=True)) != first
    assert await scene.kept() == 1


async def test_an_answer_is_remembered_from_its_own_request_on_and_not_from_a_retry(scene: Scene) -> None:
    first = await scene.say(scene.sent())
    scene.rooms.clock.time += RETRY_SECONDS - 1
    assert await scene.say(scene.sent(again=True)) == first
    scene.rooms.clock.time += 1
    assert await scene.say(scene.sent(again=True)) != first


async def test_answers_of_one_moment_are_told_apart(scene: Scene) -> None:
    said = [await scene.say(scene.sent()) for _ in range(5)]
    again = []
    for _ in said:
        again.append(await scene.say(scene.sent(again=True)))
        _write(again[-1])
    assert again == said[::-1]


@pytest.mark.parametrize("again", [False, True])
async def test_a_key_for_another_request_is_refused_and_changes_nothing(scene: Scene, *, again: bool) -> None:
    first = await scene.say(scene.sent(key="k"))
    after = await scene.stored()
    with pytest.raises(ApiError) as refused:
        await scene.say(scene.sent(key="k", request="another", again=again), "another")
    error = refused.value
    assert (error.status, error.param, error.code) == (400, None, "idempotency_key_reused")
    assert error.message == (
        "This Idempotency-Key was sent with another request within the last 24 hours. Send a new key with every new "
        "request; only a repetition of the same method, path and body may bear the same one."
    )
    assert await scene.stored() == after
    assert await scene.say(scene.sent(key="k")) == first


async def test_what_is_refused_is_not_remembered(tmp_path: Path) -> None:
    async with rooms_at(tmp_path, policy="reject") as rooms:
        scene = await Scene(rooms).set(busy=False)
        run = await rooms.run_on(scene.thread)
        for sent in (scene.sent(key="k"), scene.sent(again=True)):
            with pytest.raises(ApiError, match="Can't add messages"):
                await scene.say(sent)
        assert await scene.kept() == 0
        await scene.end(run.id)
        answer = await scene.say(scene.sent(key="k"))
        assert await scene.say(scene.sent(key="k")) == answer


async def test_what_is_refused_does_not_bring_back_what_was_struck_off(scene: Scene) -> None:
    _write(first := await scene.say(scene.sent()))
    with pytest.raises(NotFound):
        await scene.rooms.runs.create(scene.thread, RunCreate(assistant_id="asst_none"), scene.sent(request="run"))
    assert await scene.say(scene.sent(again=True)) != first


async def test_a_thread_that_is_gone_keeps_the_answers_it_gave(scene: Scene) -> None:
    first = await scene.say(scene.sent(key="k"))
    unkeyed = await scene.say(scene.sent(request="other"))
    written = await scene.say(scene.sent(request="third"))
    await scene.rooms.threads.delete(scene.thread)
    assert await scene.say(scene.sent(key="k")) == first
    assert await scene.say(scene.sent(request="other", again=True)) == unkeyed
    _write(written)
    for sent in (scene.sent(key="new"), scene.sent(request="third", again=True), scene.sent()):
        with pytest.raises(NotFound, match=f"^No thread found with id '{scene.thread}'"):
            await scene.say(sent)
    with pytest.raises(ApiError, match="This Idempotency-Key"):
        await scene.say(scene.sent(key="k", request="another"))


async def test_a_retried_run_is_neither_refused_nor_interrupts_itself(tmp_path: Path) -> None:
    async with rooms_at(tmp_path, policy="reject") as rooms:
        scene = await Scene(rooms).set(busy=False)
        for policy in ("reject", "interrupt", "queue"):
            sent = scene.sent(request=policy)
            body = RunCreate(assistant_id=scene.assistant, thread_policy=policy)
            first = await rooms.runs.create(scene.thread, body, sent)
            before = await rooms.events(scene.thread)
            assert await rooms.runs.create(scene.thread, body, replace(sent, again=True)) == first
            assert await rooms.events(scene.thread) == before
            await scene.end(_id(first))


async def test_a_retried_cancel_gets_what_the_first_got_although_the_run_is_over(scene: Scene) -> None:
    first = await scene.rooms.runs.cancel(scene.thread, scene.writing, scene.sent())
    await scene.end(scene.writing)
    again = await scene.rooms.runs.cancel(scene.thread, scene.writing, scene.sent(again=True))
    assert (again, json.loads(again.text)["status"]) == (first, "cancelling")
    _write(again)
    with pytest.raises(ApiError, match="Cannot cancel run with status 'cancelled'"):
        await scene.rooms.runs.cancel(scene.thread, scene.writing, scene.sent(again=True))


async def test_a_retry_is_told_where_the_stream_of_the_first_began(scene: Scene) -> None:
    events = len(await scene.rooms.events(scene.thread))
    for name, before in (("submit outputs", events), ("create a run", events + 4)):
        sent = scene.sent(request=name)
        first = await CALLS[name](scene, sent)
        again = await CALLS[name](scene, replace(sent, again=True))
        assert again.begins == first.begins
        assert first.begins is not None
        assert first.begins.before == before
    sent = scene.sent(request="both")
    first = await CALLS["create a thread and run it"](scene, sent)
    again = await CALLS["create a thread and run it"](scene, replace(sent, again=True))
    run = json.loads(first.text)
    assert again.begins == Beginning(run["thread_id"], run["id"], 3, 0)


async def test_a_retried_update_of_a_growing_message_shows_its_text_of_now(scene: Scene) -> None:
    run = await scene.rooms.run_on(scene.thread, "in_progress")
    message = await scene.rooms.writing(run, "Half a")
    body = MessageUpdate(metadata={"a": "b"})
    first = await scene.rooms.messages.update(scene.thread, message.id, body, scene.sent())
    scene.rooms.drafts.grow(scene.thread, message.id, " sentence")
    scene.rooms.drafts.flush()
    again = await scene.rooms.messages.update(scene.thread, message.id, body, scene.sent(again=True))
    shown = [json.loads(answer.text)["content"][0]["text"]["value"] for answer in (first, again)]
    assert shown == ["Half a", "Half a sentence"]
    _write(again)
    await scene.rooms.remembered.close()
    assert await scene.kept() == 0


def _id(answer: Answer) -> str:
    id: str = json.loads(answer.text)["id"]
    return id


def _write(answer: Answer) -> None:
    """As a face says that it has written it to its end."""
    assert answer.written is not None
    answer.written()
