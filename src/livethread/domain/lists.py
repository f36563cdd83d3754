"""Lists: which page of one a caller asks for (reference section 1.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Order = Literal["asc", "desc"]


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Which page of a list.

    Args:
        limit: at most so many objects, 1 to 100.
        order: by creation, oldest (``asc``) or newest first.
        after: the id of an object; what follows it in the order.
        before: the id of an object; the nearest of what precedes it in the order.
    """

    limit: int = 20
    order: Order = "desc"
    after: str | None = None
    before: str | None = None

    @property
    def newest(self) -> bool:
        """Whether it asks for the newest objects there are."""
        return self.order == "desc" and self.after is None and self.before is None
