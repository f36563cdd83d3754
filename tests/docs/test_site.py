"""The site is built from README.md and docs/ without a complaint, and its pages ask nobody for anything."""

from __future__ import annotations

import posixpath
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urldefrag, urlsplit

import pytest

from scripts.pictures import LARGEST, PICTURES
from tests.docs.blocks import DOCUMENTS, ROOT, prose

LINKED = sorted({*ROOT.glob("*.md"), *DOCUMENTS, *(ROOT / "spec").rglob("*.md"), *(ROOT / "examples").glob("*/*.md")})
MARKUP = re.compile(r"^(?:[-*] |\d+\. |\||#{1,6} )", re.MULTILINE)


class Page(HTMLParser):
    """What a page of the site links to and loads, what can be linked to in it, and its paragraphs."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()
        self.paragraphs: list[str] = []
        self._in_paragraph = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given.get("id", ""), given.get("name", "")}
        if tag == "p":
            self._in_paragraph = True
            self.paragraphs.append("")
        elif tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "link":
            self.loads.append(given["href"])
        elif "src" in given:
            self.loads.append(given["src"])

    def handle_endtag(self, tag: str) -> None:
        if tag == "p":
            self._in_paragraph = False

    def handle_data(self, data: str) -> None:
        if self._in_paragraph:
            self.paragraphs[-1] += data


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` does."""
    folder = tmp_path_factory.mktemp("site")
    building = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],  # --quiet would make it lenient
        cwd=ROOT, env={"NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert building.returncode == 0, building.stderr
    return folder


@pytest.fixture(scope="module")
def pages(folder: Path) -> dict[str, Page]:
    """Its pages, by their places."""
    found = folder.rglob("*.html")
    return {path.relative_to(folder).as_posix(): Page(path.read_text(encoding="utf-8")) for path in found}


def test_every_document_is_a_page(pages: dict[str, Page]) -> None:
    documents = {path.relative_to(ROOT / "docs").with_suffix(".html").as_posix() for path in DOCUMENTS[1:]}
    others = {"index", "architecture", "contributing", "changelog", "security", "license", "examples/room"}
    assert {*documents, *(f"{name}.html" for name in others)} - set(pages) == set()


def test_every_link_within_the_site_holds(folder: Path, pages: dict[str, Page]) -> None:
    broken = []
    for place, page in pages.items():
        for link in page.links:
            address, anchor = urldefrag(link)
            if urlsplit(link).scheme or place == "404.html":
                continue
            there = posixpath.normpath(posixpath.join(posixpath.dirname(place), address)) if address else place
            if not (folder / there).exists() or (anchor and there in pages and anchor not in pages[there].anchors):
                broken.append((place, link))
    assert broken == []


def test_nothing_is_loaded_from_elsewhere(folder: Path, pages: dict[str, Page]) -> None:
    assert [load for page in pages.values() for load in page.loads if urlsplit(load).netloc] == []
    styles = "".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.css"))
    assert re.findall(r"(?:url\(|@import )[\"']?(?:https?:)?//[^)\"']*", styles) == []


def test_every_list_and_table_is_one(pages: dict[str, Page]) -> None:
    """The repository's file view takes a list without an empty line above it; the site does not."""
    found = [(place, text) for place, page in pages.items() for text in page.paragraphs if MARKUP.search(text)]
    assert found == []


def test_what_readers_search_for_is_found(folder: Path) -> None:
    index = (folder / "search" / "search_index.json").read_text(encoding="utf-8")
    assert "guides/move.html#2-bring-what-you-have-kept" in index
    assert "index.html#a-real-model" in index


@pytest.mark.parametrize("document", LINKED, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_link_between_our_documents_is_broken(document: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", prose(document))
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_pictures_are_small_and_all_of_them_are_shown() -> None:
    pictures = sorted(PICTURES.glob("*.png"))
    assert pictures
    assert [picture.name for picture in pictures if picture.stat().st_size > LARGEST] == []
    text = "".join(document.read_text(encoding="utf-8") for document in DOCUMENTS)
    assert [picture.name for picture in pictures if f"pictures/{picture.name})" not in text] == []
