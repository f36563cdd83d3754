"""The API's own documentation at ``/docs``: everything it needs comes from this server."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles


def add_documentation(app: FastAPI) -> None:
    """Serve the pages, and describe the streams, which are not routes of the app.

    Args:
        app: made with ``docs_url=None``; ``/openapi.json`` is its own.
    """
    app.mount("/swagger", StaticFiles(packages=[("fastapi_swagger", "resources")]))
    app.add_route("/docs", _page, include_in_schema=False)
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        document = describe()
        if "Refusal" not in document["components"]["schemas"]:
            _correct(document)
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _correct(document: dict[str, Any]) -> None:
    """What FastAPI cannot know: the error envelope, and the answers that are streams."""
    schemas = document["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Refusal"] = _REFUSAL
    refused = {"$ref": "#/components/schemas/Refusal"}
    for operations in document["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("422", None)
            operation["responses"]["4XX"] = {
                "description": "Refused, with the reason.",
                "content": {"application/json": {"schema": refused}},
            }
    for path in _STREAMED:
        document["paths"][path]["post"]["responses"]["200"]["content"]["text/event-stream"] = {"schema": _STRING}
    document["paths"].update(_STREAMS)


async def _page(request: Request) -> Response:
    return get_swagger_ui_html(
        openapi_url="openapi.json",
        title="Livethread",
        swagger_js_url="swagger/swagger-ui-bundle.js",
        swagger_css_url="swagger/swagger-ui.css",
        swagger_favicon_url="swagger/favicon-32x32.png",
    )


def _parameter(name: str, place: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "in": place,
        "description": description,
        "schema": schema,
        "required": place == "path",
    }


_STRING: Final = {"type": "string"}
_REFUSAL: Final = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": _STRING,
                "type": _STRING,
                "param": {"type": ["string", "null"], "description": "The path of the field at fault."},
                "code": {"type": ["string", "null"]},
            },
        }
    },
}
_STREAMED: Final = (
    "/v1/chat/completions",
    "/v1/threads/runs",
    "/v1/threads/{thread_id}/runs",
    "/v1/threads/{thread_id}/runs/{run_id}/submit_tool_outputs",
)
_CURSOR: Final = [
    _parameter("Last-Event-ID", "header", "The id of the last event that was read; wins over `cursor`.", _STRING),
    _parameter("cursor", "query", "The same, or an `x-thread-cursor`.", _STRING),
]
_EVENTS: Final = {
    "200": {"description": "Server-sent events.", "content": {"text/event-stream": {"schema": _STRING}}},
    "204": {"description": "It is over, and the cursor holds its end."},
    "404": {"description": "There is no such thread or run."},
    "503": {
        "description": "Too many watch; a caller that accepts `text/event-stream` gets 200 and one `error` event with "
        "`retry: 15000` instead, which an `EventSource` survives."
    },
}
_STREAMS: Final = {
    "/v1/threads/events": {
        "get": {
            "tags": ["threads"],
            "summary": "Watch the list of threads live",
            "description": "`thread.listed` with an item of the list when its title or last message changes, and "
            "`thread.deleted`; at most once a second for each thread, and without ids: who comes back reads the list.",
            "responses": {status: _EVENTS[status] for status in ("200", "503")},
        }
    },
    "/v1/threads/{thread_id}/events": {
        "get": {
            "tags": ["threads"],
            "summary": "Watch a thread live",
            "description": "A snapshot, or what follows the cursor; then every event and every token of every run.",
            "parameters": [
                _parameter("thread_id", "path", "Which thread.", _STRING),
                *_CURSOR,
                _parameter(
                    "limit", "query", "How many of the newest messages and runs the snapshot shows.",
                    {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
                ),
                _parameter(
                    "snapshot", "query", "`none`: begin with what happens now.",
                    {"enum": ["full", "none"], "default": "full"},
                ),
                _parameter(
                    "name", "query", "Who watches, as the others are shown; only with `user_id`.",
                    {"type": "string", "minLength": 1, "maxLength": 64},
                ),
                _parameter(
                    "user_id", "query", "Tells people apart: two tabs of one id are one person; only with `name`.",
                    {"type": "string", "minLength": 1, "maxLength": 64},
                ),
            ],
            "responses": _EVENTS,
        }
    },
    "/v1/threads/{thread_id}/runs/{run_id}/events": {
        "get": {
            "tags": ["runs"],
            "summary": "Watch a run again",
            "description": "From `thread.run.created`, or what follows the cursor, to the run's end.",
            "parameters": [
                _parameter("thread_id", "path", "Which thread.", _STRING),
                _parameter("run_id", "path", "Which run.", _STRING),
                *_CURSOR,
            ],
            "responses": _EVENTS,
        }
    },
}  # fmt: skip
