from __future__ import annotations

import codecs
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livethread.errors import SetupError
from livethread.transfer import source
from livethread.transfer.source import Found, Unreadable, read
from tests.transfer.dumps import lines, message, thread

NOT_JSON = "This is not JSON."
CUT = "The file ends in the middle of this: it was cut off."
ITEMS = [thread("thread_1", title="日本語 👩‍💻"), message("msg_1", 1), message("msg_2", 2)]


def found(data: bytes, folder: Path) -> list[Found | Unreadable]:
    file = folder / "dump"
    file.write_bytes(data)
    return list(read(file))


def page(*items: Any, **fields: Any) -> dict[str, Any]:
    return {"object": "list", "data": list(items), "first_id": "a", "last_id": None, "has_more": True} | fields


def pretty(value: Any) -> bytes:
    return json.dumps(value, indent=2).encode()


def line_of(item: dict[str, Any], data: bytes) -> int:
    """Where an object begins."""
    return 1 + data.count(b"\n", 0, data.rindex(b"{", 0, data.index(f'"id": "{item["id"]}"'.encode())))


LISTS = {
    "lines": lines(*ITEMS),
    "lines without a last end": lines(*ITEMS)[:-1],
    "lines with a gap": lines(ITEMS[0], "", *ITEMS[1:]).replace(b"\n", b"\r\n"),
    "a list": json.dumps(ITEMS).encode(),
    "a list on lines": b"[\n" + b",\n".join(lines(item)[:-1] for item in ITEMS) + b"\n]\n",
    "a page": json.dumps(page(*ITEMS)).encode(),
    "pages": pretty(page(ITEMS[0])) + pretty(page()) + pretty(page(*ITEMS[1:])),
    "a list of pages": pretty([page(ITEMS[0]), page(*ITEMS[1:])]),
    "a page whose data comes first": json.dumps({"data": ITEMS, "object": "list"}).encode(),
    "objects on many lines": b"\n".join(map(pretty, ITEMS)),
}
PACKED: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda data: data,
    "with a mark": lambda data: codecs.BOM_UTF8 + data,
    "UTF-16": lambda data: data.decode().encode("utf-16"),
    "UTF-16, big end first": lambda data: codecs.BOM_UTF16_BE + data.decode().encode("utf-16-be"),
    "gzip": gzip.compress,
    "gzip in parts": lambda data: gzip.compress(data[:100]) + gzip.compress(data[100:]),
    "UTF-16 in gzip": lambda data: gzip.compress(data.decode().encode("utf-16")),
}


@pytest.mark.parametrize("packed", PACKED.values(), ids=PACKED)
@pytest.mark.parametrize("data", LISTS.values(), ids=LISTS)
def test_a_file_is_read_however_it_is_written(data: bytes, packed: Callable[[bytes], bytes], tmp_path: Path) -> None:
    expected = [Found(line_of(item, data), item) for item in ITEMS]
    assert found(packed(data), tmp_path) == expected


@pytest.mark.parametrize("data", [b"", b"\n \n", b"[]", b"[\n]\n", json.dumps(page()).encode(), gzip.compress(b"")])
def test_a_file_may_hold_nothing(data: bytes, tmp_path: Path) -> None:
    assert found(data, tmp_path) == []


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (lines("garbage", ITEMS[1]), [Unreadable(1, NOT_JSON), Found(2, ITEMS[1])]),
        (lines(ITEMS[0], '{"id": "msg_9", "thread_id": "thread_7", "con', ITEMS[1]),
         [Found(1, ITEMS[0]), Unreadable(2, NOT_JSON, frozenset(["thread_7"])), Found(3, ITEMS[1])]),
        (lines(ITEMS[0], '{"id": "msg_9", "content":', ITEMS[1], ITEMS[2]),
         [Found(1, ITEMS[0]), Unreadable(2, NOT_JSON), Found(3, ITEMS[1]), Found(4, ITEMS[2])]),
        (lines("3", '"text"', "null", ITEMS[1]),
         [Unreadable(1, "Here stands no object of the API."), Unreadable(2, "Here stands no object of the API."),
          Unreadable(3, "Here stands no object of the API."), Found(4, ITEMS[1])]),
        (lines('{"a": NaN}', '{"a": 1e999}', f'{{"a": {"9" * 5000}}}', ITEMS[1]),
         [*(Unreadable(line, "This is not JSON that could be kept.") for line in (1, 2, 3)), Found(4, ITEMS[1])]),
        (lines(ITEMS[0], ITEMS[1])[:-30],
         [Found(1, ITEMS[0]), Unreadable(2, CUT, frozenset(["thread_1"]), last=True)]),
        (lines(ITEMS[0], '{"id": "ms'), [Found(1, ITEMS[0]), Unreadable(2, CUT, last=True)]),
        (lines(ITEMS[0], '{"id": "ms')[:-1], [Found(1, ITEMS[0]), Unreadable(2, CUT, last=True)]),
        (pretty(ITEMS[:2])[:-40],
         [Found(2, ITEMS[0]), Unreadable(10, CUT, frozenset(["thread_1"]), last=True)]),
        (b"[\n" + lines(ITEMS[1])[:-1] + b",\n",
         [Found(2, ITEMS[1]), Unreadable(3, "The file ends in the middle of a list: it was cut off.", last=True)]),
        (json.dumps(page(*ITEMS)).encode()[:-80],
         [Found(1, ITEMS[0]), Found(1, ITEMS[1]), Unreadable(1, CUT, frozenset(["thread_1"]), last=True)]),
        (pretty(page(ITEMS[0], {"id": "msg_1"}, ITEMS[1])).replace(b'"id": "msg_1"\n', b'"id": msg\n'),
         [Found(4, ITEMS[0]), Unreadable(12, NOT_JSON), Found(15, ITEMS[1])]),
        (b'{"object": "list", "data": [], "more": {}}\n' + lines(ITEMS[1]),
         [Unreadable(1, "A page of a list does not end as one."), Found(2, ITEMS[1])]),
        (lines(ITEMS[1]).replace(b"I am", b"\xe9tais") + lines(ITEMS[2]),
         [Unreadable(1, "This is not UTF-8; save the file in that encoding.", frozenset(["thread_1"])),
          Found(2, ITEMS[2])]),
        (lines('{"id": "msg_1", "content": "\\ud83d\\udc4d"}', '{"id": "msg_2", "content": "\\udc4d"}'),
         [Found(1, {"id": "msg_1", "content": "👍"}),
          Unreadable(2, "This holds half of a surrogate pair, which is not text.", last=True)]),
        (lines(*ITEMS).decode().encode("utf-16-le"),
         [*(Unreadable(line, NOT_JSON) for line in (1, 2, 3)), Unreadable(4, CUT, last=True)]),
        (gzip.compress(lines(*ITEMS))[:-20],
         [Found(1, ITEMS[0]),
          Unreadable(2, "The gzip file is cut off or damaged here.", frozenset(["thread_1"]), last=True)]),
        (gzip.compress(lines(*ITEMS))[:-6],
         [Found(1, ITEMS[0]), Found(2, ITEMS[1]), Found(3, ITEMS[2]),
          Unreadable(4, "The gzip file is cut off or damaged here.", last=True)]),
        (gzip.compress(lines(*ITEMS))[:20], [Unreadable(1, "The gzip file is cut off or damaged here.", last=True)]),
        (gzip.compress(b"")[:5], [Unreadable(1, "The gzip file is cut off or damaged here.", last=True)]),
        (lines("[" * 100_000), [Unreadable(1, "This is not JSON that could be kept.", last=True)]),
        (lines('{"a":' * 100_000 + "1" + "}" * 100_000, ITEMS[1]),
         [Unreadable(1, "This is not JSON that could be kept."), Found(2, ITEMS[1])]),
        (lines('{"a":' * 101 + "1" + "}" * 101, ITEMS[1]),
         [Unreadable(1, "This is nested deeper than 100 levels."), Found(2, ITEMS[1])]),
        (lines('{"a":' * 100 + "1" + "}" * 100)[:-1], [Found(1, json.loads('{"a":' * 100 + "1" + "}" * 100))]),
        (b"\x00\x01\x02\xff" * 9, [Unreadable(1, NOT_JSON, last=True)]),
    ],
)  # fmt: skip
def test_what_is_no_object_is_told_by_its_line(data: bytes, expected: list[Found | Unreadable], tmp_path: Path) -> None:
    assert found(data, tmp_path) == expected


def test_all_threads_are_named_of_which_something_may_stand_in_what_was_not_read(tmp_path: Path) -> None:
    data = json.dumps([message(f"msg_{number}", 1, f"thread_{number}") for number in range(2000)]).encode()
    broken = data.replace(b'"msg_500"', b"msg_500")
    *good, last = found(broken, tmp_path)
    assert len(good) == 500
    assert last == Unreadable(1, NOT_JSON, frozenset(f"thread_{number}" for number in range(500, 2000)), last=True)


def test_an_object_that_is_too_long_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MAX_OBJECT", 1000)
    long = message("msg_9", 1, "thread_9", content="x" * 600_000)
    reason = "This is longer than 16 MB, which no object of the API is."
    refused = Unreadable(1, reason, frozenset(["thread_9"]))
    assert found(lines(long, ITEMS[1]), tmp_path) == [refused, Found(2, ITEMS[1])]


def test_an_object_longer_than_a_piece_is_read_whole(tmp_path: Path) -> None:
    long = message("msg_1", 1, content="é" * 3 * source.PIECE)
    assert found(lines(ITEMS[0], long, ITEMS[2]), tmp_path) == [Found(1, ITEMS[0]), Found(2, long), Found(3, ITEMS[2])]


@given(data=st.data())
def test_no_file_is_misread_whatever_is_cut_off(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from(list(LISTS.values())))
    end = data.draw(st.integers(0, len(whole)))
    folder = tmp_path_factory.getbasetemp()
    objects = [item.value for item in found(whole[:end], folder) if isinstance(item, Found)]
    assert objects == ITEMS[: len(objects)]


def test_no_more_of_a_file_is_in_memory_than_a_piece(tmp_path: Path) -> None:
    file = tmp_path / "dump"
    file.write_bytes(lines(*ITEMS) * 20_000)
    taken: list[int] = []
    with file.open("rb") as raw:
        scanner = source._Scanner(raw, lambda: taken.append(len(scanner._buffer)))
        assert sum(isinstance(item, Found) for item in scanner.objects()) == 60_000
    assert len(taken) > 40
    assert max(taken) <= source.PIECE


def test_it_tells_how_far_it_is(tmp_path: Path) -> None:
    file = tmp_path / "dump"
    file.write_bytes(gzip.compress(lines(*ITEMS) * 1000))
    passed: list[int] = []
    assert sum(1 for _ in read(file, passed.append)) == 3000
    assert passed == sorted(passed)
    assert passed[-1] == file.stat().st_size


@pytest.mark.parametrize(("name", "why"), [("nothing", "No such file or directory"), (".", "Is a directory")])
def test_a_file_that_cannot_be_read_is_one_sentence(name: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(SetupError) as refused:
        list(read(tmp_path / name))
    assert str(refused.value) == f"The file {tmp_path / name} cannot be read ({why}); name another one."
