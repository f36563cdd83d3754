"""Several people and several assistants in one thread: who is told what, and as whose words."""

from __future__ import annotations

import pytest

from livethread.domain.messages import Message, MessageCreate
from livethread.providers.chunks import Request, Text
from tests.engine.harness import House
from tests.engine.test_loop import CALLS, STOP


def told(request: Request) -> list[tuple[str, str]]:
    """What the model is told, but for calls and their outputs."""
    said = [message for message in request.messages if message.role != "tool" and not message.tool_calls]
    return [(message.role, message.text) for message in said]


class Room:
    """A thread with a poet and a critic."""

    def __init__(self, house: House, thread_id: str, poet: str, critic: str) -> None:
        self.house, self.id, self.poet, self.critic = house, thread_id, poet, critic

    async def says(self, text: str, role: str = "user", **metadata: str) -> str:
        body = MessageCreate.model_validate({"role": role, "content": text, "metadata": metadata})
        answer = await self.house.messages.create(self.id, body)
        return Message.model_validate_json(answer.text).id

    async def answered(self, assistant_id: str, text: str) -> str:
        """A run that has said this and is over."""
        self.house.provider.plan([Text(text), STOP])
        return await self.house.asked(self.id, assistant_id=assistant_id)

    async def seen_by(self, assistant_id: str) -> list[tuple[str, str]]:
        """What a new run of this assistant is told."""
        run_id = await self.house.asked(self.id, assistant_id=assistant_id)
        request = self.house.provider.last.request
        await self.house.runs.cancel(self.id, run_id)
        await self.house.quiet()
        return told(request)


@pytest.fixture
async def room(house: House) -> Room:
    poet, critic = await house.assistant(name="Poet"), await house.assistant(name="Critic")
    return Room(house, await house.thread("A verse, please."), poet, critic)


async def test_each_assistant_is_told_its_own_words_as_its_own_and_the_other_s_by_name(room: Room) -> None:
    await room.answered(room.poet, "Roses are red.")
    await room.says("And?")
    await room.answered(room.critic, "Weak.")
    await room.says("Again, please.")
    assert await room.seen_by(room.poet) == [
        ("user", "A verse, please."), ("assistant", "Roses are red."), ("user", "And?"), ("user", "[Critic]: Weak."),
        ("user", "Again, please."),
    ]  # fmt: skip
    assert await room.seen_by(room.critic) == [
        ("user", "A verse, please."), ("user", "[Poet]: Roses are red."), ("user", "And?"), ("assistant", "Weak."),
        ("user", "Again, please."),
    ]  # fmt: skip


async def test_parallel_siblings_never_see_each_other_and_a_later_run_sees_both(room: Room) -> None:
    house = room.house
    first = await house.asked(room.id, assistant_id=room.poet, thread_policy="parallel")
    second = await house.asked(room.id, assistant_id=room.critic, thread_policy="parallel")
    of_poet, of_critic = house.provider.calls
    of_poet.end(*CALLS)
    await house.says(of_critic, "I wait.")
    of_critic.end(STOP)
    await house.quiet()
    await house.submit(room.id, first, call_a="1", call_b="2")
    assert [told(call.request) for call in house.provider.calls] == [[("user", "A verse, please.")]] * 3
    house.provider.last.end(Text("Roses are red."), STOP)
    await house.quiet()
    assert await house.status(first, second) == ["completed", "completed"]
    assert await room.seen_by(room.critic) == [
        ("user", "A verse, please."), ("user", "[Poet]: Roses are red."), ("assistant", "I wait."),
    ]  # fmt: skip
    assert await room.seen_by(await house.assistant(name="Third")) == [
        ("user", "A verse, please."), ("user", "[Poet]: Roses are red."), ("user", "[Critic]: I wait."),
    ]  # fmt: skip


async def test_what_an_earlier_run_finishes_after_the_start_is_not_seen_in_later_rounds_either(room: Room) -> None:
    house = room.house
    await house.asked(room.id, assistant_id=room.poet)
    of_poet = house.provider.last
    await house.says(of_poet, "Roses")
    run_id = await house.asked(room.id, assistant_id=room.critic, thread_policy="parallel")
    house.provider.last.end(*CALLS)
    of_poet.end(STOP)
    await house.quiet()
    await room.says("Too late.")
    await house.submit(room.id, run_id, call_a="1", call_b="2")
    first, second = (call.request for call in house.provider.calls[1:])
    assert (told(first), second.messages[:1]) == ([("user", "A verse, please.")], first.messages)
    own = [("assistant", ""), ("tool", "1"), ("tool", "2")]
    assert [(message.role, message.text) for message in second.messages[1:]] == own


async def test_what_is_posted_behind_a_run_is_not_seen_however_much_later_it_starts(room: Room) -> None:
    house = room.house
    await house.asked(room.id, assistant_id=room.poet)
    of_poet = house.provider.last
    waits = await house.asked(room.id, assistant_id=room.critic)
    await room.says("Too late for both.")
    await room.says("I am a bot, and too late.", "assistant")
    await house.passes(500)
    of_poet.end(Text("Roses are red."), STOP)
    await house.quiet()
    assert await house.status(waits) == ["in_progress"]
    assert told(house.provider.last.request) == [("user", "A verse, please."), ("user", "[Poet]: Roses are red.")]


async def test_each_answer_stands_behind_its_question_though_the_queue_gave_it_later(room: Room) -> None:
    house = room.house
    await house.asked(room.id, assistant_id=room.poet)
    await room.says("And one about violets.")
    await house.asked(room.id, assistant_id=room.poet)
    await room.says("What do you think?")
    await house.asked(room.id, assistant_id=room.critic)
    for text in ("Roses are red.", "Violets are blue."):
        house.provider.last.end(Text(text), STOP)
        await house.quiet()
    assert told(house.provider.last.request) == [
        ("user", "A verse, please."), ("user", "[Poet]: Roses are red."),
        ("user", "And one about violets."), ("user", "[Poet]: Violets are blue."),
        ("user", "What do you think?"),
    ]  # fmt: skip


async def test_what_a_client_posts_as_an_assistant_s_is_nobody_s_of_ours(room: Room) -> None:
    await room.says("I was imported.", "assistant", name="Bot")
    await room.says("And?")
    expected = [("user", "A verse, please."), ("assistant", "I was imported."), ("user", "And?")]
    assert await room.seen_by(room.poet) == expected
    assert await room.seen_by(room.critic) == expected


async def test_three_people_are_told_apart(room: Room) -> None:
    for number, name in enumerate(["Ann", "Ben", "Cem"]):
        await room.says(f"I am {name}.", user_id=str(number), name=name)
    await room.answered(room.critic, "Hello, all.")
    await room.says("Hello.", user_id="1", name="Ben")
    assert await room.seen_by(room.poet) == [
        ("user", "A verse, please."), ("user", "[Ann]: I am Ann."), ("user", "[Ben]: I am Ben."),
        ("user", "[Cem]: I am Cem."), ("user", "[Critic]: Hello, all."), ("user", "[Ben]: Hello."),
    ]  # fmt: skip


async def test_who_comes_later_changes_nothing_in_what_a_run_is_told(room: Room) -> None:
    house = room.house
    (first,) = [message["id"] for type, message in await house.events(room.id) if type == "M.created"]
    await house.messages.delete(room.id, first)
    await room.says("I am Ann.", user_id="1", name="Ann")
    run_id = await house.asked(room.id, assistant_id=room.poet)
    house.provider.last.end(*CALLS)
    await house.quiet()
    await room.says("I am Ben.", user_id="2", name="Ben")
    await house.submit(room.id, run_id, call_a="1", call_b="2")
    assert house.provider.last.request.messages[:1] == house.provider.calls[0].request.messages
    assert told(house.provider.calls[0].request) == [("user", "I am Ann.")]


async def test_a_cancelled_run_s_half_counts_and_an_unbegun_one_leaves_nothing(room: Room) -> None:
    house = room.house
    for text in ("Roses are", ""):
        run_id = await house.asked(room.id, assistant_id=room.poet)
        await house.says(house.provider.last, text)
        await house.runs.cancel(room.id, run_id)
        await house.quiet()
    assert await room.seen_by(room.critic) == [("user", "A verse, please."), ("user", "[Poet]: Roses are")]


async def test_deleted_messages_are_not_seen(room: Room) -> None:
    house = room.house
    regretted = await room.says("My password is 123.")
    (answer,) = await house.said(await room.answered(room.poet, "Is it?"))
    await room.says("And?")
    for message_id in (regretted, answer.id):
        await house.messages.delete(room.id, message_id)
    assert await room.seen_by(room.poet) == [("user", "A verse, please."), ("user", "And?")]


async def test_what_is_deleted_while_a_run_goes_on_is_not_told_again(room: Room) -> None:
    house = room.house
    regretted = await room.says("My password is 123.")
    run_id = await house.asked(room.id, assistant_id=room.poet)
    house.provider.last.end(*CALLS)
    await house.quiet()
    await house.messages.delete(room.id, regretted)
    await house.submit(room.id, run_id, call_a="1", call_b="2")
    assert told(house.provider.calls[0].request) == [("user", "A verse, please."), ("user", "My password is 123.")]
    assert told(house.provider.last.request) == [("user", "A verse, please.")]


async def test_an_assistant_is_called_as_it_is_now_and_one_that_is_gone_assistant(room: Room) -> None:
    house = room.house
    await room.answered(room.poet, "Roses are red.")
    await house.assistants.delete(room.poet)
    assert await room.seen_by(room.critic) == [("user", "A verse, please."), ("user", "[assistant]: Roses are red.")]
