"""`chat.completions` of the official Python SDK: every version as an app calls it, and the helpers of the newest."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
from openai import APIError, AsyncOpenAI, BadRequestError, InternalServerError, NotFoundError, OpenAI
from pydantic import BaseModel

from livethread import testing
from livethread.settings import UpstreamSettings
from tests.matrix.environments import PYTHONS, present
from tests.providers.upstream import DONE, OPEN, Do, Step, Upstream, delta, plain
from tests.sdk.upstreamed import answer, upstreamed

PROGRAM: Final = Path(__file__).parent / "chat_program.py"
SCRIPTS: Final = Path(__file__).parents[2] / "spec" / "scripts"
SAID: Final = "You said: Hello 終🎉"
WEATHER: Final[Any] = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def failed(kind: str, status: int, code: str) -> dict[str, Any]:
    """An error before the first word is the same whether a stream was asked for or not."""
    return {stream: [kind, status, code, ""] for stream in ("False", "True")}


def broke_off(kind: str, status: int, code: str, said: str) -> dict[str, Any]:
    return {"False": [kind, status, code, ""], "True": ["APIError", None, code, said]}


EXPECTED: Final[dict[str, Any]] = {
    "whole": ["chat.completion", "chatcmpl-", "assistant", SAID, "stop", True],
    "streamed": [True, 1, "assistant", SAID, ["stop"], [[], True, True]],
    "a_round_of_tools": [
        [[["call_find", "find_city", {"country": "Italy"}]], [["call_weather", "get_weather", {"city": "Rome"}]]],
        "It is sunny in Rome.",
    ],
    "a_round_of_streamed_tools": [
        [[["call_rome", {"city": "Rome"}], ["call_oslo", {"city": "Oslo"}]]],
        "Both are sunny.",
        "stop",
    ],
    "thoughts": ["Good morning.", "The user greets me.", "The user greets me."],
    "errors": {
        "wrong-key": failed("InternalServerError", 502, "upstream_refused_access"),
        "rate-limit": failed("RateLimitError", 429, "rate_limit_exceeded"),
        "no-quota": failed("RateLimitError", 429, "insufficient_quota"),
        "server-error": failed("InternalServerError", 502, "upstream_error"),
        "no-connection": failed("InternalServerError", 502, "upstream_unreachable"),
        "silence": failed("InternalServerError", 504, "upstream_timeout"),
        "context-length": failed("BadRequestError", 400, "context_length_exceeded"),
        "unknown-model": failed("NotFoundError", 404, "model_not_found"),
        "http-error": failed("RateLimitError", 429, "rate_limit_exceeded"),
        "error-in-stream": failed("InternalServerError", 503, "upstream_overloaded"),
        "error-in-mid-stream": broke_off("InternalServerError", 503, "upstream_overloaded", "So far so"),
        "cut": broke_off("InternalServerError", 502, "upstream_unreachable", "The answer is"),
    },
    "at_once": [SAID, "Fish: 🐟 and face: 😀", SAID],
}

OLDEST_AND_NEWEST: Final = ["1.30", "3"]


def assert_played(version: str, url: str) -> None:
    strict = ["-E", "-s", "-W", "error", "-W", "ignore::DeprecationWarning"]
    done = subprocess.run(
        [present(PYTHONS[version]), *strict, PROGRAM, url, SCRIPTS],
        capture_output=True, text=True, timeout=55, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == EXPECTED


@pytest.mark.parametrize("version", OLDEST_AND_NEWEST)
def test_the_oldest_and_the_newest_sdk_see_the_same(version: str, url: str) -> None:
    assert_played(version, url)


@pytest.mark.matrix
@pytest.mark.parametrize("version", [version for version in PYTHONS if version not in OLDEST_AND_NEWEST])
def test_the_versions_between_see_the_same(version: str, url: str) -> None:
    assert_played(version, url)


def test_the_guide_answers_and_the_list_of_models_names_it(client: OpenAI) -> None:
    names = [model.id for model in client.models.list()]
    assert names == ["builtin/guide", "builtin/tools", "builtin/script"]
    asked: Any = {"messages": [{"role": "user", "content": "How do I start the server?"}]}
    whole = client.chat.completions.create(model=names[0], **asked).choices[0].message.content
    pieces = [
        piece.choices[0].delta.content for piece in client.chat.completions.create(model=names[0], stream=True, **asked)
    ]
    assert whole is not None
    assert "make run" in whole
    assert "".join(piece or "" for piece in pieces) == whole


def test_the_stream_helper_tells_every_event_and_gathers_the_answer(client: OpenAI) -> None:
    tools = [WEATHER, {"type": "function", "function": {"name": "find_city", "strict": True, "parameters": {}}}]
    script = (SCRIPTS / "tool-calls-parallel.yaml").read_text(encoding="utf-8")
    messages: Any = [{"role": "developer", "content": script}, {"role": "user", "content": "Hello"}]
    with client.chat.completions.stream(
        model="builtin/script", messages=messages, tools=tools, stream_options={"include_usage": True}
    ) as stream:
        events = [event.type for event in stream]
        made = stream.get_final_completion()
    assert events.count("tool_calls.function.arguments.done") == 2
    calls = made.choices[0].message.tool_calls
    assert calls is not None
    assert [(call.id, call.function.arguments) for call in calls] == [
        ("call_rome", '{"city": "Rome"}'), ("call_oslo", '{"city": "Oslo"}'),
    ]  # fmt: skip
    assert made.usage is not None
    messages = [{"role": "system", "content": (SCRIPTS / "refusal.yaml").read_text()}, {"role": "user", "content": "x"}]
    with client.chat.completions.stream(model="builtin/script", messages=messages) as stream:
        assert {"refusal.delta", "refusal.done"} <= {event.type for event in stream}
        assert stream.get_final_completion().choices[0].message.refusal


async def test_the_stream_helper_gathers_text_asynchronously(async_client: AsyncOpenAI) -> None:
    async with async_client.chat.completions.stream(
        model="builtin/guide", messages=[{"role": "user", "content": "How do I start the server?"}]
    ) as stream:
        said = [event.delta async for event in stream if event.type == "content.delta"]
        made = await stream.get_final_completion()
    assert made.choices[0].message.content == "".join(said)


class Trip(BaseModel):
    city: str
    days: int


def test_an_answer_that_has_to_follow_a_schema_is_parsed(client: OpenAI) -> None:
    made = client.chat.completions.parse(
        model="builtin/tools", messages=[{"role": "user", "content": "3 days in Rome"}], response_format=Trip
    )
    assert made.choices[0].message.parsed == Trip(city="Rome", days=3)


def test_builtin_tools_calls_what_it_is_given_and_answers_from_the_outputs(client: OpenAI) -> None:
    messages: Any = [{"role": "user", "content": "What is the weather in Rome?"}]
    asked: Any = {"model": "builtin/tools", "tools": [WEATHER]}
    first = client.chat.completions.create(messages=messages, **asked).choices[0]
    assert first.message.tool_calls is not None
    (call,) = first.message.tool_calls
    assert call.type == "function"
    assert (first.finish_reason, call.function.name, json.loads(call.function.arguments)) == (
        "tool_calls", "get_weather", {"city": "Rome"},
    )  # fmt: skip
    messages += [first.message, {"role": "tool", "tool_call_id": call.id, "content": "18 degrees"}]
    second = client.chat.completions.create(messages=messages, **asked).choices[0]
    assert (second.finish_reason, "18 degrees" in (second.message.content or "")) == ("stop", True)


def test_a_limit_ends_an_answer_by_its_length(client: OpenAI) -> None:
    asked: Any = {"model": "builtin/guide", "messages": [{"role": "user", "content": "Hello"}]}
    for limited in ({**asked, "max_tokens": 3}, {**asked, "max_completion_tokens": 3}):
        made = client.chat.completions.create(**limited)
        assert (made.choices[0].finish_reason, made.usage and made.usage.completion_tokens) == ("length", 3)


def test_a_script_of_the_data_folder_is_named_in_the_metadata(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "hello.yaml").write_text("turns: [[{text: From a file.}]]", encoding="utf-8")
    with testing.server(data=tmp_path) as url, OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client:
        made = client.chat.completions.create(
            model="builtin/script", messages=[{"role": "user", "content": "x"}], metadata={"script": "hello.yaml"}
        )
    assert made.choices[0].message.content == "From a file."


@pytest.mark.parametrize(
    ("more", "kind", "param"),
    [
        ({"model": "no/such"}, NotFoundError, "model"),
        ({"messages": []}, BadRequestError, "messages"),
        ({"messages": [{"role": "tool", "content": "4"}]}, BadRequestError, "messages[0].tool_call_id"),
        ({"n": 2}, BadRequestError, "n"),
        ({"tool_choice": "required"}, BadRequestError, "tool_choice"),
        ({"temperature": 9}, BadRequestError, "temperature"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_what_is_wrong_is_raised_with_its_param(
    client: OpenAI, more: dict[str, Any], kind: type[APIError], param: str, stream: bool
) -> None:
    asked = {"model": "builtin/guide", "messages": [{"role": "user", "content": "x"}], **more}
    with pytest.raises(kind) as raised:
        client.chat.completions.create(**asked, stream=stream)
    assert raised.value.param == param


async def test_aliases_and_prefixes_lead_where_they_lead_for_assistants() -> None:
    script = answer(delta(content="Hi"))
    async with upstreamed(script, aliases={"gpt-4o": "played/llama", "old": "gpt-4o"}) as (upstream, client):
        for model in ("old", "gpt-4o", "played/llama", "llama"):
            made = await client.chat.completions.create(model=model, messages=[{"role": "user", "content": "x"}])
            assert made.model == model
    assert [asked.json["model"] for asked in upstream.asked] == ["llama"] * 4


async def test_the_sdk_asks_again_as_it_is_told_and_only_where_it_helps() -> None:
    busy = plain("429 Too Many", {"error": {"message": "slow down"}}, Retry_After="0")
    wrong = plain("401 Unauthorized", {"error": {"message": "bad key"}})
    fine: list[Step] = [OPEN, delta(content="Hi"), delta("stop"), DONE]
    asked: Any = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
    async with Upstream([[busy], [Do.RESET], fine, [wrong]]) as upstream:
        with testing.server(upstreams=(UpstreamSettings("played", upstream.url),)) as url:
            async with AsyncOpenAI(base_url=f"{url}/v1", api_key="any", max_retries=2) as client:
                made = await client.chat.completions.create(**asked)
                assert (made.choices[0].message.content, len(upstream.asked)) == ("Hi", 3)
                with pytest.raises(InternalServerError, match="refused access"):
                    await client.chat.completions.create(**asked)
                assert len(upstream.asked) == 4
