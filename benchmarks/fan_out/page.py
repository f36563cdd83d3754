"""The part of a page that a command writes, between two marks that stay. Pure."""

from __future__ import annotations

from typing import Final

BEGIN: Final = "<!-- python -m benchmarks.fan_out --write: from here -->"
END: Final = "<!-- python -m benchmarks.fan_out --write: to here -->"


def renewed(page: str, part: str) -> str:
    """The page with this part between its marks.

    Raises:
        ValueError: the page has not each mark once, in their order.
    """
    if page.count(BEGIN) != 1 or page.count(END) != 1 or page.index(BEGIN) > page.index(END):
        raise ValueError(f"the page needs these two lines, in this order: {BEGIN} and {END}")
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{part}\n{END}{rest.partition(END)[2]}"
