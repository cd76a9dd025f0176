"""A check that fails on the default branch as well: told apart, never held against the work, and never merged over by the bot."""

from __future__ import annotations

from pathlib import Path

from bot.core.lifecycle.phase import Phase
from bot.hub.changes import checks
from tests.world import FULL_NAME, World, a_world, judges, writes

UNTIDY = "legacy.py:1: untidy"


def report(world: World, commit: str, conclusion: str, log: str = UNTIDY, name: str = "lint") -> None:
    checks.report(world.hub, FULL_NAME, commit, name, conclusion, log=log)


def published(world: World) -> tuple[int, str]:
    """The issue, and the head of its pull request, on which the tests have passed."""
    number = world.open_issue("Add a")
    world.tick()
    world.work()
    world.tick()
    world.check()
    return number, str(world.pulls()[0]["head"]["sha"])


def test_it_is_reviewed_and_approved_and_a_person_merges_it(tmp_path: Path) -> None:
    with a_world(tmp_path, scenes=(writes("a.txt", "a"), judges())) as world:
        number, head = published(world)
        report(world, world.git("rev-parse", "main"), "failure")
        report(world, head, "failure")

        world.tick()
        world.work()
        world.tick()
        status = world.tick().plan.statuses[number]
        told, pulls, runs = "".join(world.comments(number)), world.pulls(), world.record(number).runs

    assert status.phase is Phase.APPROVED
    assert status.reason == "approved, but red here as on main: lint; a person merges it"
    assert pulls[0]["merged_at"] is None
    assert len(runs) == 2  # one execution, one review: nothing was tried again
    assert "lint failed, as on main" in told
