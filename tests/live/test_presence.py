"""What viewers are told of each other (wire.md, People); time passes only where a test says so."""

from __future__ import annotations

import json
from typing import Any

import pytest

from livethread.domain.people import Person
from livethread.live import presence
from livethread.live.people import LEAVING, TYPING
from livethread.live.presence import COUNTED_AFTER, EVERY
from livethread.live.viewer import Viewer
from tests.live.screen import Screen, level, settled
from tests.live.stage import Stage

ANN, BO = Person("u1", "Ann"), Person("u2", "Bo")


def told(screen: Screen) -> list[Any]:
    """What it was told of who is there and who types, since it was asked last."""
    events, screen.events = screen.events, []
    return [
        (event.type.removeprefix("thread."), json.loads(event.data))
        for event in events
        if event.type in ("thread.presence", "thread.typing")
    ]


def there(
    *people: Person, viewers: int | None = None, joined: tuple[Person, ...] = (), left: tuple[Person, ...] = ()
) -> tuple[str, Any]:
    """That these are there, and nobody types."""
    return "presence", {
        "people": [{**person._asdict(), "typing": False} for person in people],
        "viewers": len(people) if viewers is None else viewers,
        "joined": [person._asdict() for person in joined],
        "left": [person._asdict() for person in left],
    }


async def come(stage: Stage, person: Person | None = None, **how: Any) -> Screen:
    """Somebody looks, and is level with the hub."""
    screen = await Screen(stage).look(person=person, **how)
    await level(screen)
    return screen


async def test_who_joins_is_told_who_is_there_and_the_others_are_told_of_it(stage: Stage) -> None:
    ann = await come(stage, ANN)
    stage.timer.ring()
    assert told(ann) == [there(ANN, joined=(ANN,))]
    stage.timer.ring(EVERY)
    bo = await come(stage, BO)
    stage.timer.ring()
    assert told(ann) == told(bo) == [there(ANN, BO, joined=(BO,))]


async def test_who_is_told_first_of_who_is_there_has_had_its_first_frame(stage: Stage) -> None:
    ann = Screen(stage)
    await ann.look(person=ANN)
    stage.timer.ring()
    assert "thread.presence" not in ann.types
    await level(ann)
    stage.timer.ring(EVERY)
    assert ann.types == ["thread.snapshot", "thread.presence"]
    (snapshot,) = ann.data("thread.snapshot")
    assert snapshot["people"] == [{"user_id": "u1", "name": "Ann", "typing": False}]


async def test_who_resumes_is_told_behind_its_tail(stage: Stage) -> None:
    ann = await come(stage, ANN)
    ann.leave()
    await stage.post("meanwhile")
    await ann.look(ann.last_id, person=ANN)
    await level(ann)
    stage.timer.ring()
    assert ann.types[-2:] == ["thread.message.created", "thread.presence"]


async def test_nothing_of_it_has_an_id_or_is_in_the_log(stage: Stage) -> None:
    ann = await come(stage, ANN)
    at = len(ann.raw)
    stage.timer.ring()
    stage.hub.presence.type("u1", True)
    stage.timer.ring(EVERY)
    assert ann.types == ["thread.snapshot", "thread.presence", "thread.typing"]
    assert b"id: " not in ann.raw[at:]
    assert [event.type for event in await stage.events()] == ["thread.created"]


async def test_the_stream_of_a_run_says_nothing_of_it_and_does_not_count(stage: Stage) -> None:
    owner = await stage.run()
    run = await Screen(stage, owner.run_id).look(person=ANN)
    await level(run)
    viewer = await come(stage)
    stage.timer.ring(10)
    assert (told(run), told(viewer)) == ([], [there(viewers=1)])


async def test_viewers_without_a_name_are_counted_with_delay(stage: Stage) -> None:
    ann = await come(stage, ANN)
    stage.timer.ring(10)
    told(ann)
    first, second = await come(stage), await come(stage)
    assert stage.timer.waiting == [0]
    stage.timer.ring()
    assert stage.timer.waiting == [COUNTED_AFTER]
    assert told(first) == told(second) == [there(ANN, viewers=3)]
    stage.timer.ring(COUNTED_AFTER - 0.01)
    assert told(ann) == []
    stage.timer.ring(0.01)
    assert (told(ann), told(first)) == ([there(ANN, viewers=3)], [])


async def test_a_reload_is_silent_with_a_name_and_without(stage: Stage) -> None:
    ann, bo, other = await come(stage, ANN), await come(stage, BO), await come(stage)
    stage.timer.ring(10)
    told(ann)
    for screen, person in ((bo, BO), (other, None)):
        screen.leave()
        told(screen)
        stage.timer.ring(COUNTED_AFTER / 2)
        await screen.look(screen.last_id, person=person)
        await level(screen)
        stage.timer.ring(10)
        assert told(screen) == [there(ANN, BO, viewers=3)]
    assert told(ann) == []


async def test_a_leave_is_told_after_a_while(stage: Stage) -> None:
    ann, bo = await come(stage, ANN), await come(stage, BO)
    stage.timer.ring(10)
    told(ann)
    bo.leave()
    stage.timer.ring(LEAVING - 0.01)
    assert told(ann) == []
    stage.timer.ring(0.01)
    assert told(ann) == [there(ANN, left=(BO,))]
    stage.timer.ring(10)
    assert told(ann) == []


async def test_typing_is_told_at_once_and_when_it_lapses(stage: Stage) -> None:
    ann, bo = await come(stage, ANN), await come(stage, BO)
    stage.timer.ring(10)
    told(ann), told(bo)
    assert stage.hubs.type(stage.thread_id, "u2", typing=True) is not None
    stage.timer.ring()
    stage.timer.ring(TYPING)
    typed = [("typing", {"user_id": "u2", "name": "Bo", "typing": typing}) for typing in (True, False)]
    assert told(ann) == told(bo) == typed
    assert stage.hubs.type(stage.thread_id, "u3", typing=True) is None
    assert stage.hubs.type("thread_other", "u2", typing=True) is None


async def test_typing_does_not_hide_that_the_count_has_changed(stage: Stage) -> None:
    ann = await come(stage, ANN)
    stage.timer.ring(10)
    told(ann)
    await come(stage)
    stage.timer.ring(EVERY)
    stage.hub.presence.type("u1", True)
    stage.timer.ring()
    assert [type for type, _ in told(ann)] == ["typing"]
    stage.timer.ring(COUNTED_AFTER)
    assert [(type, data["viewers"]) for type, data in told(ann)] == [("presence", 2)]


async def test_however_many_come_the_others_are_told_a_few_times(stage: Stage) -> None:
    ann = await come(stage, ANN)
    stage.timer.ring(10)
    told(ann)
    crowd = []
    for number in range(100):
        crowd.append(await come(stage, Person(f"u{number + 10}", "x") if number % 2 else None))
        stage.timer.ring(0.01)
    stage.timer.ring(10)
    news = told(ann)
    assert len(news) <= 1 / EVERY + 2
    assert news[-1][1]["viewers"] == 101
    assert sum(len(data["joined"]) for _, data in news) == 50
    assert sum(len(told(screen)) for screen in crowd) < 100 * 5
    assert stage.timer.waiting == []


async def test_a_large_set_for_many_viewers_is_told_more_seldom(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "BYTES_A_SECOND", 100)
    ann = await come(stage, ANN)
    stage.timer.ring()
    bo = await come(stage, BO)
    stage.timer.ring(1)
    assert told(bo) == []
    stage.timer.ring(1)
    assert told(bo) == told(ann)[1:] == [there(ANN, BO, joined=(BO,))]


async def test_who_is_behind_is_told_once_it_is_level_and_only_how_it_is_then(stage: Stage) -> None:
    ann, slow = await come(stage, ANN), await come(stage)
    stage.timer.ring(10)
    told(slow)
    slow.full = True
    await stage.rename("fill it")
    await settled(stage, ann, slow)
    held = len(slow.raw)
    bo = await come(stage, BO)
    stage.timer.ring(EVERY)
    stage.hub.presence.type("u2", True)
    stage.timer.ring(EVERY)
    stage.hub.presence.type("u2", False)
    bo.leave()
    await come(stage)
    stage.timer.ring(10)
    assert len(slow.raw) == held
    slow.drain()
    await level(slow)
    stage.timer.ring(EVERY)
    assert told(slow) == [there(ANN, viewers=3)]


async def test_who_was_behind_while_only_the_count_changed_is_told_that_too(stage: Stage) -> None:
    slow = await come(stage)
    stage.timer.ring(10)
    told(slow)
    slow.full = True
    await stage.rename("fill it")
    await settled(stage, slow)
    await come(stage)
    stage.timer.ring(10)
    slow.drain()
    await level(slow)
    stage.timer.ring(COUNTED_AFTER)
    assert told(slow) == [there(viewers=2)]


async def test_who_fell_behind_for_a_moment_is_not_told_again_what_it_knows(stage: Stage) -> None:
    ann = await come(stage, ANN)
    stage.timer.ring(10)
    told(ann)
    ann.full = True
    await stage.rename("fill it")
    await settled(stage, ann)
    ann.drain()
    await level(ann)
    assert (stage.timer.waiting, told(ann)) == ([], [])


async def test_a_telling_that_fills_a_connection_counts_as_told(stage: Stage) -> None:
    ann = await come(stage, ANN)
    ann.full = True
    stage.timer.ring()
    assert not ann.viewer.level
    ann.drain()
    await level(ann)
    await stage.rename("and on")
    await settled(stage, ann)
    stage.timer.ring(10)
    assert ann.types == ["thread.snapshot", "thread.presence", "thread.updated"]


async def test_what_is_told_waits_behind_a_sweep_that_is_under_way(stage: Stage) -> None:
    ann = await come(stage, ANN)
    stage.timer.ring(10)
    told(ann)
    stage.hub._writing = iter(())  # who is not reached yet and fell back now would miss what is swept
    await come(stage, BO)
    stage.timer.ring(10)
    assert told(ann) == []
    stage.hub._go_on()
    assert told(ann) == [there(ANN, BO, joined=(BO,))]


async def test_who_falls_behind_while_others_are_told_is_passed_over(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "SLICE", 1)
    viewers = [(await come(stage)).viewer for _ in range(4)]
    handed: list[Viewer] = []
    telling = stage.hub.presence.tell(viewers, lambda viewer, _: handed.append(viewer))
    next(telling)
    viewers[1].level = False
    for _ in telling:
        pass
    assert handed == [viewers[0], viewers[2], viewers[3]]


async def test_a_log_that_was_rebuilt_takes_nobody_away(stage: Stage) -> None:
    ann = await come(stage, ANN)
    stage.timer.ring(10)
    told(ann)
    stage.hub._writing = iter(())  # a sweep is under way
    bo = await Screen(stage).look(person=BO)
    stage.timer.ring()
    stage.hub._begin_anew()
    await settled(stage, ann, bo)
    stage.timer.ring(10)
    assert told(ann)[-1][1]["people"] == told(bo)[-1][1]["people"] == there(ANN, BO)[1]["people"]


async def test_a_hub_that_everybody_left_wakes_nobody(stage: Stage) -> None:
    ann = await come(stage, ANN)
    ann.leave()
    assert stage.timer.waiting == []
