"""``livethread tail``: a thread as it grows, on a terminal or into a pipe."""

from __future__ import annotations

import json
import sys
from contextlib import aclosing

from livethread.cli.speakers import Speakers
from livethread.cli.transcript import Transcript
from livethread.client import Client
from livethread.settings import Caller


async def tail(caller: Caller, thread_id: str, *, last: int) -> None:
    """Print the texts of a thread as they grow, until it is deleted.

    Args:
        caller: where the server is.
        thread_id: of the thread.
        last: how many of the newest messages to begin with, at most 100.

    Raises:
        LivethreadError: there is no such server or thread, or the key is wrong.
        BrokenPipeError: nobody reads it any more.
    """
    async with Client(caller.url, api_key=caller.api_key) as client:
        speakers = Speakers(client)
        transcript = Transcript(sys.stdout.write, speakers.names, last=last)
        connected = True
        async with aclosing(client.thread(thread_id).states(limit=max(last, 1))) as states:
            async for state in states:
                if state.connected != connected:
                    connected = state.connected
                    aside("Connected again." if connected else "The connection is lost; trying again.")
                await speakers.learn(state)
                transcript.show(state)
                sys.stdout.flush()
    aside("The thread was deleted.")


async def tail_json(caller: Caller, thread_id: str) -> None:
    """Print every event of a thread as one line of JSON; the first is a ``thread.snapshot``.

    Raises:
        LivethreadError: as `tail`.
        BrokenPipeError: likewise.
    """
    async with (
        Client(caller.url, api_key=caller.api_key) as client,
        aclosing(client.thread(thread_id).events()) as events,
    ):
        async for event in events:
            sys.stdout.write(json.dumps({"type": event.type, "id": event.id, "data": event.data}) + "\n")
            sys.stdout.flush()


def aside(sentence: str) -> None:
    """Say something that is no part of what is printed."""
    sys.stderr.write(f"livethread: {sentence}\n")
