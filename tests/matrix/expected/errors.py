"""What the scenes of ``python/errors.py`` see: class, status, message, param, code."""

from __future__ import annotations

from typing import Any, Final

Refused = list[Any]


def not_found(noun: str, id: str) -> Refused:
    return ["NotFoundError", 404, f"No {noun} found with id '{id}'.", None, None]


def bad(message: str, param: str | None = None, code: str | None = None) -> Refused:
    return ["BadRequestError", 400, message, param, code]


def too_long(param: str, limit: int) -> Refused:
    return bad(
        f"Invalid '{param}': string too long. Expected a string with maximum length {limit}, "
        f"but got a string with length {limit + 1} instead.",
        param,
        "string_above_max_length",
    )


NO_MESSAGES: Final = bad(
    "Run creation requires a Thread with a user message or an assistant with instructions.", None, "invalid_thread"
)
UNDEFINED: Final = bad(
    "Invalid 'thread_id': 'undefined'. Expected an ID that begins with 'thread'.", "thread_id", "invalid_value"
)
WRONG_KEY: Final = [
    "AuthenticationError",
    401,
    "Incorrect API key provided: sk-***. Use one of those that this server was given.",
    None,
    "invalid_api_key",
]

EXPECTED: Final[dict[str, Any]] = {
    "not_found": [
        *[not_found("assistant", "asst_1")] * 3,
        *[not_found("thread", "thread_1")] * 5,
        *[not_found("message", "msg_1")] * 3,
        *[not_found("thread", "thread_1")] * 2,
        *[not_found("assistant", "asst_1")] * 2,
        *[not_found("run", "run_1")] * 5,
        not_found("run step", "step_1"),
        ["NotFoundError", 404, "The model 'gpt-0' does not exist.", "model", "model_not_found"],
        ["NotFoundError", 404, "Livethread has no /v1/files yet; a later release brings it.", None, None],
    ],
    "bad_requests": [
        UNDEFINED,
        bad("Missing required parameter: 'model'.", "model", "missing_required_parameter"),
        bad("Invalid type for 'model': expected a string, but got an integer instead.", "model", "invalid_type"),
        too_long("metadata.a", 512),
        bad(
            "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 2.5 instead.",
            "temperature",
            "decimal_above_max_value",
        ),
        bad("Invalid value: 'system'. Supported values are: 'user' and 'assistant'.", "role", "invalid_value"),
        bad(
            "Invalid type for 'content': expected one of a string or an array of objects, but got an integer instead.",
            "content",
            "invalid_type",
        ),
        bad(
            "Invalid 'limit': integer below minimum value. Expected a value >= 1, but got 0 instead.",
            "limit",
            "integer_below_min_value",
        ),
        bad("Invalid value: 'newest'. Supported values are: 'asc' and 'desc'.", "order", "invalid_value"),
        bad("No message found with id 'msg_1'.", "after"),
        NO_MESSAGES,
        NO_MESSAGES,
        bad("Cannot cancel run with status 'completed'."),
        bad(
            "Invalid value: 'never'. Supported values are: 'queue', 'parallel', 'interrupt', and 'reject'.",
            "thread_policy",
            "invalid_value",
        ),
        too_long("content", 256_000),
    ],
    "busy_threads": [
        bad("Thread thread_1 already has an active run run_1."),
        bad("Can't add messages to thread_1 while a run run_1 is active."),
        bad("Thread thread_2 already has an active run run_2."),
    ],
    "too_large": ["APIStatusError", 413, "Request body too large. Expected at most 8388608 bytes.", None, None],
    "nobody_there": ["APIConnectionError"],
    "refusals_are_not_sent_again": [UNDEFINED, not_found("thread", "thread_1")],
}

KEYS: Final = {"keys": ["thread", WRONG_KEY, WRONG_KEY]}
"""What the one scene sees that needs a server with keys."""
