"""Payloads that nobody here wrote: all of GitHub's published examples, and what its current schemas describe."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from bot.core.hints.webhooks import OwnAccounts, hint_of
from bot.entry.web.payload import read_payload
from tests.entry.web.published import EXAMPLES, SCHEMAS, Published, examples, generated
from tests.entry.web.webhook_app import WebhookApp

HINTS_OF_EXAMPLES = {
    "check_run completed": 3, "check_suite completed": 3, "installation created": 2, "installation new_permissions_accepted": 1,
    "installation_repositories added": 2, "issue_comment created": 5, "issue_comment edited": 2, "issues deleted": 1, "issues edited": 3,
    "issues labeled": 2,
    "issues opened": 4, "issues reopened": 1, "issues transferred": 1, "issues unlabeled": 2, "merge_group checks_requested": 2,
    "pull_request closed": 2, "pull_request opened": 4, "pull_request reopened": 2, "pull_request synchronize": 1,
    "pull_request_review dismissed": 1, "pull_request_review submitted": 3, "pull_request_review_comment created": 3,
    "pull_request_review_comment edited": 1, "push": 2, "repository_dispatch": 2, "status": 3,
}  # fmt: skip
OWN: OwnAccounts = frozenset({"octoapp[bot]"})
BY_PEOPLE = {"issue_comment created", "issue_comment edited"}
"""A whole payload names the app that wrote it, and what apps write is no hint."""
HINTS_OF_SCHEMAS = {
    "check_run completed", "check_suite completed", "installation created", "installation new_permissions_accepted",
    "installation unsuspend", "installation_repositories added", "issue_dependencies blocked_by_added",
    "issue_dependencies blocked_by_removed", "issue_dependencies blocking_added", "issue_dependencies blocking_removed",
    "issues closed", "issues deleted", "issues edited", "issues labeled", "issues opened", "issues reopened", "issues transferred",
    "issues unlabeled", "merge_group checks_requested", "merge_group destroyed", "pull_request closed", "pull_request opened",
    "pull_request reopened", "pull_request synchronize", "pull_request_review dismissed", "pull_request_review edited",
    "pull_request_review submitted",
    "pull_request_review_comment created", "pull_request_review_comment edited", "push",
    "repository_dispatch", "status", "sub_issues parent_issue_added", "sub_issues parent_issue_removed", "sub_issues sub_issue_added",
    "sub_issues sub_issue_removed", "workflow_run completed",
}  # fmt: skip


def named_in(one: Published) -> set[str]:
    """The repositories that a payload is about, found without the code that is tested."""
    several = one.payload.get("repositories_added") or one.payload.get("repositories") if one.event.startswith("installation") else None
    return {repository["full_name"] for repository in several or [one.payload["repository"]]}


def hinted(webhook_app: WebhookApp, sent: Sequence[Published]) -> Counter[str]:
    """Sends all, sees that each is taken and that each hint is for what its payload is about; how often each reason was given."""
    webhook_app.endpoint.only = None
    reasons: Counter[str] = Counter()
    for one in sent:
        answer = webhook_app.send(one.event, {**one.payload, "installation": {"id": 3}})
        said = answer.get_json()
        assert answer.status_code == 202, f"{one.origin}: {said}"
        if said["outcome"] != "ignored":
            reasons[said["reason"]] += 1
            assert said["outcome"] == "queued", one.origin
            assert set(webhook_app.waiting()) == named_in(one), one.origin
            for repository in webhook_app.waiting():
                webhook_app.inbox.forget(repository)
        assert webhook_app.waiting() == [], one.origin
    return reasons


@pytest.mark.skipif(not EXAMPLES.exists(), reason="`make references` fetches the published webhooks")
def test_every_published_example_is_taken_and_the_right_ones_are_hints(webhook_app: WebhookApp) -> None:
    sent = examples()

    assert (len(sent), len({one.event for one in sent})) == (329, 58)
    assert hinted(webhook_app, sent) == HINTS_OF_EXAMPLES


@pytest.mark.skipif(not SCHEMAS.exists(), reason="`make references` fetches the published webhooks")
def test_what_the_current_schemas_describe_is_taken_and_the_right_ones_are_hints(webhook_app: WebhookApp) -> None:
    sent = generated()

    assert len(sent) == 2 * 261
    assert {one.event for one in sent} >= {reason.partition(" ")[0] for reason in HINTS_OF_SCHEMAS}
    assert set(hinted(webhook_app, [one for one in sent if one.origin.endswith(" whole")])) == HINTS_OF_SCHEMAS
    assert set(hinted(webhook_app, [one for one in sent if not one.origin.endswith(" whole")])) <= HINTS_OF_SCHEMAS | BY_PEOPLE


class Asked(Mapping[str, object]):
    """A payload that notes which of its values were asked for, by their path."""

    def __init__(self, value: Mapping[str, Any], path: tuple[str | int, ...], noted: dict[tuple[str | int, ...], object]) -> None:
        self._value, self._path, self._noted = value, path, noted

    def __getitem__(self, key: str) -> object:
        value, path = self._value[key], (*self._path, key)
        self._noted[path] = value
        if isinstance(value, list):
            return [Asked(one, (*path, place), self._noted) if isinstance(one, dict) else one for place, one in enumerate(value)]
        return Asked(value, path, self._noted) if isinstance(value, dict) else value

    def __iter__(self) -> Iterator[str]:
        return iter(self._value)

    def __len__(self) -> int:
        return len(self._value)


@pytest.mark.skipif(not (EXAMPLES.exists() and SCHEMAS.exists()), reason="`make references` fetches the published webhooks")
def test_every_part_that_a_hint_is_made_from_is_read() -> None:
    for one in [*examples(), *generated()]:
        noted: dict[tuple[str | int, ...], object] = {}
        parts = read_payload(json.dumps(one.payload))
        assert parts is not None

        assert hint_of(one.event, parts, OWN) == hint_of(one.event, Asked(one.payload, (), noted), OWN), one.origin
        for path, value in noted.items():
            read: Any = parts
            for key in path:
                assert not isinstance(read, dict) or key in read, f"{one.origin}: {path} is asked for and not read"
                read = read[key]
            assert isinstance(value, dict | list) or read == value, f"{one.origin}: {path}"


@pytest.mark.parametrize("odd", [{"issue": 3}, {"issue": {"labels": [7]}}, {"sender": [], "repository": "x"}, {"check_run": None}])
def test_what_github_would_never_send_is_read_whole(odd: dict[str, object]) -> None:
    assert read_payload(json.dumps({**odd, "other": 1})) == {**odd, "other": 1}
