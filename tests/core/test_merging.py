"""The merge order, and which files keep two projects apart: tables of rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.decisions.effects import ConfirmQueuedMerge, LeaveQueue, Merge, StartRun
from bot.core.decisions.plan import Plan, plan
from bot.core.evidence.verdict import findings_of, removal_from_queue, verdict_on
from bot.core.facts.project import Act, Check, CheckState, Conflict, PastWork, Project, Pull, QueueRemoval, Review, ReviewState
from bot.core.facts.record import Update
from bot.core.lifecycle.merge_order import in_merge_order
from bot.core.lifecycle.path_overlap import likely_paths, named_paths
from bot.core.lifecycle.phase import Phase
from bot.core.lifecycle.status import NextStep, status_of
from bot.core.orders.project_orders import Order, Orders
from tests.core.facts import HEAD, NOON, issue, judged, policy, project, pull, record, run, shown, snapshot, working

CHECKS, REVIEWS = shown(approved=True)
MERGED_IN = "d" * 40
BASE = "b" * 40
LISTING = frozenset({"pots.py", "src/parser.py", "src/deep/names.py", "docs/names.md", "docs/README.md", "README.md"})


def approved(number: int, *, behind: bool = False, updated: bool = False, running: bool = False, **issues: object) -> Project:
    """Reviewed and green; `updated`: the base was merged in since; `running`: a check of the new head is not done."""
    head = MERGED_IN if updated else HEAD
    checks = [replace(check, state=CheckState.PENDING) if running and check.name == "unit" else check for check in CHECKS]
    kept = record(
        number,
        epoch=4,
        branch=f"agent-1/project-{number}",
        runs=(run(), judged(approved=True)),
        updates=(Update(at=NOON - timedelta(minutes=1), before=HEAD, after=MERGED_IN, base=BASE),) if updated else (),
    )
    the_pull = pull(number=number + 100, branch=f"agent-1/project-{number}", head=head, checks=tuple(checks), reviews=REVIEWS)
    return project(issue=issue(number, **issues), record=kept, pull=the_pull, branch_head=head, behind=behind)


def conflicting(number: int) -> Project:
    return replace(
        approved(number, behind=True), conflict=Conflict(paths=("pots.py",), hunks="pots.py:\n<<<<<<< a\n1\n=======\n2\n>>>>>>> b")
    )


def wants(*projects: Project, up_to_date: bool = True) -> dict[int, NextStep | None]:
    chosen = policy(up_to_date=up_to_date)
    statuses = {one.number: status_of(one, chosen, NOON) for one in projects}
    return {number: status.next_step for number, status in in_merge_order(projects, statuses, chosen).items()}


@pytest.mark.parametrize(
    ("projects", "expected"),
    [
        ((approved(1),), {1: NextStep.MERGE}),
        ((approved(1, behind=True),), {1: NextStep.UPDATE}),
        ((approved(1), approved(2)), {1: NextStep.MERGE, 2: None}),
        ((approved(1), approved(2, labels=frozenset({"agent:ready", "priority:high"}))), {1: None, 2: NextStep.MERGE}),
        ((approved(1, behind=True), approved(2)), {1: None, 2: NextStep.MERGE}),
        ((approved(1, behind=True), approved(2, updated=True, running=True)), {1: None, 2: None}),
        ((approved(1, behind=True), approved(2, updated=True)), {1: None, 2: NextStep.MERGE}),
        ((conflicting(1), conflicting(2)), {1: NextStep.EXECUTE, 2: None}),
        ((conflicting(1), approved(2)), {1: NextStep.EXECUTE, 2: NextStep.MERGE}),
    ],
    ids=[
        "alone it is merged", "behind it is updated first", "one at a time", "priority goes first", "who carries the tip goes first",
        "nobody overtakes a check on the merged result", "tested on the tip it is merged", "one conflict at a time",
        "a conflict holds nobody else up",
    ],
)  # fmt: skip
def test_the_merge_order(projects: tuple[Project, ...], expected: dict[int, NextStep | None]) -> None:
    assert wants(*projects) == expected


def test_who_waits_for_a_person_holds_nobody_up_although_it_carries_the_tip() -> None:
    request = Review(author="ann", state=ReviewState.CHANGES_REQUESTED, commit=HEAD, body="Hm", at=NOON, may_write=True)
    asked, blocked = approved(1, updated=True), approved(1, updated=True)
    assert asked.pull is not None
    assert blocked.pull is not None

    for waiting in (
        replace(asked, pull=replace(asked.pull, reviews=(*REVIEWS, request))),
        replace(blocked, pull=replace(blocked.pull, blocked=True)),
        replace(blocked, pull=replace(blocked.pull, blocked=True), behind=True),
    ):
        assert wants(waiting, approved(2, behind=True)) == {1: None, 2: NextStep.UPDATE}


def test_without_the_rule_all_are_merged_in_order() -> None:
    assert wants(approved(1, behind=True), approved(2, behind=True), up_to_date=False) == {1: NextStep.MERGE, 2: NextStep.MERGE}


def test_an_approval_goes_along_when_only_the_base_was_merged_in() -> None:
    updated = approved(1, updated=True)
    found = verdict_on(updated, MERGED_IN)

    assert found is not None
    assert found.approved
    assert found.head == MERGED_IN
    assert verdict_on(updated, "e" * 40) is None


def test_more_than_three_conflicts_hold_new_work_back() -> None:
    new = project(issue=issue(50), record=record(50))
    few = plan(snapshot(*map(conflicting, (1, 2, 3)), new), policy(agents=5), NOON).statuses[50]
    many = plan(snapshot(*map(conflicting, (1, 2, 3, 4)), new), policy(agents=5), NOON).statuses[50]

    assert few.phase is Phase.READY
    assert many.phase is Phase.PAUSED
    assert many.reason == "4 pull requests conflict with main; new work waits until they are resolved"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("`pots.py` counts wrong", {"pots.py"}),
        ("See src/parser.py:12, line 3.", {"src/parser.py"}),
        ("parser.py is slow", {"src/parser.py"}),
        ("names.py and names.md", {"src/deep/names.py", "docs/names.md"}),
        ("./pots.py", {"pots.py"}),
        ("Version 1.2 of e.g. nothing", set()),
        ("no_such.py", set()),
    ],
)
def test_files_are_found_by_what_an_issue_names(text: str, found: set[str]) -> None:
    assert named_paths(text, LISTING) == found


def test_similar_work_says_which_files_come_next() -> None:
    past = (PastWork(title="Count the pots twice", paths=frozenset({"pots.py"})), PastWork(title="Other", paths=frozenset({"x"})))
    likely = project(issue=issue(7, title="Count the pots thrice"))
    unlike = project(issue=issue(7, title="Translate the manual"))

    assert likely_paths(likely, LISTING, past) == {"pots.py"}
    assert likely_paths(unlike, LISTING, past) == set()


def started(decided: Plan) -> list[int]:
    return [effect.number for effect in decided.effects if isinstance(effect, StartRun)]


def test_work_on_the_same_file_waits_and_says_for_whom() -> None:
    first, second, third = (project(issue=issue(number, title=title), record=record(number)) for number, title in (
        (1, "pots.py forgets one"), (2, "pots.py counts slowly"), (3, "src/parser.py is slow")
    ))  # fmt: skip
    decided = plan(snapshot(first, second, third, listing=LISTING), policy(agents=5), NOON)

    assert started(decided) == [1, 3]
    assert decided.statuses[2].reason == "waits for #1, which works on pots.py too"
    together = plan(snapshot(first, second, listing=LISTING), policy(agents=5, keep_apart=False), NOON)
    assert started(together) == [1, 2]


def test_who_is_parked_keeps_nobody_away() -> None:
    parked = working(run(paths=("pots.py",)), issue=issue(1, labels=frozenset({"agent:ready", "agent:hold"})))
    waiting = project(issue=issue(2, title="pots.py counts slowly"), record=record(2))

    assert started(plan(snapshot(parked, waiting, listing=LISTING), policy(agents=5), NOON)) == [2]


# ---- GitHub's own merge queue


def pull_of(one: Project) -> Pull:
    assert one.pull is not None
    return one.pull


def queued(number: int, place: int = 1, **issues: object) -> Project:
    one = approved(number, **issues)  # type: ignore[arg-type]
    return replace(one, pull=replace(pull_of(one), queue_place=place))


def given_up(number: int, *, by: str = "github-merge-queue[bot]", manual: bool = False, ago: int = 0) -> Project:
    one = approved(number)
    removal = QueueRemoval(
        at=NOON - timedelta(minutes=ago),
        by=by,
        manual=manual,
        words="manual" if manual else "failed_checks",
        checks=(Check(name="together", state=CheckState.FAILURE, summary="two pots, one lid"),),
    )
    return replace(one, pull=replace(pull_of(one), removal=removal))


def test_where_there_is_a_merge_queue_everybody_goes_into_it_at_once_and_no_branch_is_updated() -> None:
    decided = plan(snapshot(approved(1, behind=True), approved(2), queued(3), merge_queue=True), policy(), NOON)

    assert [(effect.number, effect.by_queue) for effect in decided.effects if isinstance(effect, Merge)] == [(1, True), (2, True)]
    assert [type(effect) for effect in decided.effects] == [Merge, Merge]
    assert decided.statuses[3].phase is Phase.MERGING
    assert decided.statuses[3].reason == "in GitHub's merge queue, place 1"


def test_an_approval_is_repeated_on_the_merge_that_the_queue_made_until_it_is_seen_there() -> None:
    group, green = "e" * 40, Check(name="unit", state=CheckState.SUCCESS)
    said = [(), (green,), (green, Check(name="groundskeeper/review", state=CheckState.SUCCESS))]
    first, second, last = (
        replace(queued(number), pull=replace(pull_of(queued(number)), queue_head=group, queue_checks=names))
        for number, names in enumerate(said, start=1)
    )
    held = replace(first, issue=replace(first.issue, number=4, labels=frozenset({"agent:ready", "agent:hold"})))

    decided = plan(snapshot(first, second, last, held, merge_queue=True), policy(), NOON)

    assert [(effect.number, effect.head) for effect in decided.effects if isinstance(effect, ConfirmQueuedMerge)] == [
        (1, group),
        (2, group),
    ]
    assert [type(effect) for effect in decided.effects] == [ConfirmQueuedMerge, ConfirmQueuedMerge, LeaveQueue]


def test_what_is_no_longer_to_be_merged_leaves_the_queue() -> None:
    held = queued(1, labels=frozenset({"agent:ready", "agent:hold"}))
    unlabelled = queued(2, labels=frozenset(), queued=None)

    decided = plan(snapshot(held, unlabelled, merge_queue=True), policy(), NOON)

    assert [effect.number for effect in decided.effects if isinstance(effect, LeaveQueue)] == [1, 2]


def test_what_the_queue_gave_up_is_mended_by_what_the_queue_saw() -> None:
    one = given_up(1)
    status = status_of(one, policy(), NOON)

    assert (status.phase, status.next_step) == (Phase.REWORK, NextStep.EXECUTE)
    assert "merge queue gave it up (failed_checks)" in status.reason
    (finding,) = findings_of(one, pull_of(one), BASE)
    assert "together: two pots, one lid" in finding.text


def test_what_a_person_took_out_of_the_queue_stays_out_until_it_is_queued_again() -> None:
    taken_out = given_up(1, by="ann", manual=True)
    again = replace(taken_out, issue=replace(taken_out.issue, queued=Act(by="ann", at=NOON + timedelta(minutes=1), may_write=True)))

    assert status_of(taken_out, policy(), NOON).phase is Phase.NEEDS_HUMAN
    assert "@ann took it out" in status_of(taken_out, policy(), NOON).reason
    assert status_of(given_up(1, by="worker[bot]", manual=True), policy(), NOON).next_step is NextStep.MERGE
    assert removal_from_queue(again, pull_of(again)) is None
    retried = Orders(retried=Order(by="ann", at=NOON + timedelta(minutes=1)))
    assert status_of(replace(taken_out, record=replace(taken_out.record, orders=retried)), policy(), NOON).next_step is NextStep.MERGE


def test_a_removal_before_the_newest_head_is_history() -> None:
    assert status_of(given_up(1, ago=30), policy(), NOON).next_step is NextStep.MERGE
