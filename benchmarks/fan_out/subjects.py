"""What is measured: over each face Livethread beside its peers, and over server-sent events the limit, too."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.fan_out.compiled import HERE, compiled
from benchmarks.fan_out.told import Told, told
from benchmarks.process import Measured, free_port, listening

OURS, ASGI = "Livethread", "Livethread, ASGI sink"
STARLETTE, SSE_STARLETTE, NODE, NCHAN, LIMIT = (
    "Starlette + queues", "sse-starlette", "Node http", "nginx + Nchan", "C send loop",
)  # fmt: skip
OURS_SOCKETS, PYTHON_SOCKETIO, NODE_SOCKETIO = "Livethread over Socket.IO", "python-socketio", "Node socket.io"

_SOCKETIO = Path("clients/js/node_modules/socket.io/package.json")
_NCHAN = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
_NGINX = """\
load_module {module};
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log stderr error;
events {{ worker_connections 16384; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location ~ ^/publish/(\\w+)$ {{
            nchan_publisher;
            nchan_channel_id $1;
            nchan_message_buffer_length 64;
        }}
        location ~ ^/(\\w+)$ {{
            nchan_subscriber eventsource;
            nchan_channel_id $1;
            nchan_subscriber_first_message newest;
        }}
    }}
}}
"""


class Subject(NamedTuple):
    """A server, and who publishes on it.

    Args:
        name: in the tables.
        process: that serves.
        publisher: is told what to publish: the server itself, where that is possible.
    """

    name: str
    process: Measured
    publisher: Told


def subjects(folder: Path, core: int | None) -> dict[str, Callable[[], AbstractContextManager[Subject]]]:
    """How each is started.

    Args:
        folder: for data and programs.
        core: that the servers keep to.
    """

    def python(name: str, module: str, *arguments: object) -> Callable[[], AbstractContextManager[Subject]]:
        return lambda: _server(
            name, lambda port: [sys.executable, "-m", f"benchmarks.fan_out.{module}", port, *arguments], core
        )

    return {
        OURS: python(OURS, "livethread_server", folder / "direct", "direct"),
        ASGI: python(ASGI, "livethread_server", folder / "asgi", "asgi"),
        STARLETTE: python(STARLETTE, "peers.queues", "starlette"),
        SSE_STARLETTE: python(SSE_STARLETTE, "peers.queues", "sse-starlette"),
        NODE: lambda: _server(NODE, lambda port: [node(), HERE / "peers/node_http.mjs", port], core),
        NCHAN: lambda: _nchan(folder, core),
        LIMIT: lambda: _server(LIMIT, lambda port: [compiled("peers/send_loop.c", folder), port], core),
        OURS_SOCKETS: python(OURS_SOCKETS, "livethread_server", folder / "sockets", "sockets"),
        PYTHON_SOCKETIO: python(PYTHON_SOCKETIO, "peers.socketio_rooms"),
        NODE_SOCKETIO: lambda: _server(NODE_SOCKETIO, lambda port: [node(), socketio(), port], core),
    }


@contextmanager
def _server(name: str, arguments: Callable[[int], list[object]], core: int | None) -> Iterator[Subject]:
    port = free_port()
    with told(arguments(port), core) as publisher:
        listening(port, name)
        yield Subject(name, Measured(publisher.pid, f"http://127.0.0.1:{port}"), publisher)


@contextmanager
def _nchan(folder: Path, core: int | None) -> Iterator[Subject]:
    """nginx with a configuration of its own; it takes events as POSTs, so another program makes them."""
    port, own = free_port(), folder / "nginx"
    own.mkdir(exist_ok=True)
    (own / "nginx.conf").write_text(_NGINX.format(module=_NCHAN, folder=own, port=port))
    process = subprocess.Popen([nginx(), "-p", str(own), "-e", "stderr", "-c", str(own / "nginx.conf")])
    try:
        if core is not None:
            os.sched_setaffinity(process.pid, {core})
        listening(port, NCHAN)
        worker = int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0])
        if core is not None:
            os.sched_setaffinity(worker, {core})
        with told([compiled("peers/nchan_publisher.c", folder), port]) as publisher:
            yield Subject(NCHAN, Measured(worker, f"http://127.0.0.1:{port}"), publisher)
    finally:
        process.terminate()
        process.wait(15)


def nginx() -> str:
    """The program.

    Raises:
        SystemExit: it or its module is missing; with a sentence.
    """
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None or not _NCHAN.exists():
        raise SystemExit(
            "nginx or its module Nchan is missing: install them (Debian: nginx-light libnginx-mod-nchan), "
            f"or leave {NCHAN!r} out with --only."
        )
    return program


def node() -> str:
    """The Node of this environment, which ``make`` has put there, else the system's.

    Raises:
        SystemExit: there is none; with a sentence.
    """
    program = shutil.which("node", path=str(Path(sys.executable).parent)) or shutil.which("node")
    if program is None:
        raise SystemExit(f"There is no Node here: run `make test` once, or leave {NODE!r} out with --only.")
    return program


def socketio() -> Path:
    """The server made of Node's socket.io.

    Raises:
        SystemExit: its package is not installed; with a sentence.
    """
    if not _SOCKETIO.exists():
        raise SystemExit(f"socket.io is missing: run `make test` once, or leave {NODE_SOCKETIO!r} out with --only.")
    return HERE / "peers/node_socketio.mjs"


def _node_version() -> str:
    said = subprocess.run([node(), "--version"], capture_output=True, text=True).stdout.strip()
    return f"Node {said.removeprefix('v')}"


def _nginx_version() -> str:
    said = subprocess.run([nginx(), "-v"], capture_output=True, text=True).stderr
    known = re.search(r"nginx/([\d.]+)", said)
    return f"nginx {known[1] if known else '?'}"


def _socketio_version() -> str:
    return f"{_node_version()}, socket.io {json.loads(_SOCKETIO.read_bytes())['version']}"


PROGRAMS: Final[Mapping[str, Callable[[], str]]] = {
    NODE: _node_version,
    NCHAN: _nginx_version,
    NODE_SOCKETIO: _socketio_version,
}
"""The versions of what is no Python package, by the subjects made of it."""
