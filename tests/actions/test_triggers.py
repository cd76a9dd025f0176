"""Which events start the shipped workflow's first job: strangers cannot have it run, however much they write."""

from __future__ import annotations

from typing import Any

import pytest

from tests.actions.expressions import evaluated
from tests.actions.runner import WORKFLOW, read

HERE = {"head": {"repo": {"full_name": "garden/pots"}}}
FORK = {"head": {"repo": {"full_name": "eve/pots"}}}


PULL = {"pull_request": {"url": "https://api.github.com/repos/garden/pots/pulls/8"}}


def line(association: str, answers: int | None = None) -> dict[str, Any]:
    return {"body": "Say two", "author_association": association} | ({"in_reply_to_id": answers} if answers else {})


def starts(event: str, job: str = "plan", **payload: Any) -> bool:
    github = {"event_name": event, "event": payload, "repository": "garden/pots"}
    return bool(evaluated(read(WORKFLOW)["jobs"][job]["if"], {"github": github}))


def comment(body: str, association: str, *, kind: str = "User", app: dict[str, Any] | None = None) -> dict[str, Any]:
    told = {"body": body, "author_association": association, "user": {"type": kind}, "performed_via_github_app": app}
    return {"action": "created", "comment": told}


def issue(association: str, *labels: str) -> dict[str, Any]:
    return {"author_association": association, "labels": [{"name": name, "description": "x"} for name in labels]}


@pytest.mark.parametrize(
    ("event", "payload", "expected"),
    [
        ("schedule", {}, True),
        ("workflow_dispatch", {}, True),
        ("check_suite", {"action": "completed"}, True),
        ("issue_comment", comment("/agent why", "OWNER"), True),
        ("issue_comment", comment("/agent why", "NONE"), False),
        ("issue_comment", comment("/agent why", "FIRST_TIME_CONTRIBUTOR"), False),
        ("issue_comment", comment("Thanks", "OWNER"), False),
        ("issue_comment", comment("Say `/agent why` to be told", "CONTRIBUTOR", kind="Bot", app={"slug": "keeper"}), False),
        ("issue_comment", comment("/agent ideate", "OWNER", app={"slug": "another"}), False),
        ("issue_comment", comment("Thanks", "OWNER") | {"issue": PULL}, True),
        ("issue_comment", comment("Thanks", "MEMBER") | {"issue": PULL, "action": "edited"}, True),
        ("issue_comment", comment("Thanks", "NONE") | {"issue": PULL}, False),
        ("issue_comment", comment("Answered", "CONTRIBUTOR", kind="Bot", app={"slug": "keeper"}) | {"issue": PULL}, False),
        ("issue_comment", comment("/agent retry", "MEMBER") | {"action": "edited"}, False),
        ("issues", {"action": "labeled", "label": {"name": "agent:ready"}, "issue": issue("NONE", "agent:ready")}, True),
        ("issues", {"action": "labeled", "label": {"name": "bug"}, "issue": issue("MEMBER", "agent:ready")}, False),
        ("issues", {"action": "edited", "issue": issue("NONE", "bug", "agent:ready")}, True),
        ("issues", {"action": "edited", "issue": issue("NONE", "bug")}, False),
        ("issues", {"action": "reopened", "issue": issue("NONE")}, False),
        ("issues", {"action": "closed", "issue": issue("MEMBER")}, True),
    ],
)
def test_who_can_start_the_workflow(event: str, payload: dict[str, Any], expected: bool) -> None:
    assert starts(event, **payload) is expected


@pytest.mark.parametrize(
    ("event", "payload", "expected"),
    [
        ("merge_group", {"action": "checks_requested"}, True),
        ("schedule", {}, False),
        ("issues", {"action": "labeled", "label": {"name": "agent:ready"}, "issue": issue("OWNER")}, False),
        ("pull_request_review", {"action": "submitted", "pull_request": HERE, "review": {"author_association": "COLLABORATOR"}}, True),
        ("pull_request_review", {"action": "submitted", "pull_request": HERE, "review": {"author_association": "NONE"}}, False),
        ("pull_request_review", {"action": "dismissed", "pull_request": HERE, "review": {"author_association": "NONE"}}, True),
        ("pull_request_review", {"action": "submitted", "pull_request": FORK, "review": {"author_association": "OWNER"}}, False),
        ("pull_request_review_comment", {"action": "created", "pull_request": HERE, "comment": line("OWNER", 7)}, True),
        ("pull_request_review_comment", {"action": "created", "pull_request": HERE, "comment": line("OWNER")}, False),
        ("pull_request_review_comment", {"action": "edited", "pull_request": HERE, "comment": line("OWNER")}, True),
        ("pull_request_review_comment", {"action": "edited", "pull_request": FORK, "comment": line("OWNER")}, False),
        ("pull_request_review_comment", {"action": "edited", "pull_request": HERE, "comment": line("NONE")}, False),
    ],
)
def test_what_happens_on_another_ref_starts_the_workflow_on_the_default_branch(event: str, payload: dict[str, Any], expected: bool) -> None:
    """There the environments give no secrets, so `plan` itself never runs on such a ref."""
    assert starts(event, "wake", **payload) is expected
    assert not (expected and starts(event, **payload))
