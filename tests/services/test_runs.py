from __future__ import annotations

import json
from typing import Any

from livethread.domain.assistants import AssistantCreate
from livethread.domain.run_bodies import ThreadAndRunCreate
from livethread.domain.threads import ThreadCreate
from tests.services.rooms import Rooms


async def test_a_thread_made_with_a_run_begins_as_one_made_without(rooms: Rooms) -> None:
    attachment = {"file_id": "file-1", "tools": [{"type": "code_interpreter"}]}
    thread = {"messages": [{"role": "user", "content": "Hi", "attachments": [attachment]}], "metadata": {"a": "1"}}
    alone = json.loads((await rooms.threads.create(ThreadCreate.model_validate(thread))).text)["id"]
    assistant = json.loads((await rooms.assistants.create(AssistantCreate(model="m"))).text)["id"]
    body = ThreadAndRunCreate.model_validate({"assistant_id": assistant, "thread": thread})
    begins = (await rooms.runs.create_with_thread(body)).begins
    assert begins is not None
    with_run = await rooms.logged(begins.thread_id)
    assert [type for type, _ in with_run] == [
        "thread.created",
        "thread.message.created",
        "thread.run.created",
        "thread.run.queued",
    ]
    assert with_run[0][1]["tool_resources"] == {"code_interpreter": {"file_ids": ["file-1"]}}
    assert (begins.run_seq, begins.before) == (3, 0)

    def without_ids(event: tuple[str, dict[str, Any]]) -> tuple[str, dict[str, Any]]:
        type, object = event
        return type, {name: value for name, value in object.items() if name not in ("id", "thread_id")}

    assert list(map(without_ids, with_run[:2])) == list(map(without_ids, await rooms.logged(alone)))
