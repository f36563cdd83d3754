"""docs/compatibility.md says what is tested, and every deviation that the tests let pass."""

from __future__ import annotations

import json
import re
from itertools import product

import pytest

from tests.matrix.environments import NODES, PYTHONS, ROOT, present
from tests.sdk.contract import DEVIATIONS

DOCUMENT = (ROOT / "docs" / "compatibility.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading."""
    (section,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", DOCUMENT, re.DOTALL | re.MULTILINE)
    table = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in table[2:]]


def test_the_document_names_the_versions_that_are_tested() -> None:
    locked = []
    for name in PYTHONS:
        lock = (ROOT / "requirements" / "sdks" / f"openai-{name}.txt").read_text(encoding="utf-8")
        (version,) = re.findall(r"^openai==(\S+)", lock, re.MULTILINE)
        locked.append(["Python", f"`{name}`", version])
    for name, folder in NODES.items():
        package = json.loads((folder / "package.json").read_text(encoding="utf-8"))
        locked.append(["Node", f"`{name}`", package["dependencies"]["openai"]])
    assert rows("The tested SDKs") == locked


def test_the_document_names_every_deviation_and_its_reason() -> None:
    told = {
        (schema, field): why
        for schemas, fields, why in rows("Where an answer differs from the document")
        for schema, field in product(re.findall(r"`(\S+?)`", schemas), re.findall(r"`(\S+?)`", fields))
    }
    assert told == DEVIATIONS


def test_an_environment_that_is_missing_says_how_it_comes() -> None:
    with pytest.raises(AssertionError, match=r"^\.sdks/nowhere is missing, so this SDK .* run make test$"):
        present(ROOT / ".sdks" / "nowhere")
