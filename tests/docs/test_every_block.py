"""Each block of code in README.md and docs/ that can run is run: here is what is run where, and why some are not."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.docs.blocks import BLOCKS, ROOT, Key

ELSEWHERE = {
    **{key: "tests/browser/test_javascript_guide.py" for key in BLOCKS if key.document == "docs/javascript.md"},
    **{
        Key("docs/sse.md", heading, language, number): "tests/sse/test_guide.py"
        for heading, language, number in [
            ("Flask", "python", 1),
            ("Flask", "sh", 1),
            ("FastAPI, Starlette", "python", 1),
            ("FastAPI, Starlette", "sh", 1),
            ("Django", "python", 1),
            ("Django", "sh", 1),
            ("Django", "python", 2),
            ("Django", "sh", 2),
            ("Without our module", "python", 1),
            ("Without our module", "sh", 1),
        ]
    },
}
"""Blocks that another file of tests runs; both of these see to it themselves that they leave none out."""

PRINTED = ""
"""Blocks without a language show what is printed or sent; there is nothing in them to be run."""

NOT_RUN = {
    Key("docs/assistants-v2.md", "1.4 Lists and pagination", "json"): "a shape, with an ellipsis where objects stand",
    Key("docs/sse.md", "Servers", "nginx"): "a part of the settings of a web server that need not be installed",
    Key("docs/guides/python.md", "Python: a script, a bot, your own functions", "sh", 2): "installs from the network "
    "what the tests run in already",
}
"""Each with its reason."""


def asked_for() -> Iterator[Key]:
    """The blocks that the tests beside this one take: every ``the(…)`` with nothing but constants in it."""
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="the"), args=arguments):
                    yield Key(*(ast.literal_eval(argument) for argument in arguments))


def test_each_is_run_or_has_a_reason_why_not() -> None:
    known = {*asked_for(), *ELSEWHERE, *NOT_RUN}
    assert [key for key in BLOCKS if key not in known and key.language != PRINTED] == []


def test_what_is_said_of_a_block_is_said_of_one_that_is_there() -> None:
    assert [key for key in (*NOT_RUN, *ELSEWHERE) if key not in BLOCKS] == []
    assert set(NOT_RUN) & {*asked_for(), *ELSEWHERE} == set()


def test_a_file_that_runs_blocks_reads_their_document() -> None:
    for key, test in ELSEWHERE.items():
        assert Path(key.document).name in (ROOT / test).read_text(encoding="utf-8")
