"""The case files of `spec/cases/sse.json`, which the decoder of `clients/js` replays as well."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from livethread.sse import Decoder, Event

SPEC = Path(__file__).parents[2] / "spec" / "cases" / "sse.json"
CASES: list[dict[str, Any]] = json.loads(SPEC.read_text(encoding="ascii"))["cases"]
each_case = pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])


def stream(case: dict[str, Any]) -> bytes:
    return bytes.fromhex(case["hex"]) if "hex" in case else case["stream"].encode()


def check(case: dict[str, Any], *pieces: bytes) -> None:
    decoder = Decoder()
    events = [event for piece in pieces for event in decoder.feed(piece)]
    assert events == [Event(**event) for event in case["events"]]
    last = events[-1].id if events else ""
    assert (decoder.last_event_id, decoder.retry) == (case.get("last_event_id", last), case.get("retry"))


@each_case
def test_a_stream_says_what_its_case_expects(case: dict[str, Any]) -> None:
    check(case, stream(case))


@each_case
def test_it_says_the_same_cut_anywhere(case: dict[str, Any]) -> None:
    data = stream(case)
    for cut in range(1, len(data)):
        check(case, data[:cut], data[cut:])
    check(case, *(data[place : place + 1] for place in range(len(data))))


def test_every_case_has_a_name_of_its_own() -> None:
    assert len({case["name"] for case in CASES}) == len(CASES)
