"""The upstreams that the settings name and those found on this machine, connected: one registry of models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from livethread.clock import Clock
from livethread.ids import Ids
from livethread.providers.address import shown
from livethread.providers.chat_completions import ChatCompletions
from livethread.providers.chunks import Provider
from livethread.providers.local_engines import ENGINES, FoundEngine, LocalEngine, find_engines
from livethread.providers.ourselves import is_ourselves
from livethread.providers.registry import Registry, Upstream
from livethread.settings import Settings, UpstreamSettings

_SHOWN_MODELS = 5


@dataclass(frozen=True, slots=True)
class Upstreams:
    """Every upstream of one server.

    Args:
        registry: finds the provider of a model; whoever connected closes it.
        named: those of the settings that are connected.
        engines: those found on this machine besides.
        ignored: a sentence about each of the settings that is not connected.
    """

    registry: Registry
    named: tuple[UpstreamSettings, ...] = ()
    engines: tuple[FoundEngine, ...] = ()
    ignored: tuple[str, ...] = ()

    def sentences(self) -> list[str]:
        """What somebody who starts the server has to know, one line each."""
        if self.named:
            lines = [f"Connected: {upstream.name} at {shown(upstream.url)}." for upstream in self.named]
        else:
            lines = ["No model is connected: the built-in ones answer. Set LIVETHREAD_UPSTREAM_URL to connect one."]
        return lines + [_offer(found) for found in self.engines]


async def connect(
    settings: Settings, builtin: Provider, *, ids: Ids, clock: Clock, engines: Sequence[LocalEngine] = ENGINES
) -> Upstreams:
    """Make the providers; nothing but the engines on this machine is asked anything yet.

    Args:
        settings: name the upstreams and the aliases; host and port are our own, which nothing may lead back to.
        builtin: the built-in provider.
        ids: new ids.
        clock: the time.
        engines: where to look for engines, if the settings allow it.

    Raises:
        SetupError: an address or an alias makes no sense.
    """
    ours = [upstream for upstream in settings.upstreams if is_ourselves(upstream.url, settings.host, settings.port)]
    named = tuple(upstream for upstream in settings.upstreams if upstream not in ours)
    absent = {upstream.name: _ourselves(upstream) for upstream in ours}
    ignored = tuple(absent.values())
    names = {upstream.name for upstream in settings.upstreams}
    usual = [engine for engine in engines if settings.local_engines and engine.name not in names]
    # Their prefixes are theirs, found or not: what is meant for this machine must never go to the default upstream.
    absent |= {engine.name: reason for engine in usual if (reason := _not_looked_for(settings, engine)) is not None}
    found = await find_engines([engine for engine in usual if engine.name not in absent])
    there = {one.engine.name for one in found}
    absent |= {engine.name: _not_found(engine) for engine in usual if engine.name not in {*there, *absent}}

    def provider(upstream: UpstreamSettings) -> ChatCompletions:
        return ChatCompletions(
            upstream.url, upstream.key, ids=ids, clock=clock, stall_timeout=settings.stall_seconds,
            stream=upstream.stream, images=upstream.images, words_per_second=settings.words_per_second,
        )  # fmt: skip

    registry = Registry(
        builtin,
        [
            *(Upstream(upstream.name, provider(upstream), upstream.context) for upstream in named),
            *(
                Upstream(one.engine.name, provider(UpstreamSettings(one.engine.name, one.engine.url)), bare=False)
                for one in found
            ),
        ],
        aliases=settings.aliases,
        absent=absent,
        clock=clock,
    )
    return Upstreams(registry, named, tuple(found), ignored)


def _ourselves(upstream: UpstreamSettings) -> str:
    return (
        f"the upstream {upstream.name} ({shown(upstream.url)}) is this server itself and is ignored; "
        "give it the address of the model API"
    )


def _not_looked_for(settings: Settings, engine: LocalEngine) -> str | None:
    """Why an engine is not even looked for, if it is not."""
    elsewhere = f"Say where {engine.title} is with [upstreams.{engine.name}] in livethread.toml."
    if is_ourselves(engine.url, settings.host, settings.port):
        return f"this server itself listens where {engine.title} usually does. {elsewhere}"
    for upstream in settings.upstreams:
        if is_ourselves(upstream.url, "127.0.0.1", engine.port):
            return f"what listens at {engine.url} is the upstream {upstream.name} here; ask for {upstream.name}/MODEL."
    return None


def _not_found(engine: LocalEngine) -> str:
    return (
        f"{engine.title} did not answer at {engine.url} when the server started. "
        f"Start it and then the server again, or say where it is with [upstreams.{engine.name}] in livethread.toml."
    )


def _offer(found: FoundEngine) -> str:
    name, title, url = found.engine.name, found.engine.title, found.engine.url
    if not found.models:
        return f"Found {title} at {url}, which has no model yet: once it has, use it as {name}/MODEL."
    models = ", ".join(found.models[:_SHOWN_MODELS])
    if len(found.models) > _SHOWN_MODELS:
        models += f" and {len(found.models) - _SHOWN_MODELS} more"
    return f"Found {title} at {url} ({models}): use its models as {name}/{found.models[0]}."
