"""``POST /stream``: the bare text of an answer, of which everybody in the room sees every piece."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from openai import AsyncOpenAI

from livethread import testing
from tests.sockets.room_screens import Line, speaker, stored, visiting

pytestmark = pytest.mark.filterwarnings("ignore:deprecated$:DeprecationWarning")

SAID: dict[str, Any] = {
    "user_id": "user_zed", "name": "Zed", "content": "Hello", "role": "user", "id": "zed-1",
    "created_at": 1_700_000_000_000,
}  # fmt: skip
WORDS = " ".join(f"word{number}" for number in range(40)) + " 終わり 🎉"
CALL = {"tool_calls": [{"name": "weather", "arguments": {}}]}


class Server:
    """A server whose first assistant plays a script.

    Args:
        url: of it.
        api: a caller of its API.
    """

    def __init__(self, url: str, api: AsyncOpenAI, web: aiohttp.ClientSession) -> None:
        self.url, self.api, self.web = url, api, web

    async def plays(self, *turns: Any, **more: Any) -> None:
        """From now on that is what is said."""
        (assistant,) = (await self.api.beta.assistants.list()).data
        script = {"turns": [[{"text": turn}] if isinstance(turn, str) else turn for turn in turns]}
        await self.api.beta.assistants.update(assistant.id, instructions=json.dumps(script), **more)

    async def room(self) -> str:
        """The default room's thread."""
        threads = await (await self.web.get("/v1/threads")).json()
        return str(threads["data"][0]["id"])


@pytest.fixture
async def server(request: pytest.FixtureRequest) -> AsyncIterator[Server]:
    settings = getattr(request, "param", {})
    with testing.server(**settings) as url:
        async with AsyncOpenAI(base_url=f"{url}/v1", api_key="any") as api, aiohttp.ClientSession(url) as web:
            for assistant in (await api.beta.assistants.list()).data:
                await api.beta.assistants.delete(assistant.id)
            await speaker(api, WORDS)
            yield Server(url, api, web)


async def test_the_answer_comes_in_pieces_and_everybody_sees_it_grow(server: Server) -> None:
    await server.plays([{"text": WORDS, "words_per_second": 200}])
    async with visiting(server.url, "Ann") as ann, visiting(server.url, "Ben", stream=True) as ben:
        async with server.web.post("/stream", json=SAID) as answer:
            assert (answer.status, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
            assert answer.headers["cache-control"] == "no-store, no-transform"
            first = await answer.content.readany()
            await ben.talker.until(lambda: ben.pieces)
            assert ann.is_busy
            text = (first + await answer.read()).decode()
        assert text == WORDS
        assert len(first) < len(WORDS)
        for visitor in (ann, ben):
            await visitor.until_shown(2)
        assert ann.screen == ben.screen == await stored(server.api, await server.room())
        assert ann.screen == [Line("Zed", "user", "Hello"), Line("CatGPT", "assistant", WORDS)]
        run = (await server.api.beta.threads.runs.list(await server.room())).data[0]
        assert "\nPlease address the user as Zed.\nToday is " in run.instructions


async def test_who_reads_the_answer_there_is_not_told_it_by_the_socket_again(server: Server) -> None:
    async with visiting(server.url, "Ann") as ann, visiting(server.url, "Zed", user_id="user_zed") as zed:
        await (await server.web.post("/stream", json=SAID)).read()
        await zed.talker.first("ai-end")
        assert [name for name, _ in zed.talker.told if name != "join"] == ["welcome", "ai-start", "ai-end"]
        await ann.until_shown(2)
        await zed.say("And by the socket", "zed-2")
        await zed.until_shown(2)
        await ann.until_shown(4)
        assert ann.screen == await stored(server.api, await server.room())
        assert zed.screen == ann.screen[2:]


async def test_the_name_of_the_registration_counts(server: Server) -> None:
    async with visiting(server.url, "Zed", user_id="other"), visiting(server.url, "Zed", user_id="user_zed"):
        await (await server.web.post("/stream", json=SAID)).read()
    assert (await stored(server.api, await server.room()))[0] == Line("Zed 2", "user", "Hello")


async def test_a_retry_is_the_same_question_and_gets_the_same_answer(server: Server) -> None:
    for _ in range(2):
        assert await (await server.web.post("/stream", json=SAID)).text() == WORDS
    assert len(await stored(server.api, await server.room())) == 2


async def test_two_at_once_are_both_answered(server: Server) -> None:
    bodies = [SAID | {"id": f"zed-{number}", "content": f"Number {number}"} for number in range(2)]
    await server.plays("You said: {{message}}")
    answers = await asyncio.gather(*(server.web.post("/stream", json=body) for body in bodies))
    assert [await answer.text() for answer in answers] == ["You said: Number 0", "You said: Number 1"]


async def test_that_its_reader_goes_away_stops_nothing(server: Server) -> None:
    await server.plays([{"text": WORDS, "words_per_second": 200}])
    async with visiting(server.url, "Ann") as ann:
        async with server.web.post("/stream", json=SAID) as answer:
            await answer.content.readany()
            answer.close()
        await ann.until_shown(2)
        assert ann.screen[1].text == WORDS


async def test_a_run_that_fails_ends_the_text_with_a_sentence(server: Server) -> None:
    await server.plays([{"text": "Half an "}, {"finish": "length"}])
    text = await (await server.web.post("/stream", json=SAID)).text()
    assert text.startswith("Half an \n\nThe answer is not complete: ")
    await server.plays([{"error": "unavailable"}])
    text = await (await server.web.post("/stream", json=SAID | {"id": "zed-2"})).text()
    assert text.startswith("The answer failed: ")


async def test_a_call_that_waits_for_its_caller_does_not_end_the_text(server: Server) -> None:
    tool = {"type": "function", "function": {"name": "weather"}}
    await server.plays([{"text": "Let me look."}, CALL], [{"text": "Sunny."}], tools=[tool])
    async with server.web.post("/stream", json=SAID) as answer:
        room = await server.room()
        async with asyncio.timeout(20):
            while (run := (await server.api.beta.threads.runs.list(room)).data[0]).status != "requires_action":
                await asyncio.sleep(0.02)
        assert run.required_action is not None
        call = run.required_action.submit_tool_outputs.tool_calls[0]
        await server.api.beta.threads.runs.submit_tool_outputs(
            run.id, thread_id=room, tool_outputs=[{"tool_call_id": call.id, "output": "sunny"}]
        )
        assert await answer.text() == "Let me look.\n\nSunny."


@pytest.mark.parametrize("missing", ["user_id", "name", "content", "role", "id", "created_at"])
async def test_a_field_that_is_missing_is_named(server: Server, missing: str) -> None:
    body = {name: value for name, value in SAID.items() if name != missing}
    answer = await server.web.post("/stream", json=body)
    assert (answer.status, await answer.json()) == (
        400,
        {
            "error": {
                "message": f"Missing required parameter: '{missing}'.", "type": "invalid_request_error",
                "param": missing, "code": "missing_required_parameter",
            }
        },
    )  # fmt: skip


@pytest.mark.parametrize(
    ("body", "headers", "status", "sentence"),
    [
        (json.dumps(SAID)[:40], {}, 400, "We could not parse the JSON body of your request."),
        (json.dumps(SAID), {"content-type": "text/plain"}, 400, "Unsupported content type."),
        (json.dumps(SAID | {"name": "Zd"}), {}, 400, "Invalid 'name': a nickname must be at least 3 characters long."),
        (json.dumps(SAID | {"content": "x" * 300_000}), {}, 400, "Invalid 'content': string too long."),
        (json.dumps(SAID | {"content": "x" * 900_000}), {}, 413, "Request body too large."),
        (
            json.dumps(SAID),
            {"origin": "https://evil.example"},
            403,
            "Pages of https://evil.example may not write here.",
        ),
    ],
)
@pytest.mark.parametrize("server", [{"max_body": 800_000}], indirect=True)
async def test_what_makes_no_sense_is_refused_in_the_envelope(
    server: Server, body: str, headers: dict[str, str], status: int, sentence: str
) -> None:
    answer = await server.web.post("/stream", data=body, headers={"content-type": "application/json"} | headers)
    assert answer.status == status
    assert (await answer.json())["error"]["message"].startswith(sentence)
    assert (await (await server.web.get("/v1/threads")).json())["data"] == []


async def test_half_a_body_posts_nothing(server: Server) -> None:
    address = server.url.removeprefix("http://").split(":")
    with socket.create_connection((address[0], int(address[1]))) as half:
        half.sendall(
            b"POST /stream HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{"
        )
    assert await (await server.web.post("/stream", json=SAID)).text() == WORDS
    assert len(await stored(server.api, await server.room())) == 2


async def test_it_takes_a_key_where_the_others_do() -> None:
    with testing.server(api_keys=("sk-right",)) as url:
        async with aiohttp.ClientSession(url) as web:
            async with web.post("/stream", json=SAID) as refused:
                assert refused.status == 401
            right = {"authorization": "Bearer sk-right", "origin": "http://localhost:5173"}
            async with web.post("/stream", json=SAID, headers=right) as answer:
                assert answer.status == 200
                assert answer.headers["access-control-allow-origin"] == "http://localhost:5173"
                await answer.read()
