"""The parts of a page that a command writes, each between two marks that stay. Pure."""

from __future__ import annotations


def marks(title: str) -> tuple[str, str]:
    """The lines before and behind the part with this title."""
    command = "<!-- python -m benchmarks.fan_out --write"
    return f"{command}: {title}, from here -->", f"{command}: {title}, to here -->"


def renewed(page: str, title: str, part: str) -> str:
    """The page with this part between the marks of its title.

    Raises:
        ValueError: the page has not each mark once, in their order.
    """
    begin, end = marks(title)
    if page.count(begin) != 1 or page.count(end) != 1 or page.index(begin) > page.index(end):
        raise ValueError(f"the page needs these two lines, in this order: {begin} and {end}")
    before, _, rest = page.partition(begin)
    return f"{before}{begin}\n{part}\n{end}{rest.partition(end)[2]}"
