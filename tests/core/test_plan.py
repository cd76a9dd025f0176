"""What is done next, and why the rest waits."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.core.decisions.effects import Archive, ExpireRun, FileProposal, Merge, OpenPull, StartRun, describe
from bot.core.decisions.plan import plan
from bot.core.facts.policy import Ideation, ProposalQueue
from bot.core.facts.project import PullState, Stop, Title
from bot.core.facts.record import Record
from bot.core.lifecycle.phase import Phase
from bot.core.money.ledger import Caps, Entry, EntryKind, Ledger
from bot.core.money.pricing import usd
from bot.core.projections.visibility import is_visible
from bot.core.roles.category import Category
from bot.core.roles.role import Role
from bot.core.runs.run import Ending, Proposal
from tests.core.facts import NOON, issue, judged, lease, policy, project, pull, record, run, shown, snapshot, verdict, working

CHECKS, REVIEWS = shown(approved=True)
PROPOSAL = Proposal(title="Cache parsed files", description="d", criteria=("c",), approach="a", evidence="e", category="optimization")


def category(name: str) -> Category:
    return Category(name=name, title=name.title(), summary="", persona="", signals=(), evidence=(), excludes=(), applies_when=(), prompt="")


CATEGORIES = (category("optimization"), category("security"), category("testing"))


def test_each_free_agent_takes_one_project_and_the_others_say_what_they_wait_for() -> None:
    decided = plan(snapshot(*(project(issue=issue(n), record=record(n)) for n in (3, 1, 2))), policy(agents=2), NOON)

    assert [(effect.agent, effect.number) for effect in decided.effects if isinstance(effect, StartRun)] == [(1, 1), (2, 2)]
    assert decided.statuses[3].reason == "queued; waits for a free agent, 2 before it"


def test_priority_goes_before_number() -> None:
    urgent = project(issue=issue(9, labels=frozenset({"agent:ready", "priority:high"})), record=record(9))
    decided = plan(snapshot(project(), urgent), policy(agents=1), NOON)

    assert [effect.number for effect in decided.effects if isinstance(effect, StartRun)] == [9]


def test_reviews_go_before_rework_before_new_work() -> None:
    review = replace(
        working(run(), the_pull=pull()), issue=issue(30), record=record(30, epoch=2, runs=(run(),), branch="agent-2/project-30")
    )
    fresh = project(issue=issue(1), record=record(1))
    decided = plan(snapshot(fresh, review), policy(agents=1), NOON)

    assert [(e.number, e.role) for e in decided.effects if isinstance(e, StartRun)] == [(30, Role.REVIEW)]


def test_the_agent_whose_branch_it_is_goes_on_with_it() -> None:
    mine = working(
        run(ending=Ending.UNFINISHED), record=record(7, epoch=2, runs=(run(ending=Ending.UNFINISHED),), branch="agent-2/project-7")
    )
    decided = plan(snapshot(mine), policy(agents=3), NOON)

    assert [effect.agent for effect in decided.effects if isinstance(effect, StartRun)] == [2]


def test_what_cannot_be_paid_waits_and_says_until_when() -> None:
    caps = Caps(daily=usd(3), monthly=usd(100))
    decided = plan(snapshot(*(project(issue=issue(n), record=record(n)) for n in (1, 2))), policy(caps=caps), NOON)

    assert [effect.number for effect in decided.effects if isinstance(effect, StartRun)] == [1]
    waiting = decided.statuses[2]
    assert waiting.phase is Phase.PAUSED
    assert waiting.reason == (
        "the daily cap of $3.00 leaves $1.00 ($2.00 used, $2.00 of it reserved by running agents), and a run needs $2.00"
    )
    assert waiting.until is not None
    assert waiting.until.isoformat() == "2026-11-22T00:00:00+00:00"


def test_money_reserved_by_others_counts() -> None:
    ledger = Ledger(entries=(Entry(kind=EntryKind.RESERVE, at=NOON, run="x", project=9, role=Role.REVIEW, agent=2, amount=usd(9)),))
    decided = plan(snapshot(project(), ledger=ledger), policy(), NOON)

    assert decided.effects == ()


def test_a_pause_of_everything_is_told_on_the_first_issues_only() -> None:
    """Ten thousand that wait must not become ten thousand comments."""
    stop = Stop(by="ann", at=NOON, reason="bill looks wrong")
    waiting = [project(issue=issue(number)) for number in range(1, 31)]
    begun, poor = working(run(), the_pull=None), policy(caps=Caps(daily=usd(0), monthly=usd(0)))

    for decided in (plan(snapshot(*waiting, stop=stop), policy(), NOON), plan(snapshot(*waiting), poor, NOON)):
        assert [one.number for one in waiting if is_visible(one, decided.statuses[one.number])] == list(range(1, 11))
    decided = plan(snapshot(*waiting[10:], begun, stop=stop), policy(), NOON)
    assert is_visible(begun, decided.statuses[begun.number])


def test_a_stop_leaves_nothing_to_do_and_says_who_stopped() -> None:
    stop = Stop(by="ann", at=NOON, reason="bill looks wrong")
    facts = [
        project(),
        working(run(), the_pull=pull(checks=CHECKS, reviews=REVIEWS), issue=issue(8), record=record(8, lease=lease(minutes=0))),
    ]
    decided = plan(snapshot(*facts, stop=stop), policy(), NOON)

    assert decided.effects == ()
    assert {status.reason for status in decided.statuses.values()} == {"stopped by ann: bill looks wrong"}


def test_pull_requests_open_and_merge_in_order_and_dead_runs_are_written_off() -> None:
    to_open = working(run())
    to_merge = working(
        run(), judged(approved=True), the_pull=pull(number=21, checks=CHECKS, reviews=REVIEWS), issue=issue(20), record=None or record(20)
    )
    to_merge = replace(to_merge, record=record(20, epoch=4, runs=(run(), judged(approved=True)), branch="agent-1/project-20"))
    dead = project(issue=issue(30), record=record(30, epoch=1, lease=lease(2, minutes=0)))
    decided = plan(snapshot(to_merge, dead, to_open), policy(), NOON)

    assert [type(effect) for effect in decided.effects] == [ExpireRun, OpenPull, Merge]


def test_an_ended_project_is_put_away_once() -> None:
    merged = working(run(), the_pull=pull(state=PullState.MERGED), issue=issue(open=False))
    away = replace(merged, record=replace(merged.record, archived=True))

    assert [type(e) for e in plan(snapshot(merged), policy(), NOON).effects] == [Archive]
    assert plan(snapshot(away), policy(), NOON).effects == ()


def test_an_empty_queue_tries_the_category_used_least_recently() -> None:
    tried = run(Role.IDEATION, ago=90, category="optimization", head="x", proposals=())
    decided = plan(snapshot(ideation=Record(number=0, runs=(tried,))), policy(categories=CATEGORIES), NOON)

    assert [effect.category for effect in decided.effects if isinstance(effect, StartRun)] == ["security"]


def test_no_idea_while_something_is_under_way_or_too_many_wait() -> None:
    waiting = tuple(Title(number=n, title=f"t{n}", open=True, proposed=True) for n in (1, 2, 3))

    assert plan(snapshot(project(record=record(lease=lease()))), policy(categories=CATEGORIES), NOON).effects == ()
    decided = plan(snapshot(titles=waiting), policy(categories=CATEGORIES), NOON)
    assert decided.effects == ()
    assert decided.idle is not None
    assert decided.idle.reason == "3 proposals wait for a person; at most 3 may"


def test_after_a_fruitless_attempt_it_rests_and_at_last_idles() -> None:
    fresh = run(Role.IDEATION, ago=5, category="optimization", head="b" * 40, note="nothing found")
    old = tuple(replace(run(Role.IDEATION, ago=600 + i), category=c.name, head="b" * 40) for i, c in enumerate(CATEGORIES))

    rests = plan(snapshot(ideation=Record(number=0, runs=(fresh,))), policy(categories=CATEGORIES), NOON)
    idles = plan(snapshot(ideation=Record(number=0, runs=old)), policy(categories=CATEGORIES), NOON)

    assert rests.idle is not None
    assert rests.idle.until == fresh.ended_at + timedelta(minutes=30)
    assert idles.idle is not None
    assert "nothing is left to propose" in idles.idle.reason


def test_a_proposal_is_validated_then_filed_then_settled() -> None:
    found = run(Role.IDEATION, ago=9, category="optimization", proposals=(PROPOSAL,))
    valid = run(Role.VALIDATION, ago=5, run="val-1", verdict=verdict(approved=True))
    invalid = run(Role.VALIDATION, ago=5, run="val-1", verdict=verdict(approved=False))
    rules = policy(categories=CATEGORIES, ideation=Ideation(queue=ProposalQueue.VALIDATED))

    def decide(*runs: object, filed: tuple[str, ...] = ()) -> tuple[object, ...]:
        return plan(snapshot(ideation=Record(number=0, runs=runs, filed=filed)), rules, NOON).effects  # type: ignore[arg-type]

    assert [effect.role for effect in decide(found) if isinstance(effect, StartRun)] == [Role.VALIDATION]
    assert [(e.run, e.queue) for e in decide(found, valid) if isinstance(e, FileProposal)] == [("val-1", True)]
    assert [e.category for e in decide(found, valid, filed=("val-1",)) if isinstance(e, StartRun)] == ["security"]
    assert decide(found, invalid) == ()


def test_every_effect_can_be_read_by_a_person() -> None:
    decided = plan(
        snapshot(project(), working(run(), issue=issue(9), record=record(9, epoch=2, runs=(run(),), branch="b"))), policy(), NOON
    )

    assert [describe(effect) for effect in decided.effects] == [
        "open the pull request of project 9 from b: the work is published; its pull request comes next",
        "start agent 1 on execution of project 7, cycle 1: queued",
    ]


def test_what_would_be_started_is_said_in_whole_sentences() -> None:
    found = run(Role.IDEATION, ago=9, category="optimization", proposals=(PROPOSAL,))
    seen = [snapshot(), snapshot(ideation=Record(number=0, runs=(found,)))]
    starts = [one for each in seen for one in plan(each, policy(categories=CATEGORIES), NOON).effects if isinstance(one, StartRun)]

    assert [describe(one).partition(":")[0] for one in starts] == [
        f"start agent 1 on ideation in category {starts[0].category}",
        "start agent 1 on validation of the proposal",
    ]
