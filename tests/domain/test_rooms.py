from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livethread.domain.people import LONGEST, name_of
from livethread.domain.rooms import (
    AHEAD_MS,
    BEHIND_MS,
    RoomMessage,
    asked_of,
    clamped_ms,
    fault_of,
    free_name,
    nickname,
    said_in,
)  # fmt: skip

NOW = 1_700_000_000.5


@pytest.mark.parametrize(
    ("text", "name"), [(" Ann ", "Ann"), ("大輔さ", "大輔さ"), ("👩‍👩‍👧", "👩‍👩‍👧"), ("<b>", "<b>")]
)
def test_a_nickname_has_three_characters_or_more(text: str, name: str) -> None:
    assert nickname(text) == name


@pytest.mark.parametrize("text", ["", "  a  ", "ab", "x" * 65, "a\nb c", "\ud800abc"])
def test_what_is_no_nickname_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="characters"):
        nickname(text)


@given(st.text(min_size=3, max_size=LONGEST).filter(lambda text: len(text.strip()) > 2), st.integers(0, 20))
def test_a_name_that_is_taken_gets_a_number_and_stays_a_name(text: str, others: int) -> None:
    try:
        name = nickname(text)
    except ValueError:
        return
    names: list[str] = []
    for _ in range(others):
        names.append(free_name(name, {each.casefold() for each in names}))
    assert len(set(names)) == others
    assert [name_of(each) for each in names] == names


def test_nobody_is_the_system() -> None:
    assert free_name("System", ()) == "System 2"


@pytest.mark.parametrize(
    ("said", "ms"),
    [
        (NOW * 1000 - 5, int(NOW * 1000) - 5),
        (NOW * 1000 + 5, int(NOW * 1000) + 5),
        (0, int(NOW * 1000) - BEHIND_MS),
        (-1e300, int(NOW * 1000) - BEHIND_MS),
        (1e300, int(NOW * 1000) + AHEAD_MS),
        (NOW, int(NOW * 1000) - BEHIND_MS),  # in seconds
    ],
)
def test_a_senders_clock_is_believed_as_far_as_it_can_be(said: float, ms: int) -> None:
    assert clamped_ms(said, NOW) == ms


def test_a_message_is_one_request_with_the_run_that_answers_it() -> None:
    said = RoomMessage(user_id="claimed", name="Claimed", content="Hi", role="user", id="m1", created_at=NOW * 1000)
    asked = asked_of(said, user_id="u", name="Ann", assistant_id="asst_1", face="room", now=NOW)
    assert asked.given() == {
        "assistant_id": "asst_1",
        "additional_instructions": "Please address the user as Ann.\nToday is Tue, 14 Nov 2023 22:13:20 GMT.",
        "additional_messages": [
            {
                "role": "user",
                "content": "Hi",
                "metadata": {
                    "id": "m1", "user_id": "u", "name": "Ann", "face": "room", "created_at": "1700000000500",
                },
            }
        ],
        "metadata": {"id": "m1", "user_id": "u", "name": "Ann", "face": "room"},
        "thread_policy": "queue",
    }  # fmt: skip


def test_what_is_said_is_text_and_refusals_and_that_pictures_are_pictures() -> None:
    text, refusal = {"type": "text", "text": {"value": "A"}}, {"type": "refusal", "refusal": "No."}
    picture = {"type": "image_url", "image_url": {"url": "https://a.test"}}
    assert said_in([text, picture, refusal], "\n") == "A\nNo."
    assert said_in([picture], "\n") == "(a picture)"
    assert said_in([], "\n") == ""


@pytest.mark.parametrize(
    ("run", "sentence"),
    [
        ({"status": "completed"}, None),
        ({"status": "cancelled"}, None),
        ({"status": "in_progress"}, None),
        ({"status": "failed", "last_error": {"message": "It broke."}}, "The answer failed: It broke."),
        ({"status": "expired"}, "The answer took too long, and was given up. Say it again to have another."),
        (
            {"status": "incomplete", "incomplete_details": {"reason": "max_prompt_tokens"}},
            "The answer is not complete: it has used up its max_prompt_tokens.",
        ),
        (
            {"status": "incomplete", "incomplete_details": None},
            "The answer is not complete: its model has stopped early.",
        ),
    ],
)
def test_why_an_answer_is_not_as_it_should_be_is_a_sentence(run: dict[str, object], sentence: str | None) -> None:
    assert fault_of(run) == sentence
