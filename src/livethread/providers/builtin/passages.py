"""The guide's source: Markdown files in ``docs/``, cut into passages at their second-level headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

_ALSO = re.compile(r"<!-- also: (.*?) -->\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Passage:
    """One answer of the guide.

    Args:
        title: of the document it stands in.
        heading: its own.
        also: words people ask with that the text does not have; from a comment ``<!-- also: … -->``.
        body: Markdown, with a snippet where there is one.
    """

    title: str
    heading: str
    also: str
    body: str


def packed() -> list[Passage]:
    """Every passage that is packed in this package, in the order of the file names."""
    folder = resources.files("livethread.providers.builtin") / "docs"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".md")), key=lambda file: file.name)
    return [passage for file in files for passage in cut(file.read_text(encoding="utf-8"))]


def cut(markdown: str) -> Iterator[Passage]:
    """The passages of one document, which begins with ``# Title`` and has a ``## Heading`` before each passage."""
    first, *sections = re.split(r"^## ", markdown, flags=re.MULTILINE)
    title = first.removeprefix("# ").strip()
    for section in sections:
        heading, _, text = section.partition("\n")
        also = _ALSO.search(text)
        body = _ALSO.sub("", text).strip()
        yield Passage(title, heading.strip(), " ".join(also[1].split()) if also else "", body)
