"""One thread and all that may happen to it, through the real log, the services and what the engine writes with."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import pytest

from livethread.domain import cursor
from livethread.domain.assistants import AssistantCreate
from livethread.domain.content import ContentBlock, text_block
from livethread.domain.events import MESSAGE_ENDS, LoggedEvent
from livethread.domain.fold import Fold
from livethread.domain.lists import ListQuery
from livethread.domain.messages import Message, MessageCreate, MessageUpdate
from livethread.domain.options import ThreadPolicy
from livethread.domain.run_bodies import RunCreate, RunUpdate, ToolOutput, ToolOutputsSubmit
from livethread.domain.runs import Run, RunStatus, required_action
from livethread.domain.steps import RunStep, function_call
from livethread.domain.threads import ThreadCreate, ThreadUpdate
from livethread.domain.transitions import IllegalMove, move
from livethread.domain.usage import Usage
from livethread.engine.ending import Ending, break_off, end_run, finish
from livethread.errors import ApiError, NotFound
from livethread.ids import Ids
from livethread.live.bus import LocalBus
from livethread.live.drafts import FileDrafts
from livethread.live.log import ThreadLog, ThreadWrite
from livethread.live.position import Frame, Position, View
from livethread.live.reading import Reading
from livethread.live.resume import Resume
from livethread.live.snapshot import Snapshots
from livethread.services.assistants import Assistants
from livethread.services.messages import Messages
from livethread.services.runs import Runs
from livethread.services.threads import Threads
from livethread.sse import Decoder
from livethread.storage.database import Database
from livethread.storage.queries import AnyRow
from livethread.storage.tables import OPEN
from tests.live.rows import Rows, stored_events, stored_rows


class Operation(NamedTuple):
    """What happens: to which of the things it may happen to, and with what text."""

    name: str
    which: int
    text: str


class Ticking:
    """A clock that moves on a second whenever somebody looks."""

    def __init__(self) -> None:
        self._now = 1_700_000_000

    def now(self) -> float:
        self._now += 1
        return self._now

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing here sleeps")


class Life:
    """One thread, and all that may happen to it."""

    def __init__(self, database: Database, drafts: FileDrafts, seed: int) -> None:
        self.database, self.drafts, self.ids, clock = database, drafts, Ids(seed), Ticking()
        self.log = ThreadLog(database, drafts, LocalBus(), self.ids, clock)
        reading = Reading(database, drafts)
        self.snapshots = Snapshots(reading, drafts.get)
        self.resume = Resume(database, drafts.get)
        self.threads = Threads(database, self.log, reading, self.ids, clock)
        self.messages = Messages(self.log, reading, self.ids, "queue")
        self.runs = Runs(self.log, reading, self.ids, clock, "queue")
        self.assistants = Assistants(database, self.ids, clock)
        self.thread_id = self.assistant_id = ""
        self.deleted = False
        self.viewers: list[Viewer] = []

    async def begin_life(self, messages: int) -> None:
        bodies = [MessageCreate(role="user", content=f"Message {n}") for n in range(messages)]
        self.assistant_id = json.loads(
            (await self.assistants.create(AssistantCreate(model="m", instructions="x"))).text
        )["id"]
        self.thread_id = json.loads((await self.threads.create(ThreadCreate(messages=bodies))).text)["id"]
        self.viewers.append(Viewer(self, Fold(), Position(0, "", []), held=(), since=0))
        for which in range(3):
            await self._create_run(which + 1, "And?")
            await self._start(0, "")
            await self._begin(which, f"Answer {which}")

    async def happen(self, operation: Operation) -> None:
        """Do it, if there is something it may happen to; what is refused by the API's rules changes nothing."""
        with suppress(ApiError):
            await getattr(self, f"_{operation.name}")(operation.which, operation.text)

    # -- what people do

    async def _post(self, which: int, text: str) -> None:
        await self.messages.create(self.thread_id, _body("assistant" if which % 4 == 0 else "user", text))

    async def _post_files(self, which: int, text: str) -> None:
        files = [{"file_id": f"file-{which}", "tools": [{"type": "code_interpreter"}, {"type": "file_search"}]}]
        await self.messages.create(self.thread_id, _body("user", text, attachments=files))

    async def _burst(self, which: int, text: str) -> None:
        """Appends that are committed as a group; the refused one in the middle leaves nothing."""
        row = _one((await self.rows()).runs, which)

        def refused(write: ThreadWrite) -> None:
            message = Message.create(_body("user", text), self.thread_id, self.ids, write.now)
            write.append(message, "thread.message.created")
            if row is None:
                raise NotFound("run", "run_none")
            wrong: RunStatus = "completed" if row.status == "requires_action" else "queued"
            write.append(write.run(row.id).model_copy(update={"status": wrong}), f"thread.run.{wrong}")

        outcomes = await asyncio.gather(
            self._post(which, text),
            self.log.append(self.thread_id, refused),
            self._post(which, text + text),
            return_exceptions=True,
        )
        refusal = NotFound if row is None else IllegalMove
        assert [type(outcome) for outcome in outcomes] == [type(None), refusal, type(None)]

    async def _update_thread(self, which: int, text: str) -> None:
        await self.threads.update(self.thread_id, ThreadUpdate(metadata={f"k{which}": text}))

    async def _update_message(self, which: int, text: str) -> None:
        rows = await self.rows()
        if row := _one(rows.open if rows.open and which % 2 else rows.messages, which):
            await self.messages.update(self.thread_id, row.id, MessageUpdate(metadata={f"k{which}": text}))

    async def _delete_message(self, which: int, text: str) -> None:
        if row := _one((await self.rows()).messages, which):
            await self.messages.delete(self.thread_id, row.id)

    async def _create_run(self, which: int, text: str) -> None:
        added = [_body("user", text)] if which % 3 == 0 else None
        policy: ThreadPolicy = "interrupt" if which == 11 else "parallel"
        body = RunCreate(assistant_id=self.assistant_id, additional_messages=added, thread_policy=policy)
        await self.runs.create(self.thread_id, body)

    async def _update_run(self, which: int, text: str) -> None:
        if row := _one((await self.rows()).runs, which):
            await self.runs.update(self.thread_id, row.id, RunUpdate(metadata={f"k{which}": text}))

    async def _cancel_run(self, which: int, text: str) -> None:
        if run := await self._run(which, "queued", "in_progress", "requires_action", "cancelling", "completed"):
            await self.runs.cancel(self.thread_id, run.id)

    async def _submit(self, which: int, text: str) -> None:
        if run := await self._run(which, "requires_action"):
            outputs = [ToolOutput(tool_call_id=call["id"], output=text) for call in run.pending_calls]
            await self.runs.submit(self.thread_id, run.id, ToolOutputsSubmit(tool_outputs=outputs))

    async def delete(self) -> None:
        """The thread's end; nothing happens to it afterwards."""
        await self.threads.delete(self.thread_id)
        self.deleted = True
        with pytest.raises(NotFound):
            await self._post(0, "too late")

    # -- what the engine does

    async def _start(self, which: int, text: str) -> None:
        if run := await self._run(which, "queued"):

            def change(write: ThreadWrite) -> None:
                started = move(run, "in_progress", write.now, expires_at=run.expires_at or write.now + 600)
                write.append(started, "thread.run.in_progress")
                write.claim(run.id, "me", write.now + 30)

            await self.log.append(self.thread_id, change)

    async def _begin(self, which: int, text: str) -> None:
        run = await self._run(which, "in_progress")
        if run is None or any(
            row.run_id == run.id and row.status == "in_progress" for row in (await self.rows()).steps
        ):
            return
        message_id = self.ids.new("msg")
        self.drafts.grow(self.thread_id, message_id, text, "refusal" if which % 5 == 0 else "text")

        def change(write: ThreadWrite) -> None:
            step = RunStep.message_creation(run, message_id, id=self.ids.new("step"), now=write.now)
            message = Message.begin(
                id=message_id, thread_id=self.thread_id, assistant_id=run.assistant_id, run_id=run.id, now=write.now
            )
            write.append(step, "thread.run.step.created", "thread.run.step.in_progress")
            write.append(message, "thread.message.created", "thread.message.in_progress")

        await self.log.append(self.thread_id, change)

    async def _say(self, which: int, text: str) -> None:
        if row := _one((await self.rows()).open, which):
            self.drafts.grow(self.thread_id, row.id, text, "refusal" if which % 5 == 0 else "text")

    async def _complete(self, which: int, text: str) -> None:
        if run := await self._run(which, "in_progress"):
            await self.log.append(self.thread_id, lambda write: self._turn_is_over(write, run, []))

    async def _call(self, which: int, text: str) -> None:
        if run := await self._run(which, "in_progress"):
            calls = [
                function_call(self.ids.new("call"), f"f{n}", json.dumps({"text": text})) for n in range(which % 3 + 1)
            ]
            await self.log.append(self.thread_id, lambda write: self._turn_is_over(write, run, calls))

    def _turn_is_over(self, write: ThreadWrite, run: Run, calls: list[dict[str, Any]]) -> None:
        for message in write.open_messages(run.id):
            write.append(message.completed(self._content(message.id), write.now), "thread.message.completed")
        steps = write.steps(run.id)
        for index, step in enumerate(steps):
            if step.status == "in_progress":
                steps[index] = step.ended("completed", write.now, usage=Usage.of(3, 4))
                write.append(steps[index], "thread.run.step.completed")
        if not calls:
            finish(write, run, "completed", steps)
            return
        step = RunStep.tool_calls(run, id=self.ids.new("step"), now=write.now)
        write.append(step, "thread.run.step.created", "thread.run.step.in_progress")
        step = step.with_calls(calls)
        write.append(step.delta(), "thread.run.step.delta", row=step)
        write.keep_usage(run.id, Usage.of(5, 6))
        waiting = move(run, "requires_action", write.now, required_action=required_action(calls))
        write.append(waiting, "thread.run.requires_action")

    async def _end(self, which: int, text: str) -> None:
        run = await self._run(which, "in_progress", "requires_action", "cancelling")
        if run is not None:
            endings: list[Ending] = ["failed", "incomplete", "expired"]
            ending = endings[which % 3] if run.status == "in_progress" else "expired"
            error = {"code": "server_error", "message": text} if ending == "failed" else None
            await self.log.append(
                self.thread_id, lambda write: end_run(write, run.id, ending, self._content, error=error)
            )

    async def _break_off(self, which: int, text: str) -> None:
        if run := await self._run(which, "in_progress"):
            await self.log.append(self.thread_id, lambda write: break_off(write, run.id, self._content))

    # -- who looks on

    async def _look(self, which: int, text: str) -> None:
        await _one(self.viewers, which).look()

    async def _come_back(self, which: int, text: str) -> None:
        await _one(self.viewers, which).come_back()

    async def _snapshot(self, which: int, text: str) -> None:
        fold = Fold(messages=[{"id": "msg_old", "status": "completed", "content": [text_block("old")]}])
        viewer = Viewer(self, fold, Position(0, "", []), held=(), since=0)
        await viewer.restart(which % 4 + 1)
        self.viewers.append(viewer)

    async def _page(self, which: int, text: str) -> None:
        page = await self.messages.list(self.thread_id, ListQuery(limit=which % 4 + 1))
        assert page.cursor is not None
        fold = Fold(messages=map(json.loads, page.texts), has_more=page.has_more, cursor=page.cursor)
        viewer = Viewer(self, fold, Position(0, "", []), page.ids, since=0, has_more=page.has_more, thread=False)
        await viewer.come_back()
        viewer.since = viewer.position.seq
        self.viewers.append(viewer)

    async def _older(self, which: int, text: str) -> None:
        """Ask for a page of older messages; it is read at another moment, and taken at a third."""
        under_way = [viewer for viewer in self.viewers if viewer.pages]
        if viewer := _one(under_way or [viewer for viewer in self.viewers if viewer.thread and viewer.has_more], which):
            await viewer.page_on(which + 1)

    # -- what is stored

    async def rows(self) -> Rows:
        return await stored_rows(self.database, self.thread_id)

    async def lost_text_since(self, seq: int) -> bool:
        """Whether a message whose text was growing then was deleted since; a viewer need not have held any of it."""
        then, since = await self.events(), await self.events(seq)
        growing = {event.object_id for event in then if event.type == "thread.message.created" and event.seq <= seq}
        growing -= {event.object_id for event in then if event.type in MESSAGE_ENDS and event.seq <= seq}
        return any(event.type == "thread.message.deleted" and event.object_id in growing for event in since)

    async def events(self, after: int = 0) -> list[LoggedEvent]:
        return await stored_events(self.database, self.thread_id, after)

    def shown(self, row: AnyRow) -> dict[str, Any]:
        """A stored message with its text so far."""
        message: dict[str, Any] = json.loads(row.object)
        return {**message, "content": self._content(row.id)} if row.ended_seq == OPEN else message

    async def _run(self, which: int, *statuses: str) -> Run | None:
        row = _one([row for row in (await self.rows()).runs if row.status in statuses], which)
        return None if row is None else Run.model_validate_json(row.object)

    def _content(self, message_id: str) -> list[ContentBlock]:
        draft = self.drafts.get(message_id)
        return draft.content() if draft is not None else []


class Viewer:
    """Who folds what the live room says, from where it began; and the rows it should then hold."""

    def __init__(
        self, life: Life, fold: Fold, position: Position, held: Collection[str],
        *, since: int, has_more: bool = False, thread: bool = True, view: View | None = None,
    ) -> None:  # fmt: skip
        self.life, self.fold, self.position = life, fold, position
        self.held, self.since, self.has_more, self.thread = set(held), since, has_more, thread
        self._view = view or View()
        self._decoder = Decoder()
        self._asked: str | None = None
        self._page: tuple[list[dict[str, Any]], bool] | None = None

    async def look(self) -> None:
        """Take what has come since, as bytes."""
        for event in await self.life.events(self.position.seq):
            self._take(list(self.position.step(event, self.life.drafts.get)))
        for text in list(self.position.open.values()):
            text.draft = self.life.drafts.get(text.message_id)
            assert text.draft is not None
            self._take(list(self.position.grow(text.message_id, text.draft.stored)))
        if self._view.run_id is None:
            assert self.fold.cursor == str(self.position.cursor())

    def _take(self, frames: list[Frame]) -> None:
        data = b"".join(frame.sse(self._view) for frame in frames if self._view.passes(frame))
        for event in self._decoder.feed(data):
            self.fold.take(event.type, json.loads(event.data), event.id)

    async def restart(self, limit: int) -> None:
        """Begin anew with a snapshot."""
        self.life.drafts.flush()
        data, self.position = await self.life.snapshots.take(self.life.thread_id, limit)
        (event,) = Decoder().feed(data)
        snapshot = json.loads(event.data)
        assert snapshot == (await self.life.rows()).snapshot(limit, self.life.shown, str(self.position.cursor()))
        self.held = {item["id"] for noun in ("messages", "runs", "run_steps") for item in snapshot[noun]}
        self.since, self.has_more, self.thread = self.position.seq, snapshot["has_more"], True
        self._asked = None  # a page that is under way is void
        self.fold.take(event.type, snapshot, event.id)

    @property
    def pages(self) -> bool:
        """Whether a page of older messages is under way."""
        return self._asked is not None or self._page is not None

    async def page_on(self, limit: int) -> None:
        """Go on with a page of older messages: ask for it, or read it, or take it."""
        if self._page is not None:
            if limit % 4:
                await self.look()
            (messages, has_more), asked = self._page, self._asked
            self._page = self._asked = None
            assert self.fold.add_older(messages, has_more) is (asked is not None)
            if asked is not None:
                self.held |= {message["id"] for message in messages}
                self.has_more = has_more
        elif self._asked is None:
            self._asked = self.fold.ask_older()
        else:
            query = ListQuery(limit=limit, after=self._asked)
            page = await self.life.messages.list(self.life.thread_id, query)
            self._page = list(map(json.loads, page.texts)), page.has_more

    async def come_back(self) -> None:
        """Lose everything but the fold, and go on from its cursor."""
        if self.fold.cursor is not None:
            held = cursor.parse(self.fold.cursor)
            position, _ = await self.life.resume.thread(self.life.thread_id, held)
            if position is None:
                assert await self.life.lost_text_since(held.seq)
                await self.restart(2)
            else:
                self.position = position
                assert str(position.cursor()) == self.fold.cursor

    def expected(self, rows: Rows) -> dict[str, Any]:
        """The rows it held when it began, and those created since."""
        if self.life.deleted:
            return {"thread": None, "messages": [], "has_more": False, "runs": [], "run_steps": []}

        def mine(stored: Sequence[AnyRow]) -> list[AnyRow]:
            return [row for row in stored if row.id in self.held or row.created_seq > self.since]

        messages = mine(rows.messages) if self.has_more else rows.messages
        shown = [self.life.shown(row) for row in reversed(messages)]
        return {
            "thread": json.loads(rows.thread.object) if self.thread else None,
            "messages": [message for message in shown if message["content"]],
            "has_more": self.has_more,
            "runs": [json.loads(row.object) for row in reversed(mine(rows.runs))],
            "run_steps": [json.loads(row.object) for row in mine(rows.steps)],
        }


def _body(role: str, text: str, **more: Any) -> MessageCreate:
    return MessageCreate.model_validate({"role": role, "content": text, **more})


def _one(choices: Sequence[Any], which: int) -> Any:
    return choices[which % len(choices)] if choices else None


async def _nothing() -> None:
    return
