"""Which provider answers for a model name."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from livethread.clock import Clock, SystemClock
from livethread.providers.chunks import Provider, ProviderError
from livethread.providers.listing import Listing, holds
from livethread.providers.names import ANY, BUILTIN, DEFAULT, Names, Place, default_of


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


@dataclass(frozen=True, slots=True)
class Upstream:
    """One model API of this server.

    Args:
        name: the prefix of its models' names.
        provider: asks it.
        context: tokens that prompt and answer may have together; None where nobody said.
        bare: it may take names without a prefix, if it is called ``default`` or is the only one that may.
    """

    name: str
    provider: Provider
    context: int | None = None
    bare: bool = True


@dataclass(frozen=True, slots=True)
class Listed:
    """What an upstream lists at the moment.

    Args:
        upstream: its name.
        models: the names that it knows.
        trouble: why it lists nothing, where it cannot be asked.
    """

    upstream: str
    models: Sequence[str]
    trouble: str | None = None

    def holds(self, model: str) -> bool:
        """Whether it lists a model."""
        return holds(self.models, model)


class Registry:
    """Maps model names to providers, and lists what there is.

    Args:
        builtin: serves every name that begins with ``builtin/``.
        upstreams: serve all others.
        aliases: what other names stand for; ``*`` takes those that nothing else serves.
        absent: prefixes of upstreams that are not there, each with a sentence that says why.
        clock: says when a list is too old to be believed.

    Raises:
        UnusableAlias: an alias leads back to itself.
    """

    def __init__(
        self,
        builtin: Provider,
        upstreams: Sequence[Upstream] = (),
        *,
        aliases: Mapping[str, str] | None = None,
        absent: Mapping[str, str] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._builtin = builtin
        self._upstreams = {upstream.name: upstream for upstream in upstreams}
        self._absent = dict(absent or {})
        clock = clock or SystemClock()
        self._listings = {upstream.name: Listing(upstream.provider, clock) for upstream in upstreams}
        self.default = default_of([upstream.name for upstream in upstreams if upstream.bare])
        self.names = Names({*self._upstreams, *self._absent}, self.default, aliases or {})

    async def find(self, model: str) -> Served:
        """The provider of a model, and the name to send to it.

        Raises:
            ProviderError: nothing serves this name (``not_found``).
        """
        place = await self.place(model)
        if place.upstream == BUILTIN:
            return Served(self._builtin, place.model)
        upstream = self._upstreams.get(place.upstream or "")
        if upstream is None:
            raise ProviderError("not_found", self._nothing_serves(model, place))
        return Served(upstream.provider, place.model, upstream.context)

    async def place(self, model: str) -> Place:
        """Where a model name leads: through its aliases, and to the catch-all if nothing else serves it.

        An upstream that cannot be asked what it serves keeps the names that are its own: during an outage a run fails,
        rather than being answered by another model.
        """
        place = self.names.place(self.names.followed(model))
        if not place.bare or ANY not in self.names.aliases:
            return place
        if place.upstream is None or await self._listings[place.upstream].lacks(place.model):
            return self.names.place(self.names.followed(ANY))
        return place

    async def models(self) -> list[tuple[str, str]]:
        """All names that may be asked for, each with who owns it, for ``GET /v1/models``.

        The built-in ones come first, aliases last. An upstream that fails lists nothing: its names may still be asked
        for.
        """
        found: dict[str, str] = {}
        for listed in await self.listed():
            for model in listed.models:
                if listed.upstream == BUILTIN:
                    found[model] = "livethread"
                else:
                    found.setdefault(self.names.spelled(listed.upstream, model), listed.upstream)
        for alias in self.names.aliases:
            if alias != ANY:
                found.setdefault(alias, "alias")
        return list(found.items())

    async def listed(self) -> list[Listed]:
        """What the built-in provider and each upstream list; all are asked at once."""
        builtin = Listed(BUILTIN, await self._builtin.models())
        return [builtin, *await asyncio.gather(*map(self._ask, self._upstreams))]

    async def close(self) -> None:
        """Close all providers; one that fails does not keep the others open."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._builtin.close)
            for upstream in self._upstreams.values():
                stack.push_async_callback(upstream.provider.close)

    async def _ask(self, name: str) -> Listed:
        try:
            return Listed(name, await self._listings[name].fresh())
        except ProviderError as error:
            return Listed(name, (), error.message)

    def _nothing_serves(self, model: str, place: Place) -> str:
        """Why, what is configured, and the line that would mend it."""
        model = model[:128]
        alias = f" (an alias of '{place.model[:128]}')" if model in self.names.aliases else ""
        nobody = f"Nothing serves the model '{model}'{alias}: "
        reason = self._absent.get(place.upstream or DEFAULT)  # which is where names without a prefix would go
        if reason is not None:
            return f"{nobody}{reason.removesuffix('.')}."
        if not self._upstreams:
            return (
                f"{nobody}no model API is set up. Set LIVETHREAD_UPSTREAM_URL (or OPENAI_BASE_URL) to one, or write "
                f'"{model}" = "builtin/guide" under [aliases] in livethread.toml; builtin/guide needs no model API.'
            )
        names = ", ".join(self._upstreams)
        return (
            f"{nobody}no upstream takes names without a prefix. Ask for it with one ({names}), as in "
            f'{next(iter(self._upstreams))}/{model}, or write "{model}" = "UPSTREAM/MODEL" under [aliases] in '
            "livethread.toml; builtin/guide needs no model API."
        )
