"""What is closed, reopened, queued again or merged by hand: nothing is begun twice, and people see what is true."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.errors.model_errors import ModelErrorKind
from bot.core.facts.project import Pausable
from bot.core.lifecycle.phase import Phase
from bot.core.orders.labels import READY
from bot.core.roles.role import Role
from bot.flows import stop_start
from bot.flows.texts.status import STATUS_MARK
from bot.hub import seed
from tests.world import FULL_NAME, Scene, Step, World, a_world, judges, writes


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with a_world(tmp_path) as made:
        made.tick()
        later(made)
        yield made


def later(world: World) -> None:
    """GitHub's times have whole seconds; people are not that quick."""
    world.clock.wait(timedelta(minutes=1))


def becomes(world: World, number: int, state: str, kind: str = "issues") -> None:
    later(world)
    world.api("ann", "PATCH", f"{kind}/{number}", json={"state": state})
    later(world)


def status(world: World, number: int) -> str:
    (found,) = [body for body in world.comments(number) if body.startswith(STATUS_MARK)]
    return found


def with_pull(world: World) -> tuple[int, int]:
    """A project whose pull request waits for its checks."""
    world.model.add(writes("a.txt", "a"))
    number = world.open_issue("Add a")
    world.settle(checks_pass=False)
    (pull,) = world.pulls()
    return number, pull["number"]


def test_a_pull_request_that_a_person_closed_is_not_opened_again(world: World) -> None:
    number, pull = with_pull(world)
    becomes(world, pull, "closed", "pulls")
    world.settle()

    assert [one["state"] for one in world.pulls()] == ["closed"]
    assert f"**cancelled**: pull request #{pull} was closed" in status(world, number)


def test_it_is_shown_as_cancelled_although_somebody_asks_at_that_very_moment(world: World) -> None:
    number, _ = with_pull(world)
    becomes(world, number, "closed")
    world.api("ann", "POST", f"issues/{number}/comments", json={"body": "/agent why"})
    world.settle()

    assert "**cancelled**: the issue was closed" in status(world, number)
    assert world.labels(number) == {READY}


def test_what_is_reopened_goes_on_with_its_pull_request(world: World) -> None:
    world.model.add(judges())
    number, _ = with_pull(world)
    becomes(world, number, "closed")
    world.settle(checks_pass=False)
    becomes(world, number, "open")
    world.settle()

    assert world.is_closed(number)
    assert [bool(one["merged_at"]) for one in world.pulls()] == [True]
    assert "**done**" in status(world, number)


def test_an_issue_that_is_reopened_after_its_merge_stays_open_and_is_done_again_once_queued_again(world: World) -> None:
    world.model.add(writes("a.txt", "a"), judges(), writes("b.txt", "b"), judges())
    number = world.open_issue("Add a")
    world.settle()
    becomes(world, number, "open")
    world.settle()
    stayed = world.is_closed(number), len(world.pulls())
    world.unlabel(number, READY)
    world.label(number, READY)
    world.settle()

    assert stayed == (False, 1)
    assert [bool(one["merged_at"]) for one in world.pulls()] == [True, True]
    assert world.git("show", "main:b.txt") == "b"
    assert "**done**" in status(world, number)
    assert world.is_closed(number)


def test_work_that_a_person_merged_by_hand_waits_for_them(world: World) -> None:
    world.model.add(writes("a.txt", "a"))
    number = world.open_issue("Add a")
    world.tick()
    world.work()
    world.git("update-ref", "refs/heads/main", world.git("rev-parse", f"agent-1/project-{number}"))
    world.settle()

    assert world.phase_of(number) is Phase.NEEDS_HUMAN
    assert "its work was merged without a pull request" in status(world, number)
    assert world.tick().plan.effects == ()


def test_who_was_told_of_a_pause_is_told_of_its_end(world: World) -> None:
    stop_start.stop(world.context, by="ann", reason="bill")
    number = world.open_issue("Add a")
    world.settle()
    told = status(world, number)
    assert world.labels(number) == {READY, "agent:waiting"}
    for agent in ("1", "2"):
        stop_start.pause(world.context, Pausable.AGENT, agent, by="ann", reason="holidays")
    stop_start.start(world.context, by="ann")
    world.settle()

    assert "**paused**: stopped by ann: bill" in told
    assert "**ready**: queued; waits for a free agent" in status(world, number)
    assert world.labels(number) == {READY}


def test_a_limit_without_a_time_is_sat_out_before_another_try(world: World) -> None:
    limited = Scene(role=Role.EXECUTION, steps=(Step(error=ModelErrorKind.USAGE_LIMITED), *writes("a.txt", "a").steps))
    world.model.add(limited, judges())
    number = world.open_issue("Add a")
    world.settle()
    stood = world.status(number)
    world.clock.wait(timedelta(minutes=15))
    world.settle()

    assert stood.phase is Phase.PAUSED
    assert stood.until is not None
    assert [run.ending.value for run in world.record(number).runs] == ["limited", "finished", "finished"]
    assert world.is_closed(number)


def test_what_githubs_own_rules_hold_back_says_so_and_holds_nobody_up(world: World) -> None:
    seed.protect(world.hub, FULL_NAME, "main", required_checks=["unit tests"], required_approvals=2)
    world.model.add(writes("a.txt", "a", project=1), writes("b.txt", "b", project=2), judges(any_number=True))
    numbers = [world.open_issue("Add a"), world.open_issue("Add b")]
    world.settle()
    waiting = world.tick()
    for pull in world.pulls()[1:]:
        world.api("ann", "POST", f"pulls/{pull['number']}/reviews", json={"event": "APPROVE"})
    world.settle()

    assert waiting.plan.effects == ()
    assert "a rule for main asks for more" in status(world, numbers[0])
    assert [world.is_closed(number) for number in numbers] == [False, True]
