"""Frames and their ids: where a reader stands behind each of them (ARCHITECTURE, "The cursor")."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livethread.domain import cursor
from livethread.domain.events import LoggedEvent
from livethread.live.draft import Draft
from livethread.live.position import DONE, MAX_PIECE, Beyond, Frame, OpenText, Position, View
from livethread.sse import Decoder

HEAD = b'{"id":"%b","object":"thread.message","status":"%b","content":%b}'


def message(seq: int, verb: str, status: str, text: str | None = None, id: str = "msg_1") -> LoggedEvent:
    content = [] if text is None else [{"type": "text", "text": {"value": text, "annotations": []}}]
    data = HEAD % (id.encode(), status.encode(), json.dumps(content).encode())
    return LoggedEvent(seq, f"t{seq:03}", f"thread.message.{verb}", id, "run_1", data)


def draft_of(text: str, id: str = "msg_1") -> Draft:
    draft = Draft("thread_1", id)
    draft.grow("text", text.encode())
    draft.stored = draft.end
    return draft


def decode(frames: list[Frame], view: View | None = None) -> list[tuple[str, str]]:
    """(text or type, id) of each frame, as a reader gets them."""
    decoder = Decoder()
    found = []
    for frame in frames:
        for event in decoder.feed(frame.sse(view or View())):
            if event.type == "thread.message.delta":
                found.append((json.loads(event.data)["delta"]["content"][0]["text"]["value"], event.id))
            else:
                found.append((event.type, event.id))
    return found


@given(st.text(alphabet=st.sampled_from("a é漢😀\u0301\r\n"), min_size=1, max_size=40), st.integers(1, 30))
def test_merged_text_is_cut_between_characters_and_every_id_says_how_far_it_goes(text: str, most: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("livethread.live.position.MAX_PIECE", max(most, 4))
        draft = draft_of(text)
        position = Position(9, "t009", [OpenText(5, "msg_1", "run_1", draft)])
        held = ""
        for said, id in decode(list(position.grow("msg_1", draft.stored))):
            held += said
            assert len(said.encode()) <= max(most, 4)
            assert cursor.parse(id) == cursor.Cursor(9, "t009", None, {5: (0, len(held.encode()))})
    assert held == text


def test_one_delta_carries_at_most_24_kb_of_text() -> None:
    draft = draft_of("漢" * 40_000)
    position = Position(9, "t009", [OpenText(5, "msg_1", "run_1", draft)])
    sizes = [len(said.encode()) for said, _ in decode(list(position.grow("msg_1", draft.stored)))]
    assert (MAX_PIECE, sizes) == (24_576, [24_576] * 4 + [21_696])


def test_only_the_first_delta_of_a_text_part_carries_annotations() -> None:
    draft = draft_of("hello")
    position = Position(9, "t009", [OpenText(5, "msg_1", "run_1", draft)])
    frames = [*position.grow("msg_1", (0, 2)), *position.grow("msg_1", (0, 5))]
    assert [json.loads(frame.data)["delta"]["content"] for frame in frames] == [
        [{"index": 0, "type": "text", "text": {"value": "he", "annotations": []}}],
        [{"index": 0, "type": "text", "text": {"value": "llo"}}],
    ]


def test_a_refusal_behind_text_is_a_part_of_its_own() -> None:
    draft = draft_of("Well, ")
    draft.grow("refusal", b"no")
    draft.stored = draft.end
    position = Position(9, "t009", [OpenText(5, "msg_1", "run_1", draft)])
    frames = list(position.grow("msg_1", draft.stored))
    assert [json.loads(frame.data)["delta"]["content"] for frame in frames] == [
        [{"index": 0, "type": "text", "text": {"value": "Well, ", "annotations": []}}],
        [{"index": 1, "type": "refusal", "refusal": "no"}],
    ]
    assert [frame.places for frame in frames] == [(("run_1", "~5.0.6"),), (("run_1", "~5.1.2"),)]


def test_an_id_stays_under_128_bytes_with_eight_drafts_open() -> None:
    opened = [
        OpenText(36**5 - number, f"msg_{number}", "run_1", draft_of("x"), (0, 36**4 - number)) for number in range(1, 9)
    ]
    position = Position(36**5 - 1, "tttt", opened)
    frame = Frame("thread.updated", b"{}", None, position.seq, position.tag, position._places())
    ((_, id),) = decode([frame], View("run_1", 36**5 - 9)) if frame.run_id else decode([frame])
    assert len(id) < 128
    assert len(cursor.parse(id).places) == 8


def test_the_id_of_a_run_stream_speaks_of_its_run_only() -> None:
    opened = [
        OpenText(5, "msg_1", "run_1", draft_of("hello"), (0, 1)),
        OpenText(7, "msg_2", "run_2", draft_of("hello", "msg_2"), (0, 2)),
    ]
    position = Position(9, "t009", opened)
    frames = list(position.grow("msg_1", (0, 3)))
    assert decode(frames) == [("el", "9.t009~5.0.3~7.0.2")]
    assert decode(frames, View("run_1", 3)) == [("el", "9.t009.3~5.0.3")]


def test_a_frame_is_encoded_once_for_all_who_look_the_same_way() -> None:
    frame = Frame("thread.updated", b"{}", None, 1, "t001", ())
    assert frame.sse(View()) is frame.sse(View())


def test_the_missing_tail_goes_out_before_the_end_of_a_message() -> None:
    position = Position(6, "t006", [OpenText(5, "msg_1", "run_1", draft_of("hello"), (0, 2))])
    assert decode(list(position.step(message(7, "completed", "completed", "hello there"), lambda id: None))) == [
        ("llo there", "6.t006~5.0.b"),
        ("thread.message.completed", "7.t007"),
    ]
    assert position.open == {}


@pytest.mark.parametrize("text", ["he", "jelly", "hel"])
def test_a_message_that_ends_shorter_or_different_is_beyond_who_held_more(text: str) -> None:
    position = Position(6, "t006", [OpenText(5, "msg_1", "run_1", draft_of("hello"), (0, 4))])
    with pytest.raises(Beyond):
        list(position.step(message(7, "incomplete", "incomplete", text), lambda id: None))
    assert (position.seq, position.open) == (7, {})


def test_an_end_that_is_as_long_as_what_is_held_adds_nothing() -> None:
    position = Position(6, "t006", [OpenText(5, "msg_1", "run_1", draft_of("hello"), (0, 2))])
    assert decode(list(position.step(message(7, "incomplete", "incomplete", "he"), lambda id: None))) == [
        ("thread.message.incomplete", "7.t007")
    ]


def test_who_stops_in_the_middle_of_the_tail_stands_there() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("livethread.live.position.MAX_PIECE", 2)
        position = Position(6, "t006", [OpenText(5, "msg_1", "run_1", None)])
        ended = message(7, "completed", "completed", "abcdef")
        first, ended_it = View().render(position.step(ended, lambda id: None), 1)
        rest = list(position.step(ended, lambda id: None))
    assert [event.id for event in Decoder().feed(first)] == ["6.t006~5.0.2"]
    assert not ended_it
    assert [said for said, _ in decode(rest)] == ["cd", "ef", "thread.message.completed"]


def test_a_message_that_is_created_complete_is_never_open() -> None:
    position = Position(6, "t006", [])
    list(position.step(message(7, "created", "completed", "hi"), lambda id: None))
    assert position.open == {}


def test_a_deleted_thread_closes_every_text() -> None:
    position = Position(6, "t006", [OpenText(5, "msg_1", "run_1", draft_of("hello"), (0, 4))])
    event = LoggedEvent(7, "t007", "thread.deleted", "thread_1", None, b"{}")
    assert decode(list(position.step(event, lambda id: None))) == [("thread.deleted", "7.t007")]
    assert position.open == {}


def run(seq: int, status: str, id: str = "run_1") -> Frame:
    return Frame(f"thread.run.{status}", b"{}", id, seq, "tttt", ())


@pytest.mark.parametrize(
    ("frame", "shown"),
    [
        (run(1, "queued"), True),
        (run(1, "queued", "run_2"), False),
        (run(1, "updated"), False),
        (Frame("thread.created", b"{}", None, 1, "tttt", ()), True),
        (Frame("thread.updated", b"{}", None, 1, "tttt", ()), False),
        (Frame("thread.deleted", b"{}", None, 1, "tttt", ()), False),
        (Frame("thread.message.created", b"{}", None, 1, "tttt", ()), False),
        (Frame("thread.message.updated", b"{}", "run_1", 1, "tttt", ()), False),
    ],
)
def test_a_run_stream_shows_its_run_and_only_the_old_types(frame: Frame, shown: bool) -> None:
    assert View("run_1", 1).passes(frame) is shown
    assert View().passes(frame)


def test_a_run_stream_ends_at_requires_action_only_while_the_run_waits_there() -> None:
    view = View("run_1", 1)
    view.note_status("requires_action", 5)
    assert view.render([run(5, "requires_action"), run(6, "queued")]) == (
        run(5, "requires_action").sse(view) + DONE,
        True,
    )
    view.note_status("queued", 6)
    view.note_status("requires_action", 5)  # old news
    frames = [run(5, "requires_action"), run(6, "queued")]
    assert view.render(frames) == (b"".join(frame.sse(view) for frame in frames), False)


@pytest.mark.parametrize("status", ["completed", "incomplete", "failed", "cancelled", "expired"])
def test_a_run_stream_ends_with_done_and_the_thread_stream_goes_on(status: str) -> None:
    view, end = View("run_1", 1), run(5, status)
    assert view.render([end, run(6, "updated")]) == (end.sse(view) + b"event: done\ndata: [DONE]\n\n", True)
    assert View().render([end]) == (end.sse(View()), False)


def test_the_thread_stream_ends_with_the_thread() -> None:
    frame = Frame("thread.deleted", b"{}", None, 1, "tttt", ())
    assert View().render([frame]) == (frame.sse(View()), True)
