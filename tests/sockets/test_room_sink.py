"""`livethread.sockets.room.InRoom`: what one client is told of what the hub writes, and what is kept for it."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Collection, Mapping
from typing import Any, cast

import pytest

from livethread.domain.events import text_delta
from livethread.domain.messages import Message
from livethread.domain.people import Person
from livethread.ids import Ids
from livethread.live.people import SHOWN
from livethread.live.position import OpenText, Position
from livethread.services.rooms import Found, Rooms
from livethread.sockets.outlet import Outlet
from livethread.sockets.packets import Bundle
from livethread.sockets.room import MISSED, InRoom, Names
from livethread.sse import KEEP_ALIVE, encode

SECOND = 1_700_000_000
MS = SECOND * 1000


class Line:
    """A socket that is free, or takes nothing until it is."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Any]] = []
        self.full: asyncio.Event | None = None

    def write(self, bundle: Bundle) -> Awaitable[None] | None:
        for packet in bundle.packets:
            name, *carried = json.loads(packet.removeprefix(b"42"))
            self.told.append((name, carried[0] if carried else None))
        return None if self.full is None else cast(Awaitable[None], self.full.wait())

    def names(self) -> list[str]:
        return [name for name, _ in self.told]


class Known:
    """Knows assistants by their ids, once it was asked."""

    def __init__(self) -> None:
        self.reads = 0

    async def names(self, assistant_ids: Collection[str]) -> Mapping[str, str]:
        self.reads += 1
        await asyncio.sleep(0)
        return {id: f"The {id}" for id in assistant_ids}


class StillClock:
    def now(self) -> float:
        return float(SECOND)

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("a sink does not sleep")


class Room:
    """A client in a room that has begun, and what happens there."""

    def __init__(self, found: Found | None = None, *, stream: bool = False, known: bool = True) -> None:
        self.line = Line()
        self.anew = 0
        self.seq = 1
        self.stored: dict[str, Message] = {message.id: message for message in found.messages} if found else {}
        names = Names(cast(Rooms, Known()))
        if known:
            names.known["asst_1"] = "CatGPT"
        self.sink = InRoom(
            cast(Outlet, self.line), Person("u", "Ann"), streams=stream, names=names, read=self._read, ids=Ids(1),
            clock=StillClock(), anew=self._anew,
        )  # fmt: skip
        self.sink.begin(found or Found(Position(1, "aaaa", []), [], frozenset(), [], {}), {"u": "Ann"})
        self.sink.welcome()

    def _anew(self) -> None:
        self.anew += 1

    async def _read(self, ids: Collection[str]) -> list[Message]:
        await asyncio.sleep(0)
        return [self.stored[id] for id in ids if id in self.stored]

    async def write(self, type: str, data: Any) -> None:
        """The hub writes an event, and waits until more may be written."""
        self.seq += 1
        text = data if isinstance(data, bytes) else json.dumps(data)
        wait = self.sink.write(encode(type, text, id=f"{self.seq}.aaaa"))
        if wait is not None:
            await wait

    async def begin(self) -> None:
        wait = self.sink.write(KEEP_ALIVE)
        assert wait is not None
        await wait

    async def said(self, id: str, user_id: str, at: int, **more: str) -> None:
        metadata = {"id": id, "user_id": user_id, "name": user_id, "created_at": str(at), "face": "room"} | more
        await self.write("thread.message.created", message(f"msg_{id}", id, metadata=metadata).model_dump())

    async def answers(self, id: str, text: str, run: str = "run_1") -> None:
        whole = answer(id, text, run)
        open = whole.model_dump() | {"content": [], "status": "in_progress"}
        await self.write("thread.message.created", open)
        await self.write("thread.message.delta", text_delta(id, 0, text, first=True))
        await self.write("thread.message.completed", whole.model_dump())


def message(id: str, text: str, **more: Any) -> Message:
    fields: dict[str, Any] = {
        "id": id, "created_at": SECOND, "assistant_id": None, "thread_id": "thread_1", "run_id": None,
        "status": "completed", "role": "user", "content": [{"type": "text", "text": {"value": text}}],
    }  # fmt: skip
    return Message(**fields | more)


def answer(id: str, text: str, run: str = "run_1") -> Message:
    return message(id, text, assistant_id="asst_1", run_id=run, role="assistant")


def run(status: str, **metadata: str) -> dict[str, Any]:
    return {
        "id": "run_1", "assistant_id": "asst_1", "status": status, "metadata": metadata,
        "last_error": {"message": "It broke."},
    }  # fmt: skip


def long_history(messages: int = 3, **found: Any) -> Found:
    """A room with messages of 40,000 bytes, all of them unseen."""
    long = [message(f"msg_{number}", "x" * 40_000) for number in range(messages)]
    return Found(Position(9, "aaaa", []), long, frozenset(each.id for each in long), [], {}, **found)


async def test_first_of_all_it_is_welcomed_and_told_what_it_has_not_seen_in_the_order_of_the_log() -> None:
    opened = answer("msg_open", "Half")
    found = Found(
        Position(9, "aaaa", [OpenText(2, "msg_open", "run_1", None)]),
        [message("msg_1", "One"), opened, message("msg_2", "Two"), answer("msg_3", "Three")],
        frozenset(["msg_2", "msg_3"]),
        [],
        {"asst_1": "CatGPT"},
    )
    for stream in (False, True):
        room = Room(found, stream=stream, known=False)
        await room.begin()
        starts = [("message-start", room.line.told[-1][1])] if stream else []
        told = [(item["content"], int(item["created_at"]) - MS) for item in room.line.told[1][1]]
        assert told == [("Two", 2), ("Three", 3)]
        assert room.line.told == [("welcome", None), room.line.told[1], *starts]
        if stream:
            assert int(starts[0][1]["created_at"]) == MS + 1  # between those that it stands between
        assert str(room.sink.held) == "9.aaaa"


async def test_what_is_told_first_waits_for_the_socket_packet_by_packet() -> None:
    room = Room(long_history())
    room.line.full = asyncio.Event()
    telling = asyncio.ensure_future(room.begin())
    for _ in range(3):
        await asyncio.sleep(0)
    assert room.line.names() == ["welcome"]
    room.line.full.set()
    await telling
    assert room.line.names() == ["welcome"] + ["message-list"] * 3
    assert [int(item["created_at"]) - MS for _, told in room.line.told[1:] for item in told] == [0, 1, 2]


async def test_of_a_long_history_nothing_is_kept_for_a_client_that_takes_none_of_it() -> None:
    room = Room(long_history())
    assert max(sys.getsizeof(kept) for kept in room.sink._first) < 1000
    del room.stored["msg_1"]  # meanwhile
    await room.begin()
    assert [[item["id"] for item in told] for _, told in room.line.told[1:]] == [["msg_0"], ["msg_2"]]


async def test_who_has_missed_more_than_it_is_told_is_told_so_where_the_gap_is() -> None:
    for gap, before in [(False, []), (True, [(MISSED, MS)])]:
        room = Room(long_history(gap=gap))
        await room.begin()
        said = [(said["content"], said["created_at"]) for name, said in room.line.told[:2] if name == "message"]
        assert said == before


async def test_who_falls_silent_tells_no_more_of_what_was_under_way() -> None:
    for turns in range(
        8
    ):  # of the loop, after which it falls silent: it waits for the socket, or reads what comes next
        found = long_history()
        room = Room(found)
        room.line.full = asyncio.Event()
        telling = asyncio.ensure_future(room.begin())
        await asyncio.sleep(0)
        room.line.full.set()
        for _ in range(turns):
            await asyncio.sleep(0)
        room.sink.fall_silent()
        await telling
        told = room.line.names()
        await room.said("a", "v", MS)
        assert (room.line.names(), str(room.sink.held)) == (told, "9.aaaa")
        instead = Room(found, known=False)
        instead.line.told.clear()
        instead.sink._first.clear()
        nothing_new = Found(Position(9, "aaaa", []), found.messages, frozenset(), [], {})
        instead.sink.begin(nothing_new, {"u": "Ann"}, before=room.sink)
        if instead.sink._first:
            await instead.begin()
        assert told + instead.line.names() == ["welcome", *["message-list"] * 3]  # what the other has left


async def test_own_messages_are_not_told_but_those_of_the_same_person_on_another_page_are() -> None:
    room = Room()
    await room.begin()
    passed = room.sink.expect("a", MS)
    await room.said("a", "u", MS)
    await room.said("b", "u", MS)
    await room.said("a", "v", MS)  # another person may call it the same
    assert [said["id"] for name, said in room.line.told if name == "message"] == ["b", "a"]
    assert passed.result() == MS


@pytest.mark.parametrize("ahead", [0, 30_000, 3_600_000])
async def test_an_answer_never_stands_above_its_question_however_the_senders_clock_goes(ahead: int) -> None:
    room = Room()
    await room.begin()
    room.sink.expect("a", MS + ahead)
    await room.said("a", "u", min(MS + ahead, MS + 60_000))
    await room.answers("msg_1", "Meow.")
    ((answered,),) = [said for name, said in room.line.told if name == "message-list"]
    assert int(answered["created_at"]) > MS + ahead


async def test_of_two_who_speak_at_once_each_has_them_in_the_order_of_the_log() -> None:
    room = Room()
    await room.begin()
    room.sink.expect("mine", MS)  # its own screen has it at this time, but the other one came first
    await room.said("theirs", "v", MS + 20)
    await room.said("mine", "u", MS)
    assert room.line.told[-1][1]["created_at"] == MS - 1


async def test_a_message_that_was_not_posted_is_expected_no_more() -> None:
    room = Room()
    await room.begin()
    room.sink.expect("a", MS)
    room.sink.expect_no_more("a")
    await room.said("a", "u", MS)
    assert room.line.names() == ["welcome", "message"]


async def test_an_answer_grows_for_those_who_take_it_so_and_comes_whole_to_the_others() -> None:
    for stream, names in [(True, ["message-start", "message-delta", "message-end"]), (False, ["message-list"])]:
        room = Room(stream=stream)
        await room.begin()
        await room.answers("msg_1", "Meow.")
        assert room.line.names() == ["welcome", *names]


async def test_an_assistant_that_is_not_known_is_asked_for_before_it_speaks() -> None:
    room = Room(known=False)
    await room.begin()
    await room.answers("msg_1", "Meow.")
    assert room.line.told[-1][1][0]["name"] == "The asst_1"


async def test_an_assistant_that_is_asked_may_be_called_something_else_by_now_and_one_read_tells_all() -> None:
    rooms = [Room(), Room()]
    known = Known()
    names = Names(cast(Rooms, known))
    for room in rooms:
        room.sink._names = names
        await room.begin()
    names.known["asst_1"] = "CatGPT"
    await asyncio.gather(*(room.write("thread.run.created", run("queued")) for room in rooms))
    for room in rooms:
        await room.answers("msg_1", "Meow.")
        assert room.line.told[-1][1][0]["name"] == "The asst_1"
    assert known.reads == 1


async def test_it_is_busy_from_the_first_run_to_the_end_of_the_last() -> None:
    room = Room()
    await room.begin()
    for id, status in [("1", "queued"), ("2", "queued"), ("1", "completed"), ("2", "failed"), ("3", "queued")]:
        type = "thread.run.created" if status == "queued" else f"thread.run.{status}"
        await room.write(type, run(status) | {"id": f"run_{id}"})
    assert room.line.names() == ["welcome", "ai-start", "ai-end", "ai-start"]


async def test_what_went_wrong_is_told_to_who_has_asked() -> None:
    for user_id, told in [("u", ["The answer failed: It broke."]), ("v", [])]:
        room = Room()
        await room.begin()
        await room.write("thread.run.created", run("queued", user_id=user_id, face="room"))
        await room.write("thread.run.failed", run("failed", user_id=user_id, face="room"))
        assert [said["content"] for name, said in room.line.told if name == "message"] == told
        assert room.line.names()[-1] == "ai-end"


async def test_what_a_person_reads_elsewhere_is_told_to_the_others_only() -> None:
    for user_id, names in [("u", []), ("v", ["message", "message-list"])]:
        room = Room()
        await room.begin()
        await room.said("a", user_id, MS, face="room-stream")
        await room.write("thread.run.created", run("queued", user_id=user_id, face="room-stream"))
        await room.answers("msg_1", "Meow.")
        await room.write("thread.run.completed", run("completed", user_id=user_id, face="room-stream"))
        assert [name for name in room.line.names() if name.startswith("message")] == names


async def test_people_who_come_and_go_are_told_also_if_some_of_it_was_missed() -> None:
    room = Room()
    await room.begin()

    async def there(*names: str) -> None:
        people = [{"user_id": name.lower(), "name": name, "typing": False} for name in names]
        await room.write("thread.presence", {"people": people, "viewers": 1, "joined": [], "left": []})

    await there("U", "Ben", "Cal")
    await there("U", "Dee")
    assert room.line.told[1:] == [
        ("join", {"user_id": "ben", "name": "Ben"}),
        ("join", {"user_id": "cal", "name": "Cal"}),
        ("join", {"user_id": "dee", "name": "Dee"}),
        ("leave", {"user_id": "ben", "name": "Ben"}),
        ("leave", {"user_id": "cal", "name": "Cal"}),
    ]


async def test_of_a_crowd_too_large_to_be_listed_nobody_joins_who_was_there() -> None:
    room = Room()
    await room.begin()

    async def there(first: int, *joined: str) -> None:
        people = [
            {"user_id": f"u{number}", "name": f"U{number}", "typing": False} for number in range(first, first + SHOWN)
        ]
        came = [{"user_id": id, "name": id.upper()} for id in joined]
        await room.write("thread.presence", {"people": people, "viewers": 999, "joined": came, "left": []})

    await there(0)
    room.line.told.clear()
    await there(1)  # u0 has gone, and another one moves up
    await there(3, "u202")
    assert [(name, said["user_id"]) for name, said in room.line.told] == [
        ("leave", "u0"), ("join", "u202"), ("leave", "u1"), ("leave", "u2"),
    ]  # fmt: skip


async def test_what_does_not_count_any_more_is_told_anew_from_where_it_stands() -> None:
    room = Room()
    await room.begin()
    await room.said("a", "v", MS)
    await room.write("thread.snapshot", {})
    await room.said("b", "v", MS)
    assert (room.anew, str(room.sink.held), room.line.names()) == (1, "2.aaaa", ["welcome", "message"])


async def test_a_deleted_room_is_told_as_such_and_nobody_is_busy_there() -> None:
    room = Room()
    await room.begin()
    await room.write("thread.run.created", run("queued"))
    await room.write("thread.deleted", {"id": "thread_1"})
    assert room.line.names() == ["welcome", "ai-start", "message", "ai-end"]


async def test_what_nobody_waits_for_is_never_begun() -> None:
    room = Room()
    room.sink.write(KEEP_ALIVE)  # its viewer is detached before: no warning of a coroutine that was never awaited
    assert room.line.told == []
