"""The configuration: what is refused says where, what and what to write instead."""

from __future__ import annotations

import re

import pytest

from bot.core.errors.user_errors import UserError
from bot.core.roles.role import Role
from bot.entry.config import Config, parse, policy_of
from bot.entry.texts import load_categories, load_prompts

PREFIX = ".github/groundskeeper.yml"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("agent: 2\n", "line 1: `agent` is not a known key; did you mean `agents`?"),
        ("agents: 2\nbudget:\n  dayly: 3\n", "line 3: `budget.dayly` is not a known key; did you mean `daily`?"),
        ("# many\nagents: 11\n", "line 2: `agents`: expected a whole number from 1 to 10, found 11."),
        ("agents: two\n", "line 1: `agents`: expected a whole number from 1 to 10, found 'two'."),
        ("agents: '2'\n", "line 1: `agents`: expected a whole number from 1 to 10, found '2'. Write it without quotes."),
        ("agents: true\n", "line 1: `agents`: expected a whole number from 1 to 10, found true."),
        (
            "merge: {method: sqash}\n",
            "line 1: `merge.method`: expected one of `merge`, `squash`, `rebase`, found 'sqash'. Did you mean `squash`?",
        ),
        ("merge: {enabled: maybe}\n", "line 1: `merge.enabled`: expected `true` or `false`, found 'maybe'."),
        ("sandbox: docker\n", "line 1: `sandbox`: expected one of `bubblewrap`, `none`, found 'docker'."),
        ("budget:\n  run: 1\n  daily: -3\n", "line 3: `budget.daily`: expected a number from 0 to 100000, found -3."),
        ("budget: {daily: .nan}\n", "line 1: `budget.daily`: expected a number from 0 to 100000, found NaN."),
        ("limits: {hours: 0}\n", "line 1: `limits.hours`: expected a number above 0 and at most 72, found 0."),
        ("checks: build\n", "line 1: `checks`: expected a list of texts, like `[one, two]`, found 'build'. Write `[build]`."),
        ("checks:\n  - a\n  - 1\n", 'line 3: `checks.1`: expected text, found 1. Put it in quotes: "1".'),
        ("gates: {test: true}\n", 'line 1: `gates.test`: expected text, found true. Put it in quotes: "true".'),
        ("models: sonnet\n", "line 1: `models`: expected keys below it, like `execution: claude-sonnet-5-5`, found 'sonnet'."),
        ("agents: 1\nchecks: []\nagents: 2\n", "line 3: `agents` is written twice, first in line 1. Remove one of them."),
        ("budget:\n  run: 1\n  run: 2\n", "line 3: `budget.run` is written twice, first in line 2. Remove one of them."),
        ("daily: 3\n", "line 1: `daily` is not a known key; it belongs below `budget:`, indented by two spaces."),
        ("budget:\n\tdaily: 3\n", "line 2: a tab stands here, and YAML is indented with spaces only. Put two spaces in its place."),
        ("- agents\n", "line 1: expected keys like `agents: 2`, found list."),
        ("agents: [1\n", "line 2: this is not YAML: expected ',' or ']', but got '<stream end>'. Mend the line or remove it."),
    ],
)
def test_what_is_wrong_is_named_with_its_line_and_remedy(text: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        parse(text)

    assert str(caught.value) == f"{PREFIX}, {said}"


def test_two_mistakes_are_two_lines() -> None:
    with pytest.raises(UserError) as caught:
        parse("budget:\ndaily: 3\n")

    assert str(caught.value).splitlines() == [
        (
            f"{PREFIX}, line 1: `budget`: expected keys below it, like `daily: 10`, found nothing."
            " Remove the line, or indent the keys that belong to it by two spaces."
        ),
        f"{PREFIX}, line 2: `daily` is not a known key; it belongs below `budget:`, indented by two spaces.",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [("agents: &a [1]\nchecks: *a\n", "an alias of a whole block or list"), ("a: &a\n  b: *a\n", "alias"), ("[" * 2000, "deeper than")],
)
def test_a_file_that_would_grow_without_end_is_refused(text: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        parse(text)


def test_one_word_may_be_written_once_and_named_twice() -> None:
    assert parse("models: {execution: &one claude-opus-5-5, review: *one}").models.review == "claude-opus-5-5"


def test_an_empty_file_is_all_defaults() -> None:
    assert parse("") == Config()
    assert parse("# nothing yet\n") == Config()


def test_a_category_that_does_not_exist_is_named_with_the_nearest() -> None:
    with pytest.raises(UserError, match="did you mean `testing`"):
        policy_of(parse("ideation: {categories: [testin]}"), categories=load_categories(), worker="w", reviewer=None)


def test_a_model_given_by_the_environment_goes_before_the_file() -> None:
    policy = policy_of(parse("models: {review: claude-opus-5-5}"), categories=(), worker="w", reviewer=None, model="other")

    assert set(policy.models.values()) == {"other"}


def test_all_prompts_and_categories_ship() -> None:
    assert set(load_prompts()) == {role.value for role in Role if role is not Role.WRITER}
    assert len(load_categories()) == 21


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2020-01-01: 1\n", "line 1: `2020-01-01` is not a known key"),
        ("1: 2\n", "line 1: `1` is not a known key"),
        ("agents: 2\n~: 1\n", "line 2: `null` is not a known key"),
        ("{[1, 2]: 3}\n", "line 1: this is not YAML: found unhashable key"),
        ('agents: "\\uD800"\n', "line 1: `agents`: expected a whole number from 1 to 10, found '?'"),
        ("agents: 2020-01-01\n", "line 1: `agents`: expected a whole number from 1 to 10, found '2020-01-01'"),
        ("agents: !!set {a}\n", "line 1: `agents`: expected a whole number"),
        ("agents: 1\n---\nagents: 2\n", "line 2: this is not YAML: but found another document"),
    ],
)
def test_what_yaml_allows_and_nobody_means_is_told_all_the_same(text: str, said: str) -> None:
    with pytest.raises(UserError, match=re.escape(said)):
        parse(text)
