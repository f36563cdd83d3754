"""``livethread import`` and ``livethread export``, as a person sees them."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

import structlog
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from livethread.clock import SystemClock
from livethread.errors import SetupError
from livethread.ids import Ids
from livethread.transfer.exporting import lines
from livethread.transfer.importing import bring_in
from livethread.transfer.report import Report
from livethread.transfer.shapes import PREFIXES

_NAMES: Final = {kind: kind.removeprefix("thread.").replace("run.step", "run step") for kind in PREFIXES}


def bring(file: Path, folder: Path, *, dry_run: bool, strict: bool, refusals: Path | None) -> Report:
    """Import a file, with a progress bar where somebody looks on.

    Raises:
        SetupError: a file or the folder cannot be used, or a server uses it.
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))  # one sentence is enough
    with _bar() as bar:
        watch = _Watch(bar, file)
        return bring_in(
            file, folder, watch, clock=SystemClock(), ids=Ids(), dry_run=dry_run, strict=strict, refusals=refusals
        )  # fmt: skip


def give(folder: Path, output: Path | None) -> None:
    """Write an export to a file, which is there when it is whole, or to standard output.

    Raises:
        SetupError: the folder cannot be read, or the file not be written.
    """
    if not folder.exists():
        raise SetupError(f"There is no data folder {folder}; name another one with --data.")
    try:
        if output is None:
            _write(folder, sys.stdout)
        else:
            _write_whole(folder, output)
    except BrokenPipeError:  # whoever reads it has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        raise SetupError(
            f"The export cannot be written ({error.strerror}); name another file with --output."
        ) from error


def show(report: Report, console: Console, *, dry_run: bool) -> None:
    """Print what became of an import."""
    table = Table("", box=None, pad_edge=False, show_edge=False)
    for title in ("to import" if dry_run else "imported", "already there", "twice in the file", "refused"):
        table.add_column(title, justify="right")
    for kind, name in _NAMES.items():
        counts = [counter[kind] for counter in (report.imported, report.stored, report.again, report.refused)]
        table.add_row(f"{name}s", *map(str, counts))
    console.print(table)
    for sentence in sentences(report):
        console.print(sentence)
    if not report.refusals_total:
        return
    console.print(f"\nRefused, with {_count(report.refused_threads, 'whole thread')}:")
    for refusal in report.refusals:
        place = ", ".join(dict.fromkeys(part for part in (refusal.thread, refusal.id) if part))
        console.print(f"  line {refusal.line}: {refusal.reason}{f' ({place})' if place else ''}")
    if report.refusals_total > len(report.refusals):
        more = report.refusals_total - len(report.refusals)
        console.print(f"  and {more} more; --report FILE writes all of them.")
    if report.held_back:
        console.print("Nothing was imported, because of --strict.")


def sentences(report: Report) -> Iterator[str]:
    """What an import did besides, each in a sentence."""
    if report.made:
        yield f"Made {_count(report.made, 'thread')} whose own object is not in the file."
    for kind in PREFIXES:
        if count := report.ended[kind]:
            state = "incomplete" if kind == "thread.message" else "expired"
            yield f"{_count(count, _NAMES[kind])} had not ended, imported as {state}."
    if report.empty:
        yield f"Left out {_count(report.empty, 'message')} without any content."
    if report.early:
        yield f"{_count(report.early, 'run')} created later than what they wrote, put before that."
    for field, (count, line) in sorted(report.unknown.items()):
        yield f"Left out the unknown field {field}, {_count(count, 'time')}, first on line {line}."


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _write_whole(folder: Path, output: Path) -> None:
    unfinished = output.with_name(f"{output.name}.unfinished")
    try:
        with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
            _write(folder, file)
        unfinished.rename(output)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def _write(folder: Path, file: TextIO) -> None:
    for line in lines(folder):
        file.write(line + "\n")
    file.flush()


@contextmanager
def _bar() -> Iterator[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        yield bar


class _Watch:
    """Moves the bar: by bytes while the file is read, then by threads.

    Args:
        bar: a progress bar.
        file: what is read.
    """

    def __init__(self, bar: Progress, file: Path) -> None:
        size = file.stat().st_size if file.is_file() else None
        self._bar = bar
        self._reading = bar.add_task("Reading", total=size)
        self._writing = bar.add_task("Writing", total=None, visible=False)

    def read(self, bytes: int) -> None:
        """So much of the file has been read."""
        self._bar.update(self._reading, completed=bytes)

    def written(self, threads: int, of: int) -> None:
        """So many threads have been written."""
        self._bar.update(self._writing, completed=threads, total=of, visible=True)
