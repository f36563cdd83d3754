"""The client without ``async``."""

from __future__ import annotations

import asyncio
import inspect
import sys
import threading

import pytest

from livethread import client as live
from livethread.client.client import Transport
from livethread.client.sync import Client, Thread
from livethread.sse import encode
from tests.client.scripted import SNAPSHOT, answering, give, stream

ANSWER = "turns: [[{pieces: [One, ' two', ' three'], delay_ms: 1}]]"


def test_it_has_the_same_names_as_the_client_proper() -> None:
    for ours, theirs in ((Client, live.Client), (Thread, live.Thread)):
        assert {name for name in dir(ours) if name[0] != "_"} == {name for name in dir(theirs) if name[0] != "_"}


def test_its_parameters_are_those_of_the_client_proper() -> None:
    for ours, theirs in ((Client, live.Client), (Thread, live.Thread)):
        for name in (name for name in dir(ours) if name[0] != "_"):
            mine = inspect.signature(getattr(ours, name)).parameters
            named = [parameter for parameter in mine if parameter != "options"]
            assert set(named) <= set(inspect.signature(getattr(theirs, name)).parameters)


def test_a_script_talks_and_reads(url: str, transport: Transport) -> None:
    with Client(url, name="Ann", transport=transport) as client:
        made = client.call("POST", "/assistants", {"model": "builtin/script", "instructions": ANSWER})
        assert client.assistants()[0]["id"] == made["id"]
        thread = client.create_thread(["Hello"])
        thread.turn("Count.", [made["id"]])
        for messages in thread.messages():
            if messages[0]["status"] == "completed" and messages[0]["role"] == "assistant":
                break
        for state in thread.states():
            if state.runs[0]["status"] == "completed":
                break
        first = next(thread.events())
        assert thread.post("Bye")["metadata"]["name"] == "Ann"
        thread.delete()
    assert messages[0]["content"][0]["text"]["value"] == "One two three"
    assert first.type == "thread.snapshot"


def test_leaving_a_loop_leaves_nothing_behind(url: str) -> None:
    with Client(url) as client:
        thread = client.create_thread()
        for state in thread.states():
            assert state.connected
            break
        tasks = asyncio.run_coroutine_threadsafe(_tasks(), client._loop._loop).result()
        assert tasks == 1  # the one that counts them


async def _tasks() -> int:
    return len(asyncio.all_tasks())


def test_an_error_is_raised_where_it_is_waited_for(url: str) -> None:
    with Client(url) as client, pytest.raises(live.NotFound):
        next(client.thread("thread_none").events())


def test_a_deleted_thread_ends_its_loops(url: str) -> None:
    with Client(url) as client:
        thread = client.create_thread()
        types: list[str] = []
        for event in thread.events():
            if not types:
                thread.delete()
            types.append(event.type)
    assert types[-1] == "thread.deleted"


def test_a_closed_client_says_so_also_to_who_waits_in_another_thread(url: str) -> None:
    client = Client(url)
    thread = client.create_thread()
    told: list[str] = []
    watching = threading.Event()

    def watch() -> None:
        try:
            for _ in thread.states():
                watching.set()
        except RuntimeError as error:
            told.append(str(error))
        else:
            told.append("the end")

    other = threading.Thread(target=watch)
    other.start()
    watching.wait()
    client.close()
    client.close()
    other.join()
    assert len(told) == 1
    with pytest.raises(RuntimeError, match="has been closed"):
        thread.read()


INTERRUPTED = """
import asyncio, os, signal, sys, threading
from livethread.client.sync import Client

def interrupt_soon():
    threading.Timer(0.2, os.kill, [os.getpid(), signal.SIGINT]).start()

async def count():
    return len(asyncio.all_tasks())

def wait_until_nothing_runs():
    while asyncio.run_coroutine_threadsafe(count(), client._loop._loop).result() > 1:  # the one that counts
        pass

with Client(sys.argv[1]) as client:
    thread = client.create_thread()
    try:
        for state in thread.states():
            interrupt_soon()
    except KeyboardInterrupt:
        wait_until_nothing_runs()
        print("loop left")
    try:
        interrupt_soon()
        thread.read()
    except KeyboardInterrupt:
        wait_until_nothing_runs()
        print("call left")
    print(thread.read())
"""


async def test_an_interruption_ends_the_wait_and_nothing_else() -> None:
    silence, there = stream(then="silence"), give({"id": "thread_1"})
    first = stream(encode("thread.snapshot", SNAPSHOT, id="1.aaaa"), then="silence")
    async with answering(there, first, silence, there) as server, asyncio.timeout(30):
        pipe = asyncio.subprocess.PIPE
        script = await asyncio.create_subprocess_exec(
            sys.executable, "-c", INTERRUPTED, server.url, stdout=pipe, stderr=pipe
        )
        try:
            out, errors = await script.communicate()
        finally:
            if script.returncode is None:
                script.kill()
    assert errors == b""
    assert out.decode().splitlines() == ["loop left", "call left", "{'id': 'thread_1'}"]
