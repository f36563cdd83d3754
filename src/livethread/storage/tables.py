"""The tables. Objects are stored as ASCII JSON text, beside the few columns that queries need."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, MetaData, String, Table, Text, text

metadata: Final = MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"})

OPEN: Final = 2**62
"""The ``ended_seq`` of a message whose text still grows: later than any event."""

_LISTED: Final = text("deleted_at IS NULL")
_DELETED: Final = text("deleted_at IS NOT NULL")

assistants: Final = Table(
    "assistants",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("position", BigInteger, nullable=False),  # order of creation; many share a second
    Column("object", Text, nullable=False),
    Index(None, "position", unique=True),
)

threads: Final = Table(
    "threads",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("seq", BigInteger, nullable=False),  # the log's tip, and the tag of the event there
    Column("tag", String(4), nullable=False),
    Column("active_at", BigInteger, nullable=False),  # microseconds; newest activity lists first
    Column("deleted_at", BigInteger),  # seconds; the log stays for a while as a tombstone
    Column("opening", Text, nullable=False),  # the beginning of the first message, for the title
    Column("last_message", Text, nullable=False),  # JSON, "null" where there is none
    Column("object", Text, nullable=False),
    Index(None, "active_at", "id", sqlite_where=_LISTED, postgresql_where=_LISTED),
    Index(None, "deleted_at", sqlite_where=_DELETED, postgresql_where=_DELETED),  # else taken for the list
)

events: Final = Table(
    "events",
    metadata,
    Column("thread_id", ForeignKey("threads.id"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("tag", String(4), nullable=False),
    Column("type", String(64), nullable=False),
    Column("object_id", String(128), nullable=False),
    Column("run_id", String(128)),
    Column("data", Text, nullable=False),
    sqlite_with_rowid=False,
)

messages: Final = Table(
    "messages",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("thread_id", ForeignKey("threads.id"), nullable=False),
    Column("run_id", String(128)),
    Column("created_seq", BigInteger, nullable=False),
    Column("ended_seq", BigInteger, nullable=False),  # OPEN while the text grows
    Column("object", Text, nullable=False),
    Index(None, "thread_id", "created_seq", unique=True),
    Index(None, "thread_id", "ended_seq"),
    Index(None, "run_id", "created_seq"),
)

runs: Final = Table(
    "runs",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("thread_id", ForeignKey("threads.id"), nullable=False),
    Column("created_seq", BigInteger, nullable=False),
    Column("siblings_seq", BigInteger),  # in a parallel turn: where the turn's first run was created
    Column("started_seq", BigInteger),  # the first in_progress: what the run sees is fixed there
    Column("status_seq", BigInteger, nullable=False),  # the event that set the status
    Column("status", String(16), nullable=False),
    Column("object", Text, nullable=False),
    Index(None, "thread_id", "created_seq", unique=True),
    Index(None, "thread_id", "status"),
    Index(None, "status"),
)

run_steps: Final = Table(
    "run_steps",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("thread_id", ForeignKey("threads.id"), nullable=False),
    Column("run_id", String(128), nullable=False),
    Column("created_seq", BigInteger, nullable=False),
    Column("status", String(16), nullable=False),
    Column("object", Text, nullable=False),
    Index(None, "run_id", "created_seq", unique=True),
    Index(None, "thread_id", "created_seq"),
)

leases: Final = Table(
    "leases",
    metadata,
    Column("run_id", String(128), primary_key=True),
    Column("owner", String(64)),  # None: handed back
    Column("fence", Integer, nullable=False),  # one more with each claim; a stale owner's writes change nothing
    Column("lease_until", BigInteger, nullable=False),  # seconds
    Column("usage", Text),  # JSON: what the turn cost whose calls the run waits for; its step ends with it
    Index(None, "owner"),
)

claims: Final = Table(
    "claims",
    metadata,
    Column("run_id", String(128), primary_key=True),  # there only while the run waits for its caller
    Column("user_id", String(64), nullable=False),
    Column("token", String(32), nullable=False),
    Column("expires_at", BigInteger, nullable=False),  # seconds
)

answers: Final = Table(
    "answers",
    metadata,
    Column("digest", String(64), primary_key=True),  # of the caller and its key; without a key, of all that it asked
    Column("number", BigInteger, primary_key=True, autoincrement=False),  # the later, the higher; of a key there is one
    Column("request", String(64), nullable=False),  # the digest of all that was asked: a key is good for one request
    Column("object", Text, nullable=False),
    Column("begins", Text),  # JSON: where a stream of the answer begins, of a run that it speaks of
    Column("expires_at", BigInteger, nullable=False),  # seconds
    Index(None, "expires_at"),
)

rooms: Final = Table(
    "rooms",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("thread_id", String(128), nullable=False),  # it may have been deleted since: then it is given another
)
