"""Rules 2 and 3: the tip follows log and drafts, whatever the bus says (ARCHITECTURE)."""

from __future__ import annotations

from livethread.domain import cursor
from livethread.domain.events import LoggedEvent
from livethread.live.bus import Hint
from livethread.live.position import Position, View
from tests.live.screen import Screen, settled
from tests.live.stage import Stage, until


async def test_viewers_ahead_of_the_hub_wait_for_it_to_read_the_log(stage: Stage) -> None:
    screen = await Screen(stage).look()
    await settled(stage, screen)
    stage.hub._tip._unsubscribe()  # a hint is lost
    await stage.post("unheard")
    last = (await stage.events())[-1]
    viewer = await stage.hub.attach(ahead := Screen(stage), View(), Position(last.seq, last.tag, []))
    await until(lambda: viewer.level)
    assert (ahead.types, screen.types) == ([], ["thread.snapshot", "thread.message.created"])


async def test_a_log_that_was_rebuilt_is_read_anew_and_thread_viewers_get_a_snapshot_while_run_viewers_come_back(
    stage: Stage,
) -> None:
    owner = await stage.run()
    fast, slow = await Screen(stage).look(), await Screen(stage).look()
    run = await Screen(stage, owner.run_id).look()
    await settled(stage, fast, slow, run)
    slow.full = True
    await stage.post("fill it")
    await settled(stage, fast, slow, run)
    for statement in ("UPDATE events SET tag = 'zzzz' WHERE seq > 3", "UPDATE threads SET tag = 'zzzz'"):
        await stage.database.write(lambda connection, text=statement: _do(connection, text))
    stage.bus.publish(Hint(stage.thread_id, (LoggedEvent(5, "zzzz", "thread.updated", stage.thread_id, None, b"{}"),)))
    await until(lambda: run.ended and fast.types[-1] == "thread.snapshot")
    slow.drain()
    await settled(stage, fast, slow)
    assert slow.types[-1] == "thread.snapshot"
    assert [cursor.parse(screen.events[-1].id).tag for screen in (fast, slow)] == ["zzzz", "zzzz"]
    assert "thread.snapshot" not in run.types


def _do(connection: Connection, statement: str) -> None:
    connection.exec_driver_sql(statement)
