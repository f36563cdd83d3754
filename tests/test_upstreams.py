"""What the settings name and what is found on this machine, as one registry."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from livethread.clock import SystemClock
from livethread.errors import SetupError
from livethread.ids import Ids
from livethread.providers.chunks import ImagePart, PromptMessage, ProviderError, Request, Text, TextPart
from livethread.providers.local_engines import FoundEngine, LocalEngine
from livethread.settings import Settings, UpstreamSettings
from livethread.upstreams import Upstreams, connect
from tests.providers.named import Named
from tests.providers.upstream import Do, Upstream

NOWHERE = LocalEngine("vllm", "vLLM", 9)  # nobody listens on the port of the discard service


def listing(*models: str) -> Upstream:
    """A model API that lists these."""
    return Upstream([[http({"object": "list", "data": [{"id": model, "object": "model"} for model in models]})]])


def http(answer: Any) -> bytes:
    """An answer in JSON."""
    body = json.dumps(answer)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Connection: close\r\n\r\n{body}".encode()


def port_of(upstream: Upstream) -> int:
    return int(upstream.origin.rpartition(":")[2])


@asynccontextmanager
async def connected(settings: Settings, engines: Sequence[LocalEngine] = ()) -> AsyncIterator[Upstreams]:
    upstreams = await connect(settings, Named("builtin/guide"), ids=Ids(), clock=SystemClock(), engines=engines)
    try:
        yield upstreams
    finally:
        await upstreams.registry.close()


async def refusal(upstreams: Upstreams, model: str) -> str:
    with pytest.raises(ProviderError) as raised:
        await upstreams.registry.find(model)
    return raised.value.message


async def test_upstreams_of_the_settings_and_engines_of_this_machine_are_listed_together() -> None:
    async with listing("gpt") as vendor, listing("llama") as local, listing("qwen", "gemma") as ollama:
        settings = Settings(
            upstreams=(UpstreamSettings("default", vendor.url, "k"), UpstreamSettings("local", local.url)),
            aliases={"gpt-4": "local/llama"},
        )
        engine = LocalEngine("ollama", "Ollama", port_of(ollama))
        async with connected(settings, [engine, NOWHERE]) as upstreams:
            assert upstreams.named == settings.upstreams
            assert upstreams.engines == (FoundEngine(engine, ("qwen", "gemma")),)
            assert await upstreams.registry.models() == [
                ("builtin/guide", "livethread"),
                ("gpt", "default"),
                ("local/llama", "local"),
                ("ollama/qwen", "ollama"),
                ("ollama/gemma", "ollama"),
                ("gpt-4", "alias"),
            ]
            assert (await upstreams.registry.find("ollama/qwen")).model == "qwen"
            assert upstreams.sentences() == [
                f"Connected: default at {vendor.url}.",
                f"Connected: local at {local.url}.",
                f"Found Ollama at {ollama.url} (qwen, gemma): use its models as ollama/qwen.",
            ]
        assert [asked.headers.get("authorization") for asked in (*vendor.asked, *local.asked)] == ["Bearer k", None]


async def test_what_is_known_of_an_upstream_goes_with_its_models() -> None:
    settings = Settings(upstreams=(UpstreamSettings("local", "http://127.0.0.1:9/v1", context=8192),))
    async with connected(settings) as upstreams:
        assert (await upstreams.registry.find("llama")).context == 8192


async def test_what_the_settings_say_of_an_upstream_is_how_it_is_asked() -> None:
    settings = Settings(stall_seconds=0.05, words_per_second=0)
    answered = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi."}, "finish_reason": "stop"}]}
    async with Upstream([[http(answered)], [Do.HANG]]) as api:
        upstreams = (UpstreamSettings("whole", api.url, stream=False, images=False), UpstreamSettings("other", api.url))
        async with connected(replace(settings, upstreams=upstreams)) as found:
            whole, other = [(await found.registry.find(f"{name}/llama")).provider for name in ("whole", "other")]
            asked = Request("llama", None, (PromptMessage("user", (TextPart("Hello"),)),))
            said = [chunk.text async for chunk in whole.stream(asked) if isinstance(chunk, Text)]
            assert ("".join(said), api.asked[0].json.get("stream", False)) == ("Hi.", False)
            picture = PromptMessage("user", (ImagePart("https://images.invalid/a.png"),))
            with pytest.raises(ProviderError, match="images"):
                await anext(aiter(whole.stream(replace(asked, messages=(picture,)))))
            with pytest.raises(ProviderError, match=r"sent nothing for 0.05 s") as raised:
                await anext(aiter(other.stream(asked)))
            assert raised.value.kind == "timeout"
            assert [item.json.get("stream", False) for item in api.asked] == [False, True]


async def test_engines_are_not_looked_for_when_the_settings_say_so() -> None:
    async with listing("qwen") as ollama:
        engine = LocalEngine("ollama", "Ollama", port_of(ollama))
        async with connected(Settings(local_engines=False), [engine]) as upstreams:
            assert upstreams.engines == ()
        assert ollama.asked == []


async def test_an_engine_that_the_settings_name_already_is_not_offered_again() -> None:
    async with listing("qwen") as ollama:
        engine = LocalEngine("ollama", "Ollama", port_of(ollama))
        address = f"http://localhost:{engine.port}/v1"
        by_name = Settings(upstreams=(UpstreamSettings("ollama", "http://gpu.invalid/v1"),))
        by_address = Settings(upstreams=(UpstreamSettings("mine", address),))
        async with connected(by_name, [engine]) as upstreams:
            assert upstreams.engines == ()
        async with connected(by_address, [engine]) as upstreams:
            assert upstreams.engines == ()
            assert await refusal(upstreams, "ollama/qwen") == (
                f"Nothing serves the model 'ollama/qwen': what listens at {engine.url} is the upstream mine here; "
                "ask for mine/MODEL."
            )
        assert ollama.asked == []


async def test_our_own_port_is_never_looked_at() -> None:
    async with listing("qwen") as ourselves:
        engine = LocalEngine("vllm", "vLLM", port_of(ourselves))
        async with connected(Settings(host="0.0.0.0", port=engine.port), [engine]) as upstreams:
            assert upstreams.engines == ()
            assert await refusal(upstreams, "vllm/qwen") == (
                "Nothing serves the model 'vllm/qwen': this server itself listens where vLLM usually does. "
                "Say where vLLM is with [upstreams.vllm] in livethread.toml."
            )
        assert ourselves.asked == []


async def test_what_is_meant_for_an_engine_that_is_not_there_goes_to_nobody_else() -> None:
    settings = Settings(upstreams=(UpstreamSettings("default", "http://vendor.invalid/v1"),))
    async with connected(settings, [NOWHERE]) as upstreams:
        assert await refusal(upstreams, "vllm/llama") == (
            "Nothing serves the model 'vllm/llama': vLLM did not answer at http://127.0.0.1:9/v1 when the server "
            "started. Start it and then the server again, or say where it is with [upstreams.vllm] in livethread.toml."
        )


async def test_an_upstream_that_is_ourselves_is_ignored_and_leaves_bare_names_to_the_other() -> None:
    async with listing("llama") as local:
        settings = Settings(
            port=8123,
            upstreams=(
                UpstreamSettings("local", local.url),
                UpstreamSettings("default", "http://user:sesame@localhost:8123/v1"),
            ),
        )
        async with connected(settings) as upstreams:
            sentence = (
                "the upstream default (http://localhost:8123/v1) is this server itself and is ignored; "
                "give it the address of the model API"
            )
            assert upstreams.ignored == (sentence,)
            assert upstreams.sentences() == [f"Connected: local at {local.url}."]
            assert (await upstreams.registry.find("llama")).model == "llama"
            assert await refusal(upstreams, "default/x") == f"Nothing serves the model 'default/x': {sentence}."


async def test_without_an_upstream_the_way_to_one_is_told() -> None:
    async with connected(Settings()) as upstreams:
        assert upstreams.sentences() == [
            "No model is connected: the built-in ones answer. Set LIVETHREAD_UPSTREAM_URL to connect one."
        ]


@pytest.mark.parametrize(
    ("models", "offer"),
    [
        ((), ", which has no model yet: once it has, use it as ollama/MODEL."),
        (("a",), " (a): use its models as ollama/a."),
        (tuple("abcdefg"), " (a, b, c, d, e and 2 more): use its models as ollama/a."),
    ],
)
async def test_a_found_engine_is_offered_with_a_few_of_its_models(models: tuple[str, ...], offer: str) -> None:
    async with (
        listing(*models) as ollama,
        connected(Settings(), [LocalEngine("ollama", "Ollama", port_of(ollama))]) as upstreams,
    ):
        assert upstreams.sentences()[1:] == [f"Found Ollama at {ollama.url}{offer}"]


async def test_no_address_is_shown_with_its_secrets() -> None:
    settings = Settings(upstreams=(UpstreamSettings("a", "https://user:sesame@models.invalid/v1?key=sesame"),))
    async with connected(settings) as upstreams:
        assert upstreams.sentences() == ["Connected: a at https://models.invalid/v1."]


async def test_an_address_that_is_none_is_refused_in_settings_made_in_code_too() -> None:
    settings: dict[str, Any] = {"upstreams": (UpstreamSettings("a", "models"),)}
    with pytest.raises(SetupError, match=r"must look like http://host/v1"):
        async with connected(Settings(**settings)):
            pass
