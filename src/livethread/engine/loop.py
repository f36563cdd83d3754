"""The loop of one run: prompt, provider, reply, and what becomes of it.

Only the run's owner is here: every write carries its fence.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from itertools import count
from typing import Any, Literal

import structlog

from livethread.domain.content import ContentBlock
from livethread.domain.messages import IncompleteReason, Message
from livethread.domain.runs import Run, required_action
from livethread.domain.steps import RunStep
from livethread.domain.transitions import move
from livethread.engine.asking import Asked, ask, shortened
from livethread.engine.attempts import Attempts
from livethread.engine.budget import OutOfTokens
from livethread.engine.ending import Ending, break_off, end_run, finish
from livethread.engine.engine import Engine
from livethread.engine.reply import LastError, Reply, last_error
from livethread.errors import Fenced, NotFound, StorageError
from livethread.live.log import ThreadWrite
from livethread.providers import chunks
from livethread.providers.chunks import Direct, ProviderError

log = structlog.get_logger()

Interruption = Literal["cancelled", "expired", "handed back", "fenced"]


class _NotInProgress(Exception):
    """Somebody has asked to cancel before the first word: no message begins any more."""


class RunLoop:
    """Drives one run while this process owns it.

    Args:
        engine: what it works with.
        run: the run, in progress.
        fence: proves the ownership.
    """

    def __init__(self, engine: Engine, run: Run, fence: int) -> None:
        self._engine = engine
        self._run = run
        self._fence = fence
        self._message_id: str | None = None
        self._interruption: Interruption | None = None
        self._begun = False
        self._ending = False  # its last write is under way: nothing may come between
        self._last: Callable[[ThreadWrite], object] = self._hand_back  # that write
        self._attempts = Attempts(engine.limits, engine.jitter)
        self._reply = Reply()
        self._calls: list[dict[str, Any]] = []  # of the reply, once they have been judged
        self.settled = False
        """Nothing of it is left to write."""
        self._task = asyncio.create_task(self._drive(), name=f"run {run.id}")

    @property
    def thread_id(self) -> str:
        """The run's thread."""
        return self._run.thread_id

    def interrupt(self, why: Interruption) -> bool:
        """Stop asking the model; the loop writes the ending that follows, if it still may.

        Returns:
            False if its last write is under way: whoever asks has to look what came of it.
        """
        if self._ending or self._task.done():
            return False
        self._interruption = why
        if self._begun:  # a task that is cancelled before its first step never takes one
            self._task.cancel()
        return True

    async def over(self) -> None:
        """Come back when the loop has tried to write its last; see ``settled``."""
        await asyncio.wait([self._task])

    async def write_again(self) -> None:
        """Try once more to write what could not be written; see ``settled``."""
        await self._settle(lambda: self._append(self._last))

    async def _drive(self) -> None:
        self._begun = True
        await self._settle(self._go)

    async def _settle(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do the rest; a draft stays open until the end of its message is written, or is for another to write."""
        try:
            await work()
        except (Fenced, NotFound) as gone:
            log.info("run let go", run_id=self._run.id, reason=str(gone))
        except StorageError as error:
            log.warning(
                "a run's ending could not be written; it is tried again", run_id=self._run.id, reason=str(error)
            )
            return
        except Exception:
            log.exception("a run's ending could not be written", run_id=self._run.id)
            return
        if self._message_id is not None:
            self._engine.drafts.end(self._message_id)
        self.settled = True

    async def _go(self) -> None:
        try:
            if self._interruption is None:
                await self._turn()
            else:
                await self._interrupted()
        except (Fenced, NotFound):
            raise
        except (Exception, asyncio.CancelledError) as error:
            await self._broken_off(error)

    async def _broken_off(self, error: BaseException) -> None:
        """Write the ending that follows from an error; one that an interruption brings about is not the model's."""
        if self._interruption is not None or self._task.cancelling() or isinstance(error, _NotInProgress):
            await self._interrupted()
        elif isinstance(error, ProviderError):
            await self._end("failed", error=last_error(error, self._attempts.count))
        elif isinstance(error, OutOfTokens):
            await self._end("incomplete", details=error.reason)
        elif isinstance(error, StorageError):
            await self._end("failed", error={"code": "server_error", "message": str(error)})
        else:
            log.error("run failed", run_id=self._run.id, thread_id=self.thread_id, exc_info=error)
            message = "Sorry, something went wrong. The server's log has the details."
            await self._end("failed", error={"code": "server_error", "message": message})

    # -- one model turn ------------------------------------------------------------------------

    async def _turn(self) -> None:
        engine, run = self._engine, self._run
        asked = await ask(engine, run)
        for attempt in count():
            try:
                await self._answer(asked, attempt)
                break
            except ProviderError as error:
                if self._message_id is not None:  # who has read that would see another answer begin
                    raise
                if error.kind == "context_length" and (shorter := await shortened(engine, run, asked)):
                    asked, pause = shorter, 0.0
                elif (wait := self._attempts.pause_after(error)) is not None:
                    pause = wait
                else:
                    raise
                log.warning("the model is asked again", run_id=run.id, seconds=round(pause, 1), error=error.message)
                await engine.clock.sleep(pause)
                self._reply = Reply(self._reply.usage)
        if self._reply.cost is None:
            self._reply.cost = await asked.counted(self._reply, self._said())
        if self._reply.finish == "length":
            await self._end("incomplete", reason="max_tokens", details="max_completion_tokens")
        elif self._reply.finish == "content_filter":
            await self._end("incomplete", reason="content_filter", details="content_filter")
        elif self._calls and asked.request.turn >= engine.limits.max_rounds:
            await self._end("failed", error=_too_many_rounds(engine.limits.max_rounds))
        else:
            await self._append_last(self._complete)

    async def _answer(self, asked: Asked, attempt: int) -> None:
        """Take in one answer; it is good if it ends well and all its calls can be answered."""
        request = replace(asked.request, attempt=attempt)
        reply, grow, thread_id = self._reply, self._engine.drafts.grow, self._run.thread_id
        # Every iterator of a provider has aclose(), which AsyncIterator does not promise.
        async with aclosing(asked.provider.stream(request)) as stream:  # type: ignore[type-var]
            async for chunk in stream:
                match chunk:
                    case chunks.Text(text) if text and self._message_id is not None:
                        grow(thread_id, self._message_id, text)
                    case chunks.Text(text) if text:
                        await self._say(text, "text")
                        if isinstance(stream, Direct):
                            stream.text_to(partial(grow, thread_id, self._message_id or ""))
                    case chunks.Refusal(text) if text:
                        await self._say(text, "refusal")
                    case _:
                        reply.take(chunk)
        if reply.finish is None:  # whatever HTTP said
            sentence = "The model's answer broke off: it did not say that it was over."
            raise ProviderError("bad_stream", sentence, retryable=True)
        if reply.finish in ("stop", "tool_calls"):
            self._calls = reply.judged(request, asked.called, lambda: self._engine.ids.new("call"))

    async def _say(self, text: str, kind: Literal["text", "refusal"]) -> None:
        """Grow the draft; the step and the message begin with the first piece."""
        if self._message_id is None:
            self._message_id = self._engine.ids.new("msg")
            self._engine.drafts.grow(self.thread_id, self._message_id, text, kind)
            await self._append(self._begin_message)
        else:
            self._engine.drafts.grow(self.thread_id, self._message_id, text, kind)

    # -- what is written -----------------------------------------------------------------------

    async def _append(self, change: Callable[[ThreadWrite], object]) -> None:
        def run(write: ThreadWrite) -> None:
            write.own(self._run.id, self._fence)
            change(write)

        await self._engine.log.append(self.thread_id, run)

    async def _append_last(self, change: Callable[[ThreadWrite], object]) -> None:
        self._ending, self._last = True, change
        await self._append(change)

    def _begin_message(self, write: ThreadWrite) -> None:
        assert self._message_id is not None
        run, now = write.run(self._run.id), write.now
        if run.status != "in_progress":
            raise _NotInProgress
        step = RunStep.message_creation(run, self._message_id, id=self._engine.ids.new("step"), now=now)
        message = Message.begin(
            id=self._message_id, thread_id=run.thread_id, assistant_id=run.assistant_id, run_id=run.id, now=now
        )
        write.append(step, "thread.run.step.created", "thread.run.step.in_progress")
        write.append(message, "thread.message.created", "thread.message.in_progress")

    def _complete(self, write: ThreadWrite) -> None:
        """The turn went well: its message and step are complete, and the run ends or waits for its calls."""
        run, reply = write.run(self._run.id), self._reply
        if run.status == "cancelling":
            end_run(write, run.id, "cancelled", self._content, usage=reply.usage)
            return
        for message in write.open_messages(run.id):
            write.append(message.completed(self._content(message.id), write.now), "thread.message.completed")
        usage = None if self._calls else reply.usage
        steps = write.steps(run.id)
        for index, step in enumerate(steps):
            if step.status == "in_progress":
                steps[index], usage = step.ended("completed", write.now, usage=usage), None
                write.append(steps[index], "thread.run.step.completed")
        if not self._calls:
            finish(write, run, "completed", steps, unsaid=usage)
            return
        step = RunStep.tool_calls(run, id=self._engine.ids.new("step"), now=write.now)
        write.append(step, "thread.run.step.created", "thread.run.step.in_progress")
        step = step.with_calls(self._calls)
        write.append(step.delta(), "thread.run.step.delta", row=step)
        write.keep_usage(run.id, reply.usage)
        waiting = move(run, "requires_action", write.now, required_action=required_action(self._calls))
        write.append(waiting, "thread.run.requires_action")
        write.release(run.id)

    async def _end(
        self,
        ending: Ending,
        *,
        error: LastError | None = None,
        reason: IncompleteReason | None = None,
        details: str | None = None,
    ) -> None:
        """Write an ending.

        Args:
            ending: how the run ends.
            error: ``last_error``, where it failed.
            reason: why its message is incomplete, where the ending does not say it.
            details: why the run is ``incomplete``.
        """
        await self._append_last(
            lambda write: end_run(
                write, self._run.id, ending, self._content, usage=self._reply.usage, error=error,
                details=None if details is None else {"reason": details}, reason=reason,
            )
        )  # fmt: skip

    async def _interrupted(self) -> None:
        match self._interruption:
            case "cancelled" | "expired" as ending:
                await self._end(ending)
            case "fenced":
                return
            case "handed back" | None:
                await self._append_last(self._hand_back)

    def _hand_back(self, write: ThreadWrite) -> None:
        if write.run(self._run.id).status == "cancelling":
            end_run(write, self._run.id, "cancelled", self._content)
            return
        break_off(write, self._run.id, self._content)
        write.release(self._run.id)

    def _said(self) -> str:
        blocks = [] if self._message_id is None else self._content(self._message_id)
        return "".join(block["refusal"] if block["type"] == "refusal" else block["text"]["value"] for block in blocks)

    def _content(self, message_id: str) -> list[ContentBlock]:
        draft = self._engine.drafts.get(message_id)
        return draft.content() if draft is not None else []


def _too_many_rounds(limit: int) -> LastError:
    return {
        "code": "server_error",
        "message": f"The model went on calling functions after {limit} rounds, the most that one run may make. "
        "See what it is told by their outputs, or raise LIVETHREAD_MAX_ROUNDS.",
    }
