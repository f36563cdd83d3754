"""The shape that every stored object has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A frozen object of the API; changed by ``model_copy(update=…)``.

    Field order is the order on the wire.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str

    def json_text(self) -> str:
        """The object as it is stored, sent and streamed: one line of ASCII JSON."""
        return self.model_dump_json(ensure_ascii=True)


class Deleted(Record):
    """What is left to say of an object that was deleted: ``{"id", "object": "thread.deleted", "deleted": true}``."""

    object: str
    deleted: bool = True
