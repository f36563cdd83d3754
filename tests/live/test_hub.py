"""Rules 2, 4, 5 and 6: what viewers of one thread get (ARCHITECTURE)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from livethread.domain import cursor
from livethread.errors import NotFound
from livethread.live import pace, tip
from livethread.live.position import View
from livethread.sse import KEEP_ALIVE
from tests.live.screen import Screen, level, settled
from tests.live.stage import Stage, until

BEGUN = [
    "thread.run.created", "thread.run.queued", "thread.run.in_progress",
    "thread.run.step.created", "thread.run.step.in_progress", "thread.message.created", "thread.message.in_progress",
]  # fmt: skip
ENDED = ["thread.message.completed", "thread.run.step.completed", "thread.run.completed"]


async def test_a_level_viewer_gets_every_event_and_every_piece_as_they_come(stage: Stage) -> None:
    screen = await Screen(stage).look()
    owner = await stage.run()
    for word in ["one ", "two ", "three"]:
        await owner.say(word)
        await settled(stage, screen)
    message_id = owner.message_id
    await owner.complete()
    await settled(stage, screen)
    assert screen.types == ["thread.snapshot", *BEGUN, *ENDED]
    assert screen.text(message_id) == "one two three"
    assert [len(screen.data(type)) for type in ("thread.message.delta", "thread.message.completed")] == [3, 1]
    assert screen.data("thread.message.completed")[0]["content"][0]["text"]["value"] == "one two three"


async def test_the_first_bytes_come_at_once(stage: Stage) -> None:
    screen = Screen(stage)
    await stage.hub.attach(screen, View(), None)
    assert screen.raw == KEEP_ALIVE


async def test_pieces_are_gathered_while_the_message_is_being_committed_and_go_out_with_it(stage: Stage) -> None:
    screen = await Screen(stage).look()
    await settled(stage, screen)
    owner = await stage.run()
    beginning = asyncio.create_task(owner.say("one "))
    await asyncio.sleep(0)
    stage.drafts.grow(stage.thread_id, owner.message_id, "two")
    await beginning
    await settled(stage, screen)
    assert screen.types == ["thread.snapshot", *BEGUN]
    assert [delta["delta"]["content"][0]["text"]["value"] for delta in screen.data("thread.message.delta")] == [
        "one two"
    ]


async def test_the_first_piece_after_a_pause_goes_out_before_the_loop_waits_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "BEHIND", 1000.0)  # however slow this machine is
    screen = await Screen(stage).look()
    owner = await stage.run()
    await owner.say("one")
    await settled(stage, screen)
    before = screen.writes
    await owner.say(" two")
    await owner.say(" three")
    loop, timers = asyncio.get_running_loop(), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "call_at", lambda *args, **_: timers.append(args))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert (screen.writes, screen.text(), timers) == (before + 1, "one two three", [])


async def test_while_the_loop_is_behind_pieces_are_joined(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "BEHIND", 1000.0)  # the test says how late the loop is
    screen = await Screen(stage).look()
    owner = await stage.run()
    await owner.say("one")
    await settled(stage, screen)
    before = screen.writes
    monkeypatch.setattr(stage.pace, "window", 1000.0)
    for word in [" two", " three", " four"]:
        await owner.say(word)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert (screen.writes, screen.text()) == (before, "one")
    stage.drafts.flush()
    await settled(stage, screen)
    assert (screen.writes, screen.text()) == (before + 1, "one two three four")


async def test_a_late_joiner_gets_the_text_so_far_as_one_piece(stage: Stage) -> None:
    owner = await stage.run()
    for word in ["one ", "two ", "three"]:
        await owner.say(word)
    await settled(stage, await Screen(stage).look())
    late = await Screen(stage).look()
    run = await Screen(stage, owner.run_id).look()
    await settled(stage, late, run)
    (snapshot,) = late.data("thread.snapshot")
    assert snapshot["messages"][0]["content"] == [
        {"type": "text", "text": {"value": "one two three", "annotations": []}}
    ]
    assert late.types == ["thread.snapshot"]
    assert run.types == BEGUN
    assert len(run.data("thread.message.delta")) == 1
    assert run.text() == "one two three"


async def test_a_snapshot_is_exactly_the_state_at_its_cursor(stage: Stage) -> None:
    said = await stage.post("hello")
    owner = await stage.run()
    await owner.say("one ")
    other = await stage.run()
    await other.say("日本")
    screen = await Screen(stage).look()
    await settled(stage, screen)
    (snapshot,) = screen.data("thread.snapshot")
    events = await stage.events()
    created = {event.object_id: event.seq for event in events if event.type == "thread.message.created"}
    assert cursor.parse(snapshot["cursor"]) == cursor.Cursor(
        events[-1].seq, events[-1].tag, None, {created[owner.message_id]: (0, 4), created[other.message_id]: (0, 6)}
    )
    assert screen.events[0].id == snapshot["cursor"]
    assert [(message["id"], message["status"], _text(message)) for message in snapshot["messages"]] == [
        (other.message_id, "in_progress", "日本"),
        (owner.message_id, "in_progress", "one "),
        (said.id, "completed", "hello"),
    ]
    assert [run["id"] for run in snapshot["runs"]] == [other.run_id, owner.run_id]
    assert [step["run_id"] for step in snapshot["run_steps"]] == [owner.run_id, other.run_id]
    assert (snapshot["has_more"], snapshot["people"]) == (False, [])
    await owner.say("two")
    await settled(stage, screen)
    assert screen.text(owner.message_id) == "two"


async def test_a_snapshot_holds_the_newest_messages_and_every_open_one(stage: Stage) -> None:
    owner = await stage.run()
    await owner.say("still growing")
    posted = [await stage.post(str(number)) for number in range(4)]
    screen = await Screen(stage).look(limit=2)
    await settled(stage, screen)
    (snapshot,) = screen.data("thread.snapshot")
    assert [message["id"] for message in snapshot["messages"]] == [posted[3].id, posted[2].id, owner.message_id]
    assert snapshot["has_more"]


async def test_who_wants_no_snapshot_is_introduced_to_each_open_draft_and_only_the_last_frame_has_an_id(
    stage: Stage,
) -> None:
    first, second = await stage.run(), await stage.run()
    await first.say("one ")
    await second.say("uno ")
    await stage.post("in between")
    screen = await Screen(stage).look(snapshot=False)
    await settled(stage, screen)
    introduction = ["thread.message.created", "thread.message.in_progress"]
    assert screen.types == [*introduction, *introduction]
    assert [event.id for event in screen.events[:-1]] == [""] * 5
    await first.say("two")
    await settled(stage, screen)
    assert (screen.text(first.message_id), screen.text(second.message_id)) == ("one two", "uno ")
    at = next(number for number, event in enumerate(screen.events) if event.id)
    again = await Screen(stage).look(screen.events[at].id)
    await settled(stage, again)
    assert again.text() == "two"


async def test_who_wants_no_snapshot_of_a_quiet_thread_gets_what_happens_from_now_on(stage: Stage) -> None:
    await stage.post("before")
    screen = await Screen(stage).look(snapshot=False)
    await level(screen)
    await stage.post("after")
    await settled(stage, screen)
    assert [message["content"][0]["text"]["value"] for message in screen.data("thread.message.created")] == ["after"]


async def test_the_end_of_a_message_carries_the_missing_tail_first(stage: Stage) -> None:
    screen = await Screen(stage).look()
    owner = await stage.run()
    await owner.say("one ")
    await settled(stage, screen)
    message_id = owner.message_id
    stage.pace.window = 1000.0  # the store takes no more
    await owner.say("two")
    await owner.complete()
    await until(lambda: screen.types[-1] == "thread.run.completed")
    assert screen.text(message_id) == "one two"
    stage.drafts.flush()


async def test_when_a_message_ends_shorter_thread_viewers_begin_anew_and_run_viewers_get_just_its_end(
    stage: Stage,
) -> None:
    thread, lagging = await Screen(stage).look(), await Screen(stage).look()
    owner = await stage.run()
    run = await Screen(stage, owner.run_id).look()
    await owner.say("one two")
    await settled(stage, thread, lagging, run)
    lagging.full = True
    await stage.rename("fill it")
    await settled(stage, thread, lagging, run)
    await owner.complete_as([{"type": "text", "text": {"value": "one", "annotations": []}}])
    await settled(stage, thread, lagging, run)
    lagging.drain()
    await settled(stage, thread, lagging, run)
    for screen in (thread, lagging):
        assert screen.types[-1] == "thread.snapshot"
        assert "thread.message.incomplete" not in screen.types
        assert _text(screen.data("thread.snapshot")[1]["messages"][0]) == "one"
    assert run.types == [*BEGUN, "thread.message.incomplete"]
    assert run.text() == "one two"
    await owner.end("failed")
    await settled(stage, thread, lagging, run)
    assert run.types[-1] == "done"
    assert thread.types[-1] == lagging.types[-1] == "thread.run.failed"


async def test_a_viewer_that_held_less_than_a_shortened_end_goes_on_without_a_snapshot(stage: Stage) -> None:
    screen = await Screen(stage).look()
    owner = await stage.run()
    await owner.say("one")
    await settled(stage, screen)
    screen.full = True
    await stage.rename("fill it")
    await settled(stage, screen)
    await owner.say(" two three")
    await settled(stage, screen)
    await owner.complete_as([{"type": "text", "text": {"value": "one two", "annotations": []}}])
    await settled(stage, screen)
    screen.drain()
    await settled(stage, screen)
    assert screen.text() == "one two"
    assert screen.types.count("thread.snapshot") == 1


async def test_a_run_stream_shows_only_its_run(stage: Stage) -> None:
    await stage.post("hello")
    mine, other = await stage.run(), await stage.run()
    screen = await Screen(stage, mine.run_id).look()
    await mine.say("mine")
    await other.say("not mine")
    await stage.post("nor this")
    await settled(stage, screen)
    message_id = mine.message_id
    await other.complete()
    await mine.complete()
    await until(lambda: screen.ended)
    assert screen.types == [*BEGUN, *ENDED, "done"]
    assert screen.text() == screen.text(message_id) == "mine"
    assert {cursor.parse(event.id).run for event in screen.events} == {3}


async def test_a_run_stream_ends_at_requires_action_and_goes_on_from_its_cursor_once_the_run_moves(
    stage: Stage,
) -> None:
    owner = await stage.run()
    screen = await Screen(stage, owner.run_id).look()
    await owner.say("Let me see.")
    await owner.wait_for_calls()
    await until(lambda: screen.ended)
    assert screen.types[-2:] == ["thread.run.requires_action", "done"]
    screen.leave()
    again = await Screen(stage, owner.run_id).look(screen.last_id)
    await settled(stage, again)
    assert (again.raw, again.ended) == (KEEP_ALIVE, False)
    await owner.answer()
    await owner.complete()
    await until(lambda: again.ended)
    assert again.types == [
        "thread.run.step.completed", "thread.run.queued", "thread.run.in_progress", "thread.run.completed", "done",
    ]  # fmt: skip


async def test_a_requires_action_that_was_answered_is_passed_through(stage: Stage) -> None:
    owner = await stage.run()
    await owner.wait_for_calls()
    await owner.answer()
    screen = await Screen(stage, owner.run_id).look()
    await settled(stage, screen)
    assert "thread.run.requires_action" in screen.types
    assert not screen.ended
    await owner.wait_for_calls()
    await until(lambda: screen.ended)
    assert screen.types[-2:] == ["thread.run.requires_action", "done"]


async def test_a_late_run_stream_of_a_run_that_waits_ends_there_too(stage: Stage) -> None:
    owner = await stage.run()
    await owner.wait_for_calls()
    screen = await Screen(stage, owner.run_id).look()
    await until(lambda: screen.ended)
    assert screen.types[-2:] == ["thread.run.requires_action", "done"]


async def test_a_run_stream_passes_over_any_number_of_other_runs_events(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tip, "BATCH", 5)
    owner = await stage.run()
    for number in range(80):  # more than are kept in memory
        await stage.rename(str(number))
    await owner.complete()
    screen = await Screen(stage, owner.run_id).look()
    await until(lambda: screen.ended)
    assert screen.types == [*BEGUN[:3], "thread.run.completed", "done"]


async def test_deleting_a_thread_ends_its_streams_and_those_of_its_runs(stage: Stage) -> None:
    owner = await stage.run()
    await owner.say("hello")
    thread, run = await Screen(stage).look(), await Screen(stage, owner.run_id).look()
    full = await Screen(stage).look()
    await settled(stage, thread, run, full)
    full.full = True
    await stage.delete()
    await until(lambda: thread.ended and run.ended and full.suspended)
    full.drain()
    await until(lambda: full.ended)
    assert thread.types == full.types == ["thread.snapshot", "thread.run.cancelled", "thread.deleted"]
    assert run.types == [*BEGUN, "thread.run.cancelled", "done"]
    assert stage.hubs.viewers == 0


async def test_a_viewer_of_no_thread_is_not_found_and_leaves_no_hub(stage: Stage) -> None:
    stage.thread_id = "thread_x"
    with pytest.raises(NotFound):
        await stage.hub.attach(Screen(stage), View(), None)
    assert stage.hubs._hubs == {}


async def test_a_hub_that_everybody_left_follows_nothing_and_takes_nobody_in(stage: Stage) -> None:
    screen = await Screen(stage).look()
    left = stage.hub
    screen.leave()
    assert (stage.hubs._hubs, stage.bus._hearers) == ({}, {})  # type: ignore[attr-defined]
    with pytest.raises(RuntimeError, match="follows nothing"):
        await left.attach(screen, View(), None)
    await screen.look()
    assert stage.hub is not left


async def test_closing_the_hubs_sends_everybody_away_also_who_comes_then(stage: Stage) -> None:
    level_one, full, coming = Screen(stage), Screen(stage), Screen(stage)
    await level_one.look()
    full.full = True
    await full.look()
    attaching = asyncio.create_task(coming.look())
    await asyncio.sleep(0)
    stage.hubs.close()
    await attaching
    late = await Screen(stage).look()
    assert [screen.ended for screen in (level_one, full, coming, late)] == [True] * 4
    assert stage.hubs.viewers == 0


def _text(message: Any) -> str:
    return "".join(block["text"]["value"] for block in message["content"])


async def test_a_thread_that_is_watched_is_known_to_be_there_until_it_is_deleted(stage: Stage) -> None:
    assert not stage.hubs.live(stage.thread_id)
    screen = await Screen(stage).look()
    await settled(stage, screen)
    assert stage.hubs.live(stage.thread_id)
    screen.full = True
    await stage.post("fill it")
    await settled(stage, screen)
    await stage.delete()
    await until(lambda: not stage.hubs.live(stage.thread_id))
    assert screen.suspended  # it has not been told yet
    screen.leave()
    assert not stage.hubs.live(stage.thread_id)
