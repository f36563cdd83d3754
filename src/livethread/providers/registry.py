"""Which provider answers for a model name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from livethread.providers.chunks import Provider, ProviderError

BUILTIN: Final = "builtin/"
"""What the names begin with that are served without any upstream."""


@dataclass(frozen=True, slots=True)
class Served:
    """Where a model name leads.

    Args:
        provider: who answers.
        model: the name to ask it for.
        context: tokens that prompt and answer may have together; None where nobody said.
    """

    provider: Provider
    model: str
    context: int | None = None


class Registry:
    """Maps model names to providers, and lists what there is.

    Args:
        builtin: serves every name that begins with ``builtin/``.
        upstream: serves every other name; None when no model API is set.
        upstream_name: who owns the upstream's models in ``GET /v1/models``.
    """

    def __init__(self, builtin: Provider, upstream: Provider | None = None, *, upstream_name: str = "upstream") -> None:
        self._builtin = builtin
        self._upstream = upstream
        self._upstream_name = upstream_name

    async def find(self, model: str) -> Served:
        """The provider of a model, and the name to send to it (the whole name, as it was asked for).

        Raises:
            ProviderError: nothing serves this name (``not_found``).
        """
        if model.startswith(BUILTIN):
            return Served(self._builtin, model)
        if self._upstream is None:
            raise ProviderError(
                "not_found",
                f"No model API is set up that could serve the model '{model}'. Set LIVETHREAD_UPSTREAM_URL "
                "(or OPENAI_BASE_URL) to one, or use the model builtin/guide, which needs none.",
            )
        return Served(self._upstream, model)

    async def models(self) -> list[tuple[str, str]]:
        """All names served, each with who owns it, for ``GET /v1/models``; the built-in ones come first.

        An upstream that fails lists nothing: the names it would have listed may still be asked for.
        """
        listed = dict.fromkeys(await self._builtin.models(), "livethread")
        if self._upstream is not None:
            try:
                names = await self._upstream.models()
            except ProviderError:
                names = []
            for name in names:
                # A name of ours is never sent upstream, so it is not listed as theirs either.
                if not name.startswith(BUILTIN):
                    listed.setdefault(name, self._upstream_name)
        return list(listed.items())

    async def close(self) -> None:
        """Close all providers; one that fails does not keep the other open."""
        try:
            if self._upstream is not None:
                await self._upstream.close()
        finally:
            await self._builtin.close()
