"""Whatever the facts: everything stands somewhere, nobody waits in a circle, and what is waited for can be read."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.core.decisions.effects import Merge, StartRun, UpdateBranch
from bot.core.decisions.plan import plan
from bot.core.facts.project import Act, Check, CheckState, Conflict, Mergeable, Project, PullState, Review, ReviewState, Stop
from bot.core.facts.record import Update
from bot.core.lifecycle.merge_order import in_merge_order
from bot.core.lifecycle.phase import Phase
from bot.core.lifecycle.status import NextStep, status_of
from bot.core.orders.labels import HOLD, READY
from bot.core.orders.project_orders import Assigned, Order, Orders
from bot.core.roles.role import Role
from bot.core.runs.run import Ending
from tests.core.facts import HEAD, NOON, issue, judged, lease, policy, pull, record, run, shown, snapshot

UPDATED = "d" * 40
ANN = Order(by="ann", at=NOON - timedelta(minutes=2))


@st.composite
def projects(draw: st.DrawFn, number: int) -> Project:
    of = st.sampled_from
    updated, approved = draw(st.booleans()), draw(of([None, True, True, False]))
    head = UPDATED if updated else HEAD
    checks, reviews = shown(approved=bool(approved)) if approved is not None and draw(of([True, True, False])) else ((), ())
    unit = draw(of([*CheckState, CheckState.SUCCESS, CheckState.SUCCESS, None]))
    reported = (*(one for one in checks if one.name != "unit"), *([Check(name="unit", state=unit)] if unit else []))
    if draw(of([False, False, False, True])):
        asked = Review(author="ann", state=ReviewState.CHANGES_REQUESTED, commit=draw(of([HEAD, head])), body="Hm", at=NOON, may_write=True)
        reviews = (*reviews, asked)
    made = pull(
        number=number + 100,
        head=head,
        state=draw(of([PullState.OPEN] * 6 + [*PullState])),
        closed_at=draw(of([NOON, NOON - timedelta(hours=3)])),
        checks=reported,
        reviews=reviews,
        mergeable=draw(of([Mergeable.YES, Mergeable.YES, *Mergeable])),
        blocked=draw(of([False] * 4 + [True])),
        queue_place=draw(of([None] * 4 + [1])),
    )
    runs = (run(), *([judged(approved=approved)] if approved is not None else []))
    if (last := draw(of([None, None, None, *Ending]))) is not None:
        runs = (*runs, run(draw(of([Role.EXECUTION, Role.REVIEW])), last, ago=2))
    kept = record(
        number,
        epoch=len(runs),
        branch=f"agent-1/project-{number}",
        runs=runs if draw(of([True] * 4 + [False])) else (),
        updates=(Update(at=NOON, before=HEAD, after=UPDATED, base="b" * 40),) if updated else (),
        lease=draw(of([None] * 5 + [lease(minutes=15), lease(minutes=0)])),
        archived=draw(of([False] * 5 + [True])),
        orders=Orders(
            held=draw(of([None] * 5 + [ANN])),
            retried=draw(of([None] * 3 + [ANN])),
            assigned=draw(of([None] * 4 + [Assigned(by="ann", at=NOON, agent=9), Assigned(by="ann", at=NOON, agent=2)])),
        ),
    )
    anns, eves = Act(by="ann", at=NOON - timedelta(hours=1), may_write=True), Act(by="eve", at=NOON, may_write=False)
    facts = issue(
        number,
        open=draw(of([True] * 6 + [False])),
        labels=draw(of([frozenset({READY})] * 6 + [frozenset({READY, HOLD}), frozenset()])),
        queued=draw(of([anns] * 6 + [eves, None])),
    )
    return Project(
        issue=facts,
        record=kept,
        pull=draw(of([made] * 6 + [None])),
        branch_head=draw(of([head] * 4 + [None])),
        behind=draw(st.booleans()),
        landed=draw(of([False] * 4 + [True])),
        conflict=draw(of([None] * 4 + [Conflict(paths=("pots.py",))])),
    )


several = st.integers(1, 5).flatmap(lambda count: st.tuples(*(projects(number) for number in range(1, count + 1))))


@given(several, st.booleans(), st.booleans())
def test_everything_stands_somewhere_and_whoever_waits_in_line_waits_for_one_that_goes_on(
    them: tuple[Project, ...], up_to_date: bool, merge_queue: bool
) -> None:
    chosen = policy(up_to_date=up_to_date)
    before = {one.number: status_of(one, chosen, NOON) for one in them}
    after = in_merge_order(them, before, chosen)

    for wants in ((NextStep.MERGE, NextStep.UPDATE), (NextStep.EXECUTE,)):
        stopped = [number for number, one in before.items() if one.next_step in wants and after[number].next_step is None]
        for number in stopped:
            ahead = int(after[number].reason.rpartition("#")[2].partition(",")[0])
            assert after[ahead] == before[ahead], "who is waited for waits for nobody"
            computes = "still computes" in after[ahead].reason
            assert after[ahead].next_step is not None or after[ahead].phase is Phase.REVIEWING or computes, after[ahead].reason
    decided = plan(snapshot(*them, merge_queue=merge_queue), chosen, NOON)
    assert all(status.reason for status in decided.statuses.values())
    acted = [effect.number for effect in decided.effects if isinstance(effect, StartRun | Merge | UpdateBranch)]
    assert len(acted) == len(set(acted))
    away = {one.number for one in them if one.record.orders.held or HOLD in one.issue.labels or not one.issue.open}
    assert not away & set(acted)


@given(several)
def test_while_all_is_stopped_only_answers_are_written(them: tuple[Project, ...]) -> None:
    stopped = replace(snapshot(*them), stop=Stop(by="ann", at=NOON, reason="bill"))

    assert plan(stopped, policy(), NOON).effects == ()
