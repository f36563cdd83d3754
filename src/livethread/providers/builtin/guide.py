"""`builtin/guide`: answers from Livethread's own documentation, found by SQLite's full-text search."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator

from livethread.providers.builtin.passages import Passage, packed
from livethread.providers.builtin.playback import Wait, paced
from livethread.providers.builtin.words import TOO_COMMON, words
from livethread.providers.chunks import Chunk, Finish, Text, Usage

HONEST = "(Built-in guide: I look things up in Livethread's documentation; I am not a language model.)"

_MENU = "What I can tell you"  # the passage for whoever asks nothing in particular
_READ = 4_000  # characters of the question; what is behind them is seldom the question
_TERMS = 16

_TABLE = "CREATE VIRTUAL TABLE passages USING fts5(title, heading, also, body, tokenize = 'porter unicode61')"
_FILL = "INSERT INTO passages (rowid, title, heading, also, body) VALUES (?, ?, ?, ?, ?)"
_BEST = "SELECT rowid FROM passages WHERE passages MATCH ? ORDER BY bm25(passages, 2.0, 6.0, 5.0, 1.0), rowid LIMIT 3"
_HAS = "SELECT 1 FROM passages WHERE rowid = ? AND passages MATCH ?"


class Guide:
    """The packed passages and their index, which is built in memory at the first question."""

    def __init__(self) -> None:
        self._passages: list[Passage] = []
        self._index: sqlite3.Connection | None = None

    def answer(self, question: str, prompt_words: int, words_per_second: float) -> Iterator[Chunk | Wait]:
        """The answer word by word, then usage (words count as tokens) and the finish.

        Args:
            question: any text; what fits no passage gets an overview.
            prompt_words: told as the prompt's tokens.
            words_per_second: the pace; 0 is no wait.
        """
        text = self.text(question)
        yield from paced((Text(word) for word in words(text)), 1 / words_per_second if words_per_second else 0.0)
        yield Usage(prompt_words, len(text.split()))
        yield Finish("stop")

    def text(self, question: str) -> str:
        """The whole answer: the passage that fits best, its source, related passages, and who says so."""
        found = self._find(_terms(question))
        if not found:
            return self._overview()
        best, *related = found
        parts = [best.body, f"Source: Livethread documentation, “{best.title}: {best.heading}”."]
        if related:
            parts.append("Related, ask me for: " + ", ".join(f"“{passage.heading}”" for passage in related) + ".")
        return "\n\n".join([*parts, HONEST])

    def close(self) -> None:
        """Let go of the index."""
        if self._index is not None:
            self._index.close()
            self._index = None

    def _overview(self) -> str:
        self._opened()
        overview = next(passage for passage in self._passages if passage.heading == _MENU)
        return f"{overview.body}\n\n{HONEST}"

    def _find(self, terms: list[str]) -> list[Passage]:
        """Up to three passages, best first; none unless the best has at least half of the terms."""
        if not terms:
            return []
        index = self._opened()
        rows = [row for (row,) in index.execute(_BEST, (" OR ".join(terms),))]
        if not rows:
            return []
        had = sum(1 for term in terms if index.execute(_HAS, (rows[0], term)).fetchone())
        return [self._passages[row] for row in rows] if 2 * had >= len(terms) else []

    def _opened(self) -> sqlite3.Connection:
        if self._index is None:
            self._passages = packed()
            # Read by one event loop at a time, but not always from the thread that asked first.
            index = sqlite3.connect(":memory:", check_same_thread=False)
            index.execute(_TABLE)
            rows = ((n, p.title, p.heading, p.also, p.body) for n, p in enumerate(self._passages) if p.heading != _MENU)
            index.executemany(_FILL, rows)
            self._index = index
        return self._index


def _terms(question: str) -> list[str]:
    """The question's telling words, each in quotes, so that none is read as search syntax."""
    found = re.findall(r"[^\W_]{1,40}", question[:_READ].casefold())
    telling = [word for word in dict.fromkeys(found) if word not in TOO_COMMON]
    if not telling and "livethread" in found:
        telling = ["livethread"]
    return [f'"{word}"' for word in telling[:_TERMS]]
