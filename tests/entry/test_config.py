"""The configuration: what is refused says where, what and what to write instead."""

from __future__ import annotations

import pytest

from bot.core.roles import Role
from bot.core.trouble import UserError
from bot.entry.config import Config, parse, policy_of
from bot.entry.texts import load_categories, load_prompts

PREFIX = ".github/groundskeeper.yml"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("agent: 2\n", f"{PREFIX}, line 1: `agent` is not a known key; did you mean `agents`?"),
        ("agents: 2\nbudget:\n  dayly: 3\n", f"{PREFIX}, line 3: `budget.dayly` is not a known key; did you mean `daily`?"),
        ("# many\nagents: 11\n", f"{PREFIX}, line 2: `agents`: input should be less than or equal to 10, found 11."),
        ("merge: {method: fast}\n", f"{PREFIX}, line 1: `merge.method`: input should be 'merge', 'squash' or 'rebase', found 'fast'."),
        ("- agents\n", f"{PREFIX}, line 1: expected keys like `agents: 2`, found list."),
        ("agents: [1\n", f"{PREFIX}, line 2: this is not YAML: expected ',' or ']', but got '<stream end>'. Mend the line or remove it."),
        ("sandbox: docker\n", f"{PREFIX}, line 1: `sandbox`: string should match pattern '^(bubblewrap|none)$', found 'docker'."),
    ],
)
def test_what_is_wrong_is_named_with_its_line_and_remedy(text: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        parse(text)

    assert str(caught.value) == said


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
    assert set(load_prompts()) == {role.value for role in Role if role is not Role.CLERK}
    assert len(load_categories()) == 21
