"""A hook of MkDocs: pages that do not stand in docs/, and links that hold in the repository and in the site alike.

README.md and its kind stay where a reader of the repository looks for them, and their links stay what they are there.
Here they become pages of the site; a link to any other file of the repository leads to a copy of it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent
DOCS = "docs/"
COPIES = "files/"
MARK = "web/src/style/mark.svg"

PLACES = {
    "README.md": "index.md",
    **{f"{name}.md": f"{name.lower()}.md" for name in ("ARCHITECTURE", "CONTRIBUTING", "CHANGELOG", "SECURITY")},
    "LICENSE": "license.md",
    "clients/js/README.md": "clients/js.md",
    "spec/cases/README.md": "spec/cases.md",
    "examples/README.md": "examples/index.md",
    **{f"examples/{path.parent.name}/README.md": f"examples/{path.parent.name}.md"
       for path in sorted(ROOT.glob("examples/*/README.md"))},
}  # fmt: skip
"""Where in the site a page from outside of docs/ stands."""

_FENCED = re.compile(r"(^ *```.*?^ *```$)", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<=\]\()(?!\w+:|#|/)([^)#\s]+)")


def on_config(config: MkDocsConfig) -> None:
    """Put the pages in the place of the patterns of the navigation."""
    config.nav = [_filled(entry) for entry in config.nav or []]


def on_files(files: Files, config: MkDocsConfig) -> None:
    """Take in the pages from outside, and what any page links to."""
    for path, place in PLACES.items():
        files.append(File.generated(config, place, abs_src_path=str(ROOT / path)))
    config.theme["logo"] = config.theme["favicon"] = _take(MARK, files, config)
    for file in [file for file in files if file.is_documentation_page()]:
        _linked(file.content_string, _in_repo(file.src_uri), lambda path: _take(path, files, config))


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Make the links of a page those of the site; the first page has nothing beside it to be shown a way to."""
    if page.is_homepage:
        page.meta["hide"] = ["navigation"]
    folder = posixpath.dirname(page.file.src_uri)
    return _linked(markdown, _in_repo(page.file.src_uri), lambda path: posixpath.relpath(_in_site(path), folder or "."))


def _filled(entry: Any) -> Any:
    """An entry of the navigation, with a list of pages where it had a pattern."""
    if not isinstance(entry, dict):
        return entry
    ((title, content),) = entry.items()
    if isinstance(content, str) and "*" in content:
        ours = [f"{DOCS}{path.relative_to(ROOT / DOCS).as_posix()}" for path in sorted((ROOT / DOCS).glob(content))]
        others = [path for path, place in PLACES.items() if Path(place).match(content)]
        return {title: [_in_site(path) for path in (*ours, *others)]}
    return {title: [_filled(one) for one in content] if isinstance(content, list) else content}


def _linked(markdown: str, page: str, link: Callable[[str], str]) -> str:
    """A page's text with other links; links are told as paths in the repository, and what is not there stays."""

    def replaced(found: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(page), found[1]))
        return link(path) if (ROOT / path).exists() else found[0]

    parts = _FENCED.split(markdown)
    return "".join(part if number % 2 else _LINK.sub(replaced, part) for number, part in enumerate(parts))


def _take(path: str, files: Files, config: MkDocsConfig) -> str:
    place = _in_site(path)
    if files.get_file_from_path(place) is None:
        files.append(File.generated(config, place, abs_src_path=str(ROOT / path)))
    return place


def _in_site(path: str) -> str:
    """Where something of the repository stands in the site; a folder is its README, or else its first page."""
    if (ROOT / path).is_dir():
        pages = sorted((ROOT / path).glob("*.md"), key=lambda page: (page.name != "README.md", page.name))
        return _in_site(pages[0].relative_to(ROOT).as_posix())
    return PLACES.get(path) or (path.removeprefix(DOCS) if path.startswith(DOCS) else COPIES + path)


def _in_repo(place: str) -> str:
    """Where a page of the site stands in the repository."""
    return next((path for path, known in PLACES.items() if known == place), DOCS + place)
