"""Facts for tests of the core: a plain queued project, and what differs from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.core.facts.policy import REVIEW_CHECK, Policy
from bot.core.facts.project import Act, Check, CheckState, Issue, Mergeable, Project, Pull, PullState, Review, ReviewState, Snapshot
from bot.core.facts.record import Holder, Lease, Record, Run
from bot.core.money.ledger import Caps, Ledger
from bot.core.money.pricing import usd
from bot.core.orders.labels import READY
from bot.core.roles.role import Role
from bot.core.runs.note import Note
from bot.core.runs.run import Ending, Grant, Judgement, Verdict

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HEAD = "a" * 40
GRANT = Grant(money=usd(2), steps=100, time=timedelta(minutes=30))


def policy(**changes: Any) -> Policy:
    plain = Policy(
        agents=2,
        caps=Caps(daily=usd(10), monthly=usd(100)),
        grants=dict.fromkeys(Role, GRANT),
        models=dict.fromkeys(Role, "scripted"),
        worker="worker[bot]",
        reviewer="reviewer[bot]",
    )
    return replace(plain, **changes)


def issue(number: int = 7, **changes: Any) -> Issue:
    plain = Issue(
        number=number,
        node_id=f"I_{number}",
        title="Parser loses the last line",
        body="",
        open=True,
        author="ann",
        labels=frozenset({READY}),
        created_at=NOON - timedelta(hours=2),
        queued=Act(by="ann", at=NOON - timedelta(hours=1), may_write=True),
    )
    return replace(plain, **changes)


def record(number: int = 7, **changes: Any) -> Record:
    return replace(Record(number=number), **changes)


def lease(agent: int = 1, *, role: Role = Role.EXECUTION, minutes: int = 15, run: str = "run-1") -> Lease:
    return Lease(
        holder=Holder(agent=agent, run=run, attempt=1, nonce=f"nonce-{run}"),
        role=role,
        taken_at=NOON - timedelta(minutes=1),
        until=NOON + timedelta(minutes=minutes),
        grant=usd(2),
        cycle=1,
        base="b" * 40,
    )


def run(role: Role = Role.EXECUTION, ending: Ending = Ending.FINISHED, *, ago: int = 10, **changes: Any) -> Run:
    plain = Run(
        run=f"{role.value}-{ago}",
        role=role,
        agent=1,
        cycle=1,
        started_at=NOON - timedelta(minutes=ago),
        ended_at=NOON - timedelta(minutes=ago - 1),
        ending=ending,
        note="what happened",
        head=HEAD if role is Role.EXECUTION else None,
    )
    return replace(plain, **changes)


def verdict(*, approved: bool, head: str = HEAD) -> Verdict:
    judged = Judgement(criterion="It works", met=approved, evidence="ran it")
    return Verdict(head=head, approved=approved, summary="seen", judgements=(judged,))


def judged(*, approved: bool, ago: int = 5, head: str = HEAD) -> Run:
    return run(Role.REVIEW, ago=ago, verdict=verdict(approved=approved, head=head), head=head)


GREEN = (Check(name="unit", state=CheckState.SUCCESS),)


def shown(*, approved: bool) -> tuple[tuple[Check, ...], tuple[Review, ...]]:
    """The check and the review that carry a verdict on the pull request."""
    check = Check(name=REVIEW_CHECK, state=CheckState.SUCCESS if approved else CheckState.FAILURE)
    state = ReviewState.APPROVED if approved else ReviewState.CHANGES_REQUESTED
    return (*GREEN, check), (Review(author="reviewer[bot]", state=state, commit=HEAD, body="", at=NOON),)


def pull(**changes: Any) -> Pull:
    plain = Pull(
        number=8,
        node_id="PR_8",
        state=PullState.OPEN,
        branch="agent-1/project-7",
        head=HEAD,
        base="main",
        author="worker[bot]",
        mergeable=Mergeable.YES,
        created_at=NOON - timedelta(minutes=8),
        checks=GREEN,
    )
    return replace(plain, **changes)


def note(minutes_ago: int = 9, **changes: Any) -> Note:
    """What bea, who may write, wrote on the pull request."""
    at = NOON - timedelta(minutes=minutes_ago)
    plain = Note(id=f"IC_{minutes_ago}", author="bea", text="Say two", at=at, changed_at=at, may_write=True)
    return replace(plain, **changes)


def project(**changes: Any) -> Project:
    return replace(Project(issue=issue(), record=record()), **changes)


def working(*runs: Run, the_pull: Pull | None = None, **changes: Any) -> Project:
    """A project with runs behind it and its branch pushed."""
    kept = record(epoch=2 * len(runs), runs=runs, branch="agent-1/project-7")
    return replace(Project(issue=issue(), record=kept, pull=the_pull, branch_head=HEAD), **changes)


def snapshot(*projects: Project, **changes: Any) -> Snapshot:
    plain = Snapshot(
        repository="garden/pots", default_branch="main", base="b" * 40, projects=projects, ideation=Record(number=0), ledger=Ledger()
    )
    return replace(plain, **changes)
