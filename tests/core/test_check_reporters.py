"""A check counts only from the app that must report it: whoever may push can report a status of any name."""

from __future__ import annotations

from dataclasses import replace

from bot.core.evidence.checks import ChecksFailed, ChecksMissing, ChecksPassed, checks_on
from bot.core.evidence.verdict import is_shown
from bot.core.facts.policy import REVIEW_CHECK
from bot.core.facts.project import Check, CheckState
from tests.core.facts import policy, pull, shown, verdict, working

PINNED = policy(check_apps=(("unit", "github-actions"),))


def unit(reporter: str, state: CheckState = CheckState.SUCCESS) -> Check:
    return Check(name="unit", state=state, reporter=reporter)


def test_a_check_counts_from_its_app() -> None:
    assert checks_on(pull(checks=(unit("github-actions"),)), PINNED) == ChecksPassed(names=("unit",))
    assert checks_on(pull(checks=(unit("github-actions", CheckState.FAILURE),)), PINNED) == ChecksFailed(names=("unit",))


def test_a_check_of_the_same_name_from_anybody_else_counts_for_nothing() -> None:
    for reporter in ("mallory", "", "github-actionss"):
        assert checks_on(pull(checks=(unit(reporter),)), PINNED) == ChecksMissing(names=())
        assert checks_on(pull(checks=(unit(reporter),)), replace(PINNED, checks=("unit",))) == ChecksMissing(names=("unit",))
        assert checks_on(pull(checks=(unit("github-actions"), unit(reporter, CheckState.FAILURE))), PINNED) == ChecksPassed(names=("unit",))


def test_a_check_whose_app_nobody_named_counts_from_all() -> None:
    assert checks_on(pull(checks=(unit("mallory"),)), policy()) == ChecksPassed(names=("unit",))


def test_the_bots_own_verdict_is_shown_only_by_its_own_check() -> None:
    """Else the bot would take a check that somebody else set for its own, and never set it."""
    checks, reviews = shown(approved=True)
    for reporter, counts in (("reviewer", True), ("", True), ("mallory", False), ("worker", False)):
        told = tuple(replace(one, reporter=reporter) if one.name == REVIEW_CHECK else one for one in checks)
        the_pull = pull(checks=told, reviews=reviews)
        assert is_shown(verdict(approved=True), working(the_pull=the_pull), the_pull, policy()) is counts
