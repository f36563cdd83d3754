"""Server-sent events: the WHATWG rules, whatever the cuts and line ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livethread.sse import KEEP_ALIVE, Decoder, Event, SseError, encode


def decode(data: bytes) -> list[Event]:
    return Decoder().feed(data)


def decode_cut(data: bytes, cuts: list[int]) -> list[Event]:
    decoder, events, start = Decoder(), [], 0
    for cut in [*sorted(cuts), len(data)]:
        events += decoder.feed(data[start:cut])
        start = max(start, cut)
    return events


# ------------------------------------------------------------------------------------------------ encoding


def test_the_fields_stand_in_our_order_with_the_id_last() -> None:
    assert encode("note", "hi", id="1.a", retry=250) == b"event: note\ndata: hi\nretry: 250\nid: 1.a\n\n"


def test_an_event_needs_neither_type_nor_id() -> None:
    assert encode(None, b"[DONE]") == b"data: [DONE]\n\n"


@pytest.mark.parametrize("text", ["a\nb\nc", "a\r\nb\rc", "a\rb\r\nc"])
def test_every_line_of_the_data_is_a_data_line(text: str) -> None:
    assert encode(None, text) == encode(None, text.encode()) == b"data: a\ndata: b\ndata: c\n\n"


@pytest.mark.parametrize("bad", ["a\rb", "a\nb", "a\0b", "\n"])
def test_a_type_or_id_that_would_break_out_of_its_line_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="event must not contain"):
        encode(bad, "x")
    with pytest.raises(ValueError, match="id must not contain"):
        encode(None, "x", id=bad)


def test_a_negative_retry_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        encode(None, "x", retry=-1)


def test_a_keep_alive_ends_no_event_even_between_the_lines_of_one() -> None:
    assert decode(b"data: a\n" + KEEP_ALIVE + b"data: b\n\n" + KEEP_ALIVE) == [Event("message", "a\nb")]


@given(
    event=st.none() | st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), min_size=1),
    data=st.text(),
    id=st.none() | st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"])),
    retry=st.none() | st.integers(0, 10**9),
)
def test_what_is_encoded_is_what_is_decoded(event: str | None, data: str, id: str | None, retry: int | None) -> None:
    text = data.replace("\r\n", "\n").replace("\r", "\n")
    assert decode(encode(event, data, id, retry)) == [Event(event or "message", text, id or "", retry)]


# ------------------------------------------------------------------------------------------------ decoding


def test_the_examples_of_the_standard() -> None:
    assert decode(b"data: YHOO\ndata: +2\ndata: 10\n\n") == [Event("message", "YHOO\n+2\n10")]
    stream = b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n"
    assert decode(stream) == [
        Event("message", "first event", "1"),
        Event("message", "second event", ""),
        Event("message", " third event", ""),
    ]
    assert decode(b"data\n\ndata\ndata\n\ndata:") == [Event("message", ""), Event("message", "\n")]
    assert decode(b"data:test\n\ndata: test\n\n") == [Event("message", "test")] * 2


def test_an_id_stays_in_force_until_another_is_sent() -> None:
    assert decode(b"data: a\nid: 1\n\ndata: b\n\nid: 2\ndata: c\n\n") == [
        Event("message", "a", "1"),
        Event("message", "b", "1"),
        Event("message", "c", "2"),
    ]


def test_an_id_without_data_dispatches_nothing_but_counts() -> None:
    decoder = Decoder()
    assert decoder.feed(b"event: x\nid: 7\n\n") == []
    assert decoder.last_event_id == "7"
    assert decoder.feed(b"data: a\n\n") == [Event("message", "a", "7")]


def test_an_id_counts_only_when_its_event_is_complete() -> None:
    decoder = Decoder(last_event_id="seed")
    assert decoder.feed(b"data: a\nid: 7\n") == []
    assert decoder.last_event_id == "seed"


def test_an_id_with_nul_is_ignored() -> None:
    assert decode(b"id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n")[1] == Event("message", "b", "1")


def test_a_type_is_for_one_event_only() -> None:
    assert [event.type for event in decode(b"event: x\ndata: a\n\ndata: b\n\nevent: y\n\ndata: c\n\n")] == [
        "x",
        "message",
        "message",
    ]


@pytest.mark.parametrize("value", [b"1s", b"-1", b"", b"1.5", b" 5", "٣".encode(), b"9" * 5000])
def test_a_retry_that_is_no_plain_number_is_ignored(value: bytes) -> None:
    decoder = Decoder()
    assert decoder.feed(b"retry: 40\n\nretry: " + value + b"\ndata: a\n\n") == [Event("message", "a")]
    assert decoder.retry == 40


def test_a_retry_is_told_with_its_event_and_kept() -> None:
    decoder = Decoder()
    assert decoder.feed(b"retry: 3000\ndata: a\n\ndata: b\n\n") == [
        Event("message", "a", retry=3000),
        Event("message", "b"),
    ]
    assert decoder.retry == 3000


def test_only_one_byte_order_mark_and_only_at_the_start_is_dropped() -> None:
    bom = b"\xef\xbb\xbf"
    assert decode(bom + b"data: a\n\n") == [Event("message", "a")]
    assert decode(bom + bom + b"data: a\n\ndata: b\n\n") == [Event("message", "b")]
    assert decode(b"data: a\n\n" + bom + b"data: b\n\n") == [Event("message", "a")]


def test_unknown_fields_and_comments_say_nothing() -> None:
    assert decode(b":c\n: d\nfoo: bar\n data: x\nDATA: y\ndata: z\n\n") == [Event("message", "z")]


def test_bytes_that_are_no_utf8_become_replacement_characters() -> None:
    assert decode(b"event: \xff\ndata: a\xe2\x82\ndata: b\xc3(\n\n") == [Event("\ufffd", "a\ufffd\nb\ufffd(")]


def test_an_event_ended_by_a_lone_cr_does_not_wait_for_more() -> None:
    decoder = Decoder()
    assert decoder.feed(b"data: a\r\r") == [Event("message", "a")]
    assert decoder.feed(b"\ndata: b\r") == []
    assert decoder.feed(b"\n") == []
    assert decoder.feed(b"\r") == [Event("message", "b")]


def test_an_unfinished_event_at_the_end_is_dropped() -> None:
    assert decode(b"data: a\n\ndata: b\n") == [Event("message", "a")]


_KINDS = [
    "data: a",
    "data:é€😀",
    "data",
    "event: x",
    "id: 5",
    "id",
    "id: \0",
    "retry: 9",
    "retry: z",
    ": c",
    "q",
    "",
    "",
]
_LINES = st.lists(st.sampled_from(_KINDS), max_size=30)
_ENDS = st.lists(st.sampled_from(["\n", "\r", "\r\n"]), min_size=1)


@given(lines=_LINES, ends=_ENDS, bom=st.booleans(), cuts=st.data())
def test_cuts_and_line_ends_change_nothing(lines: list[str], ends: list[str], bom: bool, cuts: st.DataObject) -> None:
    expected = decode("".join(f"{line}\n" for line in lines).encode())
    mixed: list[str] = []
    for number, line in enumerate(lines):
        end = ends[number % len(ends)]
        # An empty line ended by LF behind one ended by CR would read as one CRLF.
        mixed.append(line + ("\r\n" if end == "\n" and not line and mixed and mixed[-1].endswith("\r") else end))
    data = b"\xef\xbb\xbf" * bom + "".join(mixed).encode()
    assert decode(data) == expected
    assert decode_cut(data, cuts.draw(st.lists(st.integers(0, len(data)), max_size=40))) == expected
    assert decode_cut(data, list(range(len(data)))) == expected


@given(data=st.binary(max_size=200), cuts=st.lists(st.integers(0, 200)))
def test_any_bytes_decode_the_same_in_any_pieces(data: bytes, cuts: list[int]) -> None:
    assert decode_cut(data, [cut for cut in cuts if cut <= len(data)]) == decode(data)


def test_a_large_event_in_single_bytes_takes_linear_time() -> None:
    # Quadratic copying of a megabyte would move 500 GB, far beyond the time limit of a test.
    decoder, size = Decoder(), 1_000_000
    assert decoder.feed(b"data: ") == []
    assert not any(decoder.feed(b"x") for _ in range(size))
    assert decoder.feed(b"\n\n") == [Event("message", "x" * size)]


def test_an_event_of_many_lines_takes_linear_time() -> None:
    assert decode(b"data: x\n" * 200_000 + b"\n") == [Event("message", "x\n" * 199_999 + "x")]


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_a_too_long_event_is_an_error_wherever_the_bytes_are_cut(step: int) -> None:
    data = b"data: fits\n\n" + b"data: 4567\ndata: 1234567890\n\n"
    decoder, events = Decoder(max_event_bytes=20), []

    def read_all() -> None:
        for start in range(0, len(data), step):
            events.extend(decoder.feed(data[start : start + step]))

    with pytest.raises(SseError, match="20 bytes") as raised:
        read_all()
    assert events + raised.value.events == [Event("message", "fits")]


def test_many_events_and_comments_are_never_too_long() -> None:
    assert len(Decoder(max_event_bytes=24).feed(b"data: 12345678\n: 12345678\n\n" * 50)) == 50


@pytest.mark.parametrize(
    ("data", "resting"),
    [
        (b"", False),
        (b"\xef\xbb", False),
        (b"data: a\n\n", True),
        (b"data: a\n\n\r", False),
        (b"data: a\n", False),
        (b"event: a\n", False),
        (b"dat", False),
        (b"data: a\n\nid: 7\n", True),
    ],
)
def test_a_decoder_rests_where_the_next_byte_begins_an_event(data: bytes, resting: bool) -> None:
    decoder = Decoder()
    decoder.feed(data)
    assert decoder.resting is resting
