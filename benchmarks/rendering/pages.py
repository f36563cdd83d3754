"""The pages that are measured, built and served; on an origin of their own, as a front end in development is."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "page"
ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "clients" / "js"
BIN = ROOT / ".venv" / "bin"

HTML = """<!doctype html><meta charset="utf-8"><title>Rendering</title>
<style>
  /* The reader is at the end, and stays there: the answer is in sight as it grows, in every page alike. */
  body { margin: 0; display: flex; flex-direction: column-reverse; height: 100vh; overflow-y: scroll }
</style>
<div id="root"></div>
<script>window.given = GIVEN</script>
<script type="module" src="./NAME.js"></script>
"""


def build(folder: Path) -> None:
    """Bundle every page as for production, with the React of the JavaScript client's own tests.

    Raises:
        subprocess.CalledProcessError: esbuild has said why.
    """
    subprocess.run(
        [
            BIN / "node", CLIENT / "node_modules/esbuild/bin/esbuild", *sorted(HERE.glob("*.jsx")),
            "--bundle", "--minify", "--splitting", "--format=esm", "--target=es2022", "--charset=utf8",
            "--jsx=automatic", "--define:process.env.NODE_ENV=\"production\"",
            f"--alias:livethread={CLIENT / 'src/index.ts'}", f"--alias:livethread/react={CLIENT / 'src/react.ts'}",
            f"--outdir={folder}", "--log-level=warning",
        ],
        check=True, env={**os.environ, "NODE_PATH": str(CLIENT / "node_modules")},
    )  # fmt: skip


def write(folder: Path, name: str, **given: Any) -> None:
    """The document of a page that was built.

    Args:
        folder: where it was built.
        name: of the page.
        given: what the page finds in ``window.given``.
    """
    html = HTML.replace("GIVEN", json.dumps(given)).replace("NAME", name)
    (folder / "index.html").write_text(html, encoding="utf-8")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the terminal is for figures."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a folder's files, for as long as the block lasts."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder))) as files:
        serving = threading.Thread(target=files.serve_forever)
        serving.start()
        try:
            yield f"http://127.0.0.1:{files.server_port}"
        finally:
            files.shutdown()
            serving.join()
