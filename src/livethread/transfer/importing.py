"""Import: a file is read onto a stage and judged as a whole; then what may be is written, thread by thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Protocol

from livethread.clock import Clock
from livethread.domain.messages import Message
from livethread.errors import SetupError, StorageError
from livethread.ids import Ids
from livethread.live.brought import Brought
from livethread.live.bus import LocalBus
from livethread.live.drafts import FileDrafts
from livethread.live.log import ThreadLog, ThreadWrite
from livethread.storage import queries
from livethread.storage.database import Connection, Database, sqlite_engine
from livethread.storage.faults import at_the_start
from livethread.storage.folder import DataFolder
from livethread.storage.glance import one_moment
from livethread.storage.schema import upgrade
from livethread.transfer.judging import judge
from livethread.transfer.laying import lay
from livethread.transfer.report import Report, write_refusals
from livethread.transfer.shapes import PREFIXES, Object, Refused, arrive, text_of
from livethread.transfer.source import Found, Unreadable, read
from livethread.transfer.stage import Stage

AT_ONCE: Final = 128
"""Threads on their way into the database at the same time; the writer commits them in groups."""


class Watch(Protocol):
    """Is told how far an import is."""

    def read(self, bytes: int) -> None:
        """So much of the file has been read."""
        ...

    def written(self, threads: int, of: int) -> None:
        """So many threads have been written."""
        ...


def bring_in(
    file: Path, folder: Path, watch: Watch, *, clock: Clock, ids: Ids, dry_run: bool = False, strict: bool = False,
    refusals: Path | None = None,
) -> Report:  # fmt: skip
    """Import a file into a data folder that no server uses.

    Args:
        file: docs/import.md says what may be in it.
        folder: the data folder; made if it is not there.
        watch: is told how far it is.
        clock: the time of what ends here.
        ids: for the events' tags.
        dry_run: write nothing, and only say what would become of it; a server may use the folder meanwhile.
        strict: import nothing unless everything may be imported.
        refusals: a file for every refusal.

    Raises:
        SetupError: a file or the folder cannot be used, or a server uses it.
    """
    with ExitStack() as opened:
        opened.enter_context(at_the_start(folder))
        data = None if dry_run else _open(folder, opened)
        stage = opened.enter_context(Stage.opened(None if dry_run else folder))
        report = Report()
        _read(file, stage, report, watch, int(clock.now()))
        stage.full()
        with one_moment(folder) as connection:
            judge(stage, connection)
        report.count(stage)
        if refusals is not None:
            write_refusals(stage, refusals)
        if strict and report.refusals_total:
            report.hold_back()
        elif data is not None:
            asyncio.run(_write(stage, data, watch, clock, ids))
    return report


def _open(folder: Path, opened: ExitStack) -> DataFolder:
    data = DataFolder(folder)
    opened.callback(data.close)
    engine = sqlite_engine(data.database)
    opened.callback(engine.dispose)
    upgrade(engine, data.database)
    return data


def _read(file: Path, stage: Stage, report: Report, watch: Watch, now: int) -> None:
    before: str | None = None  # the thread of the object that was read last
    for found in read(file, watch.read):
        if isinstance(found, Unreadable):
            before = _refuse_unreadable(found, stage, before)
            continue
        before = thread = _thread_of(found.value)
        try:
            _take(found, stage, report, now)
        except Refused as error:
            kind, id = found.value.get("object"), found.value.get("id")
            stage.refuse(found.line, thread, str(error), id if isinstance(id, str) else None)
            report.refused[kind if isinstance(kind, str) and kind in PREFIXES else "others"] += 1


def _take(found: Found, stage: Stage, report: Report, now: int) -> None:
    arrived = arrive(found.value, now)
    for name in arrived.unknown:
        report.note_unknown(arrived.kind, name, found.line)
    if isinstance(arrived.record, Message) and not arrived.record.content:
        report.empty += 1  # as everywhere: no list shows a message without content
        return
    stage.put(found.line, arrived, text_of(arrived.record))


def _refuse_unreadable(found: Unreadable, stage: Stage, before: str | None) -> str | None:
    threads = found.threads or ({before} if found.last and before else set())
    first = min(threads, default=None)
    stage.refuse(found.line, first, found.reason)
    for thread in threads:
        stage.refuse_thread(thread)
    return first or before


def _thread_of(raw: Object) -> str | None:
    """The thread that an object belongs to, or is, as far as it says so."""
    thread = raw.get("id" if raw.get("object") == "thread" else "thread_id")
    return thread if isinstance(thread, str) else None


async def _write(stage: Stage, folder: DataFolder, watch: Watch, clock: Clock, ids: Ids) -> None:
    """Write everything that is not refused: a transaction for the assistants, and one for each thread."""
    database = Database(sqlite_engine(folder.database))
    drafts = FileDrafts(folder.drafts)
    database.start()
    try:
        log = ThreadLog(database, drafts, LocalBus(), ids, clock)  # nobody follows it
        await database.write(lambda connection: _add_assistants(stage, connection))
        total, done = stage.one("SELECT count(*) FROM threads WHERE due"), 0
        for rows in stage.batches("threads", "id, stored", "due", "id"):
            for start in range(0, len(rows), AT_ONCE):
                some = rows[start : start + AT_ONCE]
                await asyncio.gather(*(
                    log.append(id, _laid(stage, id, bool(stored)), create=not stored) for id, stored in some
                ))  # fmt: skip
                done += len(some)
                watch.written(done, total)
    except StorageError as error:
        raise SetupError(f"{error.advice} What is imported already is whole; run it again to go on.") from error
    finally:
        drafts.close()
        await database.close()


def _laid(stage: Stage, id: str, stored: bool) -> Callable[[ThreadWrite], None]:
    return lambda write: lay(stage, id, stored, Brought(write))


def _add_assistants(stage: Stage, connection: Connection) -> None:
    """Behind those that are there, by time among themselves."""
    for item in stage.assistants():
        queries.add_assistant(connection, item.id, item.object)
