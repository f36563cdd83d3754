"""What the scenes of ``python/streams.py`` see; orders of events in the notation of `tests.sdk.orders`."""

from __future__ import annotations

from typing import Any, Final

from tests.matrix.expected.objects import MESSAGE, text
from tests.matrix.expected.runs import FIND, HELLO, OSLO, ROME, STEP, WEATHER, said
from tests.sdk.orders import ANSWERED, ASKED, BEGUN, SAID, SPEAKING

COMPLETED: Final = ["completed", None, None]
BOTH_SUNNY: Final = {"types": f"{ANSWERED} {SAID} R.completed", "text": "Both are sunny 🌞."}


def answer(text: str, ending: str = "M.completed S.completed R.completed") -> dict[str, str]:
    return {"types": f"{BEGUN} {SPEAKING} {ending}", "text": text}


def asking(types: str, *calls: tuple[str, str, str], text: str = "") -> dict[str, Any]:
    return {"types": types, "text": text, "calls": [[*call] for call in calls]}


OPEN_STEP: Final = STEP | {"status": "in_progress", "completed_at": None, "expires_at": "time", "usage": None}
WRITTEN: Final = MESSAGE | {"role": "assistant", "assistant_id": "asst_1", "run_id": "run_1"}
OPEN_MESSAGE: Final = WRITTEN | {"status": "in_progress", "completed_at": None}

EXPECTED: Final[dict[str, Any]] = {
    "raw_echo": [answer("You said: Hello"), COMPLETED],
    "raw_long_text": [f"{BEGUN} {SAID} R.completed", True, COMPLETED],
    "raw_refusal": [answer("I cannot help with that."), COMPLETED],
    "raw_endings": [
        [
            answer("This sentence is not", "M.incomplete S.completed R.incomplete"),
            ["incomplete", {"reason": "max_completion_tokens"}, None],
        ],
        [
            answer("The recipe is", "M.incomplete S.completed R.incomplete"),
            ["incomplete", {"reason": "content_filter"}, None],
        ],
        [
            answer("So far so", "M.incomplete S.failed R.failed"),
            [
                "failed",
                None,
                {
                    "code": "server_error",
                    "message": "The model API at builtin/script is overloaded: Too much. Try again in a moment.",
                },
            ],
        ],
        [
            {"types": f"{BEGUN} R.failed", "text": ""},
            [
                "failed",
                None,
                {
                    "code": "rate_limit_exceeded",
                    "message": "The model API at builtin/script allows no more requests for now (429): "
                    "Too many requests. Try again in 120 s, or raise the limit there.",
                },
            ],
        ],
    ],
    "raw_parallel_calls": [
        asking(f"{BEGUN} {SAID} {ASKED}", ROME, OSLO, text="Let me look."),
        BOTH_SUNNY,
        COMPLETED,
    ],
    "raw_chained_calls": [
        asking(f"{BEGUN} {ASKED}", FIND),
        asking(f"{ANSWERED} {ASKED}", WEATHER),
        {"types": f"{ANSWERED} {SAID} R.completed", "text": "It is sunny in Rome."},
        COMPLETED,
    ],
    "raw_create_and_run": [
        f"T.created {BEGUN} {SAID} R.completed",
        "You said: Hello",
        [HELLO, said("You said: Hello")],
    ],
    "every_object_of_a_stream": {
        "thread.run.step.created": OPEN_STEP,
        "thread.run.step.in_progress": OPEN_STEP,
        "thread.message.created": OPEN_MESSAGE,
        "thread.message.in_progress": OPEN_MESSAGE,
        "thread.message.delta": {
            "id": "msg_1",
            "object": "thread.message.delta",
            "delta": {"content": [{"index": 0, "type": "text", "text": {"value": "…"}}]},
        },
        "thread.message.completed": WRITTEN | {"content": [text("You said: Hello")]},
        "thread.run.step.completed": STEP,
    },
    "cancel_in_mid_stream": [
        f"{BEGUN} {SPEAKING} R.cancelling M.incomplete S.cancelled R.cancelled",
        ["cancelling"],
        [HELLO, said("Wait", "incomplete")],
    ],
    "leave_in_mid_stream": ["completed", [HELLO, said("Before the pause and behind it.")]],
    "raw_response": [
        200,
        {"content-type": "application/json", "openai-poll-after-ms": "300"},
        True,
        "cancelling",
        "You said: Hello",
    ],
    "streaming_response": [
        True,
        {
            "content-type": "text/event-stream; charset=utf-8",
            "cache-control": "no-store, no-transform",
            "x-accel-buffering": "no",
            "content-encoding": None,
        },
        ":",
        ["event: done", "data: [DONE]", ""],
    ],
}
