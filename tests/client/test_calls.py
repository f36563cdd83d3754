"""What a client asks for besides streams."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from livethread.client import ApiError, Client, NotFound, Unreachable
from tests.client.conftest import FakeClock, player
from tests.client.scripted import Answer, answering, give, refuse, stream
from tests.client.test_state import until

CALLS = "turns:\n- - tool_calls: [{name: look, id: call_1, arguments: {}}]\n- - text: Seen."
FOREVER = "turns:\n- - text: 'Wait'\n  - stall_ms: forever"


async def test_a_thread_is_made_read_and_deleted(url: str) -> None:
    async with Client(url) as client:
        thread = await client.create_thread(
            ["One", {"role": "assistant", "content": "Two"}, [{"type": "text", "text": "Three"}]], metadata={"a": "b"}
        )
        listed = await client.call("GET", f"/threads/{thread.id}/messages", query={"order": "asc"})
        assert (await thread.read())["metadata"] == {"a": "b"}
        assert (await thread.delete())["deleted"] is True
        with pytest.raises(NotFound):
            await thread.read()
    said = [(message["role"], message["content"][0]["text"]["value"]) for message in listed["data"]]
    assert said == [("user", "One"), ("assistant", "Two"), ("user", "Three")]


async def test_a_message_bears_who_wrote_it(url: str) -> None:
    async with Client(url, name="Ann Lee") as client:
        thread = await client.create_thread()
        message = await thread.post("Hello", metadata={"mood": "good"})
        other = await thread.post("Yes?", role="assistant", metadata={"name": "Bob"})
    assert message["metadata"] == {"name": "Ann Lee", "user_id": "Ann-Lee", "mood": "good"}
    assert (other["role"], other["metadata"]["name"]) == ("assistant", "Bob")


@pytest.mark.parametrize("mode", ["parallel", "sequential"])
async def test_a_turn_is_a_message_and_its_runs(url: str, mode: str) -> None:
    async with Client(url, name="Ann") as client:
        one, two = await player(client, "turns: [[{text: One}]]"), await player(client, "turns: [[{text: Two}]]")
        thread = await client.create_thread()
        turn = await thread.turn("Well?", [one, {"assistant_id": two, "metadata": {"a": "b"}}], mode=mode)  # type: ignore[arg-type]
        assert turn["message"]["metadata"]["name"] == "Ann"
        assert [run["assistant_id"] for run in turn["runs"]] == [one, two]
        assert {run["turn_id"] for run in turn["runs"]} == {turn["id"]}
        async for state in thread.states():
            if [run["status"] for run in state.runs] == ["completed", "completed"]:
                break
    assert {message["content"][0]["text"]["value"] for message in state.messages} == {"Well?", "One", "Two"}


async def test_stop_ends_all_runs_and_cancel_one(url: str) -> None:
    async with Client(url) as client:
        thread = await client.create_thread(["Hello"])
        assistant = await player(client, FOREVER)
        run = await thread.run(assistant, instructions=FOREVER)
        assert (await thread.cancel(run["id"]))["id"] == run["id"]
        turn = await thread.turn("Again", [assistant, assistant])
        stopped = await thread.stop()
        assert {run["id"] for run in turn["runs"]} <= {run["id"] for run in stopped}
        async for state in thread.states():
            if [run["status"] for run in state.runs] == ["cancelled"] * 3:
                break


async def test_a_run_that_waits_is_given_the_outputs_of_its_calls(url: str) -> None:
    async with Client(url) as client:
        thread = await client.create_thread(["Hello"])
        tools = [{"type": "function", "function": {"name": "look"}}]
        run = await thread.run(await player(client, CALLS), tools=tools)
        async for state in thread.states():
            if state.runs and state.runs[0]["status"] == "requires_action":
                await thread.submit(run["id"], {"call_1": "a tree"})
            if state.runs and state.runs[0]["status"] == "completed":
                break
    (call,) = state.run_steps[0]["step_details"]["tool_calls"]
    assert call["function"]["output"] == "a tree"
    assert state.messages[0]["content"][0]["text"]["value"] == "Seen."


async def test_all_assistants_are_listed_newest_first_however_many_pages_they_fill(clock: FakeClock) -> None:
    pages: list[Answer] = [
        give({"data": [{"id": "asst_3"}, {"id": "asst_2"}], "has_more": True}),
        give({"data": [{"id": "asst_1"}], "has_more": False}),
    ]
    async with answering(*pages) as server, Client(server.url, clock=clock) as client:
        assert [one["id"] for one in await client.assistants()] == ["asst_3", "asst_2", "asst_1"]
    assert server.queries == ["limit=100", "limit=100&after=asst_2"]


async def test_a_refusal_says_what_and_where(url: str) -> None:
    async with Client(url) as client:
        thread = await client.create_thread()
        with pytest.raises(ApiError) as refused:
            await thread.turn("Hello", [], mode="parallel")
        assert (refused.value.status, refused.value.param) == (400, "assistants")
        assert str(refused.value) == refused.value.message != ""
        with pytest.raises(NotFound, match="No assistant found with id 'asst_none'"):
            await thread.run("asst_none")


async def test_a_call_is_sent_again_with_the_same_key_while_nobody_answers(clock: FakeClock) -> None:
    answers = [refuse(503, "Later.", Retry_After="2"), stream(then="cut"), refuse(500), give({"id": "msg_1"})]
    async with answering(*answers) as server, Client(server.url, clock=clock) as client:
        assert await client.thread("thread_1").post("Hello") == {"id": "msg_1"}
    assert len(set(server.keys)) == 1
    assert server.keys[0]
    assert len(server.keys) == 4
    assert clock.slept[0] >= 2


async def test_no_two_calls_bear_the_same_key_unless_the_caller_says_so(clock: FakeClock) -> None:
    async with answering(*[give({"id": "msg_1"})] * 5) as server, Client(server.url, clock=clock) as client:
        thread = client.thread("thread_1")
        await thread.post("Hello")
        await thread.post("Hello")
        await thread.post("Hello", key="mine")
        await thread.run("asst_1", key="mine")
        await thread.read()
    assert len(set(server.keys[:2])) == 2
    assert server.keys[2:] == ["mine", "mine", None]


async def test_a_call_gives_up_after_four_attempts_and_tells_the_last_error(clock: FakeClock) -> None:
    async with answering(*[refuse(503, "Later.")] * 5) as server, Client(server.url, clock=clock) as client:
        with pytest.raises(ApiError, match=r"Later\.") as refused:
            await client.assistants()
    assert refused.value.status == 503
    assert len(server.keys) == 4
    assert len(clock.slept) == 3


@pytest.mark.parametrize("status", [400, 401, 404, 413])
async def test_a_call_that_is_refused_is_not_sent_again(clock: FakeClock, status: int) -> None:
    async with answering(refuse(status, "Never.")) as server, Client(server.url, clock=clock) as client:
        with pytest.raises(ApiError, match=r"Never\."):
            await client.assistants()
    assert len(server.keys) == 1


async def test_a_server_that_never_was_there_is_told_of_at_once(clock: FakeClock) -> None:
    async with Client("http://127.0.0.1:9", clock=clock) as client:
        with pytest.raises(Unreachable, match=r"http://127\.0\.0\.1:9 cannot be reached .* check that a server runs"):
            await client.assistants()
    async with answering(give([])) as server, Client(server.url, clock=clock) as client:
        await client.call("GET", "/models")
        await server.server.close()
        with pytest.raises(Unreachable, match="cannot be reached"):
            await client.assistants()
        assert len(clock.slept) == 3


@pytest.mark.parametrize("url", ["", "localhost", "ftp://127.0.0.1", "http://", "http://[::1", "/v1"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="is no address of a server"):
        Client(url)


@pytest.mark.parametrize("end", ["", "/", "/v1", "/v1/"])
async def test_an_address_may_end_as_other_clients_want_it(url: str, end: str) -> None:
    async with Client(url + end) as client:
        assert len(await client.assistants()) >= 3


async def test_only_a_person_types(url: str) -> None:
    with pytest.raises(ValueError, match="comes with a name"):
        Client(url, user_id="u1")
    async with Client(url) as client:
        with pytest.raises(ValueError, match="give the client a name"):
            await client.thread("thread_1").typing()


async def test_one_claim_is_granted_and_its_token_gives_the_outputs(url: str) -> None:
    async with Client(url, name="Ann") as ann, Client(url, name="Bob") as bob, Client(url) as nobody:
        thread = await ann.create_thread(["Hello"])
        tools = [{"type": "function", "function": {"name": "look"}}]
        run = await thread.run(await player(ann, CALLS), tools=tools)
        async with aclosing(thread.states()) as states:
            await until(states, lambda now: now.runs[0]["status"] == "requires_action")
        granted = await thread.claim(run["id"])
        renewed = await thread.claim(run["id"], token=granted["token"])
        refused = await bob.thread(thread.id).claim(run["id"])
        with pytest.raises(ValueError, match="give the client a name"):
            await nobody.thread(thread.id).claim(run["id"])
        with pytest.raises(ApiError) as lost:
            await thread.submit(run["id"], {"call_1": "a tree"}, token="another")
        submitted = await thread.submit(run["id"], {"call_1": "a tree"}, token=granted["token"])
    assert (granted["granted"], renewed["token"], refused["granted"]) == (True, granted["token"], False)
    assert lost.value.code == "claim_lost"
    assert submitted["id"] == run["id"]
