"""A server of its own process, as a person would start it: by its command and the environment alone."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

COMMAND = Path(sys.executable).parent / "livethread"


@dataclass
class Process:
    """A running ``livethread serve``.

    Args:
        url: where it says that it is.
        printed: the lines it has written so far, to either stream.
    """

    url: str
    printed: list[str] = field(default_factory=list)


@contextmanager
def serving(data: Path, environment: Mapping[str, str], *, port: int = 0) -> Iterator[Process]:
    """``livethread serve`` with these variables alone and no look around for engines.

    It is ended by SIGTERM, which it has to obey within seconds.
    """
    environment = {"LIVETHREAD_LOCAL_ENGINES": "0", **environment}
    command = [str(COMMAND), "serve", "--port", str(port), "--data", str(data)]
    server = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=data
    )
    try:
        process = Process("")
        process.url = _address(server, process.printed)
        assert server.stdout is not None
        reader = threading.Thread(target=process.printed.extend, args=(server.stdout,), daemon=True)
        reader.start()
        yield process
    finally:
        server.terminate()
        try:
            code = server.wait(10)
        finally:
            server.kill()
    reader.join(5)
    assert server.stdout is not None
    server.stdout.close()
    assert code == 0, "".join(process.printed)


def _address(server: subprocess.Popen[str], printed: list[str]) -> str:
    assert server.stdout is not None
    for line in server.stdout:
        printed.append(line)
        if found := re.match(r"Livethread is at (\S+)", line):
            return found[1]
    raise AssertionError(f"the server did not start:\n{''.join(printed)}")
