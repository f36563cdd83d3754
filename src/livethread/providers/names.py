"""What a model name means: which upstream it leads to, and by which name that upstream is asked. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from livethread.errors import SetupError

BUILTIN: Final = "builtin"
"""What stands before the slash in names that are served without any upstream."""

DEFAULT: Final = "default"
"""The upstream that takes names without a prefix, where there is one of this name."""

ANY: Final = "*"
"""The alias that takes names which nothing else serves."""


class UnusableAlias(SetupError):
    """An alias that can never lead to a model.

    Args:
        alias: its name, so that its line can be found.
        sentence: says why, and what to do.
    """

    def __init__(self, alias: str, sentence: str) -> None:
        super().__init__(sentence)
        self.alias = alias


@dataclass(frozen=True, slots=True)
class Place:
    """Where a name leads.

    Args:
        upstream: the upstream's name, or ``builtin``; None where no upstream takes names without a prefix.
        model: the name to ask it for.
        bare: the name had no prefix, so that it is the upstream's only for want of another.
    """

    upstream: str | None
    model: str
    bare: bool = False


class Names:
    """The names of one server.

    Args:
        upstreams: the prefixes that lead to an upstream; ``meta`` in ``meta/llama`` is none unless it stands here.
        default: the upstream that takes names without a prefix, if there is one.
        aliases: what other names stand for.

    Raises:
        UnusableAlias: an alias leads back to itself.
    """

    def __init__(self, upstreams: Collection[str], default: str | None, aliases: Mapping[str, str]) -> None:
        self._upstreams = frozenset(upstreams)
        self._default = default
        self._aliases = dict(aliases)
        for alias in self._aliases:
            self._refuse_circle(alias)

    @property
    def aliases(self) -> Mapping[str, str]:
        """What other names stand for, one link of the chain each."""
        return self._aliases

    def followed(self, name: str) -> str:
        """The name that a name finally stands for; itself, unless it is an alias."""
        while name in self._aliases:
            name = self._aliases[name]
        return name

    def place(self, name: str) -> Place:
        """Where a name leads that is no alias."""
        prefix, _, rest = name.partition("/")
        if rest and prefix == BUILTIN:
            return Place(BUILTIN, name)
        if rest and prefix in self._upstreams:
            return Place(prefix, rest)
        return Place(self._default, name, bare=True)

    def spelled(self, upstream: str, model: str) -> str:
        """How to ask for a model of an upstream: as shortly as it is sure to lead there."""
        place = self.place(self.followed(model))
        return model if (place.upstream, place.model) == (upstream, model) else f"{upstream}/{model}"

    def refuse_lost_aliases(self) -> None:
        """Hold every alias against the upstreams there are.

        Raises:
            UnusableAlias: what it stands for leads to no upstream, and no catch-all takes it.
        """
        for alias, target in self._aliases.items():
            place = self.place(target)
            if target in self._aliases or place.upstream is not None or (ANY in self._aliases and alias != ANY):
                continue
            there = ", ".join(sorted(self._upstreams)) or "none"
            prefix, slash, _ = target.partition("/")
            why = f"there is no upstream '{prefix}'" if slash else "no upstream takes names without a prefix"
            raise UnusableAlias(
                alias,
                f"The alias '{alias}' stands for '{target}', but {why}; "
                f"write the name of an upstream and a slash before the model's name (upstreams: {there}).",
            )

    def _refuse_circle(self, alias: str) -> None:
        chain = [alias]
        while (name := self._aliases.get(chain[-1])) is not None and name not in chain:
            chain.append(name)
        if name == alias:
            circle = " -> ".join([*chain, alias])
            raise UnusableAlias(
                alias, f"The alias '{alias}' leads back to itself ({circle}); let one of them stand for a model."
            )


def default_of(upstreams: Collection[str]) -> str | None:
    """Which of these upstreams takes names without a prefix: the one called ``default``, else the only one."""
    if DEFAULT in upstreams:
        return DEFAULT
    return next(iter(upstreams)) if len(upstreams) == 1 else None
