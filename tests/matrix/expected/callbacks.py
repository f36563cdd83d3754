"""What the scenes of ``python/callbacks.py`` see: callbacks without their ``on_``, and what they were handed."""

from __future__ import annotations

from typing import Any, Final

from tests.matrix.expected.runs import FIND, HELLO, OSLO, ROME, WEATHER, said
from tests.sdk.orders import ANSWERED, ASKED, BEGUN, SAID

END: Final = ["end"]
ANSWERED_STEP: Final = ["run_step_done", "tool_calls", "completed"]


def begun(text: str) -> list[Any]:
    return [
        ["run_step_created", "message_creation", "in_progress"],
        ["message_created", "in_progress", []],
        ["text_created"],
        ["text_delta", text],
        ["message_delta", text],
    ]


def spoken(text: str, status: str = "completed", step: str = "completed") -> list[Any]:
    return [
        *begun(text),
        ["text_done", text],
        ["message_done", status, text],
        ["run_step_done", "message_creation", step],
    ]


def called(*calls: tuple[str, str, str]) -> list[Any]:
    """Each call is created and done before the next is created; the step's one delta tells of all of them."""
    ids = [id for id, _, _ in calls]
    return [
        ["run_step_created", "tool_calls", "in_progress"],
        *(note for call in calls[:-1] for note in (["tool_call_created", *call], ["tool_call_done", *call])),
        ["tool_call_created", *calls[-1]],
        ["run_step_delta", ids],
        ["tool_call_done", *calls[-1]],
    ]


ECHO: Final = f"{BEGUN} {SAID} R.completed"

EXPECTED: Final[dict[str, Any]] = {
    "callbacks_of_an_answer": [[*spoken("You said: Hello"), END], ECHO],
    "callbacks_of_early_ends": [
        [[*spoken("This sentence is not", "incomplete"), END]],
        [[*spoken("So far so", "incomplete", "failed"), END]],
        [
            [
                ["run_step_created", "message_creation", "in_progress"],
                ["message_created", "in_progress", []],
                ["message_delta", "I cannot help with that."],
                ["message_done", "completed", "I cannot help with that."],
                ["run_step_done", "message_creation", "completed"],
                END,
            ]
        ],
    ],
    "callbacks_of_parallel_calls": [
        [*spoken("Let me look."), *called(ROME, OSLO), END],
        [ANSWERED_STEP, *spoken("Both are sunny 🌞."), END],
    ],
    "callbacks_of_chained_calls": [
        [*called(FIND), END],
        [ANSWERED_STEP, *called(WEATHER), END],
        [ANSWERED_STEP, *spoken("It is sunny in Rome."), END],
    ],
    "what_a_helper_gathers": {
        "run": True,
        "messages": ["Let me look.", "Both are sunny 🌞."],
        "as read": True,
        "steps": True,
    },
    "helpers_that_stream": {
        "create_and_stream": [END, ECHO],
        "create_and_run_stream": [END, f"T.created {ECHO}", [["user", "completed", "Hi"], said("You said: Hi")]],
        "without a handler": ECHO,
        "text_deltas": ["You said: Hi", "completed"],
    },
    "answers_from_within_a_handler": [
        f"{BEGUN} {ASKED} {ANSWERED} {SAID} R.completed",
        [HELLO, said("It is sunny in Rome.")],
    ],
    "cancel_from_a_helper": [
        ["message_creation", "Wait"],
        [*spoken("Wait", "incomplete", "cancelled"), END],
        "cancelled",
    ],
}
