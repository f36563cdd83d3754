"""How many tokens a text is: a real tokenizer's count where there is one, else a stated estimate.

Only OpenAI has published tokenizers for its models. They are used if the extra ``livethread[tokens]`` is installed and
the vocabulary can be had: tiktoken keeps it in ``TIKTOKEN_CACHE_DIR``, and fetches it once if it is not there.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import structlog

BYTES_PER_TOKEN: Final = 4
"""The estimate: English has about four bytes to a token, other scripts two to five."""

LOADING: Final = 10.0
"""Seconds after which a tokenizer counts as one that cannot be had."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Counter:
    """Counts the tokens of one model.

    Args:
        name: of the tokenizer, or ``estimate``.
        count: the tokens of a text.
    """

    name: str
    count: Callable[[str], int]


def _estimated(text: str) -> int:
    return -(-len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN)


ESTIMATE: Final = Counter("estimate", _estimated)
"""One token for every four bytes of UTF-8, rounded up."""


class Tokenizers:
    """The counters of models; each tokenizer is loaded once, when it is first needed.

    Args:
        library: what tiktoken offers; None where it is not installed, and then everything is estimated.
        patience: seconds that a vocabulary may take to load.
    """

    def __init__(self, library: Any = None, *, patience: float = LOADING) -> None:
        self._library = library
        self._patience = patience
        self._loading: dict[str, asyncio.Future[Counter]] = {}

    @classmethod
    def installed(cls) -> Tokenizers:
        """With tiktoken, if it is installed."""
        try:
            return cls(importlib.import_module("tiktoken"))
        except ImportError:
            return cls()

    async def of(self, model: str) -> Counter:
        """What counts the tokens of a model.

        Args:
            model: as it is sent upstream; what stands before a slash (``openai/gpt-4o``) does not count.
        """
        try:
            name = self._library.encoding_name_for_model(model.rpartition("/")[2]) if self._library else None
        except KeyError:
            name = None
        if name is None:
            return ESTIMATE
        if name not in self._loading:
            self._loading[name] = asyncio.ensure_future(self._load(name))
        return await asyncio.shield(self._loading[name])

    async def _load(self, name: str) -> Counter:
        try:
            async with asyncio.timeout(self._patience):
                encoding = await asyncio.to_thread(self._library.get_encoding, name)
        except Exception as error:  # from files, HTTP or the vocabulary itself: an estimate is always to be had
            log.warning("tokens are estimated: a tokenizer could not be loaded", tokenizer=name, error=repr(error))
            return ESTIMATE
        return Counter(name, lambda text: len(encoding.encode_ordinary(text)))
