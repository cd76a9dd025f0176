"""Where the repository has GitHub's merge queue, the bot hands over what is approved, and mends what the queue gives up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.scripted import Scene
from bot.core.lifecycle.phase import Phase
from bot.core.roles.role import Role
from bot.hub import seed
from bot.hub.changes import checks, merge_queue
from bot.hub.web import faults
from tests.world import FULL_NAME, World, judges, make_world, step, writes

GROUPS = "refs/heads/gh-readonly-queue/main/"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = make_world(tmp_path)
    seed.protect(made.hub, FULL_NAME, "main", required_checks=["unit tests", "groundskeeper/review"])
    merge_queue.require(made.hub, FULL_NAME, "main", merge_queue.Rules(method="squash"))
    yield made
    made.hub.close()


def names_on(world: World, head: str) -> list[str]:
    runs, status = (world.api("ann", "GET", f"commits/{head}/{kind}") for kind in ("check-runs", "status"))
    return [*(str(one["name"]) for one in runs["check_runs"]), *(str(one["context"]) for one in status["statuses"])]


def judge_groups(world: World, conclusion: str = "success") -> int:
    """What the repository's CI says of `merge_group`. The bot's own check, which is required here too, is left to the bot."""
    found = 0
    for line in world.git("for-each-ref", "--format=%(refname) %(objectname)", GROUPS).splitlines():
        head = line.split()[1]
        if "unit tests" not in names_on(world, head):
            checks.report(world.hub, FULL_NAME, head, "unit tests", conclusion, log="two pots, one lid")
            found += 1
    return found


def lived(world: World, *, groups: str = "success") -> None:
    for _ in range(12):
        world.settle()
        world.clock.wait(timedelta(minutes=1))
        merge_queue.advance(world.hub)
        judged = judge_groups(world, groups)
        world.settle()
        if not judged:
            return
        merge_queue.advance(world.hub)
    raise AssertionError("still moving")


def test_what_is_approved_goes_through_githubs_queue(world: World) -> None:
    world.model.add(writes("a.txt", "a", project=1), writes("b.txt", "b", project=2), judges(any_number=True))
    numbers = [world.open_issue("Add a"), world.open_issue("Add b")]

    world.settle()
    waiting = [world.status(number) for number in numbers]
    lived(world)

    assert [(one.phase, one.reason) for one in waiting] == [
        (Phase.MERGING, "in GitHub's merge queue, place 1"),
        (Phase.MERGING, "in GitHub's merge queue, place 2"),
    ]
    assert all(world.is_closed(number) for number in numbers)
    assert [pull["merged_at"] is not None for pull in world.pulls()] == [True, True]
    assert {"a.txt", "b.txt"} <= set(world.git("ls-tree", "--name-only", "main").split())
    assert all(not world.record(number).updates for number in numbers)


def test_the_approval_is_repeated_once_on_the_queues_own_merge(world: World) -> None:
    world.model.add(writes("a.txt", "a"), judges())
    number = world.open_issue("Add a")
    world.settle()
    merge_queue.advance(world.hub)
    judge_groups(world)
    (line,) = world.git("for-each-ref", "--format=%(objectname)", GROUPS).splitlines()
    unconfirmed = merge_queue.advance(world.hub)

    world.settle()
    world.settle()
    confirmed = sorted(names_on(world, line))
    merged = merge_queue.advance(world.hub)
    world.settle()

    assert (unconfirmed, merged) == (0, 1)
    assert confirmed == ["groundskeeper/review", "unit tests"]
    assert world.is_closed(number)


def test_what_is_held_while_it_waits_leaves_the_queue_and_comes_back(world: World) -> None:
    world.model.add(writes("a.txt", "a"), judges())
    number = world.open_issue("Add a")
    world.settle()

    world.label(number, "agent:hold")
    world.settle()
    (pull,) = world.pulls()
    left = merge_queue.advance(world.hub), merge_queue.entry_of(world.hub.db(), pull["id"]), world.status(number).phase
    world.unlabel(number, "agent:hold")
    lived(world)

    assert left == (0, None, Phase.PAUSED)
    assert world.is_closed(number)


def test_what_the_queue_gives_up_is_mended_with_what_the_queue_saw(world: World) -> None:
    told: list[str] = []

    def read(request: object) -> object:
        told.append(str(request))
        return step("bash", command="echo lid > lid.txt && git add -A && git commit -qm Lid")

    mending = Scene(role=Role.EXECUTION, cycle=2, steps=(read, step("finish", report="A lid each")))  # type: ignore[arg-type]
    world.model.add(writes("a.txt", "a", cycle=1), mending, judges(any_number=True))
    number = world.open_issue("Add a")
    world.settle()
    world.clock.wait(timedelta(minutes=1))
    merge_queue.advance(world.hub)
    judge_groups(world, "failure")
    merge_queue.advance(world.hub)
    lived(world)

    assert world.is_closed(number)
    assert "lid.txt" in world.git("ls-tree", "--name-only", "main").split()
    assert "two pots, one lid" in told[0]
    assert [run.cycle for run in world.record(number).runs if run.role is Role.EXECUTION] == [1, 2]


def test_an_answer_that_is_lost_on_the_way_into_the_queue_changes_nothing(world: World) -> None:
    world.model.add(writes("a.txt", "a"), judges())
    number = world.open_issue("Add a")
    faults.fail_after_work(world.hub, "POST", "/graphql", 502, body="enqueuePullRequest")
    lived(world)

    assert world.is_closed(number)
