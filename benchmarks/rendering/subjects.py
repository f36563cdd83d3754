"""What is measured: a page, a thread to open in it, and an answer that it shows."""

from __future__ import annotations

import itertools
import json
import time
from pathlib import Path
from typing import Any, Final, NamedTuple

from playwright.sync_api import Browser, Page

from benchmarks.process import Measured
from benchmarks.rendering import pages
from benchmarks.rendering.busy import Busy, measure
from benchmarks.wire import call, read

RATE: Final = 100
"""Tokens a second."""

SENTENCE: Final = "A thread is live, and everyone who looks on sees every word of it the moment it is written."
PARAGRAPH: Final = 76
"""Words of one."""

BREAK: Final = "\n\n"
END: Final = "So."
"""The last word of an answer."""

ANN: Final = {"user_id": "user_ann", "name": "Ann"}
LOAD_ALL: Final = """async () => {
  const older = () => [...document.querySelectorAll("button")].find((one) => /older messages/.test(one.textContent));
  for (let button; (button = older()); await new Promise(requestAnimationFrame)) if (!button.disabled) button.click();
  document.querySelector("[aria-label='Go to the newest message']")?.click();
}"""
SAYS: Final = "(text) => document.querySelector('[role=log], #root:not(:has([role]))')?.textContent.includes(text)"
"""Among the messages: the list of threads has the last one, too."""


class Subject(NamedTuple):
    """What is measured.

    Args:
        page: which is opened: of this folder, or ``chat``, the server's own.
        messages: that the thread has before the answer.
    """

    page: str
    messages: int

    @property
    def name(self) -> str:
        """Of the page, in tables."""
        return {"seed": "the seed's way", "ours": "useThread", "chat": "the chat page"}[self.page]

    def __str__(self) -> str:
        return f"{self.name}, {self.messages:,} messages"


class Bench(NamedTuple):
    """Where it is measured.

    Args:
        browser: that opens the pages.
        server: that they speak to.
        folder: of the pages that were built.
        files: its address.
        tokens: of an answer.
    """

    browser: Browser
    server: Measured
    folder: Path
    files: str
    tokens: int

    def watch(self, subject: Subject) -> Busy:
        """One answer in a thread of its own, on a page of its own.

        Raises:
            TimeoutError: it has not ended, or is not shown.
        """
        v1 = f"{self.server.url}/v1"
        said = [{"role": "user", "content": f"{SENTENCE} This is message {n}."} for n in range(subject.messages)]
        thread_id = call(f"{v1}/threads", {"messages": said})["id"]
        runs = f"{v1}/threads/{thread_id}/runs"
        assistant_id = self._assistant()

        def opened(page: Page) -> None:
            if subject.page == "chat":
                page.add_init_script(f"localStorage.setItem('livethread.person', {json.dumps(json.dumps(ANN))})")
                page.goto(f"{self.server.url}/#{thread_id}")
                page.wait_for_function(SAYS, arg=f"This is message {subject.messages - 1}.")
                page.evaluate(LOAD_ALL)
            else:
                pages.write(self.folder, subject.page, v1=v1, thread_id=thread_id, assistant_id=assistant_id)
                page.goto(self.files)
                page.wait_for_function("() => window.load")
                page.evaluate("load()")
            page.wait_for_function(SAYS, arg="This is message 0.")

        def answered(page: Page) -> None:
            if subject.page == "chat":
                call(runs, {"assistant_id": assistant_id})
            else:
                page.evaluate("run()")
            until = time.monotonic() + self.tokens / RATE + 60
            while not self._ended(runs):
                if time.monotonic() > until:
                    raise TimeoutError("the answer has not ended")
                time.sleep(0.2)

        def shown(page: Page) -> None:
            page.wait_for_function(SAYS, arg=f" {END}")

        return measure(self.browser, opened, answered, shown)

    def _assistant(self) -> str:
        """The id of one that says so many words at the pace."""
        words = list(itertools.islice(itertools.cycle(SENTENCE.split()), self.tokens - 1))
        paragraphs = [" ".join(words[at : at + PARAGRAPH]) for at in range(0, len(words), PARAGRAPH)]
        script = {"turns": [[{"text": f"{BREAK.join(paragraphs)} {END}", "words_per_second": RATE}]]}
        body = {"model": "builtin/script", "name": "benchmark", "instructions": json.dumps(script)}
        return str(call(f"{self.server.url}/v1/assistants", body)["id"])

    def _ended(self, runs: str) -> bool:
        found: list[dict[str, Any]] = read(f"{runs}?limit=1")["data"]
        return bool(found) and found[0]["status"] == "completed"
