from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from livethread.ids import Ids
from livethread.providers.builtin import Builtin
from livethread.providers.chunks import Chunk, PromptMessage, Provider, ProviderError, Request, Text, TextPart
from tests.providers.builtin.stopped_clock import SPEC, StoppedClock, request, until_error

STALL = (SPEC / "scripts" / "stall.yaml").read_text(encoding="utf-8")
SLOW = "turns: [[{text: one two, delay_ms: 1000}]]"


def provider(scripts: Path | None = None, *, frozen: bool = False) -> Builtin:
    return Builtin(StoppedClock(frozen=frozen), Ids(seed=1), words_per_second=0, scripts=scripts)


async def test_it_is_a_provider_with_three_models() -> None:
    it: Provider = provider()
    assert await it.models() == ["builtin/guide", "builtin/tools", "builtin/script"]
    await it.close()
    await it.close()


async def test_an_unknown_model_is_not_found_and_the_error_lists_what_exists() -> None:
    chunks, error = await until_error(provider().stream(request("builtin/poet")))
    assert chunks == []
    assert error is not None
    assert (error.kind, error.status) == ("not_found", 404)
    assert error.message == (
        "There is no built-in model 'builtin/poet'; there are builtin/guide, builtin/tools, builtin/script."
    )


async def test_a_script_without_a_scenario_says_where_to_put_one() -> None:
    for instructions in (None, " \n"):
        _, error = await until_error(provider().stream(request(instructions=instructions)))
        assert error is not None
        assert error.kind == "bad_request"
        assert "metadata.script" in error.message


@pytest.mark.parametrize("name", ["hello", "hello.yaml"])
async def test_the_metadata_names_a_file_of_the_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "hello.yaml").write_text("turns: [[{text: from a file}]]", encoding="utf-8")
    named = request(instructions="turns: [[{text: not this}]]", metadata={"script": name})
    chunks, _ = await until_error(provider(tmp_path).stream(named))
    assert chunks[:3] == [Text("from"), Text(" a"), Text(" file")]


async def test_a_missing_file_is_not_found_and_the_error_says_where_it_was_looked_for(tmp_path: Path) -> None:
    _, error = await until_error(provider(tmp_path).stream(request(metadata={"script": "gone"})))
    assert error is not None
    assert error.kind == "not_found"
    assert "'gone' in the data folder's scripts/" in error.message
    assert str(tmp_path) not in error.message, "a caller has no business with the server's paths"
    _, error = await until_error(provider().stream(request(metadata={"script": "gone"})))
    assert error is not None
    assert error.kind == "not_found"


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/passwd", "a/b", "a\\b", "..", ".hidden", "", "a\0", "a b", "ä", "a\n"]
)
async def test_a_name_that_is_not_plain_is_refused(tmp_path: Path, name: str) -> None:
    _, error = await until_error(provider(tmp_path).stream(request(metadata={"script": name})))
    assert error is not None
    assert error.kind == "bad_request"
    assert "allowed are letters" in error.message


async def test_a_file_that_is_no_text_or_too_long_is_refused(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "long").write_bytes(b"x" * 2_000_000)
    for name in ("binary", "long"):
        _, error = await until_error(provider(tmp_path).stream(request(metadata={"script": name})))
        assert error is not None
        assert error.kind == "bad_request"


async def test_the_last_user_message_counts_also_when_tools_have_answered() -> None:
    messages = (
        PromptMessage("user", (TextPart("first"),)),
        PromptMessage("user", (TextPart("second"),)),
        PromptMessage("tool", (TextPart("output"),), tool_call_id="call_1"),
    )
    asked = Request("builtin/script", 'turns: [[{text: "{{message}}"}]]', messages)
    chunks, _ = await until_error(provider().stream(asked))
    assert chunks[0] == Text("second")


async def waiting_in(instructions: str) -> tuple[list[Chunk], asyncio.Task[None], object]:
    """A stream that another task is reading, and that now waits."""
    stream = provider(frozen=True).stream(request(instructions=instructions))
    chunks: list[Chunk] = []
    keep = chunks.append

    async def read() -> None:
        async for chunk in stream:
            keep(chunk)

    reading = asyncio.create_task(read())
    for _ in range(5):
        await asyncio.sleep(0)
    assert not reading.done()
    return chunks, reading, stream


@pytest.mark.parametrize("instructions", [STALL, SLOW])
async def test_closing_it_in_a_wait_ends_it_at_once(instructions: str) -> None:
    chunks, reading, stream = await waiting_in(instructions)
    seen = list(chunks)
    await stream.aclose()  # type: ignore[attr-defined]
    await asyncio.wait_for(reading, 1)
    assert chunks == seen
    assert seen[0] in (Text("One"), Text("one"))


@pytest.mark.parametrize("instructions", [STALL, SLOW])
async def test_cancelling_its_reader_in_a_wait_ends_it_at_once(instructions: str) -> None:
    _, reading, _ = await waiting_in(instructions)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert len(asyncio.all_tasks()) == 1


async def test_a_closed_stream_says_nothing_more() -> None:
    stream = provider().stream(request(instructions="turns: [[{text: one two}]]"))
    assert await anext(stream) == Text("one")
    await stream.aclose()
    await stream.aclose()
    assert [chunk async for chunk in stream] == []


async def test_an_error_of_the_clock_is_not_swallowed() -> None:
    class BrokenClock(StoppedClock):
        async def sleep(self, seconds: float) -> None:
            raise OSError("no time")

    stream = Builtin(BrokenClock(), Ids(), words_per_second=1).stream(request(instructions="turns: [[{text: a b}]]"))
    assert await anext(stream) == Text("a")
    with pytest.raises(OSError, match="no time"):
        await anext(stream)


async def test_an_error_before_the_first_chunk_is_not_partial() -> None:
    scenario = "turns: [[{stall_ms: 1}, {cut: true}]]"
    with pytest.raises(ProviderError) as raised:
        await anext(provider().stream(request(instructions=scenario)))
    assert (raised.value.kind, raised.value.partial) == ("connection", False)


async def test_a_long_script_is_read_while_the_loop_goes_on() -> None:
    long = "turns: [[" + "{text: a}, " * 2_000 + "]]"
    reading = asyncio.create_task(until_error(provider().stream(request(instructions=long))))
    turns_of_the_loop = 0
    while not reading.done():
        await asyncio.sleep(0.001)
        turns_of_the_loop += 1
    assert turns_of_the_loop > 3
    chunks, error = reading.result()
    assert (chunks[:-2], error) == ([Text("a")] * 2_000, None)


async def test_after_its_error_a_stream_is_over() -> None:
    stream = provider().stream(request("builtin/poet"))
    with pytest.raises(ProviderError):
        await anext(stream)
    assert [chunk async for chunk in stream] == []
