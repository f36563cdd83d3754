"""Import of an export gives an equal server, and what is imported is as alive as what was said there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from livethread.clock import SystemClock
from livethread.domain.fold import Fold
from livethread.sse import Decoder
from livethread.transfer.exporting import lines
from tests.sdk.javascript import node
from tests.sdk.scenes import ONE_CALL, SILENCE, THREE_ROUNDS, TOOLS, script
from tests.transfer.dumps import bring
from tests.transfer.http import Server, server


def life(server: Server) -> None:
    """Threads in which much has happened, and nothing happens any more."""

    def player(scenario: str) -> str:
        made = server.post("/assistants", model="builtin/script", instructions=scenario, tools=TOOLS)
        return str(made["id"])

    def thread(*texts: str, **fields: Any) -> str:
        messages = [{"role": "user", "content": text} for text in texts]
        return str(server.post("/threads", messages=messages, **fields)["id"])

    def run(thread: str, scenario: str, **fields: Any) -> dict[str, Any]:
        ran = server.until_over(server.post(f"/threads/{thread}/runs", assistant_id=player(scenario), **fields))
        while ran["status"] == "requires_action":
            calls = ran["required_action"]["submit_tool_outputs"]["tool_calls"]
            outputs = [{"tool_call_id": call["id"], "output": f"sunny ☀ {call['id']}"} for call in calls]
            ran = server.post(f"/threads/{thread}/runs/{ran['id']}/submit_tool_outputs", tool_outputs=outputs)
            ran = server.until_over(ran)
        return ran

    thread()
    named = thread("日本語 👩‍💻 \0 e\u0301", metadata={"title": "Mine", "who": "é"})
    run(named, script("echo"))
    tools = thread("Book me a room", "soon")
    assert run(tools, THREE_ROUNDS)["status"] == "completed"
    assert run(tools, ONE_CALL, tool_choice="required", metadata={"a": "b"})["status"] == "completed"
    ends = thread("Go on")
    for scenario in ("length", "error-in-mid-stream", "refusal", "content-filter"):
        run(ends, script(scenario))
        server.post(f"/threads/{ends}/messages", role="user", content=[{"type": "text", "text": f"and {scenario}?"}])
    waiting = server.post(f"/threads/{ends}/runs", assistant_id=player(SILENCE))
    server.post(f"/threads/{ends}/runs/{waiting['id']}/cancel")
    assert server.until_over(waiting)["status"] == "cancelled"
    turned = thread("All of you, please", metadata={"thread_policy": "parallel"})
    for mode, scenario in (("parallel", script("echo")), ("sequential", ONE_CALL), ("parallel", SILENCE)):
        turn = server.post(f"/threads/{turned}/turns", message=mode, assistants=[player(scenario)] * 3, mode=mode)
        if scenario != script("echo"):
            server.post(f"/threads/{turned}/stop")
        assert [server.until_over(run)["turn_id"] for run in turn["runs"]] == [turn["id"]] * 3
    file = {"file_id": "file-1", "tools": [{"type": "code_interpreter"}, {"type": "file_search"}]}
    server.post(f"/threads/{tools}/messages", role="assistant", content="with a file", attachments=[file])
    image = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    said = server.post(f"/threads/{named}/messages", role="user", content=[image], metadata={"name": "Ann"})
    server.post(f"/threads/{named}/messages/{said['id']}", metadata={"name": "Bob"})
    gone = thread("the first one is gone", "the last one, too")
    for message in server.get(f"/threads/{gone}/messages")["data"]:
        server.delete(f"/threads/{gone}/messages/{message['id']}")
    server.delete(f"/threads/{thread('nobody sees this')}")
    first = server.get("/assistants", order="asc")["data"][0]["id"]
    server.delete(f"/assistants/{first}")
    server.post(f"/threads/{named}", metadata={"title": "Yours"})


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path, Path]:
    """Every answer of a server, its export, and a folder into which that was imported."""
    old, new = tmp_path_factory.mktemp("old"), tmp_path_factory.mktemp("new") / "data"
    with server(old) as first:
        life(first)
        answers = first.everything()
        working = list(lines(old))
    exported = list(lines(old))
    assert exported == working
    file = new.with_name("export.ndjson")
    file.write_text("".join(f"{line}\n" for line in exported), encoding="ascii")
    report = bring(file, new, SystemClock())
    assert (report.refusals, report.unknown, report.ended, report.early) == ([], {}, {}, 0)
    return answers, file, new


def test_every_answer_is_the_same(lived: tuple[dict[str, Any], Path, Path]) -> None:
    answers, file, folder = lived
    assert len(answers) > 60
    with server(folder) as second:
        assert second.everything() == answers
    assert "".join(f"{line}\n" for line in lines(folder)) == file.read_text("ascii")


def test_importing_the_export_again_changes_nothing(lived: tuple[dict[str, Any], Path, Path]) -> None:
    _, file, folder = lived
    report = bring(file, folder, SystemClock())
    assert not report.imported
    assert report.stored.total() == len(file.read_text("ascii").splitlines())
    assert "".join(f"{line}\n" for line in lines(folder)) == file.read_text("ascii")


def test_a_viewer_of_an_imported_thread_holds_its_rows(lived: tuple[dict[str, Any], Path, Path]) -> None:
    _, _, folder = lived
    with server(folder) as second:
        for thread in second.get("/threads", limit=100)["data"]:
            at = f"/threads/{thread['id']}"
            rows = [second.get(f"{at}/{noun}", limit=100)["data"] for noun in ("messages", "runs")]
            steps = {run["id"]: second.get(f"{at}/runs/{run['id']}/steps", order="asc")["data"] for run in rows[1]}
            for run in rows[1]:
                alone = folded(second, f"{at}/runs/{run['id']}/events")
                assert list(alone.runs) == [run]
                assert list(alone.run_steps) == steps[run["id"]]
                wrote = second.get(f"{at}/messages", run_id=run["id"])["data"]
                assert [message["id"] for message in alone.messages] == [message["id"] for message in wrote]
            fold = snapshot(second, f"{at}/events?limit=100")
            assert [list(fold.messages), list(fold.runs)] == rows
            assert sorted(step["id"] for step in fold.run_steps) == sorted(s["id"] for of in steps.values() for s in of)


def test_the_node_helper_takes_the_streams_of_imported_runs(lived: tuple[dict[str, Any], Path, Path]) -> None:
    _, _, folder = lived
    with server(folder) as second:
        stored = {
            run["id"]: run
            for thread in second.get("/threads", limit=100)["data"]
            for run in second.get(f"/threads/{thread['id']}/runs")["data"]
        }
        url = str(second.client.base_url).removesuffix("/v1/")
        told = node("imported", url, *(f"{run['thread_id']}/{run['id']}" for run in stored.values()))
        assert told.keys() == stored.keys()
        for id, run in stored.items():
            at = f"/threads/{run['thread_id']}"
            assert told[id]["run"] == run
            assert told[id]["messages"] == second.get(f"{at}/messages", run_id=id, order="asc")["data"]
            assert told[id]["steps"] == second.get(f"{at}/runs/{id}/steps", order="asc")["data"]


def folded(server: Server, path: str) -> Fold:
    """A stream that ends, folded."""
    fold, decoder = Fold(), Decoder()
    for event in decoder.feed(server.client.get(path).content):
        fold.take(event.type, json.loads(event.data) if event.type != "done" else None, event.id)
    return fold


def snapshot(server: Server, path: str) -> Fold:
    """What a thread's stream begins with."""
    fold, decoder = Fold(), Decoder()
    with server.client.stream("GET", path) as answer:
        for piece in answer.iter_bytes():
            for event in decoder.feed(piece):
                fold.take(event.type, json.loads(event.data), event.id)
                return fold
    raise AssertionError("the stream ended without a snapshot")
