"""What an error of the database means to whoever asked, and to whoever runs the server."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy.exc import OperationalError

from livethread.storage.faults import fault_of

ANOTHER = "or name another data folder with --data."


def error(name: str, text: str) -> OperationalError:
    """An error as SQLite and SQLAlchemy raise it."""
    orig = sqlite3.OperationalError(text)
    orig.sqlite_errorcode = getattr(sqlite3, name)
    return OperationalError("SELECT 1", {}, orig)


@pytest.mark.parametrize(
    ("name", "status", "advice"),
    [
        ("SQLITE_FULL", 507, "cannot be written (why): its disk is full or fails; make room,"),
        ("SQLITE_IOERR_WRITE", 507, "cannot be written (why): its disk is full or fails; make room,"),
        ("SQLITE_READONLY_DIRECTORY", 507, "cannot be written (why); make it and its folder writable,"),
        ("SQLITE_CANTOPEN", 507, "cannot be written (why); make it and its folder writable,"),
        ("SQLITE_BUSY", 503, "is held by another program (why); end that,"),
        ("SQLITE_CORRUPT_VTAB", 500, "cannot be read (why); put a copy of it in its place,"),
        ("SQLITE_IOERR_READ", 500, "cannot be read (why); put a copy of it in its place,"),
    ],
)
def test_a_fault_has_a_status_and_a_sentence_that_says_what_to_do(name: str, status: int, advice: str) -> None:
    fault = fault_of(error(name, "why"), "the.db")
    assert fault is not None
    assert (fault.status, fault.type, fault.advice) == (
        status,
        "server_error",
        f"The database the.db {advice} {ANOTHER}",
    )
    assert "the.db" not in str(fault)  # where the files lie is no caller's business


def test_what_is_no_text_any_more_was_damaged() -> None:
    fault = fault_of(sqlite3.OperationalError("Could not decode to UTF-8 column 'object' with text '\\xff'"), "the.db")
    assert fault is not None
    assert fault.status == 500


@pytest.mark.parametrize("name", ["SQLITE_ERROR", "SQLITE_CONSTRAINT_UNIQUE"])
def test_a_wrong_statement_is_no_fault_of_the_disk(name: str) -> None:
    assert fault_of(error(name, "why"), "the.db") is None
