"""`pages/sse.js` by the cases that every parser of ours replays, cut anywhere."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from livethread.sse import Decoder
from tests.examples.flask_app.scene import EXAMPLE
from tests.examples.stage.running import NODE
from tests.sse.test_wire_cases import CASES, stream

NOT_CUT_IN_NODE = {"of two byte order marks at the start one is dropped"}
"""Node's own TextDecoder drops both where the first is cut; browsers do not."""
PROGRAM = Path(__file__).parent / "parse.mjs"


def parsed(cases: list[list[bytes]]) -> list[list[dict[str, Any]]]:
    """What the page's parser makes of streams, each in the pieces in which it comes."""
    given = {
        "parser": (EXAMPLE / "pages" / "sse.js").as_uri(),
        "cases": [[piece.hex() for piece in pieces] for pieces in cases],
    }
    done = subprocess.run(
        [NODE, PROGRAM], input=json.dumps(given), capture_output=True, text=True, timeout=60, check=True
    )
    found: list[list[dict[str, Any]]] = json.loads(done.stdout)
    return found


def test_each_case_reads_as_it_should_whole_and_cut_anywhere() -> None:
    given, wanted = [], []
    for case in CASES:
        data = stream(case)
        events = [{"type": event["type"], "data": event["data"]} for event in case["events"]]
        cut = [[data[:place], data[place:]] for place in range(1, len(data))]
        if case["name"] in NOT_CUT_IN_NODE:
            cut = []
        for pieces in ([data], *cut, [data[place : place + 1] for place in range(len(data))]):
            given.append(pieces)
            wanted.append(events)
    assert len(given) > 500
    assert parsed(given) == wanted


def test_a_long_answer_reads_as_our_own_decoder_reads_it() -> None:
    data = (
        "".join(f'data: "日本語 😀 {number}"\r\n\r\n' for number in range(500)).encode() + b"event: done\ndata: {}\n\n"
    )
    wanted = [{"type": event.type, "data": event.data} for event in Decoder().feed(data)]
    assert parsed([[data[place : place + 7] for place in range(0, len(data), 7)]]) == [wanted]
