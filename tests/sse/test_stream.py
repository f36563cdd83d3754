"""`stream` and `astream`: one suite for both."""

from __future__ import annotations

import asyncio
import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livethread.sse import HEADERS, KEEP_ALIVE, SORRY, Decoder, Event, Failure, stream
from tests.sse.ways import PATIENCE, Tasks, Way, comes, events, rest

DONE = Event("done", "{}")


def error(sentence: str) -> Event:
    return Event("error", json.dumps({"message": sentence}))


def test_the_headers_name_the_encoding_and_forbid_to_keep_to_change_or_to_gather() -> None:
    assert dict(HEADERS) == {
        "Content-Type": "text/event-stream; charset=utf-8",
        "Cache-Control": "no-store, no-transform",
        "X-Accel-Buffering": "no",
    }


async def test_the_first_bytes_come_at_once_and_each_piece_as_soon_as_it_is_said(way: Way) -> None:
    live = way.live()
    body = way.body(live.pieces())
    assert await body.next() == KEEP_ALIVE
    for text in ("Hel", "lo"):
        live.say(text)
        assert await body.next() == f'data: "{text}"\n\n'.encode()
    live.end()
    assert await rest(body) == b"event: done\ndata: {}\n\n"
    assert live.closed.is_set()


async def test_a_piece_is_one_line_of_json_in_ascii_and_an_event_goes_as_it_is(way: Way) -> None:
    body = way.body(way.pieces("日\r\n本", {"text": "😀"}, [1, None], Event("note", "as it is", "7", 250)))
    assert await rest(body) == KEEP_ALIVE + (
        b'data: "\\u65e5\\r\\n\\u672c"\n\ndata: {"text": "\\ud83d\\ude00"}\n\ndata: [1, null]\n\n'
        b"event: note\ndata: as it is\nretry: 250\nid: 7\n\nevent: done\ndata: {}\n\n"
    )


async def test_while_the_source_is_silent_the_line_is_kept_alive(way: Way) -> None:
    live = way.live()
    body = way.body(live.pieces(), keep_alive=0.01)
    assert [await body.next() for _ in range(4)] == [KEEP_ALIVE] * 4
    live.say("at last")
    told = b""
    while b"data" not in told:
        told += await body.next() or b""
    live.end()
    told += await rest(body)
    assert Decoder().feed(told) == [Event("message", '"at last"'), DONE]


@pytest.mark.parametrize("said", [[], ["one", "two"]])
async def test_an_error_is_told_without_what_it_says_and_logged(
    way: Way, said: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    live = way.live()
    live.say(*said, ValueError("password=hunter2"))
    told = await events(way.body(live.pieces()))
    assert told == [*(Event("message", json.dumps(text)) for text in said), error(SORRY), DONE]
    assert live.closed.is_set()
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("livethread.sse", logging.ERROR)
    assert "hunter2" in caplog.text


async def test_a_failure_is_told_as_it_is(way: Way, caplog: pytest.LogCaptureFixture) -> None:
    live = way.live()
    live.say("one", Failure("The model is asleep."))
    assert await events(way.body(live.pieces())) == [Event("message", '"one"'), error("The model is asleep."), DONE]
    assert caplog.records == []


@pytest.mark.parametrize("piece", [object(), float("nan"), {"a": b"bytes"}, Event("broken\nline", "x")])
async def test_what_cannot_be_said_is_an_error_and_closes_the_source(way: Way, piece: object) -> None:
    live = way.live()
    live.say(piece)
    assert await events(way.body(live.pieces())) == [error(SORRY), DONE]
    await comes(live.closed)


async def test_what_cannot_be_read_at_all_is_an_error(way: Way) -> None:
    assert await events(way.body(None)) == [error(SORRY), DONE]


async def test_when_the_reader_goes_away_the_source_is_closed(way: Way) -> None:
    live = way.live()
    body = way.body(live.pieces())
    live.say("one")
    assert await body.next() == KEEP_ALIVE
    assert await body.next() == b'data: "one"\n\n'
    await body.leave()
    live.say("two")  # what a blocking source has to say before its thread can close it
    await comes(live.closed)
    assert await body.next() is None


async def test_a_body_of_which_nothing_was_read_can_be_left(way: Way) -> None:
    live = way.live()
    await way.body(live.pieces()).leave()
    assert live.taken == 0


async def test_a_source_waits_for_a_slow_reader_and_is_closed_when_that_leaves(way: Way) -> None:
    live = way.live()
    live.say(*range(1000))
    body = way.body(live.pieces())
    told = b""
    while told.count(b"data") < 2:
        told += await body.next() or b""
    assert live.taken < 100
    await body.leave()
    await comes(live.closed)
    assert live.taken < 100


async def test_a_slow_reader_gets_everything_in_order(way: Way) -> None:
    body = way.body(way.pieces(*range(500)))
    assert await events(body) == [*(Event("message", str(number)) for number in range(500)), DONE]


async def test_many_streams_at_once_do_not_disturb_each_other(way: Way) -> None:
    bodies = [way.body(way.pieces(*range(number))) for number in range(30)]
    told = await asyncio.gather(*map(events, bodies))
    assert [len(one) for one in told] == list(range(1, 31))


async def test_a_reader_that_is_cancelled_closes_the_source_at_once() -> None:
    live = Tasks().live()
    body = Tasks().body(live.pieces())
    assert await body.next() == KEEP_ALIVE
    reading = asyncio.create_task(body.next())
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    async with asyncio.timeout(PATIENCE):
        await asyncio.to_thread(live.closed.wait)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(pieces=st.lists(_JSON, max_size=8), cuts=st.data())
def test_whatever_is_said_is_read_again_cut_anywhere(pieces: list[object], cuts: st.DataObject) -> None:
    data = b"".join(stream(pieces))  # type: ignore[arg-type]  # a number is no piece by its type, and passes
    decoder, start, told = Decoder(), 0, []
    for cut in [*sorted(cuts.draw(st.lists(st.integers(0, len(data)), max_size=30))), len(data)]:
        told += decoder.feed(data[start:cut])
        start = cut
    assert [json.loads(event.data) for event in told] == [*pieces, {}]
    assert [event.type for event in told] == ["message"] * len(pieces) + ["done"]
