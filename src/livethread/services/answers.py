"""What services hand to a face: objects as the JSON text that is stored, never parsed again on their way out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """One object.

    Args:
        text: its JSON.
        cursor: what a viewer who has read exactly this holds of the thread, if the answer says so.
    """

    text: str
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of objects, in the order asked for.

    Args:
        texts: their JSON.
        ids: their ids, in the same order.
        has_more: whether the list goes on behind this page.
        cursor: as in `Answer`; on a first page, newest first.
    """

    texts: Sequence[str]
    ids: Sequence[str]
    has_more: bool
    cursor: str | None = None

    @property
    def text(self) -> str:
        """The JSON of the list (reference section 1.4); both ids are null where it is empty."""
        first, last = (self.ids[0], self.ids[-1]) if self.ids else (None, None)
        return (
            f'{{"object":"list","data":[{",".join(self.texts)}],"first_id":{json.dumps(first)},'
            f'"last_id":{json.dumps(last)},"has_more":{"true" if self.has_more else "false"}}}'
        )
