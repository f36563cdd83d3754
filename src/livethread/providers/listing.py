"""What an upstream lists, remembered for a minute."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Final

from livethread.clock import Clock
from livethread.providers.chunks import Provider, ProviderError

GOOD_FOR: Final = 60.0
"""Seconds that a list is believed."""

SILENT_FOR: Final = 10.0
"""Seconds until an upstream is asked again that could not be asked."""

PATIENCE: Final = 3.0
"""Seconds that a run waits for a list before it goes on without."""


class Listing:
    """The models that one upstream lists.

    Args:
        provider: asks it.
        clock: the time.
    """

    def __init__(self, provider: Provider, clock: Clock) -> None:
        self._provider = provider
        self._clock = clock
        self._names: list[str] | None = None
        self._until = 0.0
        self._asking = asyncio.Lock()

    async def fresh(self) -> list[str]:
        """The list as it is now.

        Raises:
            ProviderError: the upstream cannot be asked.
        """
        names = None
        try:
            names = await self._provider.models()
        finally:
            self._names = names
            self._until = self._clock.now() + (SILENT_FOR if names is None else GOOD_FOR)
        return names

    async def lacks(self, model: str) -> bool:
        """Whether the upstream is known not to serve a model; one that cannot be asked right now may do."""
        async with self._asking:  # those who wait get the same answer
            if not 0 <= self._until - self._clock.now() <= GOOD_FOR:
                try:
                    async with asyncio.timeout(PATIENCE):
                        await self.fresh()
                except (ProviderError, TimeoutError):
                    return False
        return self._names is not None and not holds(self._names, model)


def holds(names: Collection[str], model: str) -> bool:
    """Whether a list has a model; Ollama lists ``llama3.3:latest`` and means ``llama3.3`` too."""
    return model in names or f"{model}:latest" in names
