"""What may be said of the states that screens have shown, written down by watching.js.

Three browsers are three processes: nobody can look at all of them in one instant. So that they are equal at every
moment means here, of every state that any of them ever painted:

- it is a state of the thread: the messages in one order, none twice, each with text that its final text
  begins with, and never less than the same screen has shown before;
- so of two states of one message, on whichever screens, one begins with the other, and screens differ only by how late
  they are; see `lag`.

What stands still can be compared in an instant, and is: see test_three_viewers.py.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

State = dict[str, Any]


def check(screens: Sequence[Sequence[State]], final: Sequence[tuple[str, str]]) -> None:
    """Hold all states of all screens against the finished thread.

    Args:
        screens: of each, the states in the order in which they were shown.
        final: id and text of its messages.
    """
    texts = dict(final)
    # Answers of one turn stand beside each other, in an order that the log leaves open; but it is one order.
    order = {id: place for place, id in enumerate(stored(screens[0][-1]))}
    for states in screens:
        seen: dict[str, str] = {}
        for state in states:
            now = stored(state)
            places = [order[id] for id in now]
            assert places == sorted(places), f"in another order: {list(now)}"
            for id, text in now.items():
                assert texts[id].startswith(text), f"{id} said {text!r}, and in the end {texts[id]!r}"
                assert text.startswith(seen.get(id, "")), f"{id} said {seen[id]!r}, and then only {text!r}"
            seen |= now
        assert seen == texts


def stored(state: State) -> dict[str, str]:
    """What a state shows of the thread; what is only on its way is one screen's own."""
    ids = [id for id, _ in state["messages"]]
    assert len(set(ids)) == len(ids), f"shown twice: {ids}"
    return {id: text.strip() for id, text in state["messages"] if not id.startswith("pending_")}


def lag(screens: Sequence[Sequence[State]]) -> float:
    """The longest time, in seconds, by which a screen showed some text later than the first to show it."""
    longest = 0.0
    for states, others in itertools.permutations(screens, 2):
        for state in states[:: max(1, len(states) // 100)]:
            shown = stored(state)
            if not shown:
                continue  # who joins late shows nothing late
            behind = next((other["at"] for other in others if _holds(stored(other), shown)), None)
            if behind is not None:
                longest = max(longest, behind - state["at"])
    return longest / 1000


def _holds(more: dict[str, str], less: dict[str, str]) -> bool:
    return all(more.get(id, "").startswith(text) and id in more for id, text in less.items())
