"""One model turn of a run, read from what is stored."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog

from livethread.domain.assistants import Assistant
from livethread.domain.messages import Message
from livethread.domain.runs import Run
from livethread.domain.steps import RunStep
from livethread.domain.usage import Usage
from livethread.engine import prompt
from livethread.engine.engine import Engine
from livethread.engine.reply import Reply
from livethread.engine.truncation import request_tokens
from livethread.providers.chunks import Provider, Request
from livethread.providers.tokens import ESTIMATE, Tokenizers
from livethread.storage import queries
from livethread.storage.database import Connection

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Asked:
    """A model turn that is to be asked.

    Args:
        provider: whom.
        request: for what.
        called: the ids of the run's calls so far.
        tokenizers: count the model's tokens.
    """

    provider: Provider
    request: Request
    called: frozenset[str]
    tokenizers: Tokenizers

    async def counted(self, reply: Reply, said: str) -> Usage:
        """What the turn cost, counted here since the model API did not say.

        Args:
            reply: the turn's reply.
            said: its text.
        """
        counter = await self.tokenizers.of(self.request.model)

        def count() -> Usage:
            answer = [said, reply.reasoning, *(call["function"]["arguments"] for call in reply.calls)]
            completion = sum(counter.count(text) for text in answer if text)
            return Usage.of(request_tokens(self.request, counter), completion, estimated=True)

        # A tokenizer takes a tenth of a second for a long thread, in which nobody else's text would grow.
        return count() if counter is ESTIMATE else await asyncio.to_thread(count)


async def shortened(engine: Engine, run: Run, asked: Asked) -> Asked | None:
    """The turn with about half of its prompt, for a model that has found it too long.

    None where the run's ``truncation_strategy`` does not let us choose, or nothing is left that could go.
    """
    if run.truncation_strategy["type"] != "auto":
        return None
    counter = await engine.tokenizers.of(asked.request.model)
    shorter = await ask(engine, run, most=request_tokens(asked.request, counter) // 2)
    return shorter if len(shorter.request.messages) < len(asked.request.messages) else None


async def ask(engine: Engine, run: Run, *, most: int | None = None) -> Asked:
    """The next model turn of a run.

    Args:
        most: tokens of the prompt.

    Raises:
        ProviderError: nothing serves the run's model.
        OutOfTokens: the run's limits leave nothing for another turn.
    """
    served = await engine.registry.find(run.model)
    limited = (run.max_prompt_tokens, served.context, most) != (None, None, None)
    counter = await engine.tokenizers.of(served.model) if limited else ESTIMATE

    def read(connection: Connection) -> tuple[Request, frozenset[str]]:
        row = queries.run(connection, run.thread_id, run.id)
        assert row is not None
        seen = [
            prompt.Seen(Message.model_validate_json(item.object), item.created_seq, item.run_created_seq)
            for item in queries.conversation(connection, run.thread_id, row)
        ]
        ids = {run.assistant_id} | {item.message.assistant_id for item in seen if item.message.assistant_id}
        known = {
            id: Assistant.model_validate_json(text) for id, text in queries.assistant_objects(connection, ids).items()
        }
        own = known.get(run.assistant_id)
        steps = [RunStep.model_validate_json(item.object) for item in queries.steps_of_runs(connection, [run.id])]
        request = prompt.request(
            run,
            seen,
            [Message.model_validate_json(item.object) for item in queries.messages_of_run(connection, run.id)],
            steps,
            model=served.model,
            names={id: assistant.name or "assistant" for id, assistant in known.items()},
            metadata=(own.metadata if own else {}) | run.metadata,
            context=served.context,
            most=most,
            counter=counter,
        )
        return request, frozenset(call["id"] for step in steps for call in step.calls)

    if run.skipped_tools:
        log.warning("tools left out of the prompt", run_id=run.id, tools=run.skipped_tools)
    request, called = await engine.database.read(read)
    return Asked(served.provider, request, called, engine.tokenizers)
