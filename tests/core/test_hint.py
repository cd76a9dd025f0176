"""Which webhooks are hints: one row, one rule."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.hints.webhooks import RELEVANT_ACTIONS, Hint, Ignored, hint_of

OWN: frozenset[str | int] = frozenset({"worker[bot]", "reviewer[bot]", 77})
ANN = {"login": "ann", "id": 1}
WORKER = {"login": "Worker[bot]", "id": 5}
POTS = {"full_name": "garden/pots", "default_branch": "main"}


def told(event: str, /, **payload: Any) -> Hint | Ignored:
    return hint_of(event, {"repository": POTS, "sender": ANN, **payload}, OWN)


@pytest.mark.parametrize(
    ("event", "payload", "reason"),
    [
        ("issues", {"action": "labeled"}, "issues labeled"),
        ("issue_comment", {"action": "created"}, "issue_comment created"),
        ("pull_request", {"action": "synchronize"}, "pull_request synchronize"),
        ("pull_request_review", {"action": "dismissed"}, "pull_request_review dismissed"),
        ("pull_request_review", {"action": "dismissed", "review": {"author_association": "NONE"}}, "pull_request_review dismissed"),
        ("issues", {"action": "edited", "issue": {"author_association": "NONE", "labels": [{"name": "agent:ready"}]}}, "issues edited"),
        ("issues", {"action": "labeled", "issue": {"author_association": "NONE", "labels": []}}, "issues labeled"),
        ("issues", {"action": "closed", "issue": {"author_association": "MEMBER", "labels": []}}, "issues closed"),
        ("issue_comment", {"action": "created", "comment": {"author_association": "CONTRIBUTOR"}}, "issue_comment created"),
        ("pull_request", {"action": "closed", "pull_request": {"head": {"repo": POTS}}}, "pull_request closed"),
        ("issue_comment", {"action": "edited", "comment": {"author_association": "MEMBER"}}, "issue_comment edited"),
        ("pull_request_review", {"action": "edited"}, "pull_request_review edited"),
        ("pull_request_review_comment", {"action": "created"}, "pull_request_review_comment created"),
        ("pull_request_review_comment", {"action": "edited"}, "pull_request_review_comment edited"),
        ("sub_issues", {"action": "sub_issue_added"}, "sub_issues sub_issue_added"),
        ("issue_dependencies", {"action": "blocked_by_removed"}, "issue_dependencies blocked_by_removed"),
        ("merge_group", {"action": "checks_requested", "sender": WORKER}, "merge_group checks_requested"),
        ("repository_dispatch", {"action": "whatever a person calls it"}, "repository_dispatch"),
        ("push", {"ref": "refs/heads/main"}, "push"),
        ("push", {"ref": "refs/heads/agent-10/project-7", "deleted": True}, "push"),
        ("status", {"state": "failure", "context": "ci", "branches": [{"name": "agent-1/project-7"}, {"name": "main"}]}, "status"),
        ("status", {"state": "success", "context": "ci"}, "status"),
        ("check_suite", {"action": "completed", "check_suite": {"head_branch": "agent-1/project-7"}}, "check_suite completed"),
        # GitHub names whoever pushed as the sender of a check: for the bot's own branches, the bot.
        ("check_run", {"action": "completed", "check_run": {"name": "unit tests"}, "sender": WORKER}, "check_run completed"),
        ("workflow_run", {"action": "completed", "workflow_run": {"head_branch": "x", "path": "ci.yml"}}, "workflow_run completed"),
    ],
)  # fmt: skip
def test_what_may_change_something_is_a_hint(event: str, payload: dict[str, Any], reason: str) -> None:
    assert told(event, **payload) == Hint(repositories=("garden/pots",), reason=reason)


@pytest.mark.parametrize(
    ("event", "payload", "reason"),
    [
        ("star", {"action": "created"}, "star changes nothing that the bot looks at"),
        ("<script>", {}, "no event that GitHub has"),
        ("issues", {"action": "pinned"}, "this action of issues changes nothing that the bot looks at"),
        ("issues", {"action": ["opened"]}, "this action of issues changes nothing that the bot looks at"),
        ("check_run", {"action": "completed", "check_run": {"name": "groundskeeper/review"}}, "the bot's own review check"),
        ("check_run", {"action": "completed", "check_run": {"name": "x", "app": {"slug": "Reviewer"}}}, "a check of the bot itself"),
        ("status", {"state": "success", "context": "groundskeeper/review"}, "the bot's own review check"),
        ("status", {"state": "pending", "context": "ci"}, "a status that is still pending"),
        ("status", {"state": "success", "context": "ci", "branches": [{"name": "main"}]}, "a status on the default branch"),
        (
            "issues", {"action": "edited", "issue": {"author_association": "NONE", "labels": [{"name": "bug"}]}},
            "an issue of a stranger that nobody gave to the bot",
        ),
        (
            "issue_comment", {"action": "created", "comment": {"author_association": "CONTRIBUTOR", "user": {"type": "Bot"}}},
            "a comment of an app, which gives no orders",
        ),
        (
            "issue_comment", {"action": "created", "comment": {"author_association": "OWNER", "performed_via_github_app": {"id": 1}}},
            "a comment of an app, which gives no orders",
        ),
        (
            "issue_comment", {"action": "created", "comment": {"author_association": "NONE"}},
            "a comment of a stranger; the periodic look reads it",
        ),
        (
            "pull_request_review_comment", {"action": "edited", "comment": {"author_association": "NONE"}},
            "a comment of a stranger; the periodic look reads it",
        ),
        (
            "pull_request_review", {"action": "submitted", "review": {"author_association": "FIRST_TIMER"}},
            "a review of a stranger; the periodic look reads it",
        ),
        ("pull_request", {"action": "closed", "pull_request": {"head": {"repo": {"full_name": "eve/pots"}}}}, "a pull request from a fork"),
        ("pull_request", {"action": "closed", "pull_request": {"head": {"repo": None}}}, "a pull request from a fork"),
        ("push", {"ref": "refs/heads/ann/idea"}, "a push to a branch that is neither the default one nor an agent's"),
        ("push", {"ref": "refs/tags/main"}, "a push to a branch that is neither the default one nor an agent's"),
        ("push", {"ref": 7}, "a push that names no ref"),
        ("issues", {"action": "opened", "repository": None}, "names no repository"),
        ("issues", {"action": "opened", "repository": {"full_name": "garden/../pots"}}, "names no repository"),
        ("issues", {"action": "opened", "repository": {"full_name": "garden/.."}}, "names no repository"),
        ("installation", {"action": "deleted"}, "this action of installation changes nothing that the bot looks at"),
    ],
)  # fmt: skip
def test_everything_else_is_none_and_says_why(event: str, payload: dict[str, Any], reason: str) -> None:
    assert told(event, **payload) == Ignored(reason=reason)


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("check_suite", {"check_suite": {"head_branch": "main"}}),
        ("check_run", {"check_run": {"name": "tick", "check_suite": {"head_branch": "main"}}}),
        ("workflow_run", {"workflow_run": {"head_branch": "main", "path": ".github/workflows/ci.yml"}}),
        ("workflow_run", {"workflow_run": {"head_branch": "agent-1/project-7", "path": ".github/workflows/groundskeeper.yml"}}),
    ],
)
def test_the_bots_own_workflow_does_not_hint_at_itself_for_ever(event: str, payload: dict[str, Any]) -> None:
    assert isinstance(told(event, action="completed", **payload), Ignored)


@pytest.mark.parametrize(
    ("sender", "own"),
    [
        (WORKER, True),
        ({"login": "renamed", "id": 77}, True),
        ({"login": "77", "id": 3}, False),
        ({"login": "my-worker[bot]", "id": 3}, False),
        ({"login": "worker", "id": 3}, False),
        ({"login": "dependabot[bot]", "id": 3}, False),
        (None, False),
    ],
)
def test_only_exactly_our_own_doings_are_left_out(sender: object, own: bool) -> None:
    assert (told("issues", action="labeled", sender=sender) == Ignored(reason="done by the bot itself")) is own


def test_an_installation_hints_at_each_repository_that_it_brings() -> None:
    both = [{"full_name": "garden/pots"}, {"full_name": "garden/beds"}, {"full_name": 3}]

    assert told("installation", action="created", repositories=both) == Hint(
        repositories=("garden/pots", "garden/beds"), reason="installation created"
    )
    assert told("installation_repositories", action="added", repositories_added=both[:1]) == Hint(
        repositories=("garden/pots",), reason="installation_repositories added"
    )


_INNER = ("login", "id", "full_name", "check_run", "check_suite", "branches", "name", "ref")
_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(sorted({"action", "sender", "repository", *_INNER})),
        inner, max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@given(event=st.sampled_from(sorted(RELEVANT_ACTIONS)), payload=st.dictionaries(st.text(max_size=5), _JSON) | _JSON)
def test_no_payload_is_too_strange_to_be_answered(event: str, payload: Any) -> None:
    actions = RELEVANT_ACTIONS[event]
    about = payload if isinstance(payload, dict) else {"repository": payload, "sender": payload, event: payload, "branches": payload}

    assert isinstance(hint_of(event, about, OWN), Ignored)
    assert isinstance(hint_of(event, {**about, "action": min(actions or {"x"})}, OWN), Ignored)
