"""A server over HTTP, as the tests of import and export drive it: its life, and every answer that it can give."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from livethread import testing

TERMINAL = {"completed", "incomplete", "failed", "cancelled", "expired", "requires_action"}


class Server:
    """A running server."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        answer = self.client.post(path, json=body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def get(self, path: str, **query: Any) -> Any:
        answer = self.client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def delete(self, path: str) -> None:
        assert self.client.delete(path).status_code == 200

    def until_over(self, run: dict[str, Any]) -> dict[str, Any]:
        """A run once it has ended, or waits for its caller; its stream ends there."""
        path = f"/threads/{run['thread_id']}/runs/{run['id']}"
        assert "event: done" in self.client.get(f"{path}/events").text
        found: dict[str, Any] = self.get(path)
        assert found["status"] in TERMINAL
        return found

    def page_by_page(self, path: str, **query: Any) -> list[Any]:
        """Every page of a list, a few objects each."""
        pages = [self.get(path, limit=3, **query)]
        while pages[-1]["has_more"]:
            pages.append(self.get(path, limit=3, after=pages[-1]["last_id"], **query))
        return pages

    def everything(self) -> dict[str, Any]:
        """Every answer to a GET of the API, by its path."""
        answers: dict[str, Any] = {}

        def take(path: str, **query: Any) -> list[str]:
            for order in ("asc", "desc"):
                answers[f"{path} {query} {order}"] = self.page_by_page(path, order=order, **query)
            return [item["id"] for page in answers[f"{path} {query} desc"] for item in page["data"]]

        for assistant in take("/assistants"):
            answers[assistant] = self.get(f"/assistants/{assistant}")
        for thread in take("/threads"):
            at = f"/threads/{thread}"
            answers[thread] = self.get(at)
            for message in take(f"{at}/messages"):
                answers[message] = self.get(f"{at}/messages/{message}")
            for run in take(f"{at}/runs"):
                answers[run] = self.get(f"{at}/runs/{run}")
                take(f"{at}/messages", run_id=run)
                for step in take(f"{at}/runs/{run}/steps"):
                    answers[step] = self.get(f"{at}/runs/{run}/steps/{step}")
        return answers


@contextmanager
def server(data: Path) -> Iterator[Server]:
    """A server on this data folder, as long as the block lasts."""
    with testing.server(data=data) as url, httpx.Client(base_url=f"{url}/v1", timeout=20) as client:
        yield Server(client)
