from __future__ import annotations

import json
from typing import Any

import pytest

from livethread.domain.assistants import AssistantCreate
from livethread.domain.threads import ThreadCreate
from livethread.domain.turns import TurnCreate
from livethread.errors import ApiError
from tests.services.rooms import Rooms

FORCED = {"type": "function", "function": {"name": "f"}}


async def assistant(rooms: Rooms, **body: Any) -> str:
    answer = await rooms.assistants.create(AssistantCreate.model_validate({"model": "m"} | body))
    return str(json.loads(answer.text)["id"])


async def thread(rooms: Rooms, **metadata: str) -> str:
    return str(json.loads((await rooms.threads.create(ThreadCreate(metadata=metadata))).text)["id"])


def turn(*assistants: Any, message: Any = "Hello", **body: Any) -> TurnCreate:
    return TurnCreate.model_validate({"message": message, "assistants": list(assistants)} | body)


async def created(rooms: Rooms, thread_id: str, body: TurnCreate) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads((await rooms.turns.create(thread_id, body)).text)
    return answer


async def test_a_turn_is_one_transaction_of_its_message_and_its_runs_in_the_order_asked_for(rooms: Rooms) -> None:
    thread_id, poet, critic = await thread(rooms), await assistant(rooms), await assistant(rooms, model="n")
    own = {"assistant_id": poet, "instructions": "Rhyme.", "metadata": {"a": "b"}}
    transactions = rooms.database.transactions
    answer = await created(rooms, thread_id, turn(critic, own, critic))
    assert rooms.database.transactions == transactions + 1
    logged = await rooms.logged(thread_id)
    assert [type for type, _ in logged] == [
        "thread.created", "thread.message.created", *["thread.run.created", "thread.run.queued"] * 3,
    ]  # fmt: skip
    assert answer == {
        "id": answer["id"],
        "object": "thread.turn",
        "message": logged[1][1],
        "runs": [object for type, object in logged if type == "thread.run.queued"],
    }
    assert answer["id"].startswith("turn_")
    assert (answer["message"]["role"], answer["message"]["content"][0]["text"]["value"]) == ("user", "Hello")
    assert [
        (run["assistant_id"], run["model"], run["instructions"], run["metadata"], run["turn_id"], run["thread_policy"])
        for run in answer["runs"]
    ] == [
        (critic, "n", None, {}, answer["id"], "queue"),
        (poet, "m", "Rhyme.", {"a": "b"}, answer["id"], "queue"),
        (critic, "n", None, {}, answer["id"], "queue"),
    ]


async def test_the_message_may_be_a_body_of_its_own_and_runs_may_bring_more(rooms: Rooms) -> None:
    thread_id, poet = await thread(rooms), await assistant(rooms)
    attachment = {"file_id": "file-1", "tools": [{"type": "code_interpreter"}]}
    message = {"role": "assistant", "content": "I begin.", "attachments": [attachment], "metadata": {"name": "Ann"}}
    more = {"assistant_id": poet, "additional_messages": [{"role": "user", "content": "Be kind."}]}
    answer = await created(rooms, thread_id, turn(poet, more, message=message))
    assert [type for type, _ in await rooms.logged(thread_id)] == [
        "thread.created", "thread.updated", "thread.message.created", "thread.run.created", "thread.run.queued",
        "thread.message.created", "thread.run.created", "thread.run.queued",
    ]  # fmt: skip
    assert (answer["message"]["role"], answer["message"]["metadata"]) == ("assistant", {"name": "Ann"})


@pytest.mark.parametrize(
    ("own", "asked", "expected"),
    [(None, None, "queue"), ("parallel", None, "parallel"), ("parallel", "interrupt", "interrupt")],
)
async def test_the_policy_is_that_of_the_request_else_of_the_thread_else_of_the_server(
    rooms: Rooms, own: str | None, asked: str | None, expected: str
) -> None:
    thread_id, poet = await thread(rooms, **({"thread_policy": own} if own else {})), await assistant(rooms)
    answer = await created(rooms, thread_id, turn(poet, poet, thread_policy=asked))
    assert [run["thread_policy"] for run in answer["runs"]] == [expected] * 2


@pytest.mark.parametrize(
    ("second", "status", "message", "param"),
    [
        ("asst_none", 404, "No assistant found with id 'asst_none'.", "assistants[1]"),
        ({"assistant_id": "asst_none"}, 404, "No assistant found with id 'asst_none'.", "assistants[1]"),
        (
            {"tool_choice": FORCED},
            400,
            "Invalid 'tool_choice': the run has no function named 'f'.",
            "assistants[1].tool_choice",
        ),
    ],
)
async def test_one_run_that_cannot_be_refuses_the_whole_turn_and_is_named(
    rooms: Rooms, second: Any, status: int, message: str, param: str
) -> None:
    thread_id, poet = await thread(rooms), await assistant(rooms)
    await rooms.run_on(thread_id)
    before = await rooms.counts()
    if isinstance(second, dict):
        second = {"assistant_id": poet} | second
    with pytest.raises(ApiError) as refused:
        await created(rooms, thread_id, turn(poet, second, thread_policy="interrupt"))
    assert (refused.value.status, str(refused.value), refused.value.param) == (status, message, param)
    assert await rooms.counts() == before


async def test_a_thread_that_is_not_there_is_not_found(rooms: Rooms) -> None:
    with pytest.raises(ApiError, match=r"^No thread found with id 'thread_none'\.$"):
        await created(rooms, "thread_none", turn(await assistant(rooms)))
