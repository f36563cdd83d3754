"""Every route of the REST face, on one screen. Streams stand before these: `livethread.api.streams`."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from livethread.api import later
from livethread.api.answers import ListOf
from livethread.api.assistants import AssistantCalls
from livethread.api.body import MAX_BODY, json_route
from livethread.api.messages import MessageCalls
from livethread.api.steps import StepCalls
from livethread.api.threads import ThreadCalls
from livethread.domain.assistants import Assistant
from livethread.domain.messages import Message
from livethread.domain.record import Deleted
from livethread.domain.steps import RunStep
from livethread.domain.threads import Thread
from livethread.services.assistants import Assistants
from livethread.services.messages import Messages
from livethread.services.steps import Steps
from livethread.services.threads import Threads

Call = Callable[..., Coroutine[Any, Any, Response]]


@dataclass(frozen=True, slots=True)
class Services:
    """What the routes lead to, one for each noun."""

    assistants: Assistants
    threads: Threads
    messages: Messages
    steps: Steps


def router(services: Services, *, max_body: int = MAX_BODY) -> APIRouter:
    """The routes.

    Args:
        services: what answers them.
        max_body: bytes of a request body.
    """
    routes = APIRouter(prefix="/v1", route_class=json_route(max_body), redirect_slashes=False)

    def add(method: str, path: str, call: Call, answer: type) -> None:
        noun = type(call.__self__).__name__.removesuffix("Calls") if hasattr(call, "__self__") else ""
        routes.add_api_route(
            path, call, methods=[method], tags=[f"{noun}s"],
            name=f"{call.__name__} {noun.lower()}", responses={200: {"model": answer}},
        )  # fmt: skip

    assistants = AssistantCalls(services.assistants)
    add("POST", "/assistants", assistants.create, Assistant)
    add("GET", "/assistants", assistants.list, ListOf[Assistant])
    add("GET", "/assistants/{assistant_id}", assistants.get, Assistant)
    add("POST", "/assistants/{assistant_id}", assistants.update, Assistant)
    add("DELETE", "/assistants/{assistant_id}", assistants.delete, Deleted)

    threads = ThreadCalls(services.threads)
    add("POST", "/threads", threads.create, Thread)
    add("GET", "/threads", threads.list, ListOf[Thread])
    add("GET", "/threads/{thread_id}", threads.get, Thread)
    add("POST", "/threads/{thread_id}", threads.update, Thread)
    add("DELETE", "/threads/{thread_id}", threads.delete, Deleted)

    messages = MessageCalls(services.messages)
    add("POST", "/threads/{thread_id}/messages", messages.create, Message)
    add("GET", "/threads/{thread_id}/messages", messages.list, ListOf[Message])
    add("GET", "/threads/{thread_id}/messages/{message_id}", messages.get, Message)
    add("POST", "/threads/{thread_id}/messages/{message_id}", messages.update, Message)
    add("DELETE", "/threads/{thread_id}/messages/{message_id}", messages.delete, Deleted)

    steps = StepCalls(services.steps)
    add("GET", "/threads/{thread_id}/runs/{run_id}/steps", steps.list, ListOf[RunStep])
    add("GET", "/threads/{thread_id}/runs/{run_id}/steps/{step_id}", steps.get, RunStep)

    for noun in ("files", "vector_stores"):
        for path in (f"/v1/{noun}", f"/v1/{noun}/{{rest:path}}"):
            routes.add_route(path, later.not_yet, later.METHODS, include_in_schema=False)
    return routes
