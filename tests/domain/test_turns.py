from __future__ import annotations

import pytest
from pydantic import ValidationError

from livethread.domain.messages import MessageCreate
from livethread.domain.run_bodies import RunCreate
from livethread.domain.turns import TurnCreate


def test_a_text_is_a_user_s_message_and_an_id_a_run_without_overrides() -> None:
    body = TurnCreate.model_validate({"message": "Hi", "assistants": ["asst_1"]})
    assert body.said == MessageCreate(role="user", content="Hi")
    assert body.asked == [RunCreate(assistant_id="asst_1")]
    assert (body.mode, body.thread_policy) == ("parallel", None)


def test_bodies_are_taken_as_they_are_and_the_same_assistant_may_answer_twice() -> None:
    message = {"role": "assistant", "content": [{"type": "text", "text": "Hi"}], "metadata": {"name": "Ann"}}
    run = {"assistant_id": "asst_1", "temperature": 0.5, "additional_messages": [{"role": "user", "content": "So?"}]}
    body = TurnCreate.model_validate({"message": message, "assistants": ["asst_1", run], "mode": "sequential"})
    assert body.said == MessageCreate.model_validate(message)
    assert [asked.given() for asked in body.asked] == [{"assistant_id": "asst_1"}, run]


@pytest.mark.parametrize(("assistants", "allowed"), [(0, False), (1, True), (100, True), (101, False)])
def test_a_turn_has_one_to_a_hundred_runs(assistants: int, allowed: bool) -> None:
    body = {"message": "Hi", "assistants": ["asst_1"] * assistants}
    if allowed:
        assert len(TurnCreate.model_validate(body).asked) == assistants
    else:
        with pytest.raises(ValidationError):
            TurnCreate.model_validate(body)
