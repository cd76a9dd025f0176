"""When working ends by itself: on what a tick saw after the last run, never on what it saw before."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

from bot.adapters.scripted import Scene, Step, step
from bot.core.roles.role import Role
from bot.core.runs.conversation import Request
from bot.flows.fleet import Watcher, keep_working
from bot.flows.ticking import Tick
from tests.world import a_world

_PATIENCE = 60.0


def test_a_run_that_ends_while_a_tick_looks_is_not_taken_for_one_that_broke(tmp_path: Path) -> None:
    looked, handed_in = threading.Event(), threading.Event()
    asked: list[bool] = []

    def work(_: Request) -> Step:
        assert looked.wait(_PATIENCE)
        return step("bash", command="echo a > a.txt; git add -A; git commit -qm 'Add a'")

    def ticked(done: Tick) -> None:
        if not done.moved and leased(done):
            looked.set()
            assert handed_in.wait(_PATIENCE)

    def enough(done: Tick) -> bool:
        asked.append(leased(done))
        return True

    scene = Scene(role=Role.EXECUTION, steps=(work, step("finish", report="Add a")))
    with a_world(tmp_path, scenes=[scene]) as world:
        world.open_issue("Add a")
        keep_working(
            world.context,
            until=enough,
            watcher=Watcher(ticked=ticked, handed_in=lambda *_: handed_in.set()),
            poll=timedelta(milliseconds=50),
        )

    assert asked == [False]


def leased(done: Tick) -> bool:
    return any(project.record.lease is not None for project in done.snapshot.projects)
