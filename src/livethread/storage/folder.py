"""The data folder: one server at a time, proved by a lock that dies with its process."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

from livethread.errors import SetupError


class DataFolder:
    """The folder of one server.

    Args:
        path: where it is; made if it is not there.

    Raises:
        SetupError: it cannot be made or written, or another server or an import uses it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        lock = path / "lock"
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
            for file in (self.database, self.drafts):  # what people said is nobody else's business
                os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            mend = "make room" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "make it writable"
            raise SetupError(
                f"The data folder {path} cannot be written ({error.strerror}); {mend}, or name another one with --data."
            ) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise SetupError(
                f"Another Livethread server is using the data folder {path}, or an import into it is under way; "
                "stop it, or name another one with --data."
            ) from error

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return database_in(self.path)

    @property
    def drafts(self) -> Path:
        """The draft file."""
        return drafts_in(self.path)

    @property
    def scripts(self) -> Path:
        """The scenarios of ``builtin/script``."""
        return self.path / "scripts"

    def close(self) -> None:
        """Let others in."""
        os.close(self._lock)


def database_in(folder: Path) -> Path:
    """Where the SQLite file of a data folder lies."""
    return folder / "livethread.db"


def drafts_in(folder: Path) -> Path:
    """Where the draft file of a data folder lies."""
    return folder / "livethread.db-drafts"
