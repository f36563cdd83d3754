"""An example, installed and started by the very lines of its README."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples"
NODE = ROOT / ".venv" / "bin" / "node"
PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
"""Where `python`, `flask`, `node` and `npm` are those that the tests come with."""

_NOT_COPIED = shutil.ignore_patterns("node_modules", "dist", "build", ".next", ".react-router", "__pycache__")
_INHERITED = ("HOME", "TMPDIR", "npm_config_registry", "HTTPS_PROXY", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE")
"""Where a machine keeps what was installed before, and how it reaches the registries; nothing that an example reads."""

_INSTALLING = 300.0
_STARTING = 90.0
_ENDING = 10.0


def lines(readme: Path) -> list[str]:
    """The commands of a README: every line of its ``sh`` blocks, without what stands behind a ``#``."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", readme.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    told = (line.partition(" #")[0].strip() for block in blocks for line in block.splitlines())
    return [line for line in told if line]


def copied(example: Path, into: Path) -> Path:
    """A copy of an example, without what was installed or built in it."""
    return Path(shutil.copytree(example, into / example.name, ignore=_NOT_COPIED))


async def run(line: str, folder: Path, **environment: str) -> str:
    """Run a line to its end in a folder, and return all that it said.

    Raises:
        AssertionError: it failed, or took longer than five minutes.
    """
    process = await _begin(line, folder, environment)
    try:
        async with asyncio.timeout(_INSTALLING):
            told, _ = await process.communicate()
    except TimeoutError:
        raise AssertionError(f"{line} took longer than {_INSTALLING:.0f} s") from None
    finally:
        await _end(process)
    assert process.returncode == 0, f"{line}\n{told.decode()}"
    return told.decode()


@contextlib.asynccontextmanager
async def serving(line: str, folder: Path, **environment: str) -> AsyncIterator[str]:
    """Run a line that serves until it is ended, on a free port that it is told as ``PORT``.

    Yields:
        The address, as soon as it answers.

    Raises:
        AssertionError: it ended, or did not answer in time; tells what it said.
    """
    port = _free_port()
    process = await _begin(line, folder, {"PORT": str(port), **environment})
    told = bytearray()
    hearing = asyncio.create_task(_hear(process, told))
    try:
        for _ in range(int(_STARTING / 0.1)):
            assert process.returncode is None, f"{line} ended\n{told.decode()}"
            if await _answers(port):
                break
            await asyncio.sleep(0.1)
        else:
            raise AssertionError(f"{line} did not answer within {_STARTING:.0f} s\n{told.decode()}")
        yield f"http://127.0.0.1:{port}"
    finally:
        await _end(process)
        await hearing


async def _begin(line: str, folder: Path, environment: dict[str, str]) -> asyncio.subprocess.Process:
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return await asyncio.create_subprocess_shell(
        line,
        cwd=folder,
        env={**inherited, "PATH": PATH, "NO_COLOR": "1", "NEXT_TELEMETRY_DISABLED": "1", **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a line and all that it started."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_ENDING):
                await process.wait()
                return


async def _hear(process: asyncio.subprocess.Process, told: bytearray) -> None:
    assert process.stdout is not None
    while data := await process.stdout.read(65536):
        told += data
        del told[:-65536]


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
