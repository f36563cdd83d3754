"""Answers that grow, are read by many from anywhere, and are let go of."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livethread.sse import KEEP_ALIVE, SORRY, Answer, Answers, Decoder, Event, Failure, stream
from tests.sse.ways import PATIENCE, Tasks, Threads, Way, comes, events, rest

FULL = "Too many answers are being written here. Please ask again in a moment."
DONE = Event("done", "{}", "end")


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def kept(**limits: Any) -> tuple[Answers, Time]:
    clock, numbers = Time(), itertools.count(1)
    return Answers(clock=clock, new_id=lambda: f"answer-{next(numbers)}", **limits), clock


async def ended(answer: Answer) -> None:
    """Come back when an answer has ended."""
    async with asyncio.timeout(PATIENCE):
        while answer.ended is None:
            await asyncio.sleep(0.001)


async def grown(answer: Answer, text: str) -> None:
    """Come back when an answer reads so."""
    async with asyncio.timeout(PATIENCE):
        while answer.text != text:
            await asyncio.sleep(0.001)


async def test_it_grows_to_its_end_without_a_reader_and_is_read_from_its_start(way: Way) -> None:
    answers, clock = kept()
    live = way.live()
    answer = answers.start(live.pieces())
    live.say("One ", "two")
    live.end()
    await ended(answer)
    assert (answer.id, answer.text, answer.ended) == ("answer-1", "One two", clock.now)
    assert live.closed.is_set()
    assert answers.get("answer-1") is answer
    assert await events(way.body(answer.read())) == [Event("message", '"One two"', "7"), DONE]


async def test_a_reader_gets_what_is_said_as_it_is_said_and_a_keep_alive_in_between(way: Way) -> None:
    answers, _ = kept()
    live = way.live()
    answer = answers.start(live.pieces())
    body = way.body(answer.read(), keep_alive=0.05)
    assert await body.next() == KEEP_ALIVE
    assert await body.next() == KEEP_ALIVE
    decoder, told = Decoder(), []
    for text in ("日本", "語 😀"):
        live.say(text)
        while not (fresh := decoder.feed(await body.next() or b"")):
            pass
        told += fresh
    live.end()
    told += decoder.feed(await rest(body))
    assert told == [Event("message", json.dumps("日本"), "2"), Event("message", json.dumps("語 😀"), "5"), DONE]


async def test_one_who_comes_back_gets_only_what_is_missing(way: Way) -> None:
    answers, _ = kept()
    live = way.live()
    answer = answers.start(live.pieces())
    live.say("One ", "two ")
    await grown(answer, "One two ")
    body = way.body(answer.read("4"))
    assert [await body.next(), await body.next()] == [KEEP_ALIVE, b'data: "two "\nid: 8\n\n']
    await body.leave()
    live.say("three")
    live.end()
    assert await events(way.body(answer.read("8"))) == [Event("message", '"three"', "13"), DONE]
    assert await events(way.body(answer.read("13"))) == [DONE]


async def test_one_who_has_read_the_end_is_told_nothing_more(way: Way) -> None:
    answers, _ = kept()
    answer = answers.start(way.pieces("One"))
    assert not answer.read("end").over or answer.ended is not None
    await ended(answer)
    assert (answer.read("end").over, answer.read("3").over, answer.read().over) == (True, False, False)
    assert await rest(way.body(answer.read("end"))) == KEEP_ALIVE


@pytest.mark.parametrize("id", ["", "4", "-1", "1.5", "x", "٣", "9" * 400, "1\0", "end "])
async def test_any_other_id_means_from_the_beginning(way: Way, id: str) -> None:
    answers, _ = kept()
    answer = answers.start(way.pieces("One"))
    await ended(answer)
    assert await events(way.body(answer.read(id))) == [Event("message", '"One"', "3"), DONE]


async def test_an_end_that_is_not_there_yet_means_from_the_beginning(way: Way) -> None:
    answers, _ = kept()
    live = way.live()
    answer = answers.start(live.pieces())
    reader = answer.read("end")
    live.say("One")
    live.end()
    await ended(answer)
    assert await events(way.body(reader)) == [Event("message", '"One"', "3"), DONE]


async def test_a_reader_who_leaves_stops_nothing(way: Way) -> None:
    answers, _ = kept()
    live = way.live()
    answer = answers.start(live.pieces())
    body = way.body(answer.read())
    live.say("One ")
    assert [await body.next(), await body.next()] == [KEEP_ALIVE, b'data: "One "\nid: 4\n\n']
    await body.leave()
    live.say("two")
    live.end()
    await ended(answer)
    assert answer.text == "One two"


async def test_a_failure_is_told_to_everybody_and_logged_once(way: Way, caplog: pytest.LogCaptureFixture) -> None:
    answers, _ = kept()
    live = way.live()
    answer = answers.start(live.pieces())
    watching = [asyncio.create_task(events(way.body(answer.read()))) for _ in range(3)]
    live.say("One", OSError("at 10.0.0.7"))
    told = [*(await asyncio.gather(*watching)), await events(way.body(answer.read()))]
    for one in told:
        assert one[-2:] == [Event("error", json.dumps({"message": SORRY}), "3"), DONE]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


async def test_what_is_no_text_is_an_error(way: Way) -> None:
    answers, _ = kept()
    answer = answers.start(way.pieces("One", None))
    assert [event.type for event in (await events(way.body(answer.read())))[-2:]] == ["error", "done"]


async def test_a_text_that_grows_too_long_is_cut_off_and_its_source_closed(way: Way) -> None:
    answers, _ = kept(longest=5)
    live = way.live()
    answer = answers.start(live.pieces())
    live.say("12345", "6")
    await comes(live.closed)
    await ended(answer)
    told = json.dumps({"message": "The answer has grown longer than this server keeps, and breaks off here."})
    assert await events(way.body(answer.read())) == [
        Event("message", '"12345"', "5"), Event("error", told, "5"), DONE,
    ]  # fmt: skip


async def test_an_answer_is_kept_for_a_while_behind_its_end_and_as_long_as_it_grows(way: Way) -> None:
    answers, clock = kept(seconds=60)
    live = way.live()
    growing, over = answers.start(live.pieces()), answers.start(way.pieces("One"))
    await ended(over)
    clock.now += 59.9
    assert answers.get(over.id) is over
    clock.now += 0.1
    assert answers.get(over.id) is None
    clock.now += 3600
    assert answers.get(growing.id) is growing
    assert answers.get("answer-9") is None
    live.end()
    await ended(growing)


async def test_the_one_that_ended_first_makes_room_and_with_none_a_new_one_is_refused(way: Way) -> None:
    answers, clock = kept(most=2)
    first, second = way.live(), way.live()
    one, two = answers.start(first.pieces()), answers.start(second.pieces())
    refused = way.live()
    pieces = refused.pieces()
    with pytest.raises(Failure, match=FULL):
        answers.start(pieces)
    await comes_to_nothing(pieces)
    for number, (live, answer) in enumerate([(second, two), (first, one)]):
        clock.now += number
        live.end()
        await ended(answer)
    three = answers.start(way.pieces("three"))
    assert [answers.get(answer.id) for answer in (one, two, three)] == [one, None, three]
    assert await events(way.body(two.read())) == [DONE]  # whoever reads one that made room reads on


async def comes_to_nothing(pieces: Any) -> None:
    """Come back when a source is closed."""
    async with asyncio.timeout(PATIENCE):
        while getattr(pieces, "gi_frame", getattr(pieces, "ag_frame", None)) is not None:
            await asyncio.sleep(0.001)


async def test_a_task_that_is_cancelled_ends_its_answer() -> None:
    answers, _ = kept()

    async def deltas() -> Any:
        yield "One"
        await asyncio.Event().wait()

    before = asyncio.all_tasks()
    answer = answers.start(deltas())
    (task,) = asyncio.all_tasks() - before
    await grown(answer, "One")
    task.cancel()
    await ended(answer)
    assert b"".join(stream(answer.read())).count(SORRY.encode()) == 1


def test_ids_cannot_be_guessed() -> None:
    ids = {Answers().start([]).id for _ in range(100)}
    assert len(ids) == 100
    assert min(map(len, ids)) == 16


async def test_an_asynchronous_reader_hears_of_what_a_thread_writes_and_a_thread_of_what_a_task_writes() -> None:
    from_thread, from_task = Threads(), Tasks()
    answers, _ = kept()
    for writer, reader in ((from_thread, from_task), (from_task, from_thread)):
        live = writer.live()
        answer = answers.start(live.pieces())
        reading = asyncio.create_task(events(reader.body(answer.read())))
        for text in "abc":
            live.say(text)
            await grown(answer, "abc"[: "abc".index(text) + 1])
        live.end()
        told = await reading
        assert "".join(json.loads(event.data) for event in told[:-1]) == "abc"
        assert told[-1] == DONE


@given(
    deltas=st.lists(st.text(st.characters(exclude_categories=[])), max_size=12),
    stays=st.lists(st.integers(0, 4), max_size=12),
)
def test_however_often_one_leaves_and_comes_back_nothing_is_lost_or_comes_twice(
    deltas: list[str], stays: list[int]
) -> None:
    gates = [threading.Event() for _ in deltas]

    def said() -> Any:
        for gate, delta in zip(gates, deltas, strict=True):
            assert gate.wait(PATIENCE)
            yield delta

    answer = Answers().start(said())
    opened, text, last, over = iter(gates), "", "", False
    for events_read in [*stays, 1000]:
        decoder = Decoder(last_event_id=last)
        body = stream(answer.read(last), keep_alive=0.001)
        for _ in range(events_read + 1):
            if (gate := next(opened, None)) is not None:
                gate.set()
            for event in decoder.feed(next(body, b"")):
                text += json.loads(event.data) if event.type == "message" else ""
                over = over or event.type == "done"
            if over:
                break
        body.close()
        last = decoder.last_event_id
    while not over:  # the writer may be slower than a thousand keep-alives
        for event in Decoder().feed(b"".join(stream(answer.read(last)))):
            text += json.loads(event.data) if event.type == "message" else ""
            over = over or event.type == "done"
    assert text == "".join(deltas)
