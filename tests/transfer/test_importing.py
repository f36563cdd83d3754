"""Imports, one by one: what went in, and the whole report."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from livethread.errors import SetupError
from livethread.transfer import exporting
from livethread.transfer.report import Refusal, Report
from tests.transfer.dumps import NOW, assistant, bring, lines, message, run, step, thread
from tests.transfer.http import server

MESSAGE, RUN, STEP = "thread.message", "thread.run", "thread.run.step"
NO_ID = "id: expected an id that begins with 'msg', of letters, digits, '_' and '-'"


class Folder:
    """A data folder, and the file that is imported into it."""

    def __init__(self, path: Path) -> None:
        self.path = path / "data"
        self.file = path / "dump"

    def bring(self, *items: Any, **options: Any) -> Report:
        self.file.write_bytes(lines(*items))
        return bring(self.file, self.path, **options)

    @property
    def stored(self) -> list[str]:
        """The ids of everything that is stored, in the order of the log."""
        return [item["id"] for item in self.objects]

    @property
    def objects(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in exporting.lines(self.path)]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def counts(*, threads: int = 0, messages: int = 0, runs: int = 0, steps: int = 0, assistants: int = 0) -> Counter[str]:
    of = {"assistant": assistants, "thread": threads, MESSAGE: messages, RUN: runs, STEP: steps}
    return Counter({kind: count for kind, count in of.items() if count})


GOOD = [
    assistant("asst_1", 1), thread(at=2), message("msg_1", 3), run("run_1", 3), step("step_1", 4, "run_1"),
    message("msg_2", 5, run_id="run_1", assistant_id="asst_1", role="assistant"),
]  # fmt: skip
ALL = counts(assistants=1, threads=1, messages=2, runs=1, steps=1)
OTHER = [thread("thread_2", 1), message("msg_8", 2, "thread_2")]


def test_everything_goes_in_and_a_second_time_nothing(folder: Folder) -> None:
    assert folder.bring(*GOOD) == Report(imported=ALL)
    before = folder.objects
    assert [item["id"] for item in before] == ["asst_1", "thread_1", "msg_1", "run_1", "step_1", "msg_2"]
    assert folder.bring(*GOOD) == Report(stored=ALL)
    assert folder.objects == before


def test_what_was_said_since_goes_in_behind(folder: Folder) -> None:
    folder.bring(*GOOD)
    more = [message("msg_3", 5), run("run_2", 6), message("msg_4", 7, run_id="run_2", role="assistant")]
    assert folder.bring(*GOOD, *more) == Report(imported=counts(messages=2, runs=1), stored=ALL)
    assert folder.stored[-3:] == ["msg_3", "run_2", "msg_4"]
    assert folder.objects[1]["activity"] == {
        "at": 7_000_000, "opening": "I am msg_1", "last_message": {
            "text": "I am msg_4", "created_at": 7,
            "author": {"role": "assistant", "assistant_id": None, "name": None, "user_id": None},
        },
    }  # fmt: skip


def test_a_file_may_be_in_any_order(folder: Folder) -> None:
    folder.bring(*reversed(GOOD), *OTHER)
    assert folder.stored == ["asst_1", "thread_2", "msg_8", "thread_1", "msg_1", "run_1", "step_1", "msg_2"]


def test_a_thread_that_is_not_in_the_file_is_made_for_what_is(folder: Folder) -> None:
    report = folder.bring(message("msg_2", 9), message("msg_1", 7))
    assert report == Report(imported=counts(messages=2), made=1)
    assert folder.objects[0] == thread(at=7) | {"activity": folder.objects[0]["activity"]}
    assert folder.bring(message("msg_3", 9)) == Report(imported=counts(messages=1))


def test_what_had_not_ended_has_ended_now(folder: Folder) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    waiting = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": [call]}}
    report = folder.bring(
        thread(),
        *(run(f"run_{at}", at, status=status, expires_at=NOW + 9, required_action=waiting, completed_at=None)
          for at, status in enumerate(["queued", "in_progress", "requires_action", "cancelling"])),
        step("step_1", 4, "run_1", status="in_progress", completed_at=None, expires_at=NOW,
             step_details={"type": "tool_calls", "tool_calls": [call]}),
        message("msg_1", 5, run_id="run_1", status="in_progress", completed_at=None),
        message("msg_2", 5, run_id="run_1", status="in_progress", completed_at=None, content=[]),
        run("run_9", 9, status="failed"),
    )  # fmt: skip
    assert report == Report(
        imported=counts(threads=1, messages=1, runs=5, steps=1),
        ended=counts(messages=1, runs=4, steps=1), empty=1,
    )  # fmt: skip
    objects = {item["id"]: item for item in folder.objects}
    fields = ("status", "expires_at", "required_action")
    assert {tuple(objects[f"run_{at}"][field] for field in fields) for at in range(4)} == {("expired", None, None)}
    assert objects["run_9"]["status"] == "failed"
    ended = {field: objects["step_1"][field] for field in ("status", "expires_at", "expired_at", "completed_at")}
    assert ended == {"status": "expired", "expires_at": None, "expired_at": NOW, "completed_at": None}
    assert objects["step_1"]["step_details"]["tool_calls"][0]["function"]["output"] is None
    cut = {field: objects["msg_1"][field] for field in ("status", "incomplete_at", "incomplete_details")}
    assert cut == {"status": "incomplete", "incomplete_at": NOW, "incomplete_details": {"reason": "run_expired"}}
    assert "msg_2" not in objects


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (message("msg_9", 4, role="tool"), "role: input should be 'user' or 'assistant'."),
        (message("msg_9", NOW + 61), "created_at: this is in the future."),
        (message("msg_9", 10**30), "created_at: this is in the future."),
        (message("msg_9", 4) | {"created_at": "4"}, "created_at: input should be a valid integer."),
        (message("msg_9", 4) | {"created_at": 4.5}, "created_at: input should be a valid integer."),
        (message("msg_9", 4) | {"created_at": True}, "created_at: input should be a valid integer."),
        (message("msg_9", 4) | {"created_at": None}, "created_at: input should be a valid integer."),
        (message("msg_9", -4), "created_at: expected a whole number of seconds since 1970."),
        (message("msg_9", 4, content=[{"type": "sound"}]), "content[0]: expected a text, a refusal, or an image."),
        (message("msg_9", 4, content=7), "content: expected an array."),
        (message("msg_9", 4, metadata={"a": 1}), "metadata.a: input should be a valid string."),
        (message("msg_9", 4, attachments=[{"tools": []}]), "attachments[0].file_id: expected a string."),
        (message("run_9", 4), f"{NO_ID}, not 'run_9'."),
        (message("msg/9", 4), f"{NO_ID}, not 'msg/9'."),
        (message("msg_9", 4) | {"id": None}, f"{NO_ID}, not nothing."),
        (message("msg_9", 4, run_id="step_1"),
         "run_id: expected an id that begins with 'run', of letters, digits, '_' and '-', not 'step_1'."),
        (message("msg_9", 4, run_id="run_7"), "Its run run_7 belongs to thread thread_2."),
        (message("msg_8", 4), "This id stands on line 2 already, with something else."),
        (run("run_9", 4, status="done"),
         "status: input should be 'queued', 'in_progress', 'requires_action', 'cancelling', 'cancelled', 'failed', "
         "'completed', 'incomplete' or 'expired'."),
        (run("run_9", 4, turn_id="run_1"),
         "turn_id: expected an id that begins with 'turn', of letters, digits, '_' and '-', not 'run_1'."),
        (run("run_9", 4, tools=[{"type": "function", "function": {}}]),
         "tools[0].function: expected an object with a name."),
        (step("step_9", 4, "run_9"), "Its run run_9 is neither in the file nor stored here."),
        (step("step_9", 4, "run_1", step_details={"type": "message_creation"}),
         "step_details: expected a message that was made, or tool calls."),
        (step("step_9", 4, "run_1", type="message_creation"), "step_details.type: expected the step's own type."),
        (thread(at=2, tool_resources=[]), "tool_resources: expected an object."),
        (thread(at=2, activity={"at": 10**20, "opening": "", "last_message": None}),
         "activity: expected it as an export writes it, with a time that is not in the future."),
    ],
)  # fmt: skip
@pytest.mark.parametrize("strict", [False, True])
def test_a_thread_is_refused_whole_and_the_rest_goes_in(
    bad: dict[str, Any], reason: str, strict: bool, folder: Folder
) -> None:
    second = [*OTHER, run("run_7", 3, "thread_2")]
    report = folder.bring(*second, *GOOD, bad, strict=strict)
    here = counts(threads=1, messages=2, runs=1, steps=1) + Counter({bad["object"]: 1})
    id = bad["id"] if bad["id"] != "msg/9" else None  # what is no id might be anything
    refused_with: Counter[str] = Counter()
    threads = 1
    if id == "msg_8":  # one of the two is wrong, and nobody knows which
        threads, refused_with = 2, counts(threads=1, messages=1, runs=1)
    expected = Report(
        refused=here + refused_with,
        refusals=[Refusal(10, "thread_1", id, reason)],
        refusals_total=1,
        refused_threads=threads,
        held_back=strict,
    )
    if not strict:
        expected.imported = counts(assistants=1, threads=1, messages=1, runs=1) - refused_with
    assert report == expected
    kept = [] if strict else ["asst_1"] if threads == 2 else ["asst_1", "thread_2", "msg_8", "run_7"]
    assert folder.stored == kept


@pytest.mark.parametrize(
    ("bad", "refusals"),
    [
        ([{"object": "vector_store", "id": "vs_1"}],
         [Refusal(9, None, "vs_1", "Objects of the kind 'vector_store' are not imported.")]),
        ([{"id": "msg_9"}], [Refusal(9, None, "msg_9", "Objects of the kind nothing are not imported.")]),
        (["{"], [Refusal(9, "thread_2", None, "The file ends in the middle of this: it was cut off.")]),
        (['{"id": "msg_9", "thread_id": "thread_1"'],
         [Refusal(9, "thread_1", None, "The file ends in the middle of this: it was cut off.")]),
        (["garbage", message("msg_9", 9, "thread_2")], [Refusal(9, None, None, "This is not JSON.")]),
        ([assistant("asst_1", 1, model="other")],
         [Refusal(9, "asst_1", "asst_1", "This id stands on line 1 already, with something else.")]),
        ([assistant("asst_9", 1, model=None)], [Refusal(9, None, "asst_9", "model: input should be a valid string.")]),
    ],
)  # fmt: skip
def test_what_names_no_thread_is_refused_alone(bad: list[Any], refusals: list[Refusal], folder: Folder) -> None:
    report = folder.bring(*GOOD, *OTHER, *bad)
    assert report.refusals == refusals
    more = {item["id"] for item in bad if isinstance(item, dict) and item.get("thread_id")}
    gone = {refusal.thread for refusal in refusals}
    kept = [["asst_1"], ["thread_2", "msg_8"], ["thread_1", "msg_1", "run_1", "step_1", "msg_2"]]
    assert sorted(folder.stored) == sorted({id for ids in kept if ids[0] not in gone for id in ids} | more)


def test_the_same_twice_in_a_file_counts_once(folder: Folder) -> None:
    assert folder.bring(*GOOD, *GOOD) == Report(imported=ALL, again=ALL)
    assert folder.stored == ["asst_1", "thread_1", "msg_1", "run_1", "step_1", "msg_2"]


def test_unknown_fields_are_left_out_and_told(folder: Folder) -> None:
    odd = [message("msg_1", 3, thread_mood="good"), message("msg_2", 4, thread_mood="bad", likes=3)]
    report = folder.bring(thread(file_ids=[], shiny=True), *odd)
    assert report == Report(
        imported=counts(threads=1, messages=2),
        unknown={"thread.shiny": (1, 1), "thread.message.thread_mood": (2, 2), "thread.message.likes": (1, 3)},
    )  # fmt: skip
    assert [set(item) & {"shiny", "thread_mood", "likes"} for item in folder.objects] == [set()] * 3


def test_a_log_is_never_reordered(folder: Folder) -> None:
    folder.bring(*GOOD)
    report = folder.bring(*GOOD, message("msg_0", 4), *OTHER)
    reason = "The thread already holds msg_2, which is newer than this."
    assert report == Report(
        imported=counts(threads=1, messages=1), stored=counts(assistants=1),
        refused=counts(threads=1, messages=3, runs=1, steps=1),
        refusals=[Refusal(7, "thread_1", "msg_0", reason)], refusals_total=1, refused_threads=1,
    )  # fmt: skip
    assert folder.stored == ["asst_1", "thread_2", "msg_8", "thread_1", "msg_1", "run_1", "step_1", "msg_2"]


@pytest.mark.parametrize(
    "foreign",
    [message("msg_1", 9, "thread_2"), run("run_1", 9, "thread_2"), step("step_1", 9, "run_7", "thread_2")],
    ids=lambda item: str(item["object"]),
)
def test_an_id_that_belongs_to_another_thread_here_is_refused(foreign: dict[str, Any], folder: Folder) -> None:
    folder.bring(*GOOD)
    report = folder.bring(*OTHER, run("run_7", 3, "thread_2"), foreign)
    assert report.refusals == [Refusal(4, "thread_2", foreign["id"], "This id belongs to thread thread_1 here.")]
    assert not report.imported
    report = folder.bring(*OTHER, message("msg_9", 9, "thread_2", run_id="run_1"))
    assert report.refusals == [Refusal(3, "thread_2", "msg_9", "Its run run_1 belongs to thread thread_1.")]
    assert not report.imported


def test_a_thread_that_was_deleted_here_is_refused(folder: Folder) -> None:
    folder.bring(*GOOD, *OTHER)
    with server(folder.path) as live:
        live.delete("/threads/thread_1")
    report = folder.bring(*GOOD, *OTHER)
    assert report.refusals == [Refusal(2, "thread_1", "thread_1", "This thread was deleted here.")]
    assert report.stored == counts(assistants=1, threads=1, messages=1)
    assert not report.imported


def test_a_message_of_a_run_that_nobody_knows_is_imported(folder: Folder) -> None:
    assert folder.bring(message("msg_1", 1, run_id="run_7", role="assistant")).imported == counts(messages=1)
    with server(folder.path) as live:
        assert live.get("/threads/thread_1/messages", run_id="run_7")["data"][0]["id"] == "msg_1"


def test_a_dry_run_says_the_same_and_writes_nothing(folder: Folder) -> None:
    bad = message("msg_9", 4, "thread_2", role="tool")
    said = folder.bring(*GOOD, *OTHER, bad, dry_run=True)
    assert not folder.path.exists()
    assert folder.bring(*GOOD, *OTHER, bad) == said
    with server(folder.path):
        again = folder.bring(*GOOD, dry_run=True)
    assert again == Report(stored=ALL)


def test_a_folder_that_a_server_uses_is_left_alone(folder: Folder) -> None:
    with server(folder.path) as live:
        before = live.everything()
        with pytest.raises(SetupError, match="Another Livethread server is using the data folder"):
            folder.bring(*GOOD)
        assert live.everything() == before


def test_every_refusal_goes_into_a_file(folder: Folder, tmp_path: Path) -> None:
    refusals = tmp_path / "refused.ndjson"
    bad = [message(f"msg_{number}", 4, role="tool") for number in range(30)]
    report = folder.bring(*bad, refusals=refusals)
    told = [json.loads(line) for line in refusals.read_text().splitlines()]
    reason = "role: input should be 'user' or 'assistant'."
    assert told == [
        {"line": number + 1, "thread": "thread_1", "id": f"msg_{number}", "reason": reason} for number in range(30)
    ]
    assert report.refusals == [Refusal(**line) for line in told[:20]]
    assert report.refusals_total == 30


def test_nothing_is_left_but_what_a_server_has(folder: Folder) -> None:
    folder.path.mkdir()
    (folder.path / "livethread-import-stale").write_bytes(b"killed")
    folder.bring(*GOOD)
    names = {file.name for file in folder.path.iterdir()}
    assert names - {"livethread.db-shm", "livethread.db-wal"} == {"livethread.db", "livethread.db-drafts", "lock"}


def test_a_fresh_folder_gets_no_first_assistants_after_an_import(folder: Folder) -> None:
    folder.bring(*OTHER)
    with server(folder.path) as live:
        assert live.get("/assistants")["data"] == []


def test_assistants_stand_by_time_behind_those_that_are_there(folder: Folder) -> None:
    folder.bring(assistant("asst_5", 5))
    folder.bring(assistant("asst_3", 3), assistant("asst_2b", 2), assistant("asst_2a", 2), assistant("asst_1", 1))
    with server(folder.path) as live:
        listed = [item["id"] for item in live.get("/assistants", order="asc")["data"]]
    assert listed == ["asst_5", "asst_1", "asst_2a", "asst_2b", "asst_3"]


def test_what_a_file_says_is_fit_for_a_terminal(folder: Folder) -> None:
    report = folder.bring(message("\x1b[2J", 1), message("msg_1", 1, "thread_2", **{"\x1b[2J": 1}))
    reason = f"{NO_ID}, not '\\x1b[2J'."
    assert report.refusals == [Refusal(1, "thread_1", None, reason)]
    assert report.unknown == {"thread.message.\N{REPLACEMENT CHARACTER}[2J": (1, 2)}


def test_an_export_in_any_direction_is_the_same_log(folder: Folder, tmp_path: Path) -> None:
    in_one_second = [
        message("msg_1", 5), run("run_1", 5), message("msg_2", 5), run("run_2", 5),
        message("msg_3", 5, run_id="run_1"), message("msg_4", 5, run_id="run_2"),
    ]  # fmt: skip
    activity = {"at": 5_000_000, "opening": "", "last_message": None}
    newest_first = [message(f"msg_{at}", at, "thread_2") for at in (20, 19, 18, 17)]
    folder.bring(*newest_first, thread(activity=activity), *in_one_second)
    ids = [item["id"] for item in in_one_second]
    assert [id for id in folder.stored if id in ids] == ids
    last = message("msg_0", 4)
    other = Folder(tmp_path / "other")
    other.path.parent.mkdir()
    other.bring(thread(activity=activity), *reversed([last, *in_one_second]))
    assert other.stored == ["thread_1", "msg_0", *ids]


def test_two_exports_of_a_thread_in_one_file_are_refused(folder: Folder) -> None:
    old, new = ({"at": at, "opening": "", "last_message": None} for at in (1, 2))
    report = folder.bring(thread(activity=old), thread(activity=new))
    reason = "This id stands on line 1 already, with something else."
    assert report.refusals == [Refusal(2, "thread_1", "thread_1", reason)]
    assert not report.imported
