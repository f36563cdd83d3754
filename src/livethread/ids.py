"""Identifiers in the API's shapes (reference section 1.2); treated as opaque everywhere else."""

from __future__ import annotations

import random
import secrets
import string

_ALPHABET = string.ascii_letters + string.digits
_TAG_ALPHABET = string.ascii_lowercase + string.digits


class Ids:
    """A source of ids: ``asst_``, ``thread_``, ``msg_``, ``run_``, ``step_``, ``call_`` and 24 letters or digits.

    Args:
        seed: makes the ids repeatable, for tests; the system's randomness otherwise.
    """

    def __init__(self, seed: int | None = None) -> None:
        self._random: random.Random = secrets.SystemRandom() if seed is None else random.Random(seed)

    def new(self, prefix: str) -> str:
        """A new id: ``new("msg")`` -> ``msg_`` and 24 letters or digits."""
        return f"{prefix}_{''.join(self._random.choices(_ALPHABET, k=24))}"

    def tag(self) -> str:
        """Four random characters that tell one event from another at the same place of another log."""
        return "".join(self._random.choices(_TAG_ALPHABET, k=4))

    def request(self) -> str:
        """The value of ``x-request-id``: ``req_`` and 32 hex digits."""
        return f"req_{self._random.getrandbits(128):032x}"

    def vector_store(self) -> str:
        """A vector store's id: ``vs_`` and 32 hex digits, as the hosted API made them from 2025 on."""
        return f"vs_{self._random.getrandbits(128):032x}"
