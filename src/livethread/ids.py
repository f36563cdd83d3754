"""Identifiers in the API's shapes (reference section 1.2); treated as opaque everywhere else."""

from __future__ import annotations

import random
import re
import secrets
import string
import threading
from typing import Final

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
_ALPHABET: Final = string.ascii_letters + string.digits
_TAG_ALPHABET: Final = string.ascii_lowercase + string.digits

_STOCK: Final = 4096
"""Random bytes fetched at a time: each fetch lets go of the interpreter, and may wait long to have it back."""


def is_id(text: str) -> bool:
    """Whether this may be the id of something stored, by us or by an import."""
    return _ID.fullmatch(text) is not None


class Ids:
    """A source of ids: 24 letters or digits behind ``asst_``, ``thread_``, ``msg_``, ``run_``, ``step_``, ``call_``, …

    Args:
        seed: makes the ids repeatable, for tests; the system's randomness otherwise.
    """

    def __init__(self, seed: int | None = None) -> None:
        self._fetch = secrets.token_bytes if seed is None else random.Random(seed).randbytes
        self._stock = b""
        self._lock = threading.Lock()  # the writer's thread makes ids, too

    def new(self, prefix: str) -> str:
        """A new id: ``new("msg")`` -> ``msg_`` and 24 letters or digits."""
        return f"{prefix}_{self._letters(_ALPHABET, 24)}"

    def tag(self) -> str:
        """Four random characters that tell one event from another at the same place of another log."""
        return self._letters(_TAG_ALPHABET, 4)

    def request(self) -> str:
        """The value of ``x-request-id``: ``req_`` and 32 hex digits."""
        return f"req_{self._bytes(16).hex()}"

    def completion(self) -> str:
        """The id of a chat completion: ``chatcmpl-`` and 29 letters or digits."""
        return f"chatcmpl-{self._letters(_ALPHABET, 29)}"

    def vector_store(self) -> str:
        """A vector store's id: ``vs_`` and 32 hex digits, as the hosted API made them from 2025 on."""
        return f"vs_{self._bytes(16).hex()}"

    def _letters(self, alphabet: str, count: int) -> str:
        number = int.from_bytes(self._bytes(count))  # more bits than it takes, so that no letter is favoured
        letters = []
        for _ in range(count):
            number, letter = divmod(number, len(alphabet))
            letters.append(alphabet[letter])
        return "".join(letters)

    def _bytes(self, count: int) -> bytes:
        with self._lock:
            if len(self._stock) < count:
                self._stock = self._fetch(_STOCK)
            taken, self._stock = self._stock[:count], self._stock[count:]
        return taken
