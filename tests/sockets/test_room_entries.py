from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from livethread.sockets import room_entries
from livethread.sockets.room_entries import AT_ONCE, SHORT, Entry, bundle, entry_of, listed, listing, parts

CREATED = 1_700_000_000


def message(**changes: Any) -> dict[str, Any]:
    text = {"type": "text", "text": {"value": "Hello", "annotations": []}}
    whole = {
        "id": "msg_1", "created_at": CREATED, "assistant_id": None, "run_id": None, "role": "user",
        "content": [text], "metadata": {},
    }  # fmt: skip
    return whole | changes


def said(packet: bytes) -> tuple[str, Any]:
    """What a packet says: an event, and what it carries."""
    name, *carried = json.loads(packet.removeprefix(b"42"))
    return name, carried[0] if carried else None


def test_a_persons_message_is_as_it_was_sent() -> None:
    metadata = {"id": "m1", "user_id": "u", "name": "Ann", "created_at": str(CREATED * 1000 + 7)}
    assert entry_of(message(metadata=metadata)) == Entry(
        "m1", "msg_1", "u", "Ann", None, "user", "Hello", CREATED * 1000 + 7, False
    )


def test_a_message_of_another_face_has_our_own_id_and_time() -> None:
    assert entry_of(message(metadata={"created_at": "yesterday"})) == Entry(
        "msg_1", "msg_1", None, "user", None, "user", "Hello", CREATED * 1000, False
    )


def test_an_answer_has_the_name_of_its_assistant() -> None:
    whole = message(assistant_id="asst_1", run_id="run_1", role="assistant", metadata={"name": "x", "id": "y"})
    assert entry_of(whole)[:5] == ("msg_1", "msg_1", None, None, "asst_1")


def test_what_came_by_post_stream_is_known() -> None:
    assert entry_of(message(metadata={"face": "room-stream"})).streamed


def test_a_message_and_an_item_differ_only_in_how_they_say_the_time() -> None:
    entry = entry_of(message())
    shown = {"user_id": None, "name": "Ann", "id": "msg_1", "role": "user", "content": "Hello"}
    assert said(room_entries.message(entry, "Ann", 1)) == ("message", shown | {"created_at": 1})
    assert said(room_entries.answer(entry, "Ann", 1)) == ("message-list", [shown | {"created_at": "1"}])
    del shown["content"]
    assert said(room_entries.start(entry, "Ann", 1)) == ("message-start", shown | {"created_at": "1"})


def test_an_answer_grows_and_ends_by_its_id() -> None:
    assert said(room_entries.delta("msg_1", "終")) == ("message-delta", {"id": "msg_1", "text": "終"})
    assert said(room_entries.end("msg_1")) == ("message-end", {"id": "msg_1"})


def test_people_come_and_go() -> None:
    assert said(room_entries.came("Ann", "u")) == ("join", {"user_id": "u", "name": "Ann"})
    assert said(room_entries.came("Ann", "u", went=True)) == ("leave", {"user_id": "u", "name": "Ann"})


def test_the_system_speaks_to_one() -> None:
    assert said(room_entries.sentence("No.", "msg_9", 5)) == (
        "message",
        {"user_id": None, "name": "system", "role": "system", "content": "No.", "id": "msg_9", "created_at": 5},
    )


@settings(deadline=None)
@given(st.lists(st.integers(1, 3 * AT_ONCE), max_size=12))
def test_lists_are_in_order_and_no_larger_than_they_must_be(sizes: list[int]) -> None:
    items = [json.dumps("x" * size).encode() for size in sizes]
    packets = [listing(part) for part in parts((item, len(item)) for item in items)]
    assert [item for packet in packets for item in said(packet)[1]] == ["x" * size for size in sizes]
    for packet in packets:
        assert len(packet) <= AT_ONCE + 100 or len(said(packet)[1]) == 1


def test_all_who_are_told_the_same_share_it() -> None:
    assert bundle((b"42[1]",)) is bundle((bytes(bytearray(b"42[1]")),))


def test_of_an_item_that_is_long_nothing_is_kept() -> None:
    short, long = (entry_of(message())._replace(text="終" * size) for size in (SHORT, SHORT + 1))
    assert listed(short, "Ann", 1) is listed(short, "Ann", 1)
    assert listed(long, "Ann", 1) is not listed(long, "Ann", 1)
