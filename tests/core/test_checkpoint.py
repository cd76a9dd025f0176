"""A conversation goes on in its own role only, and a review comes to an end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.core.decisions.effects import StartRun
from bot.core.decisions.plan import plan
from bot.core.facts.project import Act, Project
from bot.core.facts.record import Run
from bot.core.lifecycle.phase import Phase
from bot.core.lifecycle.status import status_of
from bot.core.money.pricing import usd
from bot.core.roles.role import Role
from bot.core.runs.run import Ending
from tests.core.facts import GRANT, HEAD, NOON, issue, note, policy, pull, run, snapshot, working

OTHER = "d" * 40
LONG_QUEUED = issue(queued=Act(by="ann", at=NOON - timedelta(hours=9), may_write=True))


def kept(*runs: Run, **changes: Any) -> Project:
    one = working(*runs, the_pull=pull(**changes))
    return replace(one, record=replace(one.record, checkpoint=True))


def the_start(project: Project) -> StartRun:
    (start,) = [effect for effect in plan(snapshot(project), policy(), NOON).effects if isinstance(effect, StartRun)]
    return start


def reviewed(ago: int = 5, ending: Ending = Ending.UNFINISHED, *, minutes: int = 1, **changes: Any) -> Run:
    began = NOON - timedelta(minutes=ago)
    return replace(run(Role.REVIEW, ending, ago=ago, head=HEAD), ended_at=began + timedelta(minutes=minutes), **changes)


def test_an_unfinished_review_goes_on_and_says_so() -> None:
    start = the_start(kept(run(), reviewed()))
    assert (start.role, start.goes_on, start.reason) == (Role.REVIEW, True, "goes on from its checkpoint")


@pytest.mark.parametrize(
    ("rule", "facts", "role"),
    [
        ("no executor is given a review's conversation", kept(run(), reviewed(), notes=(note(),)), Role.EXECUTION),
        ("a review of another head begins anew", kept(run(), reviewed(head=OTHER)), Role.REVIEW),
        ("no reviewer is given an executor's", kept(run(ago=20), run(ending=Ending.UNFINISHED, head=OTHER)), Role.REVIEW),
    ],
)
def test_what_is_not_gone_on_with(rule: str, facts: Project, role: Role) -> None:
    start = the_start(facts)
    assert (start.role, start.goes_on) == (role, False), rule
    assert "checkpoint" not in start.reason


def test_an_unfinished_execution_goes_on() -> None:
    one = kept(run(ending=Ending.UNFINISHED))
    start = the_start(replace(one, pull=None))
    assert (start.role, start.goes_on) == (Role.EXECUTION, True)


@pytest.mark.parametrize(
    ("rule", "reviews", "phase"),
    [
        ("an hour is not two", (reviewed(70, minutes=60),), Phase.REVIEWING),
        ("two hours on one head are enough", (reviewed(130, minutes=60), reviewed(65, minutes=60)), Phase.NEEDS_HUMAN),
        ("those on another head do not count", (reviewed(130, minutes=120, head=OTHER),), Phase.REVIEWING),
        ("twice the grant is enough", (reviewed(9, spent=usd(2)), reviewed(7, spent=usd(2))), Phase.NEEDS_HUMAN),
        ("once is not", (reviewed(9, spent=usd(2)),), Phase.REVIEWING),
    ],
)
def test_a_review_has_a_total_limit(rule: str, reviews: tuple[Run, ...], phase: Phase) -> None:
    assert status_of(working(run(ago=300), *reviews, the_pull=pull(), issue=LONG_QUEUED), policy(), NOON).phase is phase, rule


def test_the_last_segment_of_a_review_has_what_is_left() -> None:
    start = the_start(working(run(ago=300), reviewed(130, minutes=110, spent=usd(3)), the_pull=pull(), issue=LONG_QUEUED))
    assert start.grant == replace(GRANT, money=usd(1), time=timedelta(minutes=10))
