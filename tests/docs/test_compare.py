"""docs/compare.md says nothing of others without its source."""

from __future__ import annotations

import re

from tests.docs.blocks import ROOT

PAGE = (ROOT / "docs" / "compare.md").read_text(encoding="utf-8")
OURS = {"At a glance", "What Livethread cannot do", "So, when Livethread"}
SECTIONS = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
ROWS = re.findall(r"^\| \[(.*?)\]\(#(.*?)\)", PAGE, re.MULTILINE)


def test_each_entry_names_its_source() -> None:
    entries = [
        entry
        for heading, section in SECTIONS.items()
        if heading not in OURS
        for entry in re.split(r"^(?=\*\*)", section, flags=re.MULTILINE)[1:]
    ]
    assert len(entries) > 12
    assert [entry for entry in entries if "](https://" not in entry] == []


def test_each_row_of_the_table_leads_to_its_entry() -> None:
    sections = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-"): text for heading, text in SECTIONS.items()}
    assert len(ROWS) > 12
    assert [name for name, anchor in ROWS if re.split(r"\W", name)[0] not in sections[anchor]] == []


def test_it_says_when_we_looked() -> None:
    assert re.search(r"We looked on \*\*20\d\d-\d\d-\d\d\*\*", PAGE)
