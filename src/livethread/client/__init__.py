"""The Python client: a thread's events, and its always-current messages, over connections that may break.

::

    import asyncio

    from livethread.client import Client

    async def main() -> None:
        async with Client("http://127.0.0.1:8000", name="Ann") as client:
            guide = (await client.assistants())[-1]
            thread = await client.create_thread()
            await thread.turn("What is a thread?", [guide["id"]])
            async for messages in thread.messages():
                print(messages[0]["content"][0]["text"]["value"])
                if messages[0]["status"] == "completed":
                    break

    asyncio.run(main())

A stream goes on by its cursor wherever it was cut, so no event is lost and none comes twice. Scripts without
``async`` use `livethread.client.sync`, which has the same names. What may be sent and what comes back is the
Assistants API with the additions of wire.md; objects are plain dictionaries.
"""

from livethread.client.client import Client
from livethread.client.event import Event
from livethread.client.refusals import Unreachable
from livethread.client.state import State
from livethread.client.thread import Thread
from livethread.errors import ApiError, LivethreadError, NotFound

__all__ = ["ApiError", "Client", "Event", "LivethreadError", "NotFound", "State", "Thread", "Unreachable"]
