from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from livethread.engine.truncation import IMAGE_TOKENS, MESSAGE_TOKENS, fit, message_tokens, request_tokens
from livethread.providers.chunks import ImagePart, PromptMessage, Request, TextPart, ToolCall
from livethread.providers.tokens import ESTIMATE, Counter

LETTERS = Counter("letters", len)


def says(text: str) -> PromptMessage:
    return PromptMessage("user", (TextPart(text),))


def a_round(number: int, size: int) -> list[PromptMessage]:
    call = PromptMessage("assistant", (), (ToolCall(f"call_{number}", "f", "x" * size),))
    return [call, PromptMessage("tool", (TextPart("y" * size),), tool_call_id=f"call_{number}")]


def letters(message: PromptMessage) -> int:
    return len(message.text) + sum(len(call.arguments) for call in message.tool_calls)


def texts(messages: list[PromptMessage]) -> list[str]:
    return [message.text or message.tool_calls[0].id for message in messages]


THREAD = [says(letter * 10) for letter in "abcde"]


def test_everything_that_fits_stays() -> None:
    assert fit(THREAD, [a_round(1, 10)], 70, letters) == [*THREAD, *a_round(1, 10)]


def test_the_middle_goes_first_its_oldest_before_its_newer_ones() -> None:
    kept = [texts(fit(THREAD, [], room, letters)) for room in (49, 39, 29, 19, 9)]
    assert [["".join(text[0] for text in texts)] for texts in kept] == [["acde"], ["ade"], ["ae"], ["e"], ["e"]]


def test_a_first_message_that_is_too_long_makes_way_for_newer_ones() -> None:
    thread = [says("a" * 100), says("b" * 10), says("c" * 10), says("d" * 10)]
    assert texts(fit(thread, [], 30, letters)) == ["b" * 10, "c" * 10, "d" * 10]


def test_there_is_no_gap_among_the_newest() -> None:
    thread = [says("a"), says("b"), says("c" * 100), says("d"), says("e")]
    assert texts(fit(thread, [], 10, letters)) == ["a", "d", "e"]


def test_the_run_s_own_rounds_go_last_and_whole() -> None:
    rounds = [a_round(1, 10), a_round(2, 10), a_round(3, 10)]
    assert fit(THREAD, rounds, 80, letters) == [THREAD[0], THREAD[-1], *rounds[0], *rounds[1], *rounds[2]]
    assert fit(THREAD, rounds, 50, letters) == [THREAD[-1], *rounds[1], *rounds[2]]
    assert fit(THREAD, rounds, 0, letters) == [THREAD[-1], *rounds[2]]


def test_nothing_is_nothing() -> None:
    assert fit([], [], 10, letters) == []
    assert fit([], [a_round(1, 10)], 0, letters) == a_round(1, 10)


@given(
    sizes=st.lists(st.integers(0, 30), max_size=12),
    rounds=st.lists(st.integers(0, 30), max_size=4),
    room=st.integers(-5, 400),
)
def test_an_output_is_never_without_its_call_and_what_is_kept_fits_if_anything_does(
    sizes: list[int], rounds: list[int], room: int
) -> None:
    thread = [says("t" * size) for size in sizes]
    own = [a_round(number, size) for number, size in enumerate(rounds)]
    kept = fit(thread, own, room, letters)
    made = {call.id for message in kept for call in message.tool_calls}
    answered = {message.tool_call_id for message in kept if message.role == "tool"}
    assert made == answered
    least = [*thread[-1:], *(own[-1] if own else [])]
    if sum(map(letters, least)) <= room:
        assert sum(map(letters, kept)) <= room
    assert all(any(message is held for held in kept) for message in least)


def test_a_message_costs_its_text_its_images_and_its_calls() -> None:
    message = PromptMessage(
        "assistant", (TextPart("abc"), ImagePart("https://example.com/a.png")), (ToolCall("call_a", "f", "{}"),)
    )
    assert message_tokens(message, LETTERS) == 3 + IMAGE_TOKENS + (3 + MESSAGE_TOKENS) + MESSAGE_TOKENS


def test_a_request_costs_instructions_tools_and_messages() -> None:
    tool = {"type": "function"}
    request = Request("m", "Be brief.", (says("Hello"),), tools=(tool,))
    assert request_tokens(request, LETTERS) == (9 + MESSAGE_TOKENS) + len('[{"type": "function"}]') + (
        5 + MESSAGE_TOKENS
    )
    assert request_tokens(Request("m", None, ()), LETTERS) == 0


def test_the_estimate_is_a_token_for_four_bytes() -> None:
    assert [ESTIMATE.count(text) for text in ("", "a", "abcd", "abcde", "漢字", "\ud800")] == [0, 1, 1, 2, 2, 1]
