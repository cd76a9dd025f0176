"""The main job: a labelled issue becomes a reviewed, merged pull request, and everything that can come between."""

from __future__ import annotations

import threading
from datetime import timedelta

from bot.core.lifecycle.phase import Phase
from bot.flows.fleet import Watcher, keep_working
from bot.flows.ticking import Tick
from tests.world import World, judges, writes


def test_a_labelled_issue_becomes_a_reviewed_merged_pull_request(world: World) -> None:
    world.model.add(writes("pots.py", "def count():\n    return 2\n", report="Count both pots"), judges())
    number = world.open_issue("The second pot is not counted")

    world.settle()

    (pull,) = world.pulls()
    assert pull["merged_at"]
    assert pull["head"]["ref"] == f"agent-1/project-{number}"
    assert world.api("ann", "GET", f"issues/{number}")["state"] == "closed"
    assert "return 2" in world.git("show", "main:pots.py")
    (status,) = world.comments(number)
    assert "**done**: merged with pull request #2" in status
    assert world.labels(number) == {"agent:ready"}


def test_planning_again_after_everything_is_done_plans_nothing(world: World) -> None:
    world.model.add(writes("a.txt", "a"), judges())
    world.open_issue("Add a")
    world.settle()

    again = world.tick()

    assert again.applied == ()
    assert again.shown == 0


def test_failed_checks_send_the_project_back_with_the_reason(world: World) -> None:
    world.model.add(writes("a.txt", "wrong", cycle=1), writes("a.txt", "right", cycle=2), judges(cycle=2))
    number = world.open_issue("Add a")
    world.tick()
    world.work()
    world.tick()
    world.check("failure", log="1 failed")

    assert world.phase_of(number) is Phase.REWORK
    assert world.status(number).reason == "checks failed: unit tests; trying again (2 of 3)"

    world.settle()
    assert world.git("show", "main:a.txt") == "right"


def test_whether_it_is_enough_is_asked_only_of_a_look_that_began_with_no_run_under_way(world: World) -> None:
    """A run may hand in while a tick looks: what that tick saw of it is old then."""
    world.model.add(writes("a.txt", "a"), judges())
    world.open_issue("Add a")
    handed_in, asked = threading.Semaphore(0), []

    def ticked(done: Tick) -> None:
        if not done.started and any(project.record.lease for project in done.snapshot.projects):
            assert handed_in.acquire(timeout=30)

    def until(done: Tick) -> bool:
        asked.append(any(project.record.lease for project in done.snapshot.projects))
        return len(asked) > 3

    def between() -> None:
        world.check()

    watcher = Watcher(ticked=ticked, handed_in=lambda *_: handed_in.release())
    keep_working(world.context, until=until, watcher=watcher, poll=timedelta(milliseconds=1), between=between)

    assert asked == [False] * 4
