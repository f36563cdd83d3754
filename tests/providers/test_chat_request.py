"""What few requests have: system messages in the midst, names, reasoning that is sent back, fields of an engine."""

from __future__ import annotations

import json
from typing import Any

from livethread.clock import SystemClock
from livethread.ids import Ids
from livethread.providers.chat_completions import ChatCompletions
from livethread.providers.chat_request import request_body
from livethread.providers.chunks import PromptMessage, Request, TextPart


def said(role: Any, text: str, **more: Any) -> PromptMessage:
    return PromptMessage(role, (TextPart(text),), **more)


def body(*messages: PromptMessage, reasoning: bool = True, **more: Any) -> Any:
    request = Request(model="m", instructions="Be brief.", messages=messages, **more)
    return json.loads(request_body(request, openai=False, reasoning=reasoning))


def test_a_system_message_stays_where_it_is() -> None:
    assert body(said("user", "Hello"), said("system", "Now rhyme."))["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hello"},
        {"role": "system", "content": "Now rhyme."},
    ]


def test_names_and_reasoning_go_along() -> None:
    messages = said("user", "Hello", name="ann"), said("assistant", "Hi", reasoning="Hm."), said("user", "x")
    assert body(*messages)["messages"][1:] == [
        {"role": "user", "content": "Hello", "name": "ann"},
        {"role": "assistant", "content": "Hi", "reasoning_content": "Hm."},
        {"role": "user", "content": "x"},
    ]
    assert body(*messages, reasoning=False)["messages"][2] == {"role": "assistant", "content": "Hi"}


def test_further_fields_are_sent_as_they_are_and_never_in_the_place_of_our_own() -> None:
    options = {"seed": 7, "stop": ["\n"], "stream": False, "model": "other", "messages": [], "stream_options": {}}
    assert body(said("user", "Hello"), options=options) == {
        "seed": 7, "stop": ["\n"], "model": "m", "stream": True, "stream_options": {"include_usage": True},
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}],
    }  # fmt: skip


async def test_apis_that_refuse_reasoning_are_known_by_their_hosts() -> None:
    takes = {
        host: ChatCompletions(f"https://{host}/v1", ids=Ids(), clock=SystemClock())._reasoning
        for host in ("api.openai.com", "my.openai.azure.com", "api.groq.com", "api.cerebras.ai", "api.deepseek.com")
    }
    assert [host for host, takes in takes.items() if takes] == ["api.deepseek.com"]
