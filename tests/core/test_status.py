"""Where a project stands: one row, one rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.facts.policy import Policy
from bot.core.facts.project import Act, Check, CheckState, Mergeable, Project, PullState, Review, ReviewState
from bot.core.lifecycle.phase import PARKED, Phase
from bot.core.lifecycle.status import NextStep, status_of
from bot.core.orders.labels import HOLD, PROPOSED
from bot.core.roles.role import Role
from bot.core.runs.run import Ending
from tests.core.facts import GREEN, HEAD, NOON, issue, judged, lease, note, policy, project, pull, record, run, shown, working

_ago = timedelta(minutes=1)
OK_CHECKS, OK_REVIEWS = shown(approved=True)
NO_CHECKS, NO_REVIEWS = shown(approved=False)
APPROVED = pull(checks=OK_CHECKS, reviews=OK_REVIEWS)
REJECTED = pull(checks=NO_CHECKS, reviews=NO_REVIEWS)
REQUEST = Review(author="bea", state=ReviewState.CHANGES_REQUESTED, commit=HEAD, body="No.", at=NOON, may_write=True)
RED = (Check(name="unit", state=CheckState.FAILURE), Check(name="lint", state=CheckState.SUCCESS))

RULES: list[tuple[str, Project, Policy, Phase, NextStep | None, str]] = [
    ("a queued issue is ready", project(), policy(), Phase.READY, NextStep.EXECUTE, "queued"),
    (
        "a proposal waits for a person",
        project(issue=issue(labels=frozenset({PROPOSED}), queued=None)),
        policy(),
        Phase.PROPOSED,
        None,
        "waits",
    ),
    (
        "where nothing could report a check, the reviewer judges without any",
        working(run(), the_pull=pull(checks=())),
        policy(checks_expected=False, merge=False),
        Phase.REVIEWING,
        NextStep.REVIEW,
        "nothing checks it here but its own gates",
    ),
    (
        "and what is approved there is left to people",
        working(run(), judged(approved=True), the_pull=pull(checks=OK_CHECKS[len(GREEN) :], reviews=OK_REVIEWS)),
        policy(checks_expected=False, merge=False),
        Phase.APPROVED,
        None,
        "merging is left to people here",
    ),
    (
        "a check that fails on the base, too, is not held against the work",
        working(run(), the_pull=pull(checks=RED, base_checks=RED)),
        policy(),
        Phase.REVIEWING,
        NextStep.REVIEW,
        "red as on main, which is not held against it: unit",
    ),
    (
        "and is never merged over by the bot, even where no rule of GitHub asks for it",
        working(run(), judged(approved=True), the_pull=pull(checks=(*RED, *OK_CHECKS[len(GREEN) :]), reviews=OK_REVIEWS, base_checks=RED)),
        policy(),
        Phase.APPROVED,
        None,
        "red here as on main: unit; a person merges it",
    ),
    (
        "as soon as the base moves on, that is merged in and checked",
        replace(
            working(run(), judged(approved=True), the_pull=pull(checks=(*RED, *OK_CHECKS[len(GREEN) :]), reviews=OK_REVIEWS)), behind=True
        ),
        policy(),
        Phase.APPROVED,
        NextStep.UPDATE,
        "main moved on meanwhile",
    ),
    (
        "a failure that names what the work touched is its own",
        working(
            run(paths=("pots.py",)),
            the_pull=pull(checks=(Check(name="unit", state=CheckState.FAILURE, summary="pots.py:3: wrong"),), base_checks=RED),
        ),
        policy(),
        Phase.REWORK,
        NextStep.EXECUTE,
        "checks failed: unit",
    ),
    (
        "one that fails only here is, too",
        working(run(), the_pull=pull(checks=RED, base_checks=GREEN)),
        policy(),
        Phase.REWORK,
        NextStep.EXECUTE,
        "checks failed: unit",
    ),
    ("the label taken off ends it", project(issue=issue(labels=frozenset())), policy(), Phase.CANCELLED, None, "taken off"),
    ("a closed issue is cancelled", project(issue=issue(open=False)), policy(), Phase.CANCELLED, None, "closed"),
    ("hold pauses it", project(issue=issue(labels=frozenset({HOLD, "agent:ready"}))), policy(), Phase.PAUSED, None, "agent:hold"),
    (
        "somebody without write cannot queue",
        project(issue=issue(queued=Act(by="eve", at=NOON, may_write=False))),
        policy(),
        Phase.NEEDS_HUMAN,
        None,
        "@eve",
    ),
    (
        "the bot queues its own valid proposals",
        project(issue=issue(queued=Act(by="worker[bot]", at=NOON, may_write=False))),
        policy(),
        Phase.READY,
        NextStep.EXECUTE,
        "queued",
    ),
    (
        "a stranger's edit after queueing waits for a person",
        project(issue=issue(edits=(Act(by="eve", at=NOON, may_write=False),))),
        policy(),
        Phase.NEEDS_HUMAN,
        None,
        "changed the text",
    ),
    (
        "in the very second of the label nobody knows which was first",
        project(issue=issue(edits=(Act(by="eve", at=NOON - timedelta(hours=1), may_write=False),))),
        policy(),
        Phase.NEEDS_HUMAN,
        None,
        "changed the text",
    ),
    (
        "a stranger's edit before queueing was seen by whoever queued",
        project(issue=issue(edits=(Act(by="eve", at=NOON - timedelta(hours=3), may_write=False),))),
        policy(),
        Phase.READY,
        NextStep.EXECUTE,
        "queued",
    ),
    ("an open blocker blocks", project(issue=issue(blockers=(3,))), policy(), Phase.BLOCKED, None, "#3"),
    ("a held lease is work", project(record=record(lease=lease(2))), policy(), Phase.WORKING, None, "agent 2"),
    ("a reviewer's lease is review", project(record=record(lease=lease(role=Role.REVIEW))), policy(), Phase.REVIEWING, None, "reviews"),
    (
        "an ended lease expires",
        project(record=record(lease=lease(minutes=0))),
        policy(),
        Phase.READY,
        NextStep.EXPIRE_RUN,
        "stopped responding",
    ),
    ("finished work wants its pull request", working(run()), policy(), Phase.WORKING, NextStep.OPEN_PULL, "published"),
    ("an unfinished run goes on", working(run(ending=Ending.UNFINISHED)), policy(), Phase.READY, NextStep.EXECUTE, "checkpoint"),
    (
        "an unfinished rework goes on",
        working(run(ago=9), run(ending=Ending.UNFINISHED), the_pull=pull()),
        policy(),
        Phase.REWORK,
        NextStep.EXECUTE,
        "checkpoint",
    ),
    (
        "a failed run rests, a second longer each time",
        working(run(ending=Ending.FAILED, ended_at=NOON)),
        policy(),
        Phase.PAUSED,
        None,
        "trying again (2 of 3)",
    ),
    ("then it is tried again", working(run(ending=Ending.FAILED)), policy(), Phase.READY, NextStep.EXECUTE, "checkpoint"),
    (
        "three failures in a row are for a person",
        working(*(run(ending=Ending.FAILED, ago=ago) for ago in (9, 8, 7))),
        policy(),
        Phase.NEEDS_HUMAN,
        None,
        "3 runs in a row",
    ),
    (
        "a usage limit pauses until it resets",
        working(run(ending=Ending.LIMITED, resume_at=NOON + timedelta(hours=1))),
        policy(),
        Phase.PAUSED,
        None,
        "what happened",
    ),
    ("what was refused is for a person", working(run(ending=Ending.REFUSED)), policy(), Phase.NEEDS_HUMAN, None, "what happened"),
    (
        "queueing again is a fresh start",
        working(run(ending=Ending.REFUSED), issue=issue(queued=Act(by="ann", at=NOON, may_write=True))),
        policy(),
        Phase.READY,
        NextStep.EXECUTE,
        "",
    ),
    ("no checks are not green", working(run(), the_pull=pull(checks=())), policy(), Phase.REVIEWING, None, "first check"),
    (
        "no checks for long are for a person",
        working(run(ago=60), the_pull=pull(checks=(), created_at=NOON - timedelta(hours=1))),
        policy(),
        Phase.NEEDS_HUMAN,
        None,
        "unchecked",
    ),
    ("a named check must report", working(run(), the_pull=pull()), policy(checks=("build",)), Phase.REVIEWING, None, "build"),
    (
        "running checks are waited for",
        working(run(), the_pull=pull(checks=(Check(name="unit", state=CheckState.PENDING),))),
        policy(),
        Phase.REVIEWING,
        None,
        "unit",
    ),
    (
        "a status that has the name of a failed check does not hide it",
        working(run(), the_pull=pull(checks=(*RED, Check(name="unit", state=CheckState.SUCCESS)))),
        policy(),
        Phase.REWORK,
        NextStep.EXECUTE,
        "checks failed: unit",
    ),
    (
        "failed checks send it back",
        working(run(), the_pull=pull(checks=RED)),
        policy(),
        Phase.REWORK,
        NextStep.EXECUTE,
        "checks failed: unit",
    ),
    (
        "an unnamed red check does not matter",
        working(run(), the_pull=pull(checks=RED)),
        policy(checks=("lint",)),
        Phase.REVIEWING,
        NextStep.REVIEW,
        "",
    ),
    ("green checks want a review", working(run(), the_pull=pull()), policy(), Phase.REVIEWING, NextStep.REVIEW, "green"),
    ("a conflict is for a person", working(run(), the_pull=pull(mergeable=Mergeable.NO)), policy(), Phase.NEEDS_HUMAN, None, "conflicts"),
    (
        "a verdict is posted",
        working(run(), judged(approved=True), the_pull=pull()),
        policy(),
        Phase.APPROVED,
        NextStep.POST_VERDICT,
        "verdict",
    ),
    (
        "a review without its check is not shown yet",
        working(run(), judged(approved=True), the_pull=pull(reviews=OK_REVIEWS)),
        policy(),
        Phase.APPROVED,
        NextStep.POST_VERDICT,
        "verdict",
    ),
    (
        "with one identity the check alone shows it",
        working(run(), judged(approved=True), the_pull=pull(checks=OK_CHECKS)),
        policy(reviewer=None),
        Phase.MERGING,
        NextStep.MERGE,
        "approved",
    ),
    (
        "approved and green is merged",
        working(run(), judged(approved=True), the_pull=APPROVED),
        policy(),
        Phase.MERGING,
        NextStep.MERGE,
        "approved",
    ),
    (
        "a verdict on another head counts for nothing",
        working(run(), judged(approved=True, head="c" * 40), the_pull=pull()),
        policy(),
        Phase.REVIEWING,
        NextStep.REVIEW,
        "green",
    ),
    (
        "unknown mergeability waits",
        working(run(), judged(approved=True), the_pull=replace(APPROVED, mergeable=Mergeable.UNKNOWN)),
        policy(),
        Phase.APPROVED,
        None,
        "computes",
    ),
    (
        "merging may be left to people",
        working(run(), judged(approved=True), the_pull=APPROVED),
        policy(merge=False),
        Phase.APPROVED,
        None,
        "people",
    ),
    (
        "rejected work is done again",
        working(run(), judged(approved=False), the_pull=REJECTED),
        policy(),
        Phase.REWORK,
        NextStep.EXECUTE,
        "(2 of 3)",
    ),
    (
        "after three cycles a person decides",
        working(run(ago=9), run(ago=8), run(ago=7), judged(approved=False), the_pull=REJECTED),
        policy(),
        Phase.NEEDS_HUMAN,
        None,
        "3 cycles",
    ),
    (
        "a person's request sends it back",
        working(run(), the_pull=pull(reviews=(REQUEST,), notes=(note(),))),
        policy(),
        Phase.REWORK,
        NextStep.EXECUTE,
        "@bea wrote a note",
    ),
    (
        "a person's request on an older head holds the merge",
        working(run(), judged(approved=True), the_pull=replace(APPROVED, reviews=(replace(REQUEST, commit="d" * 40), *OK_REVIEWS))),
        policy(),
        Phase.APPROVED,
        None,
        "@bea",
    ),
    (
        "a person's request that was answered without a commit holds the merge and no more",
        working(
            replace(run(ago=6), notes=(note().ref,)),
            judged(approved=True),
            the_pull=replace(APPROVED, reviews=(REQUEST, *OK_REVIEWS), notes=(note(),)),
        ),
        policy(),
        Phase.APPROVED,
        None,
        "waits for @bea",
    ),
    (
        "a request by somebody without write changes nothing",
        working(run(), the_pull=pull(reviews=(replace(REQUEST, may_write=False),))),
        policy(),
        Phase.REVIEWING,
        NextStep.REVIEW,
        "",
    ),
    (
        "merged is done, and the issue is closed",
        working(run(), the_pull=pull(state=PullState.MERGED)),
        policy(),
        Phase.DONE,
        NextStep.CLOSE,
        "#8",
    ),
    (
        "merged and closed is done",
        working(run(), the_pull=pull(state=PullState.MERGED), issue=issue(open=False)),
        policy(),
        Phase.DONE,
        None,
        "#8",
    ),
    (
        "a pull request closed by a person ends it",
        working(run(), the_pull=pull(state=PullState.CLOSED, closed_at=NOON)),
        policy(),
        Phase.CANCELLED,
        None,
        "closed without merging",
    ),
    (
        "queued again after that, it starts afresh",
        working(
            run(),
            the_pull=pull(state=PullState.CLOSED, closed_at=NOON - _ago),
            issue=issue(queued=Act(by="ann", at=NOON, may_write=True)),
        ),
        policy(),
        Phase.READY,
        NextStep.EXECUTE,
        "",
    ),
]


@pytest.mark.parametrize(("rule", "facts", "rules", "phase", "next_step", "words"), RULES, ids=[rule[0] for rule in RULES])
def test_standing(rule: str, facts: Project, rules: Policy, phase: Phase, next_step: NextStep | None, words: str) -> None:
    status = status_of(facts, rules, NOON)

    assert (status.phase, status.next_step) == (phase, next_step), status.reason
    assert words in status.reason
    if phase in PARKED or (phase in (Phase.APPROVED, Phase.CANCELLED) and next_step is None and "computes" not in status.reason):
        assert status.remedy or status.until, "who waits is told what would help, or when it goes on by itself"


def test_green_checks_are_told_apart_from_the_bots_own_verdict() -> None:
    """The bot's own green check alone is no check."""
    own = tuple(check for check in OK_CHECKS if check not in GREEN)

    status = status_of(working(run(), judged(approved=True), the_pull=pull(checks=own, reviews=OK_REVIEWS)), policy(), NOON)

    assert status.next_step is None
    assert "first check" in status.reason
