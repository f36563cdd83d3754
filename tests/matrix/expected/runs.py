"""What the scenes of ``python/runs.py`` see."""

from __future__ import annotations

from typing import Any, Final

HELLO: Final = ["user", "completed", "Hello"]


def said(text: str, status: str = "completed") -> list[str]:
    return ["assistant", status, text]


def usage(prompt: int, completion: int, cached: int = 0, reasoning: int = 0) -> dict[str, Any]:
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_token_details": {"cached_tokens": cached},
        "completion_tokens_details": {"reasoning_tokens": reasoning},
    }


def calls(*made: tuple[str, str, str], **more: Any) -> list[Any]:
    return [
        {"id": id, "type": "function", "function": {"name": name, "arguments": arguments, **more}}
        for id, name, arguments in made
    ]


def tool_step(*made: tuple[str, str, str]) -> list[Any]:
    answered = [call for one in made for call in calls(one, output=f"sunny for {one[0]}")]
    return ["completed", {"type": "tool_calls", "tool_calls": answered}]


def message_step(id: str) -> list[Any]:
    return ["completed", {"type": "message_creation", "message_creation": {"message_id": id}}]


def cancelled(*steps: list[str], texts: list[Any]) -> dict[str, Any]:
    return {
        "statuses": ["cancelling", "cancelled", None],
        "steps": [*steps],
        "texts": texts,
        "again": ["BadRequestError", 400, "Cannot cancel run with status 'cancelled'.", None, None],
    }


ROME: Final = ("call_rome", "get_weather", '{"city": "Rome"}')
OSLO: Final = ("call_oslo", "get_weather", '{"city": "Oslo"}')
FIND: Final = ("call_find", "find_city", '{"country": "Italy"}')
WEATHER: Final = ("call_weather", "get_weather", '{"city": "Rome"}')

RUN: Final[dict[str, Any]] = {
    "id": "run_1",
    "object": "thread.run",
    "created_at": "time",
    "assistant_id": "asst_1",
    "thread_id": "thread_1",
    "status": "queued",
    "started_at": None,
    "expires_at": None,
    "cancelled_at": None,
    "failed_at": None,
    "completed_at": None,
    "required_action": None,
    "last_error": None,
    "model": "builtin/script",
    "instructions": 'turns: [[text: "You said: {{message}}"]]\n# and nothing else',
    "tools": [],
    "tool_resources": {},
    "metadata": {"a": "b"},
    "temperature": 0.5,
    "top_p": 1.0,
    "reasoning_effort": None,
    "max_completion_tokens": 500,
    "max_prompt_tokens": None,
    "truncation_strategy": {"type": "last_messages", "last_messages": 1},
    "incomplete_details": None,
    "usage": None,
    "response_format": "auto",
    "tool_choice": "auto",
    "parallel_tool_calls": True,
    # Ours, which every SDK keeps:
    "thread_policy": "queue",
    "turn_id": None,
    "skipped_tools": [],
}
STEP: Final[dict[str, Any]] = {
    "id": "step_1",
    "object": "thread.run.step",
    "created_at": "time",
    "assistant_id": "asst_1",
    "thread_id": "thread_1",
    "run_id": "run_1",
    "type": "message_creation",
    "status": "completed",
    "cancelled_at": None,
    "completed_at": "time",
    "expires_at": None,
    "expired_at": None,
    "failed_at": None,
    "last_error": None,
    "step_details": {"type": "message_creation", "message_creation": {"message_id": "msg_1"}},
    "metadata": {},
    "usage": usage(1, 3),
}

EXPECTED: Final[dict[str, Any]] = {
    "a_run": {
        "made": RUN,
        "ended": {"status": "completed", "started_at": "time", "completed_at": "time", "usage": usage(1, 3)},
        "updated": ["completed", {"c": "d"}],
        "step": STEP,
        "read": [True, True],
        "texts": [HELLO, ["user", "completed", "And?"], said("You said: And?")],
        "listed": [True],
    },
    "helpers_that_poll": {
        "statuses": ["completed", "completed", "queued", "completed"],
        "thread": {"a": "b"},
        "texts": [
            [HELLO, said("You said: Hello")],
            [["user", "completed", "Hi"], said("You said: Hi")],
            [["user", "completed", "Ho"], said("You said: Ho")],
        ],
    },
    "parallel_calls_polled": {
        "rounds": [[[*ROME], [*OSLO]]],
        "status": "completed",
        "texts": [HELLO, said("Let me look."), said("Both are sunny 🌞.")],
        "steps": [message_step("msg_1"), tool_step(ROME, OSLO), message_step("msg_2")],
    },
    "chained_calls_polled": {
        "rounds": [[[*FIND]], [[*WEATHER]]],
        "status": "completed",
        "texts": [HELLO, said("It is sunny in Rome.")],
        "steps": [tool_step(FIND), tool_step(WEATHER), message_step("msg_1")],
    },
    "a_waiting_run": {
        "waits": [{"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": calls(ROME, OSLO)}}, None],
        "steps": [
            "completed",
            "in_progress",
            {"type": "tool_calls", "tool_calls": calls(ROME, OSLO, output=None)},
        ],
        "refused": [
            [
                "BadRequestError",
                400,
                "Expected tool outputs for call_ids ['call_rome', 'call_oslo'], got ['call_rome']",
                None,
                None,
            ],
            ["BadRequestError", 400, 'Runs in status "completed" do not accept tool outputs.', None, None],
        ],
        "queued": ["queued", None],
        "ended": ["completed", usage(300, 50, 64, 8)],
        "usages": [None, usage(100, 20, 64, 8), usage(200, 30)],
    },
    "cancel_before_the_first_word": cancelled(texts=[HELLO]),
    "cancel_between_words": cancelled(["message_creation", "cancelled"], texts=[HELLO, said("Wait", "incomplete")]),
    "cancel_while_it_waits": cancelled(["tool_calls", "cancelled"], texts=[HELLO]),
    "cancel_in_the_queue": [cancelled(texts=[HELLO])] * 2,
}
