"""What a run sees (ARCHITECTURE section 5, What a run sees): a test for each of its sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from livethread.domain.assistants import Assistant, AssistantCreate
from livethread.domain.messages import Message, MessageCreate
from livethread.domain.run_bodies import RunCreate
from livethread.domain.runs import Run
from livethread.domain.steps import RunStep, function_call
from livethread.domain.usage import Usage
from livethread.engine import prompt
from livethread.engine.budget import OutOfTokens
from livethread.engine.prompt import Seen
from livethread.engine.truncation import MESSAGE_TOKENS
from livethread.ids import Ids
from livethread.providers.chunks import ImagePart, PromptMessage, Request, Text, TextPart, ToolCall
from livethread.providers.tokens import Counter
from tests.engine.harness import House
from tests.engine.test_loop import CALLS, STOP

IDS = Ids(3)
POET = Assistant.create(AssistantCreate(model="m", name="Poet"), IDS, 1)
CRITIC = Assistant.create(AssistantCreate(model="m", name="Critic"), IDS, 1)
NAMES = {POET.id: "Poet", CRITIC.id: "Critic"}


def a_run(assistant: Assistant = POET, **body: Any) -> Run:
    return Run.create(
        RunCreate(assistant_id=assistant.id, **body), assistant, "thread_1", IDS, 2, thread_policy="queue"
    )


RUN = a_run()


def posted(text: Any, seq: int, role: str = "user", **metadata: str) -> Seen:
    """A message that no run wrote."""
    body = MessageCreate.model_validate({"role": role, "content": text, "metadata": metadata})
    return Seen(Message.create(body, "thread_1", IDS, 1), seq, None)


def written(text: str, seq: int, by: Run, created: int, *, whole: bool = True) -> Seen:
    """A message of a run that was created at some place in the log."""
    begun = Message.begin(id=IDS.new("msg"), thread_id="thread_1", assistant_id=by.assistant_id, run_id=by.id, now=1)
    content = [{"type": "text", "text": {"value": text, "annotations": []}}]
    return Seen(begun.completed(content, 2) if whole else begun.cut(content, "run_failed", 2), seq, created)


def asked(conversation: Sequence[Seen], run: Run = RUN, **more: Any) -> Request:
    given: dict[str, Any] = {"own_messages": [], "own_steps": [], "model": "m", "names": NAMES, "metadata": {}}
    return prompt.request(run, conversation, **(given | more))


def told(request: Request) -> list[tuple[str, str]]:
    return [(message.role, message.text) for message in request.messages]


# -- who said what -------------------------------------------------------------------------------


def test_people_are_users_and_the_run_s_assistant_is_the_assistant() -> None:
    earlier = a_run()
    assert told(asked([posted("Hello", 2), written("Hi!", 9, earlier, 4), posted("And?", 20)])) == [
        ("user", "Hello"), ("assistant", "Hi!"), ("user", "And?"),
    ]  # fmt: skip


def test_other_assistants_are_users_with_their_name_in_front() -> None:
    assert told(asked([posted("Hello", 2), written("Weak.", 9, a_run(CRITIC), 4)])) == [
        ("user", "Hello"), ("user", "[Critic]: Weak."),
    ]  # fmt: skip


def test_the_question_is_the_newest_of_a_person_s() -> None:
    assert asked([posted("Hello", 2), written("Weak.", 9, a_run(CRITIC), 4)]).question == "Hello"
    assert asked([written("Weak.", 9, a_run(CRITIC), 4)]).question == ""


def test_an_assistant_that_is_gone_or_has_no_name_is_called_assistant() -> None:
    assert told(asked([written("Weak.", 9, a_run(CRITIC), 4)], names={})) == [("user", "[assistant]: Weak.")]


def test_a_posted_message_has_the_role_it_was_posted_with() -> None:
    assert told(asked([posted("I am Bot.", 2, "assistant"), posted("Hello", 3)])) == [
        ("assistant", "I am Bot."), ("user", "Hello"),
    ]  # fmt: skip


def test_one_person_alone_is_not_named() -> None:
    conversation = [posted("Hello", 2, name="Ann", user_id="1"), posted("There?", 3, name="Ann B.", user_id="1")]
    assert told(asked(conversation)) == [("user", "Hello"), ("user", "There?")]


def test_several_people_are_named() -> None:
    conversation = [
        posted("Hello", 2, name="Ann", user_id="1"),
        posted("Hi", 3, name="Ben", user_id="2"),
        posted("I am Bot.", 4, "assistant", name="Bot"),
        posted("Who is there?", 5, user_id="3"),
    ]
    assert told(asked(conversation)) == [
        ("user", "[Ann]: Hello"), ("user", "[Ben]: Hi"), ("assistant", "I am Bot."), ("user", "Who is there?"),
    ]  # fmt: skip


def test_people_without_an_id_are_told_apart_by_their_names() -> None:
    assert told(asked([posted("Hello", 2, name="Ann"), posted("Hi", 3, name="Ben")])) == [
        ("user", "[Ann]: Hello"), ("user", "[Ben]: Hi"),
    ]  # fmt: skip


def test_whoever_is_cut_off_is_still_a_person_of_the_thread() -> None:
    run = a_run(truncation_strategy={"type": "last_messages", "last_messages": 1})
    assert told(asked([posted("Hello", 2, name="Ann"), posted("Hi", 3, name="Ben")], run)) == [("user", "[Ben]: Hi")]


# -- in what order -------------------------------------------------------------------------------


def test_what_a_run_wrote_stands_behind_the_message_it_answers() -> None:
    slow, quick = a_run(), a_run(CRITIC)
    conversation = [
        posted("First question", 2),
        posted("Second question", 6),
        written("quick, to the second", 12, quick, 8),
        posted("Third question", 14),
        written("slow, to the first", 16, slow, 4),
    ]
    assert told(asked(conversation)) == [
        ("user", "First question"),
        ("assistant", "slow, to the first"),
        ("user", "Second question"),
        ("user", "[Critic]: quick, to the second"),
        ("user", "Third question"),
    ]


def test_runs_that_answer_the_same_stand_in_the_order_of_their_creation() -> None:
    conversation = [posted("Well?", 2), written("second", 10, a_run(CRITIC), 5), written("first", 12, a_run(), 4)]
    assert told(asked(conversation)) == [("user", "Well?"), ("assistant", "first"), ("user", "[Critic]: second")]


def test_a_run_that_answers_nothing_stands_first() -> None:
    assert told(asked([posted("Hello", 8), written("Welcome.", 6, a_run(), 2)])) == [
        ("assistant", "Welcome."), ("user", "Hello"),
    ]  # fmt: skip


# -- halves --------------------------------------------------------------------------------------


def test_an_incomplete_message_counts_with_its_text() -> None:
    assert told(asked([posted("Hello", 2), written("Half a", 8, a_run(), 4, whole=False)])) == [
        ("user", "Hello"), ("assistant", "Half a"),
    ]  # fmt: skip


def test_halves_that_their_run_wrote_again_do_not_count() -> None:
    earlier = a_run()
    halves = [written(text, seq, earlier, 4, whole=False) for text, seq in [("Half", 8), ("Two thirds", 14)]]
    assert told(asked([*halves, written("All.", 20, earlier, 4)])) == [("assistant", "All.")]
    assert told(asked(halves)) == [("assistant", "Two thirds")]


def test_messages_of_several_turns_all_count() -> None:
    earlier = a_run()
    assert told(asked([written("Let me see.", 8, earlier, 4), written("It is 3.", 20, earlier, 4)])) == [
        ("assistant", "Let me see."), ("assistant", "It is 3."),
    ]  # fmt: skip


def test_another_run_s_message_does_not_supersede_a_half() -> None:
    conversation = [written("Half a", 8, a_run(), 4, whole=False), written("Hi.", 20, a_run(), 12)]
    assert told(asked(conversation)) == [("assistant", "Half a"), ("assistant", "Hi.")]


def test_a_message_without_anything_in_it_is_left_out() -> None:
    assert told(asked([posted("Hello", 2), written("", 8, a_run(), 4, whole=False)])) == [("user", "Hello")]


# -- its own rounds ------------------------------------------------------------------------------


def said(text: str, run: Run = RUN) -> tuple[Message, RunStep]:
    message = written(text, 0, run, 0).message
    step = RunStep.message_creation(run, message.id, id=IDS.new("step"), now=1).ended("completed", 2)
    return message, step


def called(outputs: Mapping[str, str | None], run: Run = RUN) -> RunStep:
    calls = [function_call(id, f"f_{id}", "{}", output) for id, output in outputs.items()]
    return RunStep.tool_calls(run, id=IDS.new("step"), now=1).with_calls(calls).ended("completed", 2)


def test_a_round_is_its_text_with_its_calls_and_then_the_outputs() -> None:
    message, step = said("Let me see.")
    request = asked([posted("Well?", 2)], own_messages=[message], own_steps=[step, called({"a": "1", "b": ""})])
    assert request.messages == (
        PromptMessage("user", (TextPart("Well?"),)),
        PromptMessage(
            "assistant", (TextPart("Let me see."),), (ToolCall("a", "f_a", "{}"), ToolCall("b", "f_b", "{}"))
        ),
        PromptMessage("tool", (TextPart("1"),), tool_call_id="a"),
        PromptMessage("tool", (TextPart(""),), tool_call_id="b"),
    )
    assert request.turn == 1


def test_chained_rounds_stand_one_behind_the_other() -> None:
    message, step = said("One more.")
    request = asked([], own_messages=[message], own_steps=[called({"a": "1"}), step, called({"b": None})])
    assert request.messages == (
        PromptMessage("assistant", (), (ToolCall("a", "f_a", "{}"),)),
        PromptMessage("tool", (TextPart("1"),), tool_call_id="a"),
        PromptMessage("assistant", (TextPart("One more."),), (ToolCall("b", "f_b", "{}"),)),
        PromptMessage("tool", (TextPart(""),), tool_call_id="b"),
    )
    assert request.turn == 2


def test_its_own_half_that_is_asked_for_again_is_not_told() -> None:
    half = written("Half a", 0, RUN, 0, whole=False).message
    failed = RunStep.message_creation(RUN, half.id, id="step_1", now=1).ended("failed", 2)
    request = asked([posted("Well?", 2)], own_messages=[half], own_steps=[called({"a": "1"}), failed])
    assert told(request) == [("user", "Well?"), ("assistant", ""), ("tool", "1")]


@pytest.mark.parametrize(
    ("choice", "later"),
    [
        ("auto", "auto"),
        ("none", "none"),
        ("required", "auto"),
        ({"type": "function", "function": {"name": "f"}}, "auto"),
    ],
)
def test_a_forced_call_is_forced_in_the_first_turn_only(choice: Any, later: str) -> None:
    run = a_run(tool_choice=choice, tools=[{"type": "function", "function": {"name": "f"}}])
    half = RunStep.message_creation(run, "msg_1", id="step_1", now=1).ended("failed", 2)
    assert asked([], run).tool_choice == choice
    assert asked([], run, own_steps=[half]).tool_choice == choice
    assert asked([], run, own_steps=[half, called({"a": "1"}, run)]).tool_choice == later


def test_a_tool_that_is_left_out_of_the_prompt_is_not_forced() -> None:
    assert asked([], a_run(tool_choice={"type": "file_search"})).tool_choice == "auto"


# -- what it may cost ----------------------------------------------------------------------------

WORDS = Counter("words", lambda text: len(text.split()))
LONG = [posted(f"The message number {number}.", 2 * number) for number in range(1, 9)]  # four words, eight tokens
ROOM = MESSAGE_TOKENS + 4


def spent(prompt_tokens: int, completion_tokens: int, run: Run = RUN) -> RunStep:
    return called({"a": "1"}, run).model_copy(update={"usage": Usage.of(prompt_tokens, completion_tokens)})


def test_without_a_limit_the_whole_thread_is_told() -> None:
    assert len(asked(LONG, counter=WORDS).messages) == 8


def test_under_max_prompt_tokens_the_middle_of_the_thread_is_left_out() -> None:
    request = asked(LONG, a_run(max_prompt_tokens=3 * ROOM), counter=WORDS)
    assert told(request) == [
        ("user", "The message number 1."), ("user", "The message number 7."), ("user", "The message number 8."),
    ]  # fmt: skip


def test_instructions_and_tools_take_their_part_of_the_room() -> None:
    tools = [{"type": "function", "function": {"name": "f"}}]
    run = a_run(max_prompt_tokens=8 * ROOM, instructions="Be brief.", tools=tools)
    assert len(asked(LONG, run, counter=WORDS).messages) < 7


def test_the_last_messages_too_must_fit() -> None:
    run = a_run(max_prompt_tokens=2 * ROOM, truncation_strategy={"type": "last_messages", "last_messages": 3})
    assert told(asked(LONG, run, counter=WORDS)) == [
        ("user", "The message number 6."),
        ("user", "The message number 8."),
    ]


def test_what_earlier_turns_have_used_is_gone() -> None:
    run = a_run(max_prompt_tokens=100, max_completion_tokens=50)
    request = asked(LONG[-1:], run, own_steps=[spent(40, 20, run), spent(30, 29, run)], counter=WORDS)
    assert request.max_completion_tokens == 1
    assert asked(LONG[-1:], run, own_steps=[], counter=WORDS).max_completion_tokens == 50


@pytest.mark.parametrize(
    ("limits", "used", "reason"),
    [
        ({"max_prompt_tokens": 100}, (100, 5), "max_prompt_tokens"),
        ({"max_prompt_tokens": 100}, (120, 5), "max_prompt_tokens"),
        ({"max_prompt_tokens": 100}, (99, 5), "max_prompt_tokens"),  # what is left is no prompt
        ({"max_completion_tokens": 5}, (1, 5), "max_completion_tokens"),
        ({"max_completion_tokens": 5, "max_prompt_tokens": 1}, (9, 9), "max_completion_tokens"),
    ],
)
def test_a_run_that_has_used_up_its_tokens_is_asked_nothing(
    limits: dict[str, Any], used: tuple[int, int], reason: str
) -> None:
    run = a_run(**limits)
    with pytest.raises(OutOfTokens) as out:
        asked(LONG[-1:], run, own_steps=[spent(*used, run)], counter=WORDS)
    assert out.value.reason == reason


def test_what_a_model_takes_is_kept_with_a_quarter_left_to_the_answer() -> None:
    assert len(asked(LONG, context=4 * ROOM, counter=WORDS).messages) == 3
    assert len(asked(LONG, a_run(max_completion_tokens=1), context=4 * ROOM + 1, counter=WORDS).messages) == 4


def test_a_prompt_that_cannot_be_made_to_fit_the_model_is_for_the_model_to_refuse() -> None:
    assert told(asked(LONG, context=4, counter=WORDS)) == [("user", "The message number 8.")]


# -- the rest ------------------------------------------------------------------------------------


def test_the_last_messages_are_counted_where_they_stand_in_the_prompt() -> None:
    run = a_run(truncation_strategy={"type": "last_messages", "last_messages": 2})
    conversation = [posted("First", 2), posted("Second", 6), written("to the first", 12, a_run(), 4)]
    assert told(asked(conversation, run)) == [("assistant", "to the first"), ("user", "Second")]
    assert told(asked(conversation, run, own_steps=[called({"a": "1"}, run)])) == [
        ("assistant", "to the first"), ("user", "Second"), ("assistant", ""), ("tool", "1"),
    ]  # fmt: skip


def test_images_are_told_by_address_and_files_by_name() -> None:
    content = [
        {"type": "text", "text": "Look:"},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "low"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}},
        {"type": "image_file", "image_file": {"file_id": "file-1"}},
    ]
    (message,) = asked([posted(content, 2)]).messages
    assert message.parts == (
        TextPart("Look:"),
        ImagePart("https://example.com/a.png", "low"),
        ImagePart("data:image/png;base64,AA==", "auto"),
        TextPart("[image file-1]"),
    )


def test_everything_else_is_the_run_s_own_setting() -> None:
    function = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}, "strict": False}}
    run = a_run(
        instructions="Be brief.", tools=[function, {"type": "file_search"}], temperature=0.5, top_p=0.9,
        reasoning_effort="low", parallel_tool_calls=False, max_completion_tokens=99, response_format={"type": "text"},
    )  # fmt: skip
    assert asked([], run, metadata={"script": "x"}) == Request(
        model="m", instructions="Be brief.", messages=(), tools=(function,), tool_choice="auto",
        parallel_tool_calls=False, temperature=0.5, top_p=0.9, reasoning_effort="low",
        response_format={"type": "text"}, max_completion_tokens=99, metadata={"script": "x"}, turn=0,
    )  # fmt: skip


# -- what of the thread comes into question ------------------------------------------------------


async def test_what_is_posted_behind_the_run_is_not_seen(house: House) -> None:
    thread_id, _, call = await house.streaming("One.")
    await house.asked(thread_id)
    await house.post(thread_id, "Too late for both")
    call.end(STOP)
    await house.quiet()
    assert told(house.provider.last.request) == [("user", "Hello"), ("user", "[assistant]: One.")]


async def test_neither_a_draft_nor_a_parallel_sibling_is_seen(house: House) -> None:
    thread_id, _, first = await house.streaming("Still ")
    await house.asked(thread_id, thread_policy="parallel")
    second = house.provider.last
    second.say(*CALLS)
    first.end(Text("writing"), STOP)
    await house.quiet()
    second.end()
    await house.quiet()
    run_id = (await house.events(thread_id))[-1][1]["id"]
    await house.submit(thread_id, run_id, call_a="1", call_b="2")
    assert [told(call.request) for call in house.provider.calls[1:]] == [
        [("user", "Hello")],
        [("user", "Hello"), ("assistant", ""), ("tool", "1"), ("tool", "2")],
    ]


async def test_a_message_of_an_earlier_run_that_is_cancelled_is_seen_with_its_text(house: House) -> None:
    assistant_id = await house.assistant()
    thread_id, *_ = await house.streaming("Half a", assistant_id=assistant_id)
    await house.asked(thread_id, assistant_id=assistant_id, thread_policy="interrupt")
    assert told(house.provider.last.request) == [("user", "Hello"), ("assistant", "Half a")]


async def test_the_assistant_s_metadata_is_under_the_run_s(house: House) -> None:
    assistant_id = await house.assistant(metadata={"script": "a", "kept": "yes"})
    await house.asked(await house.thread(), assistant_id=assistant_id, metadata={"script": "b"})
    assert house.provider.last.request.metadata == {"script": "b", "kept": "yes"}
