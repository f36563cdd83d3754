"""Which of the mentions of a message an argument takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from livethread.providers.builtin.tools import vocabulary
from livethread.providers.builtin.tools.functions import as_list
from livethread.providers.builtin.tools.mentions import Mention, MentionKind, Said
from livethread.providers.builtin.tools.schemas import Document, Schema, kind_of
from livethread.providers.builtin.words import name_stems, stem

_LEADING = re.compile(r"^(?:[\s:,.;-]|(?:for|that|about|of|to|saying|is|the|an?)\b)+", re.IGNORECASE)
_TRAILING = " \n\t,.;!?"
_MOST_MENTIONS = 200

_FORMATS: dict[str, tuple[MentionKind, ...]] = {
    "date": ("date",), "date-time": ("date",), "time": ("time",), "email": ("email",), "uri": ("url",),
    "url": ("url",), "uuid": ("code", "quoted"),
}  # fmt: skip
_CERTAIN: tuple[MentionKind, ...] = ("quoted", "name")
_ANY: tuple[MentionKind, ...] = (
    "quoted", "name", "word", "code", "unit", "email", "url", "date", "when", "time", "number",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Parameter:
    """What is known of an argument that is wanted.

    Args:
        name: of the property it is for.
        required: whether it must be there.
        named: take only what the message marks for it: "in Rome" for a city, "5 days" for days.
        alike: the item before it, for a further one of a list.
    """

    name: str
    required: bool
    named: bool = False
    alike: Mention | None = None

    @property
    def stems(self) -> frozenset[str]:
        """Of the words of its name."""
        return name_stems(self.name)


class Mentions:
    """The mentions that one call may use; each is used once.

    Args:
        said: the message.
        spans: the parts of it that are about this call; what is elsewhere serves required arguments only.
        behind: where the words end that asked for the function.
    """

    def __init__(self, said: Said, spans: Sequence[tuple[int, int]], behind: int) -> None:
        self._said = said
        self._spans = spans
        self._behind = behind
        self._kept: dict[tuple[MentionKind, bool], list[Mention]] = {}
        for mention in said.mentions[:_MOST_MENTIONS]:
            self._kept.setdefault((mention.kind, self._is_near(mention)), []).append(mention)
        self.used: list[Mention] = []

    def take(
        self, schema: Schema, parameter: Parameter, document: Document, accepts: Callable[[Any], bool]
    ) -> tuple[Any, Mention] | None:
        """The value for a schema of one value, and where it was found; None if nothing mentioned can be it."""
        for value, mention in self._offered(schema, parameter, document):
            document.work.step()
            if self._is_free(mention, parameter) and accepts(value):
                self.used.append(mention)
                return value, mention
        return None

    def others(self, mention: Mention, schema: Schema, document: Document) -> Iterator[Any]:
        """What else a call could be made with instead of a mention: the rest of its list, the same kind behind "in"."""
        for value, other in self._offered(schema, Parameter("", True), document):
            if self._is_near(other) and not self._overlaps(other) and _are_alike(mention, other):
                self.used.append(other)
                yield value

    def _offered(self, schema: Schema, parameter: Parameter, document: Document) -> Iterator[tuple[Any, Mention]]:
        if "enum" in schema or "const" in schema:
            values = [schema["const"]] if "const" in schema else as_list(schema["enum"])
            for value, mention in self._listed(values, document):
                if not parameter.named or self._is_marked(mention, parameter):
                    yield value, mention
            return
        kind = kind_of(schema)
        if kind == "boolean":
            yield from self._truths(parameter)
        elif kind in ("number", "integer"):
            for mention in self._sorted(parameter, ("number",)):
                value = mention.value
                yield (int(value) if kind == "integer" and float(value).is_integer() else value), mention
        elif kind in ("string", None):
            yield from self._texts(schema, parameter)

    def _listed(self, values: Iterable[Any], document: Document) -> Iterator[tuple[Any, Mention]]:
        found: list[tuple[Any, Mention]] = []
        for value in values:
            document.work.step()
            if isinstance(value, str) and value:
                found += [(value, mention) for mention in self._said.places(value)]
            elif isinstance(value, int | float) and not isinstance(value, bool):
                found += [(value, one) for one in self._said.mentions if one.kind == "number" and one.value == value]
        yield from sorted(found, key=lambda one: (not self._is_near(one[1]), one[1].start, -one[1].end))

    def _truths(self, parameter: Parameter) -> Iterator[tuple[bool, Mention]]:
        tokens = self._said.tokens
        wanted = (parameter.stems - vocabulary.SAYS_LITTLE) or parameter.stems
        for at, token in enumerate(tokens):
            if token.kind != "word" or wanted.isdisjoint(token.stems):
                continue
            behind = next((one.low for one in tokens[at + 1 : at + 3] if one.kind == "word"), "")
            denied = any(one.low in vocabulary.NEGATIONS for one in tokens[max(at - 2, 0) : at])
            mention = Mention("word", token.text, token.start, token.end, (parameter.name, ""))
            yield vocabulary.ANSWERS.get(behind, not denied), mention

    def _texts(self, schema: Schema, parameter: Parameter) -> Iterator[tuple[str, Mention]]:
        for mention in self._sorted(parameter, self._kinds(schema, parameter)):
            yield self._text(mention), mention
        if parameter.stems & vocabulary.FREE and parameter.required and not parameter.named:
            yield from self._rest()

    def _kinds(self, schema: Schema, parameter: Parameter) -> tuple[MentionKind, ...]:
        """What a text may look like, the likeliest first."""
        stems = parameter.stems
        shape = schema.get("format")
        if isinstance(shape, str) and shape in _FORMATS:
            return _FORMATS[shape]
        if "pattern" in schema:
            return ("code", *_ANY, "number")
        if stems & vocabulary.MOMENTS and not stems & vocabulary.FREE:
            return ("date", "when", "time")
        if stems & vocabulary.FREE:
            return _ANY if parameter.named else ("quoted",)
        if stems & vocabulary.NUMBERED and parameter.required:
            return ("number", "code", *_ANY)
        if stems & vocabulary.ADDRESSES:
            return ("email",)
        if parameter.named:
            return ("email", "url", *_ANY) if stems & vocabulary.RECEIVERS else _ANY
        if stems & vocabulary.MEASURES and parameter.required:
            return ("unit", *_ANY)
        return _ANY if parameter.required else _CERTAIN

    def _sorted(self, parameter: Parameter, kinds: Sequence[MentionKind]) -> Iterator[Mention]:
        """The mentions of these kinds: near ones first, and only marked ones if those are asked for."""
        for near in (True, False):
            for kind in dict.fromkeys(kinds):
                for mention in self._kept.get((kind, near), ()):
                    if self._may_take(mention, parameter):
                        yield mention

    def _may_take(self, mention: Mention, parameter: Parameter) -> bool:
        if parameter.named:
            return self._is_marked(mention, parameter)
        # "I want to know" has no destination: "to" must be what the parameter asks for.
        return mention.kind != "word" or mention.before[0] != "to"

    def _is_marked(self, mention: Mention, parameter: Parameter) -> bool:
        """Whether the words around a mention speak of this parameter."""
        stems = parameter.stems
        first, second = mention.before
        return (
            (first != "" and stem(first) in stems)
            or first in vocabulary.before(stems)
            or (first in vocabulary.LINKS and second != "" and stem(second) in stems)
            or (mention.kind == "number" and not stems.isdisjoint(mention.after))
        )

    def _text(self, mention: Mention) -> str:
        if isinstance(mention.value, str):
            return mention.value
        return self._said.text[mention.start : mention.end]

    def _rest(self) -> Iterator[tuple[str, Mention]]:
        """What is said behind the words that asked for the function."""
        end = max((end for _, end in self._spans), default=0)
        text = self._said.text[self._behind : end]
        trimmed = _LEADING.sub("", text).rstrip(_TRAILING)
        if trimmed.lower().endswith(" please"):
            trimmed = trimmed[: -len(" please")].rstrip(_TRAILING)
        start = end - len(text) + text.find(trimmed)
        if trimmed and not any(one.start <= start and start + len(trimmed) <= one.end for one in self.used):
            yield trimmed, Mention("quoted", trimmed, start, start)

    def _is_free(self, mention: Mention, parameter: Parameter) -> bool:
        if self._overlaps(mention) or not (self._is_near(mention) or parameter.required):
            return False
        if parameter.alike is not None:
            return self._is_near(mention) and _are_alike(parameter.alike, mention)
        # The rest of a list is for further calls, unless an argument has to be there.
        listed = any(one.chain and one.chain == mention.chain for one in self.used)
        return not listed or (parameter.required and not parameter.named)

    def _overlaps(self, mention: Mention) -> bool:
        return any(one.start < mention.end and mention.start < one.end for one in self.used)

    def _is_near(self, mention: Mention) -> bool:
        return any(start <= mention.start < end for start, end in self._spans)


def _are_alike(one: Mention, other: Mention) -> bool:
    """Whether two mentions are of one list, as far as their looks and the words before them tell."""
    return one.kind == other.kind and (one.chain == other.chain or other.before[0] in (one.before[0], "and", "or"))
