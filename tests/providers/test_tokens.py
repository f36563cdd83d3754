"""What counts tokens: tiktoken with a real vocabulary, and the estimate wherever that is not to be had."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import pytest
import tiktoken
from structlog.testing import capture_logs

from livethread.providers.tokens import ESTIMATE, Tokenizers

RANKS = Path(__file__).parents[1] / "node/node_modules/js-tiktoken/dist/ranks"
PUBLISHED = "https://openaipublic.blob.core.windows.net/encodings/{}.tiktoken"


@pytest.fixture
def vocabularies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The vocabularies that OpenAI published, as tiktoken keeps them; it checks their sums by itself."""
    for name in ("cl100k_base", "o200k_base"):
        lines = []
        published = (RANKS / f"{name}.js").read_text()
        object_begins, object_ends = published.index("{"), published.rindex("}") + 1
        for line in json.loads(published[object_begins:object_ends])["bpe_ranks"].splitlines():
            _, first, *tokens = line.split(" ")
            lines += [f"{token} {rank}\n" for rank, token in enumerate(tokens, int(first))]
        key = hashlib.sha1(PUBLISHED.format(name).encode(), usedforsecurity=False).hexdigest()
        (tmp_path / key).write_text("".join(lines))
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))


class Library:
    """Stands in for tiktoken."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.loaded: list[str] = []
        self.gate = threading.Event()
        self.gate.set()

    def encoding_name_for_model(self, model: str) -> str:
        return {"gpt-4o": "o200k_base", "gpt-4": "cl100k_base"}[model]

    def get_encoding(self, name: str) -> Library:
        self.loaded.append(name)
        self.gate.wait(10)
        if self.error is not None:
            raise self.error
        return self

    def encode_ordinary(self, text: str) -> list[str]:
        return list(text)


@pytest.mark.usefixtures("vocabularies")
@pytest.mark.parametrize(
    ("model", "name", "tokens"),
    [
        ("gpt-4-1106-preview", "cl100k_base", [2, 1, 0, 6]),
        ("gpt-4o-mini", "o200k_base", [2, 1, 0, 3]),
        ("openai/gpt-4o", "o200k_base", [2, 1, 0, 3]),
    ],
)
async def test_openai_s_models_are_counted_with_their_own_vocabulary(model: str, name: str, tokens: list[int]) -> None:
    counter = await Tokenizers(tiktoken).of(model)
    assert counter.name == name
    assert [counter.count(text) for text in ("hello world", "<", "", "안녕하세요!")] == tokens


async def test_what_looks_like_a_special_token_is_text() -> None:
    counter = await Tokenizers(Library()).of("gpt-4o")
    assert counter.count("<|endoftext|>") == 13


@pytest.mark.parametrize("model", ["llama3.3", "builtin/guide", "", "gpt-4o/other"])
async def test_every_other_model_s_tokens_are_estimated(model: str) -> None:
    assert await Tokenizers(Library()).of(model) is ESTIMATE


async def test_without_the_library_all_are_estimated() -> None:
    assert await Tokenizers().of("gpt-4o") is ESTIMATE


async def test_a_tokenizer_is_loaded_once() -> None:
    library = Library()
    tokenizers = Tokenizers(library)
    counters = await asyncio.gather(*[tokenizers.of(model) for model in ("gpt-4o", "gpt-4", "gpt-4o")])
    assert [counter.name for counter in counters] == ["o200k_base", "cl100k_base", "o200k_base"]
    assert sorted(library.loaded) == ["cl100k_base", "o200k_base"]


@pytest.mark.parametrize("error", [OSError("no network"), ValueError("wrong sum")])
async def test_one_that_cannot_be_loaded_is_said_once_and_tokens_are_estimated(error: Exception) -> None:
    tokenizers = Tokenizers(Library(error))
    with capture_logs() as logged:
        assert [await tokenizers.of("gpt-4o") for _ in range(3)] == [ESTIMATE] * 3
    assert _warnings(logged) == [{"tokenizer": "o200k_base", "error": repr(error)}]


async def test_one_that_takes_too_long_is_not_waited_for() -> None:
    library = Library()
    library.gate.clear()
    with capture_logs() as logged:
        assert await Tokenizers(library, patience=0).of("gpt-4o") is ESTIMATE
    library.gate.set()
    assert _warnings(logged) == [{"tokenizer": "o200k_base", "error": "TimeoutError()"}]


def _warnings(logged: list[MutableMapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"tokenizer": entry["tokenizer"], "error": entry["error"]}
        for entry in logged
        if entry["log_level"] == "warning"
    ]
