"""Chat completions as an app calls them, with whatever version of the SDK runs this: ``chat_program.py URL SCRIPTS``.

It knows nothing of ours, and prints what it saw, scene by scene, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from openai import APIError, AsyncOpenAI, OpenAI

URL, SCRIPTS = f"{sys.argv[1]}/v1", Path(sys.argv[2])
TOOLS: Any = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}}
    for name in ("get_weather", "find_city")
]


def conversation(script: str, **more: Any) -> dict[str, Any]:
    scenario = (SCRIPTS / f"{script}.yaml").read_text(encoding="utf-8")
    messages = [{"role": "system", "content": scenario}, {"role": "user", "content": "Hello 終🎉"}]
    return {"model": "builtin/script", "messages": messages, **more}


def whole(client: OpenAI) -> Any:
    answer = client.chat.completions.create(**conversation("echo"))
    (choice,) = answer.choices
    assert answer.usage is not None
    return [answer.object, answer.id[:9], choice.message.role, choice.message.content, choice.finish_reason,
            answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens]  # fmt: skip


def streamed(client: OpenAI) -> Any:
    chunks = [
        *client.chat.completions.create(**conversation("echo"), stream=True, stream_options={"include_usage": True})
    ]
    *spoken, spent = chunks
    return [
        {chunk.object for chunk in chunks} == {"chat.completion.chunk"},
        len({chunk.id for chunk in chunks}),
        spoken[0].choices[0].delta.role,
        "".join(chunk.choices[0].delta.content or "" for chunk in spoken),
        [chunk.choices[0].finish_reason for chunk in spoken if chunk.choices[0].finish_reason],
        [spent.choices, spent.usage is not None, {chunk.usage for chunk in spoken} == {None}],
    ]


async def at_once(client: AsyncOpenAI) -> Any:
    async def one(script: str) -> str:
        answer = await client.chat.completions.create(**conversation(script), stream=True)
        return "".join([chunk.choices[0].delta.content or "" async for chunk in answer])

    return await asyncio.gather(*map(one, ["echo", "split-character", "echo"]))


def a_round_of_tools(client: OpenAI) -> Any:
    """The loop of the SDK's own guide: the message goes back as it came."""
    asked = conversation("tool-calls-chained", tools=TOOLS)
    rounds: list[Any] = []
    while True:
        (choice,) = client.chat.completions.create(**asked).choices
        asked["messages"].append(choice.message)
        if choice.finish_reason != "tool_calls":
            return [rounds, choice.message.content]
        calls = choice.message.tool_calls or []
        rounds.append([[call.id, call.function.name, json.loads(call.function.arguments)] for call in calls])
        asked["messages"] += [{"role": "tool", "tool_call_id": call.id, "content": "sunny"} for call in calls]


def a_round_of_streamed_tools(client: OpenAI) -> Any:
    """The loop as it was copied from app to app: pieces are put together by their index."""
    asked = conversation("tool-calls-parallel", tools=TOOLS, stream=True)
    rounds: list[Any] = []
    while True:
        calls: list[Any] = []
        said, finish = "", None
        for chunk in client.chat.completions.create(**asked):
            (choice,) = chunk.choices
            said += choice.delta.content or ""
            finish = choice.finish_reason or finish
            for piece in choice.delta.tool_calls or []:
                if len(calls) <= piece.index:
                    calls.append({"id": "", "type": "function", "function": {"name": "", "arguments": ""}})
                calls[piece.index]["id"] += piece.id or ""
                for key in ("name", "arguments"):
                    calls[piece.index]["function"][key] += getattr(piece.function, key) or ""
        if finish != "tool_calls":
            return [rounds, said, finish]
        rounds.append([[call["id"], json.loads(call["function"]["arguments"])] for call in calls])
        asked["messages"].append({"role": "assistant", "content": said or None, "tool_calls": calls})
        asked["messages"] += [{"role": "tool", "tool_call_id": call["id"], "content": "sunny"} for call in calls]


def thoughts(client: OpenAI) -> Any:
    message = client.chat.completions.create(**conversation("reasoning")).choices[0].message
    chunks = [*client.chat.completions.create(**conversation("reasoning"), stream=True)]
    pieces = [getattr(chunk.choices[0].delta, "reasoning_content", None) or "" for chunk in chunks]
    return [message.content, getattr(message, "reasoning_content", None), "".join(pieces)]


def errors(client: OpenAI) -> Any:
    told: dict[str, Any] = {}
    for script in ("wrong-key", "rate-limit", "no-quota", "server-error", "no-connection", "silence", "context-length",
                   "unknown-model", "http-error", "error-in-stream", "error-in-mid-stream", "cut"):  # fmt: skip
        told[script] = {}
        for stream in (False, True):
            said = ""
            try:
                if stream:
                    for chunk in client.chat.completions.create(**conversation(script), stream=True):
                        said += chunk.choices[0].delta.content or ""
                else:
                    client.chat.completions.create(**conversation(script))
            except APIError as error:
                told[script][str(stream)] = [
                    type(error).__name__,
                    getattr(error, "status_code", None),
                    error.code,
                    said,
                ]
    return told


def main() -> None:
    with OpenAI(base_url=URL, api_key="any", max_retries=0) as client:
        scenes = (whole, streamed, a_round_of_tools, a_round_of_streamed_tools, thoughts, errors)
        told = {scene.__name__: scene(client) for scene in scenes}

    async def asynchronous() -> Any:
        async with AsyncOpenAI(base_url=URL, api_key="any", max_retries=0) as client:
            return await at_once(client)

    told["at_once"] = asyncio.run(asynchronous())
    print(json.dumps(told))


if __name__ == "__main__":
    main()
