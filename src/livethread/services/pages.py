"""Which part of a list a caller asks for, between the objects whose ids he names."""

from __future__ import annotations

from collections.abc import Callable

from livethread.domain.lists import ListQuery
from livethread.errors import ApiError
from livethread.ids import is_id
from livethread.storage.pages import Window
from livethread.storage.queries import AnyRow


def window(query: ListQuery, noun: str, find: Callable[[str], AnyRow | None]) -> Window:
    """The part of a list that a query asks for.

    Args:
        query: limit, order, and where the page begins.
        noun: what the objects are called.
        find: the row with an id, if it stands in this list.

    Raises:
        ApiError: ``after`` or ``before`` is no object of this list.
    """

    def place(param: str, id: str | None) -> AnyRow | None:
        if id is None:
            return None
        row = find(id) if is_id(id) else None
        if row is None:
            raise ApiError(f"No {noun} found with id '{id[:128]}'.", param=param)
        return row

    return Window(query.limit, query.order, place("after", query.after), place("before", query.before))
