"""The rendering benchmark measures what it says: each page shows the whole answer, and some of it costs something."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks import process
from benchmarks.rendering import pages
from benchmarks.rendering.busy import Busy, chromium
from benchmarks.rendering.subjects import Bench, Subject


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("rendering")
    pages.build(folder / "pages")
    with (
        process.livethread(folder / "data") as server,
        pages.served(folder / "pages") as files,
        chromium() as browser,
    ):
        yield Bench(browser, server, folder / "pages", files, tokens=40)


@pytest.mark.parametrize("subject", [Subject("seed", 3), Subject("ours", 130), Subject("chat", 130)], ids=str)
def test_a_page_shows_all_messages_and_the_answer_and_is_busy_meanwhile(bench: Bench, subject: Subject) -> None:
    busy = bench.watch(subject)
    assert 0 < busy.script < busy.all
    assert 0 < busy.layout < busy.all


def test_what_came_since_is_what_was_before_taken_away() -> None:
    assert Busy(3.0, 2.0, 1.0).since(Busy(1.0, 0.5, 1.0)) == Busy(2.0, 1.5, 0.0)


@pytest.mark.parametrize(
    ("subject", "name"),
    [(Subject("ours", 10_000), "useThread, 10,000 messages"), (Subject("chat", 100), "the chat page, 100 messages")],
)
def test_a_subject_has_a_name_for_the_tables(subject: Subject, name: str) -> None:
    assert str(subject) == name
