"""What the scenes of ``python/objects.py`` see."""

from __future__ import annotations

from typing import Any, Final

ASSISTANT: Final[dict[str, Any]] = {
    "id": "asst_1",
    "object": "assistant",
    "created_at": "time",
    "name": None,
    "description": None,
    "model": "builtin/guide",
    "instructions": None,
    "tools": [],
    "top_p": 1.0,
    "temperature": 1.0,
    "reasoning_effort": None,
    "tool_resources": {},
    "metadata": {},
    "response_format": "auto",
}
TOOLS: Final = [
    {
        "type": "function",
        "function": {
            "name": "f",
            "description": "d",
            "parameters": {"type": "object", "properties": {}},
            "strict": False,
        },
    },
    {
        "type": "file_search",
        "file_search": {
            "ranking_options": {"ranker": "default_2024_08_21", "score_threshold": 0.0, "hybrid_search": None}
        },
    },
]
THREAD: Final[dict[str, Any]] = {
    "id": "thread_1",
    "object": "thread",
    "created_at": "time",
    "metadata": {},
    "tool_resources": {},
}
MESSAGE: Final[dict[str, Any]] = {
    "id": "msg_1",
    "object": "thread.message",
    "created_at": "time",
    "assistant_id": None,
    "thread_id": "thread_1",
    "run_id": None,
    "status": "completed",
    "incomplete_details": None,
    "incomplete_at": None,
    "completed_at": "time",
    "role": "user",
    "content": [],
    "attachments": [],
    "metadata": {},
}
SEVEN: Final = {
    "default": [6, 5, 4, 3, 2, 1, 0],
    "desc": [6, 5, 4, 3, 2, 1, 0],
    "asc": [0, 1, 2, 3, 4, 5, 6],
    "asc, after": [3, 4, 5, 6],
    "desc, after": [3, 2, 1, 0],
    "asc, between": [2, 3],
    # A page before something is what stands next to it, and nothing comes behind that (reference section 1.4).
    "desc, before": [5, 4],
    "a page": [[1, 2], True],
    "the next": [3, 4],
}


def text(value: str) -> dict[str, Any]:
    return {"type": "text", "text": {"value": value, "annotations": []}}


def model(name: str) -> dict[str, Any]:
    return {"id": f"builtin/{name}", "object": "model", "created": 0, "owned_by": "livethread"}


def deleted(id: str, object: str) -> dict[str, Any]:
    return {"id": id, "object": f"{object}.deleted", "deleted": True}


CALLS: Final = {
    "assistants": ["create", "delete", "list", "retrieve", "update"],
    "threads": [
        "create",
        "create_and_run",
        "create_and_run_poll",
        "create_and_run_stream",
        "delete",
        "retrieve",
        "update",
    ],
    "messages": ["create", "delete", "list", "retrieve", "update"],
    "runs": [
        "cancel",
        "create",
        "create_and_poll",
        "create_and_stream",
        "list",
        "poll",
        "retrieve",
        "stream",
        "submit_tool_outputs",
        "submit_tool_outputs_and_poll",
        "submit_tool_outputs_stream",
        "update",
    ],
    "steps": ["list", "retrieve"],
    "callbacks": [
        "close",
        "get_final_messages",
        "get_final_run",
        "get_final_run_steps",
        "on_end",
        "on_event",
        "on_exception",
        "on_image_file_done",
        "on_message_created",
        "on_message_delta",
        "on_message_done",
        "on_run_step_created",
        "on_run_step_delta",
        "on_run_step_done",
        "on_text_created",
        "on_text_delta",
        "on_text_done",
        "on_timeout",
        "on_tool_call_created",
        "on_tool_call_delta",
        "on_tool_call_done",
        "until_done",
    ],
}
"""What the SDKs have; it has never changed since the spring of 2024."""

EXPECTED: Final[dict[str, Any]] = {
    "surface": CALLS,
    "assistants": {
        "bare": ASSISTANT,
        "full": ASSISTANT
        | {
            "id": "asst_2",
            "name": "Guide",
            "description": "Knows the way",
            "instructions": "Be kind.",
            "tools": TOOLS,
            "tool_resources": {"file_search": {"vector_store_ids": []}},
            "metadata": {"team": "sails"},
            "temperature": 0.5,
            "top_p": 0.25,
            "response_format": {"type": "json_object"},
        },
        "read": True,
        "changed": {"description": "Knew it", "metadata": {"a": "b"}},
        "deleted": [deleted("asst_1", "assistant"), deleted("asst_2", "assistant")],
        "gone": ["NotFoundError", 404, "No assistant found with id 'asst_2'.", None, None],
    },
    "threads": {
        "empty": THREAD,
        "thread": THREAD | {"id": "thread_2", "metadata": {"topic": "weather"}},
        "read": True,
        "updated": THREAD | {"id": "thread_2", "metadata": {"topic": "tides"}},
        "messages": [["user", [text("one")], {"name": "Ada"}], ["assistant", [text("two")], {}]],
        "deleted": deleted("thread_2", "thread"),
        "gone": ["NotFoundError", 404, "No thread found with id 'thread_2'.", None, None],
    },
    "messages": {
        "message": MESSAGE
        | {
            "content": [
                text("look 🦊"),
                {"type": "image_url", "image_url": {"url": "https://example.org/a.png", "detail": "auto"}},
            ],
            "metadata": {"name": "Ada"},
        },
        "read": True,
        "changed": {"metadata": {"seen": "yes"}},
        "attached": MESSAGE
        | {
            "id": "msg_2",
            "role": "assistant",
            "content": [text("with a file")],
            "attachments": [{"file_id": "file-1", "tools": [{"type": "file_search"}]}],
        },
        "refused": [
            "BadRequestError",
            400,
            "Invalid value: 'refusal'. Supported values are: 'text', 'image_url', and 'image_file'.",
            "content[0].type",
            "invalid_value",
        ],
        "deleted": deleted("msg_1", "thread.message"),
        "left": [True],
    },
    "models": {"listed": [model("guide"), model("tools"), model("script")], "read": model("guide")},
    "pages_of_assistants": SEVEN,
    "pages_of_messages": SEVEN,
    "pages_of_runs": SEVEN,
    "pages_of_steps": SEVEN,
    "messages_of_a_run": {
        "written": [
            MESSAGE
            | {
                "role": "assistant",
                "assistant_id": "asst_1",
                "run_id": "run_1",
                "content": [text("It is sunny in Rome.")],
            }
        ],
        "nothing": [[], False],
    },
}
