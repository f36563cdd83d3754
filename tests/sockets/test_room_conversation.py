"""What makes no sense in a room is answered with a sentence, and the room goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from openai import AsyncOpenAI

from tests.sockets.room_screens import Line, Visitor, speaker, stored, visiting
from tests.sockets.talking import talking

pytestmark = pytest.mark.filterwarnings("ignore:deprecated$:DeprecationWarning")

ANN = {"user_id": "user_ann", "name": "Ann"}
SAID = {**ANN, "content": "Hello", "role": "user", "id": "ann-1", "created_at": 1_700_000_000_000}
REGISTER_FIRST = "Register first: emit 'register' with your 'user_id' and 'name', then send the message again."


@pytest.fixture(params=["websocket", "polling"])
def transport(request: pytest.FixtureRequest) -> str:
    """Every way that a Socket.IO client may come."""
    return str(request.param)


@pytest.fixture
async def api(url: str) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as api:
        yield api


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (None, "Invalid type: expected an object, but got null instead."),
        ({}, "Missing required parameter: 'user_id'."),
        ({**ANN, "name": ""}, "Invalid 'name': a nickname must be at least 3 characters long."),
        ({**ANN, "name": "  x\n "}, "Invalid 'name': a nickname must be at least 3 characters long."),
        (
            {**ANN, "name": "A\nnn"},
            "Invalid 'name': expected 1 to 64 characters on one line, and no control characters.",
        ),
        ({**ANN, "name": "x" * 10_240}, "Invalid 'name': expected 1 to 64 characters on one line"),
        ({**ANN, "name": 7}, "Invalid type for 'name': expected a string, but got an integer instead."),
        ({**ANN, "name": b"\x00\xff"}, "Invalid type for 'name': expected a string"),
        ({**ANN, "user_id": "two words"}, "Invalid 'user_id': expected 1 to 64 visible characters without blanks."),
        ({**ANN, "thread_id": "room"}, "Invalid 'thread_id': 'room'. Expected an ID that begins with 'thread'."),
        ({**ANN, "thread_id": "thread_none"}, "No thread found with id 'thread_none'."),
        ({**ANN, "assistant_id": "asst_none"}, "No assistant found with id 'asst_none'."),
        ({**ANN, "stream": "yes"}, "Invalid type for 'stream': expected a boolean"),
        (b"\x00\xff", "Invalid type: expected an object"),
        ([ANN], "Invalid type: expected an object, but got an array instead."),
    ],
)
async def test_a_registration_that_makes_no_sense_is_answered_with_a_sentence(
    url: str, transport: str, said: Any, sentence: str
) -> None:
    async with talking(url, transport) as talker:
        answer = await talker.ask("register", said)
        told = await talker.first("message")
        assert (answer["verdict"], answer["error"]["message"]) == ("error", told["content"])
        assert told["content"].startswith(sentence)
        assert (told["user_id"], told["name"], told["role"]) == (None, "system", "system")
        assert len(str(told["created_at"])) == 13
        registered = await talker.ask("register", ANN)  # and then it may come in
        assert registered == {"verdict": "registered", "name": "Ann", "thread_id": registered["thread_id"]}
        assert await talker.first("welcome") is None


async def test_a_name_of_markup_is_a_name(url: str, api: AsyncOpenAI) -> None:
    thread, name = await api.beta.threads.create(), "<img src=x onerror=alert(1)> 大輔 👩‍👩‍👧"
    async with visiting(url, "Ann", thread_id=thread.id) as ann, visiting(url, name, thread_id=thread.id, user_id="u"):
        assert await ann.talker.first("join") == {"user_id": "u", "name": name}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"content": ""}, "Invalid 'content': empty string."),
        (
            {"content": "x" * 1_000_000},
            "Invalid 'content': string too long. Expected a string with maximum length 256000",
        ),
        ({"content": ["Hello"]}, "Invalid type for 'content': expected a string, but got an array instead."),
        ({"content": b"\x00"}, "Invalid type for 'content': expected a string"),
        ({"content": "\ud800"}, "Invalid 'content': not valid text."),
        ({"role": "assistant"}, "Invalid value: 'assistant'. Supported values are: 'user'."),
        ({"id": 7}, "Invalid type for 'id': expected a string"),
        ({"id": "x" * 200}, "Invalid 'id': string too long."),
        ({"created_at": "now"}, "Invalid type for 'created_at': expected a decimal"),
    ],
)
async def test_a_message_that_makes_no_sense_is_told_to_its_sender_alone(
    url: str, api: AsyncOpenAI, changes: dict[str, Any], sentence: str
) -> None:
    thread, assistant = await api.beta.threads.create(), await speaker(api, "Meow.")
    there = {"thread_id": thread.id, "assistant_id": assistant}
    async with visiting(url, "Ann", **there) as ann, visiting(url, "Ben", **there) as ben:
        answer = await ann.talker.ask("message", SAID | changes)
        assert answer["error"]["message"].startswith(sentence)
        assert ann.system == [answer["error"]["message"]]
        await ann.say("Hello", "ann-1")
        await ben.until_shown(2)
        assert ben.screen == await stored(api, thread.id)
        assert ben.system == []


async def test_an_unknown_event_and_half_a_message_are_answered(url: str, api: AsyncOpenAI, transport: str) -> None:
    thread = await api.beta.threads.create()
    async with visiting(url, "Ann", transport, thread_id=thread.id) as ann:
        for name, said in [("dance", {}), ("message", None), ("message", {"content": "Hello"}), ("subscribe", {})]:
            assert (await ann.talker.ask(name, said))["verdict"] == "error"
        assert [sentence[:40] for sentence in ann.system] == [
            "Unknown event 'dance'. This server hears", "Invalid type: expected an object, but go",
            "Missing required parameter: 'user_id'.",
        ]  # fmt: skip
        assert [said["event"] for said in ann.talker.all("error")] == ["subscribe"]


async def test_who_never_registers_is_told_so(url: str) -> None:
    async with talking(url) as talker:
        await talker.say("message", SAID)
        assert (await talker.first("message"))["content"] == REGISTER_FIRST


async def test_more_than_a_client_could_have_typed_is_not_kept_for_its_registration(url: str) -> None:
    async with talking(url) as talker:
        answers = [await talker.ask("message", SAID | {"id": f"ann-{number}"}) for number in range(21)]
        assert [answer and answer["error"]["code"] for answer in answers] == [None] * 20 + ["not_registered"]


async def test_what_was_typed_while_cut_off_is_said_once_though_it_comes_before_the_registration(
    url: str, api: AsyncOpenAI, transport: str
) -> None:
    thread, assistant = await api.beta.threads.create(), await speaker(api, "Meow.")
    there = {"thread_id": thread.id, "assistant_id": assistant}
    async with visiting(url, "Ben", **there) as ben:
        for _ in range(2):  # cut off once more, it does not know whether that has arrived
            async with talking(url, transport) as talker:
                ann = Visitor(talker, "user_ann", "Ann")
                await talker.say("message", SAID | {"name": ""})
                await ann.register(last="ann-0", **there)
                await ben.until_shown(2)
        assert ben.screen == await stored(api, thread.id) == [
            Line("Ann", "user", "Hello"), Line("CatGPT", "assistant", "Meow."),
        ]  # fmt: skip


async def test_a_message_that_is_sent_twice_is_posted_once(url: str, api: AsyncOpenAI, transport: str) -> None:
    thread, assistant = await api.beta.threads.create(), await speaker(api, "Meow.")
    there = {"thread_id": thread.id, "assistant_id": assistant}
    async with visiting(url, "Ann", transport, **there) as ann, visiting(url, "Ben", **there) as ben:
        posted = await ann.talker.ask("message", SAID)
        assert posted == {"verdict": "posted", "created_at": posted["created_at"]}
        assert await ann.talker.ask("message", SAID) == {"verdict": "posted", "created_at": None}
        await ben.until_shown(2)
        await ben.say("Hello", "ann-1")  # that somebody else calls his so matters to nobody
        await ben.until_shown(4)
        assert [line.name for line in await stored(api, thread.id)] == ["Ann", "CatGPT", "Ben", "CatGPT"]


@pytest.mark.parametrize(
    ("turn", "sentence"),
    [
        ([{"error": "unavailable"}], "The answer failed: "),
        ([{"text": "Half an "}, {"finish": "length"}], "The answer is not complete: "),
    ],
)
async def test_an_answer_that_fails_is_told_to_who_has_asked_and_the_room_goes_on(
    url: str, api: AsyncOpenAI, turn: Any, sentence: str
) -> None:
    thread = await api.beta.threads.create()
    there = {"thread_id": thread.id, "assistant_id": await speaker(api, turn)}
    async with visiting(url, "Ann", **there) as ann, visiting(url, "Ben", **there) as ben:
        await ann.say("Hello", "ann-1")
        await ann.talker.first("ai-end")
        await ben.talker.first("ai-end")
        assert [told.startswith(sentence) for told in ann.system] == [True]
        assert ben.system == []
        assert ben.screen == ann.screen == await stored(api, thread.id)


async def test_whoever_registers_anew_has_another_name_and_leaves_nobody_behind(url: str, api: AsyncOpenAI) -> None:
    thread, other = await api.beta.threads.create(), await api.beta.threads.create()
    async with visiting(url, "Ben", thread_id=other.id) as ben, visiting(url, "Ann", thread_id=thread.id) as ann:
        ann.name = "Anna"
        await ann.register(thread_id=other.id)
        assert await ben.talker.first("join") == {"user_id": "user_ann", "name": "Anna"}
        assert (await ann.talker.ask("register", {**ANN, "thread_id": "thread_none"}))["verdict"] == "error"
        await ann.register(thread_id=other.id)
        assert ben.talker.all("leave") == []


async def test_a_registration_that_is_refused_leaves_one_where_one_was(url: str, api: AsyncOpenAI) -> None:
    thread, assistant = await api.beta.threads.create(), await speaker(api, "Meow.")
    there = {"thread_id": thread.id, "assistant_id": assistant}
    async with visiting(url, "Ann", **there) as ann, visiting(url, "Ben", **there) as ben:
        await api.beta.assistants.delete(assistant)  # so that even its own registration would be refused
        for more in ({"thread_id": "thread_none"}, there, {"assistant_id": "asst_none"}):
            assert (await ann.talker.ask("register", {**ANN, **more}))["verdict"] == "error"
        await api.beta.threads.messages.create(thread.id, role="user", content="Do you hear me?")
        for visitor in (ann, ben):
            await visitor.until_shown(1)
            assert visitor.screen == [Line("user", "user", "Do you hear me?")]
        assert len(ann.talker.all("welcome")) == 1
        assert ben.talker.all("leave") == []
