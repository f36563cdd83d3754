"""What services hand to a face: objects as the JSON text that is stored, never parsed again on their way out."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where in the log a stream begins that is the answer to a call on a run.

    Args:
        thread_id: whose log.
        run_id: the run.
        run_seq: the seq of its ``thread.run.created``.
        before: the seq behind which the stream begins.
    """

    thread_id: str
    run_id: str
    run_seq: int
    before: int


@dataclass(frozen=True, slots=True)
class Answer:
    """One object.

    Args:
        text: its JSON.
        cursor: what a viewer who has read exactly this holds of the thread, if the answer says so.
        begins: where the stream begins that the caller may have instead.
        written: to be called once the answer was written to its end, if it matters: until then a retry gets it again.
    """

    text: str
    cursor: str | None = None
    begins: Beginning | None = None
    written: Callable[[], None] | None = field(default=None, compare=False)


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
