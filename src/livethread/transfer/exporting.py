"""Export: everything of a data folder as one moment has it, in the lines that an import reads.

Assistants come first, then each thread with all that belongs to it, in the order of its log. The objects are the API's
own, with two fields of ours (docs/import.md): what a list of threads shows of a thread, and, where the clock had been
set back, where an object stands.
"""

from __future__ import annotations

import heapq
import json
import re
from collections.abc import Iterable, Iterator
from operator import attrgetter
from pathlib import Path
from typing import Final

from livethread.live.draft import Draft
from livethread.live.draft_file import left_in
from livethread.storage import queries
from livethread.storage.database import Connection
from livethread.storage.folder import drafts_in
from livethread.storage.glance import one_moment
from livethread.storage.queries import AnyRow
from livethread.storage.tables import OPEN, messages, run_steps, runs

_CREATED_AT: Final = re.compile(r'"created_at":(\d+)')  # the third field of every record
_IN_A_LOG: Final = attrgetter("created_seq")


def lines(folder: Path) -> Iterator[str]:
    """Every object that is not deleted, as a line of JSON; a server may use the folder meanwhile.

    Args:
        folder: the data folder; nothing of it is changed.

    Raises:
        SetupError: the database cannot be read.
    """
    drafts = left_in(drafts_in(folder))
    with one_moment(folder) as connection:
        if connection is None:
            return
        drafts |= left_in(drafts_in(folder))  # a text that ended between is in one of the two
        yield from _ordered(queries.all_assistants(connection))
        for thread in queries.all_threads(connection):
            yield from _ordered(_whole(connection, thread, drafts))


def _whole(connection: Connection, thread: AnyRow, drafts: dict[str, Draft]) -> Iterator[str]:
    last_message = json.loads(thread.last_message)
    activity = {"at": thread.active_at, "opening": thread.opening, "last_message": last_message}
    yield _with(thread.object, "activity", json.dumps(activity))
    tables = (messages, runs, run_steps)
    for row in heapq.merge(*(queries.of_thread(connection, table, thread.id) for table in tables), key=_IN_A_LOG):
        if row._mapping.get("ended_seq") == OPEN and row.id in drafts:
            yield json.dumps(json.loads(row.object) | {"content": drafts[row.id].content()})
        else:
            yield row.object


def _ordered(objects: Iterable[str]) -> Iterator[str]:
    """The objects, which say where they stand if their time does not."""
    latest = 0
    for text in objects:
        match = _CREATED_AT.search(text)
        created_at = int(match[1]) if match else latest
        yield text if created_at >= latest else _with(text, "ordered_at", str(latest))
        latest = max(latest, created_at)


def _with(object: str, field: str, value: str) -> str:
    return f'{object[:-1]},"{field}":{value}}}'
