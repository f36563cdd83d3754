"""The peer: FastAPI on SQLite, one insert or one select a call, and nothing else.

No validation of what is stored beyond pydantic's, no log, no events, no answers remembered. Both databases are in WAL
mode with ``synchronous=NORMAL``. ``python -m benchmarks.rest.peer PORT FILE MESSAGES``; its thread ``thread_listed``
holds that many messages.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import sys
import time
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel


class NewThread(BaseModel):
    """The body of a new thread."""

    metadata: dict[str, str] = {}


class NewMessage(BaseModel):
    """The body of a new message."""

    role: str
    content: str


def app(path: str, messages: int) -> FastAPI:
    """The app on a new database.

    Args:
        path: of the file.
        messages: in the thread that is listed.
    """
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    database.execute("CREATE TABLE threads (id TEXT PRIMARY KEY, object TEXT NOT NULL)")
    database.execute("CREATE TABLE messages (seq INTEGER PRIMARY KEY, thread_id TEXT NOT NULL, object TEXT NOT NULL)")
    database.execute("CREATE INDEX messages_of_thread ON messages (thread_id, seq)")
    insert = "INSERT INTO messages (thread_id, object) VALUES (?, ?)"
    database.execute("BEGIN")
    rows = (("thread_listed", json.dumps(_message("thread_listed", f"message {n}"))) for n in range(messages))
    database.executemany(insert, rows)
    database.execute("COMMIT")
    bare = FastAPI()

    @bare.post("/v1/threads")
    async def create(body: NewThread) -> dict[str, Any]:
        thread = {"id": f"thread_{secrets.token_hex(12)}", "object": "thread", "created_at": int(time.time())}
        thread |= {"metadata": body.metadata, "tool_resources": {}}
        database.execute("INSERT INTO threads VALUES (?, ?)", (thread["id"], json.dumps(thread)))
        return thread

    @bare.post("/v1/threads/{thread_id}/messages")
    async def add(thread_id: str, body: NewMessage) -> dict[str, Any]:
        message = _message(thread_id, body.content)
        database.execute(insert, (thread_id, json.dumps(message)))
        return message

    @bare.get("/v1/threads/{thread_id}/messages")
    async def messages_of(thread_id: str, limit: int = 20) -> dict[str, Any]:
        query = "SELECT object FROM messages WHERE thread_id = ? ORDER BY seq DESC LIMIT ?"
        data = [json.loads(text) for (text,) in database.execute(query, (thread_id, limit + 1))]
        page = data[:limit]
        ends = {"first_id": page[0]["id"], "last_id": page[-1]["id"], "has_more": len(data) > limit}
        return {"object": "list", "data": page, **ends}

    return bare


def _message(thread_id: str, text: str) -> dict[str, Any]:
    return {
        "id": f"msg_{secrets.token_hex(12)}", "object": "thread.message", "created_at": int(time.time()),
        "thread_id": thread_id, "status": "completed", "incomplete_details": None, "completed_at": int(time.time()),
        "incomplete_at": None, "role": "user",
        "content": [{"type": "text", "text": {"value": text, "annotations": []}}],
        "assistant_id": None, "run_id": None, "attachments": [], "metadata": {},
    }  # fmt: skip


if __name__ == "__main__":
    uvicorn.run(
        app(sys.argv[2], int(sys.argv[3])), port=int(sys.argv[1]), http="httptools", lifespan="off",
        log_level="warning", access_log=False,
    )  # fmt: skip
