"""Assistants, threads, messages and models through the official Python SDK: written, read, changed, listed, deleted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any, Literal

import pytest
from openai import NotFoundError, OpenAI

from tests.sdk.scenes import asked, player, polled, script, started, text

Order = Literal["asc", "desc"]
Pages = Callable[..., Iterable[Any]]
"""A list call of the SDK: what it answers pages by itself."""


def plain(record: Any) -> dict[str, Any]:
    """An object as it came, without its id and its time, which are checked here."""
    told: dict[str, Any] = record.to_dict(mode="json")
    prefix = {"assistant": "asst", "thread": "thread", "thread.message": "msg"}[told["object"]]
    assert told.pop("id").startswith(f"{prefix}_")
    assert time.time() - 120 < told.pop("created_at") <= time.time() + 1
    return told


BARE: dict[str, Any] = {
    "object": "assistant",
    "name": None,
    "description": None,
    "model": "builtin/guide",
    "instructions": None,
    "tools": [],
    "top_p": 1.0,
    "temperature": 1.0,
    "reasoning_effort": None,
    "tool_resources": {},
    "metadata": {},
    "response_format": "auto",
}


def test_a_bare_assistant_has_the_defaults(client: OpenAI) -> None:
    assert plain(client.beta.assistants.create(model="builtin/guide")) == BARE


def test_a_full_assistant_comes_back_as_it_was_given(client: OpenAI) -> None:
    assistant = client.beta.assistants.create(
        model="builtin/guide",
        name="Guide",
        description="Knows the way",
        instructions="Be kind.",
        reasoning_effort="low",
        tools=[{"type": "function", "function": {"name": "get_weather", "description": "Weather now"}}],
        metadata={"team": "sails"},
        temperature=0.5,
        top_p=0.25,
        response_format={"type": "json_object"},
    )
    function = {
        "name": "get_weather",
        "description": "Weather now",
        "parameters": {"type": "object", "properties": {}},
        "strict": False,
    }
    assert plain(assistant) == BARE | {
        "name": "Guide",
        "description": "Knows the way",
        "instructions": "Be kind.",
        "reasoning_effort": "low",
        "tools": [{"type": "function", "function": function}],
        "metadata": {"team": "sails"},
        "temperature": 0.5,
        "top_p": 0.25,
        "response_format": {"type": "json_object"},
    }
    assert client.beta.assistants.retrieve(assistant.id).to_dict() == assistant.to_dict()


def test_an_update_keeps_what_it_does_not_name_and_replaces_metadata(client: OpenAI) -> None:
    assistant = client.beta.assistants.create(model="builtin/guide", name="Old", metadata={"a": "1", "b": "2"})
    updated = client.beta.assistants.update(assistant.id, description="new", metadata={"c": "3"})
    assert updated.to_dict() == assistant.to_dict() | {"description": "new", "metadata": {"c": "3"}}
    assert client.beta.assistants.retrieve(assistant.id).to_dict() == updated.to_dict()


def test_a_deleted_assistant_is_gone_but_its_runs_stay(client: OpenAI) -> None:
    run = started(client, script("echo"))
    assert client.beta.assistants.delete(run.assistant_id).to_dict() == {
        "id": run.assistant_id,
        "object": "assistant.deleted",
        "deleted": True,
    }
    with pytest.raises(NotFoundError):
        client.beta.assistants.retrieve(run.assistant_id)
    assert polled(client, run).status == "completed"


def test_a_thread_is_made_read_changed_and_deleted(client: OpenAI) -> None:
    thread = client.beta.threads.create(metadata={"topic": "weather"})
    assert plain(thread).items() >= {"object": "thread", "metadata": {"topic": "weather"}, "tool_resources": {}}.items()
    assert client.beta.threads.retrieve(thread.id).to_dict() == thread.to_dict()
    updated = client.beta.threads.update(thread.id, metadata={"topic": "tides"})
    assert updated.metadata == {"topic": "tides"}
    assert client.beta.threads.retrieve(thread.id).to_dict() == updated.to_dict()
    deleted = client.beta.threads.delete(thread.id).to_dict()
    assert deleted == {"id": thread.id, "object": "thread.deleted", "deleted": True}
    with pytest.raises(NotFoundError):
        client.beta.threads.retrieve(thread.id)


def test_a_thread_begins_with_its_messages_in_order(client: OpenAI) -> None:
    thread = client.beta.threads.create(
        messages=[
            {"role": "user", "content": "one"},
            {"role": "assistant", "content": [{"type": "text", "text": "two"}]},
            {"role": "user", "content": "three", "metadata": {"name": "Ada"}},
        ]
    )
    listed = client.beta.threads.messages.list(thread.id, order="asc").data
    assert [(message.role, text(message), message.metadata) for message in listed] == [
        ("user", "one", {}),
        ("assistant", "two", {}),
        ("user", "three", {"name": "Ada"}),
    ]


def test_a_message_is_posted_read_changed_and_deleted(client: OpenAI) -> None:
    thread, messages = client.beta.threads.create(), client.beta.threads.messages
    image: Any = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
    message = messages.create(
        thread.id, role="user", content=[{"type": "text", "text": "look 🦊"}, image], metadata={"name": "Ada"}
    )
    assert plain(message) == {
        "object": "thread.message",
        "assistant_id": None,
        "thread_id": thread.id,
        "run_id": None,
        "status": "completed",
        "incomplete_details": None,
        "incomplete_at": None,
        "completed_at": message.created_at,
        "role": "user",
        "content": [
            {"type": "text", "text": {"value": "look 🦊", "annotations": []}},
            {"type": "image_url", "image_url": {"url": "https://example.org/a.png", "detail": "auto"}},
        ],
        "attachments": [],
        "metadata": {"name": "Ada"},
    }
    assert messages.retrieve(message.id, thread_id=thread.id).to_dict() == message.to_dict()
    updated = messages.update(message.id, thread_id=thread.id, metadata={"seen": "yes"})
    assert updated.to_dict() == message.to_dict() | {"metadata": {"seen": "yes"}}
    deleted = messages.delete(message.id, thread_id=thread.id).to_dict()
    assert deleted == {"id": message.id, "object": "thread.message.deleted", "deleted": True}
    assert list(messages.list(thread.id)) == []


def seven_assistants(client: OpenAI) -> tuple[Pages, list[str]]:
    ids = [client.beta.assistants.create(model="builtin/guide", name=str(number)).id for number in range(7)]
    return client.beta.assistants.list, ids


def seven_messages(client: OpenAI) -> tuple[Pages, list[str]]:
    thread = asked(client, *(str(number) for number in range(7)))
    ids = [message.id for message in client.beta.threads.messages.list(thread.id, order="asc")]
    return lambda **query: client.beta.threads.messages.list(thread.id, **query), ids


def seven_runs(client: OpenAI) -> tuple[Pages, list[str]]:
    thread, assistant = asked(client), player(client, script("echo"))
    runs = [client.beta.threads.runs.create(thread.id, assistant_id=assistant.id) for _ in range(7)]
    assert polled(client, runs[-1]).status == "completed"
    return lambda **query: client.beta.threads.runs.list(thread.id, **query), [run.id for run in runs]


def seven_steps(client: OpenAI) -> tuple[Pages, list[str]]:
    turn = "  - - tool_calls: [{name: get_weather, arguments: {}}]\n"
    run = polled(client, started(client, f"turns:\n{turn * 6}  - - text: done\n"))
    while run.required_action is not None:
        (call,) = run.required_action.submit_tool_outputs.tool_calls
        run = client.beta.threads.runs.submit_tool_outputs_and_poll(
            run_id=run.id,
            thread_id=run.thread_id,
            tool_outputs=[{"tool_call_id": call.id, "output": "ok"}],
            poll_interval_ms=10,
        )
    steps = client.beta.threads.runs.steps
    ids = [step.id for step in steps.list(run.id, thread_id=run.thread_id, order="asc")]
    return lambda **query: steps.list(run.id, thread_id=run.thread_id, **query), ids


@pytest.mark.parametrize("seven", [seven_assistants, seven_messages, seven_runs, seven_steps])
def test_a_list_pages_by_itself_from_either_end(
    client: OpenAI, seven: Callable[[OpenAI], tuple[Pages, list[str]]]
) -> None:
    pages, ids = seven(client)
    assert len(ids) == 7

    def listed(**query: Any) -> list[str]:
        return [item.id for item in pages(limit=2, **query)]

    # Assistants are one list for the whole server: others stand behind these.
    assert listed()[:7] == listed(order="desc")[:7] == ids[::-1]
    assert listed(order="asc")[-7:] == ids
    assert listed(order="asc", after=ids[2]) == ids[3:]
    assert listed(order="desc", after=ids[4])[:4] == ids[3::-1]
    assert listed(order="asc", after=ids[1], before=ids[4]) == ids[2:4]
    first = pages(limit=2, order="asc", after=ids[0])
    told = first.to_dict()  # type: ignore[attr-defined]
    data = [item["id"] for item in told.pop("data")]
    assert data == ids[1:3]
    assert told == {"object": "list", "first_id": ids[1], "last_id": ids[2], "has_more": True}


@pytest.mark.parametrize(("order", "found"), [("asc", ["0", "1", "2"]), ("desc", ["6", "5", "4"])])
def test_before_lists_what_precedes_in_the_same_order(client: OpenAI, order: Order, found: list[str]) -> None:
    pages, ids = seven_messages(client)
    assert [text(message) for message in pages(order=order, before=ids[3])] == found


def test_a_short_page_before_something_is_what_stands_next_to_it(client: OpenAI) -> None:
    pages, ids = seven_messages(client)
    assert [text(message) for message in pages(limit=2, before=ids[1])] == ["3", "2"]


def test_an_empty_list_has_no_ids(client: OpenAI) -> None:
    thread = client.beta.threads.create()
    assert client.beta.threads.messages.list(thread.id).to_dict() == {
        "object": "list",
        "data": [],
        "first_id": None,
        "last_id": None,
        "has_more": False,
    }


def test_messages_can_be_listed_by_their_run(client: OpenAI) -> None:
    run = polled(client, started(client, script("echo")))
    (message,) = client.beta.threads.messages.list(run.thread_id, run_id=run.id).data
    assert (message.run_id, message.assistant_id, text(message)) == (run.id, run.assistant_id, "You said: Hello")


def test_the_built_in_models_are_listed_and_read(client: OpenAI) -> None:
    told = [
        {"id": id, "object": "model", "created": 0, "owned_by": "livethread"}
        for id in ("builtin/guide", "builtin/tools", "builtin/script")
    ]
    assert [model.to_dict() for model in client.models.list()] == told
    assert [client.models.retrieve(str(model["id"])).to_dict() for model in told] == told
