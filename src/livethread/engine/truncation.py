"""What of a prompt is left out so that it fits: the thread's middle first, a round of calls only as a whole. Pure.

With ``truncation_strategy: auto`` "messages in the middle of the thread" go (reference section 2.4). So the newest
message stays, which the run answers, and the first one as long as there is room for it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Final

from livethread.providers.chunks import ImagePart, PromptMessage, Request
from livethread.providers.tokens import Counter

MESSAGE_TOKENS: Final = 4
"""What a message costs besides its text: its role, and what the model's template puts around it."""

IMAGE_TOKENS: Final = 765
"""What an image is taken to cost, since nobody can know without looking at it: OpenAI's price of 1024 x 1024 pixels."""


def request_tokens(request: Request, counter: Counter) -> int:
    """What a whole prompt costs."""
    return overhead(request, counter) + sum(message_tokens(message, counter) for message in request.messages)


def overhead(request: Request, counter: Counter) -> int:
    """What a prompt costs besides its messages: instructions and tools."""
    tokens = counter.count(json.dumps([dict(tool) for tool in request.tools])) if request.tools else 0
    return tokens + (counter.count(request.instructions) + MESSAGE_TOKENS if request.instructions else 0)


def message_tokens(message: PromptMessage, counter: Counter) -> int:
    """What one message costs."""
    images = sum(isinstance(part, ImagePart) for part in message.parts)
    calls = sum(counter.count(call.name + call.arguments) + MESSAGE_TOKENS for call in message.tool_calls)
    return counter.count(message.text) + images * IMAGE_TOKENS + calls + MESSAGE_TOKENS


def fit(
    conversation: Sequence[PromptMessage],
    rounds: Sequence[Sequence[PromptMessage]],
    room: int,
    cost: Callable[[PromptMessage], int],
) -> list[PromptMessage]:
    """The messages that fit into so many tokens; or, if even these do not, the fewest that make sense.

    Args:
        conversation: what the run sees of its thread, oldest first.
        rounds: what it has said and done itself; each is a message, its calls and their outputs, and is kept or left
            out as a whole, because models refuse an output without its call.
        room: tokens.
        cost: of one message.
    """
    prices = [cost(message) for message in conversation]
    of_rounds = [sum(map(cost, round)) for round in rounds]
    left = room - sum(of_rounds) - sum(prices[-1:])
    begin = 0
    while left < 0 and begin < len(rounds) - 1:
        left += of_rounds[begin]
        begin += 1
    kept: list[PromptMessage] = list(conversation[-1:])
    first: list[PromptMessage] = []
    if len(conversation) > 1 and prices[0] <= left:
        first.append(conversation[0])
        left -= prices[0]
    for message, price in zip(conversation[-2:0:-1], prices[-2:0:-1], strict=True):
        if price > left:
            break
        kept.append(message)
        left -= price
    return [*first, *reversed(kept), *(message for round in rounds[begin:] for message in round)]
