"""However many messages a thread has, an import holds as many of them as ever."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from livethread.storage import queries
from tests.transfer.dumps import bring, lines, message, run


@pytest.mark.parametrize("threads", [1, 200])
def test_an_import_of_four_times_as_much_needs_no_more_memory(threads: int, tmp_path: Path) -> None:
    def peak(count: int) -> int:
        file = tmp_path / f"dump-{count}"
        messages = (message(f"msg_{at}", at, f"thread_{at % threads}", content="x" * 600) for at in range(count))
        file.write_bytes(
            lines(*messages, *(run(f"run_{at}", at, f"thread_{at % threads}") for at in range(count // 4)))
        )
        tracemalloc.start()
        try:
            assert bring(file, tmp_path / f"data-{count}").imported.total() == count + count // 4
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(100)  # what is loaded and compiled only once
    assert peak(6000) - peak(1500) < 500_000  # of 4 MB more


def test_rows_go_to_the_database_by_the_hundred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    add_all = queries.add_all

    def counted(connection, table, rows):  # type: ignore[no-untyped-def]
        sizes.append(len(rows))
        add_all(connection, table, rows)

    monkeypatch.setattr(queries, "add_all", counted)
    (tmp_path / "dump").write_bytes(lines(*(message(f"msg_{at}", at) for at in range(1600))))
    bring(tmp_path / "dump", tmp_path / "data")
    assert (max(sizes), sum(sizes)) == (500, 1600 + 1601)
