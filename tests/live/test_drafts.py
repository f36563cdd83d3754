"""The draft store: what people have read is in a file before they read it (ARCHITECTURE, "Drafts")."""

from __future__ import annotations

import asyncio
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livethread.live.draft import Draft, Piece
from livethread.live.drafts import FileDrafts

TEXTS = ["Grüße, ", "日本語", "👩‍💻", "\r\n", "e\u0301", "\0"]


@contextmanager
def full_disk(after: int) -> Iterator[None]:
    """No file may grow beyond so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (after, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def texts(drafts: dict[str, Draft]) -> dict[str, str]:
    return {id: "".join(part.decode() for part in draft.parts) for id, draft in drafts.items()}


def size_of(path: Path) -> int:
    return path.stat().st_size


def bytes_of(path: Path) -> bytes:
    return path.read_bytes()


def put(path: Path, data: bytes) -> None:
    path.write_bytes(data)


class Counted:
    """Counts the writes to files."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sizes: list[int] = []
        write = os.write

        def counted(file: int, data: memoryview) -> int:
            self.sizes.append(len(data))
            return write(file, data)

        monkeypatch.setattr(os, "write", counted)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "drafts"


async def turn() -> None:
    """Let the loop do what it was asked to do at once."""
    await asyncio.sleep(0)


async def test_all_pieces_of_one_turn_are_one_write(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[set[str]] = []
    drafts, counted = FileDrafts(path, told.append), Counted(monkeypatch)
    for number in range(20):
        drafts.grow(f"thread_{number % 2}", f"msg_{number % 4}", "text ")
    assert (counted.sizes, told) == ([], [])
    await turn()
    assert counted.sizes == [size_of(path)]
    assert told == [{"thread_0", "thread_1"}]
    drafts.close()
    assert len(counted.sizes) == 1


async def test_nobody_is_shown_a_piece_before_it_is_in_the_file(path: Path) -> None:
    seen: list[int] = []
    drafts = FileDrafts(path, lambda threads: seen.append(size_of(path)))
    drafts.grow("thread_1", "msg_1", "hello")
    draft = drafts.get("msg_1")
    assert draft is not None
    assert (draft.stored, draft.end, seen) == ((0, 0), (0, 5), [])
    await turn()
    assert draft.stored == (0, 5)
    assert seen == [size_of(path)] != [0]
    drafts.close()


async def test_reopening_gives_back_what_was_left_behind_by_message(path: Path) -> None:
    drafts = FileDrafts(path)
    for text in TEXTS:
        drafts.grow("thread_1", "msg_1", text)
        drafts.grow("thread_2", "msg_2", text[::-1])
        await turn()
    drafts.close()
    again = FileDrafts(path)
    assert texts(again.left_behind) == {"msg_1": "".join(TEXTS), "msg_2": "".join(text[::-1] for text in TEXTS)}
    assert again.get("msg_1") is None
    again.forget_left_behind()
    assert (again.left_behind, size_of(path)) == ({}, 0)
    again.close()


async def test_a_file_cut_at_any_byte_gives_back_the_whole_records_before_it(path: Path, tmp_path: Path) -> None:
    drafts, ends = FileDrafts(path), [0]
    for text in TEXTS:
        drafts.grow("thread_1", "msg_1", text)
        await turn()
        ends.append(size_of(path))
    drafts.close()
    data, torn = bytes_of(path), tmp_path / "torn"
    for cut in range(len(data) + 1):
        put(torn, data[:cut])
        whole = sum(end <= cut for end in ends) - 1
        again = FileDrafts(torn)
        assert texts(again.left_behind) == ({"msg_1": "".join(TEXTS[:whole])} if whole else {})
        again.close()


async def test_what_is_written_behind_a_torn_record_is_not_hidden_by_it(path: Path) -> None:
    drafts = FileDrafts(path)
    drafts.grow("thread_1", "msg_1", "whole")
    await turn()
    size = size_of(path)
    drafts.grow("thread_1", "msg_1", "torn")
    drafts.close()
    os.truncate(path, size + 9)
    second = FileDrafts(path)
    second.grow("thread_1", "msg_2", "later")
    second.close()
    third = FileDrafts(path)
    assert texts(third.left_behind) == {"msg_1": "whole", "msg_2": "later"}
    third.close()


@pytest.mark.parametrize("at", [0, 5, 12, 14, 20, -1])
async def test_a_record_that_was_changed_ends_what_is_believed(path: Path, at: int) -> None:
    drafts = FileDrafts(path)
    drafts.grow("thread_1", "msg_1", "good")
    await turn()
    size = size_of(path)
    drafts.grow("thread_1", "msg_1", "bad")
    drafts.close()
    data = bytearray(bytes_of(path))
    data[at + size if at >= 0 else at] ^= 0x01
    put(path, bytes(data))
    again = FileDrafts(path)
    assert texts(again.left_behind) == {"msg_1": "good"}
    again.close()


async def test_a_record_that_does_not_continue_its_draft_is_left_out(path: Path) -> None:
    drafts = FileDrafts(path)
    drafts.grow("thread_1", "msg_1", "one")
    await turn()
    first = bytes_of(path)
    drafts.grow("thread_1", "msg_1", "two")
    drafts.close()
    both = bytes_of(path)
    put(path, both + first + both)
    again = FileDrafts(path)
    assert texts(again.left_behind) == {"msg_1": "onetwo"}
    again.close()


async def test_the_file_is_emptied_only_when_no_draft_is_open(path: Path) -> None:
    drafts = FileDrafts(path)
    drafts.grow("thread_1", "msg_1", "one")
    drafts.grow("thread_1", "msg_2", "two")
    await turn()
    size = size_of(path)
    drafts.end("msg_1")
    drafts.end("msg_x")
    assert size_of(path) == size
    drafts.end("msg_2")
    assert size_of(path) == 0
    drafts.close()


async def test_the_file_is_not_emptied_before_what_waits_is_written(path: Path) -> None:
    drafts = FileDrafts(path)
    drafts.grow("thread_1", "msg_1", "one")
    await turn()
    size = size_of(path)
    drafts.grow("thread_1", "msg_1", "two")
    drafts.end("msg_1")
    assert size_of(path) == size
    await turn()
    assert size_of(path) == 0
    drafts.close()


async def test_past_the_limit_the_open_texts_move_to_a_new_file(path: Path) -> None:
    drafts = FileDrafts(path, compact_at=1000)
    drafts.grow("thread_1", "msg_open", "kept ")
    drafts.grow("thread_1", "msg_ended", "x" * 1000)
    drafts.end("msg_ended")
    drafts.grow("thread_1", "msg_open", "refused", "refusal")
    await turn()
    assert size_of(path) < 200
    drafts.grow("thread_1", "msg_open", " and grown", "refusal")
    drafts.close()
    again = FileDrafts(path)
    assert {id: draft.content() for id, draft in again.left_behind.items()} == {
        "msg_open": [
            {"type": "text", "text": {"value": "kept ", "annotations": []}},
            {"type": "refusal", "refusal": "refused and grown"},
        ]
    }
    assert sorted(file.name for file in path.parent.iterdir()) == ["drafts"]
    again.close()


async def test_open_texts_beyond_the_limit_are_not_written_again_with_every_piece(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafts = FileDrafts(path, compact_at=1000)
    drafts.grow("thread_1", "msg_1", "x" * 2000)
    await turn()
    counted = Counted(monkeypatch)
    for _ in range(50):
        drafts.grow("thread_1", "msg_1", "piece")
        await turn()
    assert sum(counted.sizes) < 3000
    drafts.close()


async def test_a_compaction_that_fails_loses_nothing(path: Path, logged: list[dict[str, object]]) -> None:
    path.with_name("drafts.new").mkdir()
    told: list[set[str]] = []
    drafts = FileDrafts(path, told.append, compact_at=100)
    drafts.grow("thread_1", "msg_1", "x" * 200)
    await turn()
    drafts.grow("thread_1", "msg_1", "y")
    await turn()
    drafts.close()
    assert [entry["event"] for entry in logged] == ["draft file not compacted"]
    assert told == [{"thread_1"}] * 2
    again = FileDrafts(path)
    assert texts(again.left_behind) == {"msg_1": "x" * 200 + "y"}
    again.close()


async def test_a_write_that_fails_shows_nobody_anything_and_the_next_one_carries_it(path: Path) -> None:
    told: list[set[str]] = []
    drafts = FileDrafts(path, told.append)
    drafts.grow("thread_1", "msg_1", "before ")
    drafts.flush()
    draft, size = drafts.get("msg_1"), size_of(path)
    assert draft is not None
    drafts.grow("thread_1", "msg_1", "meanwhile ")
    drafts.grow("thread_2", "msg_2", "elsewhere")
    with full_disk(size + 10), pytest.raises(OSError, match="File too large"):
        drafts.flush()
    assert (draft.stored, told, size_of(path)) == ((0, 7), [{"thread_1"}], size)
    drafts.grow("thread_1", "msg_1", "after")
    await turn()
    assert draft.stored == (0, 22)
    assert told == [{"thread_1"}, {"thread_1", "thread_2"}]
    drafts.close()
    again = FileDrafts(path)
    assert texts(again.left_behind) == {"msg_1": "before meanwhile after", "msg_2": "elsewhere"}
    again.close()


@given(st.lists(st.tuples(st.booleans(), st.text(min_size=1, max_size=20)), max_size=12), st.data())
def test_whoever_takes_every_piece_from_where_it_stands_holds_the_text(
    pieces: list[tuple[bool, str]], data: st.DataObject
) -> None:
    draft, place, taken = Draft("thread_1", "msg_1"), (0, 0), Draft("thread_1", "msg_1")
    for refusal, text in pieces:
        draft.grow("refusal" if refusal else "text", text.encode())
        if data.draw(st.booleans()):
            for piece in draft.since(*place, draft.end):
                assert taken.put(piece)
                place = taken.end
    for piece in draft.since(*place, draft.end):
        assert taken.put(piece)
    assert taken.content() == draft.content()
    for part, bytes_ in enumerate(draft.parts):
        text = bytes_.decode()
        ends = {len(text[:at].encode()) for at in range(len(text) + 1)}
        assert {at for at in range(len(bytes_) + 3) if draft.holds(part, at)} == ends | ({0} if part == 0 else set())


def test_a_piece_that_leaves_a_gap_or_overlaps_is_not_taken() -> None:
    draft = Draft("thread_1", "msg_1")
    draft.grow("text", b"hello")
    for piece in [
        Piece(0, 4, "text", b"oops"), Piece(0, 6, "text", b"oops"), Piece(0, 5, "refusal", b"oops"),
        Piece(1, 1, "text", b"oops"), Piece(2, 0, "text", b"oops"),
    ]:  # fmt: skip
        assert not draft.put(piece)
    assert draft.parts == [bytearray(b"hello")]
    assert draft.put(Piece(1, 0, "refusal", b"no"))
