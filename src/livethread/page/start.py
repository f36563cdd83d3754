"""What a checkout without a build of the chat page shows: where things are, and one call to try."""

from __future__ import annotations

from html import escape
from typing import Final

_PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Livethread</title>
<style>
  :root {{ color-scheme: light dark }}
  body {{ font: 16px/1.55 system-ui, sans-serif; max-width: 44rem; margin: 3rem auto; padding: 0 1rem }}
  pre {{ padding: 1rem; white-space: pre-wrap; overflow-wrap: anywhere; border-radius: .5rem;
    background: rgb(128 128 128 / .12) }}
  code {{ font: 14px/1.5 ui-monospace, monospace }}
</style>
<h1>Livethread</h1>
<p>A self-hosted server for AI-assistant threads. It speaks the Assistants API v2, so the official SDKs work with it
  unchanged; and every thread is live for everyone who watches it.</p>
<p>Base URL for SDKs: <code>{url}/v1</code>. <a href="docs">API docs</a>. <a href="healthz">Health</a>.</p>
<h2>Try it</h2>
<pre><code>{curl}</code></pre>
<h2>From Python</h2>
<pre><code>{python}</code></pre>
"""


def curl(url: str, assistant_id: str, key: str | None = None) -> str:
    """A call that streams an answer; with a key, if the server asks for one."""
    authorization = f' -H "Authorization: Bearer {key}"' if key else ""
    body = (
        f'{{"assistant_id": "{assistant_id}", "stream": true, '
        '"thread": {"messages": [{"role": "user", "content": "What is Livethread?"}]}}'
    )
    return f"curl -N {url}/v1/threads/runs -H 'Content-Type: application/json'{authorization} -d '{body}'"


def python(url: str, assistant_id: str, key: str | None = None) -> str:
    """The same with the official Python SDK."""
    return f"""from openai import OpenAI
client = OpenAI(base_url="{url}/v1", api_key="{key or "any"}")
thread = client.beta.threads.create(messages=[{{"role": "user", "content": "What is Livethread?"}}])
with client.beta.threads.runs.stream(thread_id=thread.id, assistant_id="{assistant_id}") as stream:
    for text in stream.text_deltas:
        print(text, end="", flush=True)"""


def start_page(url: str, assistant_id: str | None) -> str:
    """The page as HTML.

    Args:
        url: where the browser found the server.
        assistant_id: of an assistant to talk to.
    """
    id = assistant_id or "asst_…"
    return _PAGE.format(url=escape(url), curl=escape(curl(url, id)), python=escape(python(url, id)))
