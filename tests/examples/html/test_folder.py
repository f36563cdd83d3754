"""The folder as somebody copies it."""

from __future__ import annotations

from tests.examples.stage.running import EXAMPLES, lines

EXAMPLE = EXAMPLES / "html"


def test_it_is_one_file_of_under_forty_lines_and_a_readme_with_two_commands() -> None:
    assert sorted(path.name for path in EXAMPLE.iterdir()) == ["README.md", "index.html"]
    assert len((EXAMPLE / "index.html").read_text(encoding="utf-8").splitlines()) < 40
    assert lines(EXAMPLE / "README.md") == ["make run", "python3 -m http.server 3000 --bind 127.0.0.1"]
