"""A Livethread server that counts the database transactions it begins, and tells them at ``/counted``.

``python -m benchmarks.token_path.counted PORT FOLDER``; the model API is the environment's, as always.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import uvicorn
from sqlalchemy import Connection, Engine, event
from starlette.responses import JSONResponse

from livethread.app import Livethread, from_environment


class Counted:
    """The server, and what is asked of it here.

    Args:
        app: the server.
    """

    def __init__(self, app: Livethread) -> None:
        self._app = app
        self._counts = {"writes": 0, "reads": 0}
        event.listen(Engine, "begin", self._count)

    def _count(self, connection: Connection) -> None:
        self._counts["writes" if connection.get_execution_options().get("livethread_write") else "reads"] += 1

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["path"] == "/counted":
            await JSONResponse(self._counts)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


if __name__ == "__main__":
    port = int(sys.argv[1])
    app = Counted(from_environment(port=port, data=Path(sys.argv[2])))
    uvicorn.run(app, port=port, http="httptools", log_level="warning", access_log=False)
