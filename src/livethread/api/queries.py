"""Query parameters that calls share (reference sections 1.4 and 2.4)."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Query

from livethread.domain.lists import ListQuery, Order


def _list_query(
    limit: Annotated[int, Query(ge=1, le=100, description="At most so many objects.")] = 20,
    order: Annotated[Order, Query(description="Oldest (`asc`) or newest (`desc`) first.")] = "desc",
    after: Annotated[str | None, Query(description="An id: what follows it in the order.")] = None,
    before: Annotated[str | None, Query(description="An id: what precedes it in the order.")] = None,
) -> ListQuery:
    return ListQuery(limit, order, after or None, before or None)


Page = Annotated[ListQuery, Depends(_list_query)]
"""Which page of a list the caller wants."""

Include = Annotated[
    list[Literal["step_details.tool_calls[*].file_search.results[*].content"]] | None,
    Query(alias="include[]", description="What steps carry besides; the one value there is has nothing to add yet."),
]
"""What steps carry besides."""
