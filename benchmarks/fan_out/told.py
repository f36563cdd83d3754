"""A program that is told what to do by lines on its standard input, and answers each with a line."""

from __future__ import annotations

import os
import select
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager


class Told:
    """Such a program.

    Args:
        process: with pipes for its standard input and output.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.pid = process.pid
        self._process = process

    def __call__(self, line: str, within: float = 120.0) -> str:
        """Tell it something.

        Args:
            line: what.
            within: seconds that it may take.

        Raises:
            RuntimeError: it has ended.
            TimeoutError: it did not answer.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        what = f"{self._process.args!r} told to {line[:60]!r}"
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        if not select.select([self._process.stdout], [], [], within)[0]:
            raise TimeoutError(f"{what} did not answer within {within:g} s")
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{what} has ended; see its errors above")
        return answer.strip()


@contextmanager
def told(arguments: Sequence[object], core: int | None = None) -> Iterator[Told]:
    """A program that is told what to do, for as long as the block lasts.

    Args:
        arguments: the program and what it is called with.
        core: that it keeps to, with all its threads.
    """
    process = subprocess.Popen(
        [str(argument) for argument in arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    if core is not None:
        os.sched_setaffinity(process.pid, {core})
    try:
        yield Told(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
