"""One process at a time writes to GitHub's API; one that was started again does not wait for itself."""

from __future__ import annotations

from dataclasses import replace

from bot.flows.ticking import tick
from tests.world import World


def test_a_process_started_again_takes_its_former_lock_over(world: World) -> None:
    world.open_issue("Add a")
    died = world.another_process("first")
    assert tick(died).deferred is None  # and never releases its lock
    world.open_issue("Add b")

    again = replace(world.another_process("first again"), former_writers=frozenset({died.writer}))
    done = tick(again)

    assert done.deferred is None
    assert [started.start.number for started in done.started] == [2]


def test_a_lock_of_anybody_else_is_waited_for(world: World) -> None:
    world.open_issue("Add a")
    holds = world.another_process("holds")
    world.tick(holds)
    world.open_issue("Add b")

    stranger = replace(world.another_process("stranger"), former_writers=frozenset({world.context.writer}))
    done = tick(stranger)

    assert done.deferred == f"another process ({holds.writer.run}) writes to GitHub now"
    assert done.started == ()
