"""Two answers at once, seen by everybody. Beside a running server: python examples/python/live_thread.py"""

import os

from livethread.client.sync import Client

url = os.environ.get("LIVETHREAD_URL", "http://127.0.0.1:8000")


def text(message):
    return message["content"][0]["text"]["value"]


with Client(url, name="Ann") as client:
    names = {assistant["id"]: assistant["name"] for assistant in client.assistants()}
    guide, lab = (next(id for id in names if names[id] == name) for name in ("Guide", "Latency lab"))
    thread = client.create_thread()
    print(f"Watch it from elsewhere: livethread tail {thread.id} --url {url}\n", flush=True)

    turn = thread.turn("How do I watch a thread live?", [guide, lab])
    waiting = {run["id"] for run in turn["runs"]}

    # The newest state whenever there is one, also over connections that break. Leaving the loop closes it.
    for state in thread.states():
        written = {names[one["assistant_id"]]: len(text(one)) for one in state.messages if one["assistant_id"]}
        print("\r" + ", ".join(f"{name}: {count} characters" for name, count in written.items()), end="", flush=True)
        if all(run["status"] not in ("queued", "in_progress") for run in state.runs if run["id"] in waiting):
            break

    print()
    for message in reversed(state.messages):
        print(f"\n{names.get(message['assistant_id'], 'Ann')}: {text(message)}")
