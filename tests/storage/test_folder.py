"""The data folder: one server at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from livethread.errors import SetupError
from livethread.storage.folder import DataFolder


def test_a_folder_is_made_with_all_above_it_and_names_its_files(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "a" / "b")
    assert (folder.database, folder.drafts, folder.scripts) == (
        tmp_path / "a" / "b" / "livethread.db",
        tmp_path / "a" / "b" / "livethread.db-drafts",
        tmp_path / "a" / "b" / "scripts",
    )
    folder.close()


def test_a_second_server_is_refused_until_the_first_has_let_go(tmp_path: Path) -> None:
    first = DataFolder(tmp_path)
    with pytest.raises(SetupError) as refused:
        DataFolder(tmp_path)
    assert str(refused.value) == (
        f"Another Livethread server is using the data folder {tmp_path}, or an import into it is under way; "
        "stop it, or name another one with --data."
    )
    first.close()
    DataFolder(tmp_path).close()


@pytest.mark.parametrize(("way", "reason"), [("data", "File exists"), ("data/lock", "Is a directory")])
def test_a_folder_that_cannot_be_written_is_refused_with_a_sentence(tmp_path: Path, way: str, reason: str) -> None:
    if way == "data":
        (tmp_path / way).write_text("in the way")
    else:
        (tmp_path / way).mkdir(parents=True)
    with pytest.raises(SetupError) as refused:
        DataFolder(tmp_path / "data")
    assert str(refused.value) == (
        f"The data folder {tmp_path / 'data'} cannot be written ({reason}); "
        "make it writable, or name another one with --data."
    )
