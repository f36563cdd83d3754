"""What the page makes of a ``message-list``, tried in Node."""

from __future__ import annotations

import json
import subprocess

from tests.examples.room.site import EXAMPLE, NODE

CASES = [
    # what is shown, what is listed, what is shown then; a line begins with a hyphen
    ("", "", ""),
    ("a b", "", "a b"),
    ("", "a b", "a b"),
    ("-hi", "a b", "a b -hi"),
    ("a -left b", "c", "a -left b c"),
    ("a -left b", "a b", "a -left b"),
    ("a -left b", "a b c", "a -left b c"),
    ("a b", "b a", "b a"),
    ("mine theirs -left", "theirs mine answer", "theirs mine -left answer"),
    ("b c", "a b", "a b c"),
    ("a -lost c", "a b c", "a -lost b c"),
    ("a unsent", "a b", "a unsent b"),
]
MERGED = """
import { merged } from "./src/useRoom.js";
const entries = (ids) => ids.map((id) => ({ id, kind: id.startsWith("-") ? "line" : "message" }));
const cases = JSON.parse(process.argv[1]);
console.log(JSON.stringify(cases.map(([shown, list]) => merged(entries(shown), entries(list)).map(({ id }) => id))));
"""


def test_every_message_stands_once_and_in_the_order_of_the_list() -> None:
    cases = json.dumps([(shown.split(), list.split()) for shown, list, _ in CASES])
    done = subprocess.run(
        [NODE, "--input-type=module", "--eval", MERGED, cases], cwd=EXAMPLE, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert [" ".join(ids) for ids in json.loads(done.stdout)] == [wanted for _, _, wanted in CASES]
