"""The two sentences that people read: the second never contradicts the first, since both are made of the same facts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.facts.policy import Policy
from bot.core.facts.project import Project
from bot.core.lifecycle.status import status_of
from bot.core.orders.labels import HOLD, READY
from bot.core.projections.summary import Summary, summary_of
from bot.core.runs.run import Ending
from tests.core.facts import NOON, issue, judged, lease, policy, project, pull, record, run, working
from tests.core.test_status import OK_CHECKS, OK_REVIEWS

APPROVED = working(run(), judged(approved=True), the_pull=pull(checks=OK_CHECKS, reviews=OK_REVIEWS))
_LEASED = record(epoch=1, lease=lease(minutes=10))


def _summary(facts: Project, rules: Policy) -> Summary:
    return summary_of(facts, status_of(facts, rules, NOON), rules)


@pytest.mark.parametrize(
    ("facts", "rules", "doing", "you"),
    [
        (project(), policy(), "queued", "Nothing is needed from you; an agent takes it as soon as one is free."),
        (APPROVED, policy(), "approved and green on this head", "Nothing is needed from you; it is merged with exactly this head."),
        (APPROVED, policy(merge=False), "approved and green; merging is left to people here", "Merge pull request #8 when you like it."),
        (project(issue=issue(labels=frozenset({READY, HOLD}))), policy(), "a person put `agent:hold` on it", "Take `agent:hold` off"),
        (project(issue=issue(blockers=(3,))), policy(), "waits for #3", "when what blocks it is closed"),
        (project(record=_LEASED), policy(), "agent 1 works on it, cycle 1 of 3", "`/agent hold` keeps it from going on after this run."),
        (
            working(run(ending=Ending.LIMITED, resume_at=NOON + timedelta(hours=1)), the_pull=None),
            policy(),
            "",
            "Nothing is needed from you; it goes on by itself at 2026-11-21 13:00 UTC.",
        ),
        (
            working(run(ending=Ending.GAVE_UP, note="The agent gave up: generated"), the_pull=None),
            policy(),
            "The agent gave up: generated",
            "Put `agent:ready` on again",
        ),
    ],
)
def test_what_to_do_follows_from_why_it_waits(facts: Project, rules: Policy, doing: str, you: str) -> None:
    found = _summary(facts, rules)

    assert found.doing.startswith(doing)
    assert you in found.you


def test_who_stopped_renewing_the_lease_is_told_as_gone() -> None:
    facts = project(record=record(epoch=1, lease=replace(lease(minutes=4), seen_at=NOON - timedelta(minutes=6))))

    assert _summary(facts, policy()).doing == "agent 1 stopped responding at 11:54 UTC; its lease ends at 12:04 UTC"


def test_a_jobs_lease_is_not_renewed_and_says_nothing_of_that_kind() -> None:
    facts = project(record=record(epoch=1, lease=replace(lease(minutes=4), job="17/1")))

    assert _summary(facts, policy()).doing == "agent 1 works on it, cycle 1 of 3"


def test_only_what_the_bot_itself_refers_to_is_linked() -> None:
    assert _summary(project(issue=issue(blockers=(3,))), policy()).refers_to == {3}
    assert _summary(APPROVED, policy()).refers_to == {8}
    noted = working(run(ending=Ending.REFUSED, note="see #99"), the_pull=None)
    assert _summary(noted, policy()).refers_to == frozenset()
