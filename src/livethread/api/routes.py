"""Every route of the REST face, on one screen. Streams stand before these: `livethread.api.streams`."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.responses import PlainTextResponse, Response

from livethread.api import envelope, later
from livethread.api.answers import ListOf
from livethread.api.assistants import AssistantCalls
from livethread.api.body import MAX_BODY, json_route
from livethread.api.chat import ChatCalls, ChatCompletion
from livethread.api.messages import MessageCalls
from livethread.api.models import Model, ModelCalls, Models
from livethread.api.people import PeopleCalls, TypingPerson
from livethread.api.room_stream import RoomStreamCalls
from livethread.api.runs import Claimed, RunCalls, Stopped
from livethread.api.steps import StepCalls
from livethread.api.threads import ListedThread, ThreadCalls
from livethread.api.turns import TurnCalls
from livethread.domain.assistants import Assistant
from livethread.domain.messages import Message
from livethread.domain.record import Deleted
from livethread.domain.runs import Run
from livethread.domain.steps import RunStep
from livethread.domain.threads import Thread
from livethread.domain.turns import Turn
from livethread.live.hubs import Hubs
from livethread.providers.registry import Registry
from livethread.services.assistants import Assistants
from livethread.services.chat import Chat
from livethread.services.messages import Messages
from livethread.services.remembered import Remembered
from livethread.services.rooms import Rooms
from livethread.services.runs import Runs
from livethread.services.steps import Steps
from livethread.services.threads import Threads
from livethread.services.turns import Turns

Call = Callable[..., Coroutine[Any, Any, Response]]


@dataclass(frozen=True, slots=True)
class Services:
    """What the routes lead to, one for each noun."""

    assistants: Assistants
    threads: Threads
    messages: Messages
    runs: Runs
    turns: Turns
    rooms: Rooms
    steps: Steps
    chat: Chat
    registry: Registry
    hubs: Hubs
    remembered: Remembered


def add_routes(
    app: FastAPI, services: Services, *, max_body: int = MAX_BODY, posted: Callable[[], None] = lambda: None
) -> None:
    """Put the routes into an app, and every error that comes out of it into the envelope.

    Args:
        app: where.
        services: what answers them.
        max_body: bytes of a request body.
        posted: is told when somebody has posted into the default room.
    """
    envelope.install(app)
    routes = APIRouter(prefix="/v1", route_class=json_route(max_body, services.remembered), redirect_slashes=False)

    def add(method: str, path: str, call: Call, answer: type) -> None:
        nouns = call.__module__.rpartition(".")[2]
        routes.add_api_route(
            path, call, methods=[method], tags=[nouns], name=f"{call.__name__} {nouns}",
            summary=(call.__doc__ or "").partition("\n")[0].rstrip("."), responses={200: {"model": answer}},
        )  # fmt: skip

    assistants = AssistantCalls(services.assistants)
    add("POST", "/assistants", assistants.create, Assistant)
    add("GET", "/assistants", assistants.list, ListOf[Assistant])
    add("GET", "/assistants/{assistant_id}", assistants.get, Assistant)
    add("POST", "/assistants/{assistant_id}", assistants.update, Assistant)
    add("DELETE", "/assistants/{assistant_id}", assistants.delete, Deleted)

    runs = RunCalls(services.runs, services.hubs)
    add("POST", "/threads/runs", runs.create_with_thread, Run)  # before {thread_id}: the first match wins

    threads = ThreadCalls(services.threads)
    add("POST", "/threads", threads.create, Thread)
    add("GET", "/threads", threads.list, ListOf[ListedThread])
    add("GET", "/threads/{thread_id}", threads.get, Thread)
    add("POST", "/threads/{thread_id}", threads.update, Thread)
    add("DELETE", "/threads/{thread_id}", threads.delete, Deleted)
    add("POST", "/threads/{thread_id}/typing", PeopleCalls(services.hubs, services.threads).typing, TypingPerson)

    messages = MessageCalls(services.messages)
    add("POST", "/threads/{thread_id}/messages", messages.create, Message)
    add("GET", "/threads/{thread_id}/messages", messages.list, ListOf[Message])
    add("GET", "/threads/{thread_id}/messages/{message_id}", messages.get, Message)
    add("POST", "/threads/{thread_id}/messages/{message_id}", messages.update, Message)
    add("DELETE", "/threads/{thread_id}/messages/{message_id}", messages.delete, Deleted)

    add("POST", "/threads/{thread_id}/runs", runs.create, Run)
    add("GET", "/threads/{thread_id}/runs", runs.list, ListOf[Run])
    add("GET", "/threads/{thread_id}/runs/{run_id}", runs.get, Run)
    add("POST", "/threads/{thread_id}/runs/{run_id}", runs.update, Run)
    add("POST", "/threads/{thread_id}/runs/{run_id}/cancel", runs.cancel, Run)
    add("POST", "/threads/{thread_id}/runs/{run_id}/claim", runs.claim, Claimed)
    add("POST", "/threads/{thread_id}/runs/{run_id}/submit_tool_outputs", runs.submit, Run)

    add("POST", "/threads/{thread_id}/turns", TurnCalls(services.turns).create, Turn)
    add("POST", "/threads/{thread_id}/stop", runs.stop, Stopped)

    steps = StepCalls(services.steps)
    add("GET", "/threads/{thread_id}/runs/{run_id}/steps", steps.list, ListOf[RunStep])
    add("GET", "/threads/{thread_id}/runs/{run_id}/steps/{step_id}", steps.get, RunStep)

    add("POST", "/chat/completions", ChatCalls(services.chat).create, ChatCompletion)

    models = ModelCalls(services.registry)
    add("GET", "/models", models.list, Models)
    add("GET", "/models/{model:path}", models.get, Model)

    for noun in ("files", "vector_stores"):
        for path in (f"/v1/{noun}", f"/v1/{noun}/{{rest:path}}"):
            routes.add_route(path, later.not_yet, later.METHODS, include_in_schema=False)
    app.include_router(routes)

    rooms = APIRouter(route_class=json_route(max_body, services.remembered), redirect_slashes=False)
    stream = RoomStreamCalls(services.rooms, services.hubs, posted).post
    rooms.add_api_route(
        "/stream", stream, methods=["POST"], tags=["rooms"], name="stream rooms", response_class=PlainTextResponse,
        summary=(stream.__doc__ or "").partition("\n")[0].rstrip("."),
    )  # fmt: skip
    app.include_router(rooms)
