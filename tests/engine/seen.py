"""What the models of a program were told and have said, against the log."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from tests.engine.followed import are_siblings
from tests.engine.program import Program
from tests.engine.promises import Told

_SAID_BY = re.compile(r"^\[[^\]]*\]: ")


def each_message_says_what_its_model_said(program: Program, events: Sequence[Told]) -> None:
    """A complete one all of it, any other the beginning; one that its server's end cut off, what was shown."""
    numbers = {event.object["id"]: event.object["metadata"]["number"] for event in events if event.type == "R.created"}
    said = {pieces[0][1]: (call, pieces) for call, pieces in program.voices.said.items()}
    for event in events:
        if event.type not in ("M.completed", "M.incomplete"):
            continue
        assert event.run_id is not None
        written = [(block["type"], _text(block)) for block in event.object["content"]]
        first = re.match(r"\d+\. ", written[0][1])
        assert first is not None
        call, pieces = said[first[0]]
        whole = [(kind, "".join(text for _, text in run)) for kind, run in groupby(pieces, lambda piece: piece[0])]
        assert call.request.metadata["number"] == numbers[event.run_id]
        if event.type == "M.completed" or event.object["incomplete_details"]["reason"] in (
            "max_tokens",
            "content_filter",
        ):
            assert written == whole
        else:
            assert "".join(kind[0] + text for kind, text in whole).startswith(
                "".join(kind[0] + text for kind, text in written)
            )
        shown = program.shown.get(event.object["id"])
        assert shown is None or shown == event.object["content"]


def each_run_saw_what_it_may(program: Program, events: Sequence[Told]) -> None:
    """In every round just the same: what was there before it, and what earlier runs had finished when it started.

    The answers of a run stand where it was created. Nothing of a parallel sibling is ever there.
    """
    runs = {event.object["metadata"]["number"]: event.object["id"] for event in events if event.type == "R.created"}
    as_created = {event.object["id"]: event.object for event in events if event.type == "R.created"}
    created = {event.object["id"]: place for place, event in enumerate(events) if event.type == "R.created"}
    started = {
        event.object["id"]: place for place, event in reversed([*enumerate(events)]) if event.type == "R.in_progress"
    }
    begun = {event.object["id"]: place for place, event in enumerate(events) if event.type == "M.created"}
    deleted = {event.object["id"] for event in events if event.type == "M.deleted"}
    for call in program.calls:
        run_id = runs.get(call.request.metadata["number"])
        if run_id is None or any(event.object["max_prompt_tokens"] for event in events if event.object["id"] == run_id):
            continue
        posted = [event for event in events[: created[run_id]] if event.type == "M.created" and event.run_id is None]
        finished = [
            event for event in events[: started[run_id]]
            if event.type in ("M.completed", "M.incomplete") and created[event.run_id or ""] < created[run_id]
            and not are_siblings(as_created[run_id], as_created[event.run_id or ""])
        ]  # fmt: skip
        again = {event.run_id: event.object["id"] for event in finished}  # the last of each run
        may = [*posted, *finished]
        must = [
            event for event in may
            if event.object["id"] not in deleted
            and (event.type != "M.incomplete" or again[event.run_id] == event.object["id"])
        ]  # fmt: skip
        own = {event.object["id"] for event in events if event.run_id == run_id}
        texts = [_SAID_BY.sub("", message.text) for message in call.request.messages if message.role != "tool"]
        ours = {_whole(event) for event in events if event.type == "M.completed" and event.object["id"] in own}
        seen = [text for text in texts if text and text not in ours]
        stands = {}
        for event in may:
            said_at = begun[event.object["id"]]
            stands[_whole(event)] = (created.get(event.run_id or "", said_at), said_at)
        assert {_whole(event) for event in must} <= set(seen)
        assert seen == sorted(stands.keys() & set(seen), key=stands.__getitem__)


def _whole(event: Told) -> str:
    return "".join(_text(block) for block in event.object["content"])


def _text(block: dict[str, object]) -> str:
    text = block["text"] if block["type"] == "text" else {"value": block["refusal"]}
    assert isinstance(text, dict)
    return str(text["value"])
