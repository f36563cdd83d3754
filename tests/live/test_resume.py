"""What a cursor gets: the tail, or a snapshot (ARCHITECTURE, "The cursor"; wire.md, Streams)."""

from __future__ import annotations

import pytest

from livethread.domain import cursor
from livethread.domain.cursor import Cursor
from livethread.domain.record import Deleted
from livethread.errors import NotFound
from tests.live.screen import Screen, settled
from tests.live.stage import Owner, Stage, until


async def growing(stage: Stage) -> tuple[Owner, Cursor]:
    """A run that has said 日本語, and the cursor of who holds it all."""
    owner = await stage.run()
    await owner.say("日本語")
    screen = await Screen(stage).look()
    await settled(stage, screen)
    held = cursor.parse(screen.events[-1].id)
    screen.leave()
    assert list(held.places.values()) == [(0, 9)]
    return owner, held


def at(held: Cursor, *place: int) -> Cursor:
    return Cursor(held.seq, held.tag, held.run, dict.fromkeys(held.places, (place[0], place[1])))


async def test_a_viewer_cut_after_any_frame_gets_exactly_the_rest(stage: Stage) -> None:
    owner = await stage.run()
    thread, run = await Screen(stage).look(), await Screen(stage, owner.run_id).look()
    for word in ["one ", "日本", "👩‍💻", "\r\n", "end"]:
        await owner.say(word)
        await settled(stage, thread, run)
    await stage.post("meanwhile")
    await owner.complete()
    await settled(stage, thread, run)
    for whole in (thread, run):
        for number, event in enumerate(whole.events[:-2]):
            again = await Screen(stage, whole.run_id).look(event.id)
            await settled(stage, again)
            held = [*whole.events[: number + 1], *again.events]
            assert again.types[:1] != ["thread.snapshot"]
            assert [item.type for item in held if item.type != "thread.message.delta"] == whole.types
            again.events = held
            assert again.text() == owner.said
            again.leave()


async def test_a_thread_cursor_is_good_on_the_streams_of_its_runs(stage: Stage) -> None:
    owner, held = await growing(stage)
    other = await stage.run()
    await other.say("other")
    await owner.say("!")
    screen = await Screen(stage, owner.run_id).look(str(at(held, 0, 6)))
    await owner.complete()
    await until(lambda: screen.ended)
    assert screen.text() == "語!"
    assert screen.types == ["thread.message.completed", "thread.run.step.completed", "thread.run.completed", "done"]


async def test_a_run_cursor_is_good_on_its_own_run_and_nowhere_else(stage: Stage) -> None:
    owner, _ = await growing(stage)
    other = await stage.run()
    run = await Screen(stage, owner.run_id).look()
    await settled(stage, run)
    run.leave()
    thread, again, elsewhere = Screen(stage), Screen(stage, owner.run_id), Screen(stage, other.run_id)
    for screen in (thread, again, elsewhere):
        await screen.look(run.last_id)
    await settled(stage, thread, again, elsewhere)
    assert thread.types == ["thread.snapshot"]
    assert again.events == []
    assert elsewhere.types == ["thread.run.created", "thread.run.queued", "thread.run.in_progress"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda held: Cursor(held.seq, "0000", None, held.places),
        lambda held: Cursor(held.seq + 7, held.tag, None, held.places),
        lambda held: Cursor(0, held.tag, None, {}),
        lambda held: at(held, 0, 4),
        lambda held: Cursor(held.seq, held.tag, None, {2: (0, 1)}),
    ],
    ids=["wrong tag", "seq from the future", "no event at all", "inside a character", "text of what is no draft"],
)
async def test_a_cursor_that_cannot_be_so_gets_a_snapshot_and_a_run_stream_begins_again(
    stage: Stage, spoil: object
) -> None:
    owner, held = await growing(stage)
    spoilt = str(spoil(held))  # type: ignore[operator]
    thread, run = await Screen(stage).look(spoilt), await Screen(stage, owner.run_id).look(spoilt)
    await settled(stage, thread, run)
    assert thread.types == ["thread.snapshot"]
    assert run.types[0] == "thread.run.created"
    assert run.text() == "日本語"


@pytest.mark.parametrize("place", [(0, 10), (0, 4), (1, 0), (1, 2)])
async def test_an_offset_that_a_text_that_ended_does_not_have_gets_a_snapshot(
    stage: Stage, place: tuple[int, int]
) -> None:
    owner, held = await growing(stage)
    await owner.complete()
    thread = await Screen(stage).look(str(at(held, *place)))
    run = await Screen(stage, owner.run_id).look(str(at(held, *place)))
    await settled(stage, thread)
    await until(lambda: run.ended)
    assert thread.types == ["thread.snapshot"]
    assert run.types[0] == "thread.run.created"


async def test_a_viewer_of_an_ended_text_gets_its_tail(stage: Stage) -> None:
    owner, held = await growing(stage)
    await owner.complete()
    screen = await Screen(stage).look(str(at(held, 0, 3)))
    await settled(stage, screen)
    assert screen.text() == "本語"
    assert screen.types == ["thread.message.completed", "thread.run.step.completed", "thread.run.completed"]


async def test_no_group_means_nothing_of_the_text(stage: Stage) -> None:
    _, held = await growing(stage)
    screen = await Screen(stage).look(str(Cursor(held.seq, held.tag)))
    await settled(stage, screen)
    assert (screen.types, screen.text()) == ([], "日本語")


async def delete_message(stage: Stage, message_id: str) -> None:
    gone = Deleted(id=message_id, object="thread.message.deleted")
    await stage.log.append(stage.thread_id, lambda write: write.append(gone, "thread.message.deleted"))


@pytest.mark.parametrize("offset", [9, 0])
async def test_a_cursor_in_the_text_of_a_message_deleted_since_is_good_nowhere(stage: Stage, offset: int) -> None:
    owner, held = await growing(stage)
    message_id = owner.message_id
    await owner.complete()
    await delete_message(stage, message_id)
    thread, run = Screen(stage), Screen(stage, owner.run_id)
    for screen in (thread, run):
        await screen.look(str(at(held, 0, offset)))
    await settled(stage, thread)
    await until(lambda: run.ended)
    assert thread.types == ["thread.snapshot"]
    assert run.types[0] == "thread.run.created"
    assert run.text() == "日本語"  # also for who only adds up what it is told


async def test_a_cursor_outside_of_the_text_of_a_message_deleted_since_gets_a_tail(stage: Stage) -> None:
    before = await Screen(stage).look()
    await settled(stage, before)
    before.leave()
    owner, _ = await growing(stage)
    message_id = owner.message_id
    await owner.complete()
    behind = await Screen(stage).look(before.events[-1].id)
    await settled(stage, behind)
    behind.leave()
    await delete_message(stage, message_id)
    posted = await stage.post("of a person")
    await delete_message(stage, posted.id)
    for held in (before, behind):
        screen = await Screen(stage).look(held.events[-1].id)
        await settled(stage, screen)
        assert "thread.snapshot" not in screen.types
        assert screen.types[-3:] == ["thread.message.deleted", "thread.message.created", "thread.message.deleted"]


async def test_a_run_stream_is_over_only_for_who_holds_its_end(stage: Stage) -> None:
    owner = await stage.run()
    screen = await Screen(stage, owner.run_id).look()
    await owner.say("hello")
    await owner.complete()
    await until(lambda: screen.ended)
    last = screen.events[-2].id
    again = await Screen(stage, owner.run_id).look(last)
    assert (again.over, again.events) == (True, [])
    earlier = await Screen(stage, owner.run_id).look(screen.events[-3].id)
    assert not earlier.over
    await until(lambda: earlier.ended)
    assert earlier.types == ["thread.run.completed", "done"]


async def test_a_deleted_thread_is_found_only_with_a_cursor_and_then_once(stage: Stage) -> None:
    owner, held = await growing(stage)
    await stage.delete()
    for screen in (Screen(stage), Screen(stage, owner.run_id)):
        with pytest.raises(NotFound):
            await screen.look()
        with pytest.raises(NotFound):
            await screen.look(str(Cursor(held.seq, "0000")))
    thread, run = await Screen(stage).look(str(held)), await Screen(stage, owner.run_id).look(str(held))
    await until(lambda: thread.ended and run.ended)
    assert thread.types == ["thread.run.cancelled", "thread.deleted"]
    assert run.types == ["thread.run.cancelled", "done"]
    over = await Screen(stage).look(thread.events[-1].id)
    assert over.over


async def test_a_run_of_another_thread_is_not_found(stage: Stage) -> None:
    owner = await stage.run()
    await stage.open_thread()
    with pytest.raises(NotFound, match="No run found"):
        await Screen(stage, owner.run_id).look()


async def test_looking_changes_nothing_that_is_stored(stage: Stage) -> None:
    owner, held = await growing(stage)
    before, transactions = await stage.events(), stage.database.transactions
    for last_id in (None, str(held), "5.zzzz", str(at(held, 0, 4))):
        for run_id in (None, owner.run_id):
            screen = await Screen(stage, run_id).look(last_id)
            await settled(stage, screen)
            screen.leave()
    assert (await stage.events(), stage.database.transactions) == (before, transactions)


async def test_a_message_whose_owner_could_not_write_its_end_is_shown_as_it_is_stored(stage: Stage) -> None:
    owner, _ = await growing(stage)
    stage.drafts.end(owner.message_id)  # what the loop does when its last write fails
    screen = await Screen(stage).look()
    await settled(stage, screen)
    (snapshot,) = screen.data("thread.snapshot")
    assert [(message["status"], message["content"]) for message in snapshot["messages"]] == [("in_progress", [])]
