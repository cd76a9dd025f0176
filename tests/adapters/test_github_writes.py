"""What the bot writes: each thing once, also when an answer is lost after the work was done."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.core.facts.policy import MergeMethod
from bot.core.facts.project import Issue
from bot.core.orders.labels import PEOPLE_LABELS, READY, LabelChange
from bot.core.projections.bot_labels import BOT_LABELS, NEEDS_HUMAN, WAITING
from bot.hub import seed
from bot.hub.web import faults
from bot.ports import GitHubError, GitHubErrorKind, MergeAnswer, Merged, ReviewComment
from bot.ports.people import Projection
from tests.adapters.hub_repository import NAME, HubRepository


def a_pull(place: HubRepository) -> tuple[int, str]:
    head = place.branch("agent-1/project-1", parser__py="one\ntwo\n")
    return place.writes().open_pull(branch="agent-1/project-1", base="main", title="Fix", body="Said"), head


def pulls(place: HubRepository) -> list[Any]:
    return list(place.api("GET", "pulls?state=all"))


# --- pull requests, reviews, checks, merges


def test_a_branch_has_one_pull_request_however_often_it_is_opened(place: HubRepository) -> None:
    number, _ = a_pull(place)

    assert place.writes().open_pull(branch="agent-1/project-1", base="main", title="Fix", body="Again") == number
    assert [pull["user"]["login"] for pull in pulls(place)] == ["acme-worker[bot]"]


def test_a_pull_request_whose_answer_was_lost_is_found_again(place: HubRepository) -> None:
    faults.fail_after_work(place.hub, "POST", "/pulls")

    number, _ = a_pull(place)

    assert [pull["number"] for pull in pulls(place)] == [number]


def test_a_pull_request_that_was_not_made_is_trouble(place: HubRepository) -> None:
    place.branch("agent-1/project-1", parser__py="one\n")
    writes = place.writes()
    faults.fail_next(place.hub, "POST", "/pulls", 502)

    with pytest.raises(GitHubError) as caught:
        writes.open_pull(branch="agent-1/project-1", base="main", title="Fix", body="Said")
    assert caught.value.kind is GitHubErrorKind.UNREACHABLE
    assert pulls(place) == []


def reviews(place: HubRepository, pull: int) -> list[tuple[str, str, str]]:
    return [(one["user"]["login"], one["state"], one["commit_id"]) for one in place.api("GET", f"pulls/{pull}/reviews")]


@pytest.mark.parametrize(("approve", "state"), [(True, "APPROVED"), (False, "CHANGES_REQUESTED"), (None, "COMMENTED")])
def test_a_verdict_is_a_review_of_the_second_identity_bound_to_its_head(place: HubRepository, approve: bool | None, state: str) -> None:
    pull, head = a_pull(place)

    place.writes().review(
        pull=pull, head=head, approve=approve, body="Seen", comments=[ReviewComment(path="parser.py", line=1, body="Here")]
    )

    assert reviews(place, pull) == [("acme-reviewer[bot]", state, head)]
    assert [(one["path"], one["body"]) for one in place.api("GET", f"pulls/{pull}/comments")] == [("parser.py", "Here")]


def test_a_review_whose_answer_was_lost_is_not_given_twice(place: HubRepository) -> None:
    pull, head = a_pull(place)
    writes = place.writes()
    faults.fail_after_work(place.hub, "POST", "/reviews")

    writes.review(pull=pull, head=head, approve=True, body="Fine", comments=[])

    assert reviews(place, pull) == [("acme-reviewer[bot]", "APPROVED", head)]


def test_a_comment_beside_the_diff_does_not_lose_the_review(place: HubRepository) -> None:
    pull, head = a_pull(place)

    place.writes().review(
        pull=pull, head=head, approve=False, body="Look", comments=[ReviewComment(path="parser.py", line=4000, body="Far away")]
    )

    (only,) = place.api("GET", f"pulls/{pull}/reviews")
    assert only["state"] == "CHANGES_REQUESTED"
    assert only["body"].endswith("`parser.py`, line 4000:\n\nFar away")


def test_the_apps_verdict_is_a_check_run_on_the_head(place: HubRepository) -> None:
    _, head = a_pull(place)

    place.writes().check(head=head, name="groundskeeper/review", success=True, title="Approved", summary="All met")

    (run,) = place.api("GET", f"commits/{head}/check-runs")["check_runs"]
    assert (run["name"], run["conclusion"], run["output"]["title"]) == ("groundskeeper/review", "success", "Approved")
    assert run["app"]["slug"] == "acme-reviewer"


def test_a_reviewer_that_is_no_app_says_it_as_a_commit_status(place: HubRepository) -> None:
    _, head = a_pull(place)
    writes = replace(place.writes(), reviewer=place.person("bea"))

    writes.check(head=head, name="groundskeeper/review", success=False, title="Not yet", summary="")

    (status,) = place.api("GET", f"commits/{head}/status")["statuses"]
    assert (status["context"], status["state"], status["description"]) == ("groundskeeper/review", "failure", "Not yet")


def merged(place: HubRepository, pull: int, head: str) -> MergeAnswer:
    return place.writes().merge(pull=pull, head=head, method=MergeMethod.SQUASH, title="Fix (#1)", message="Said")


def test_the_reviewed_head_is_merged(place: HubRepository) -> None:
    pull, head = a_pull(place)

    assert merged(place, pull, head).merged is Merged.DONE
    assert pulls(place)[0]["merged_at"] is not None


def test_another_head_than_the_reviewed_one_is_not_merged(place: HubRepository) -> None:
    pull, head = a_pull(place)
    place.branch("agent-1/project-1", parser__py="something else\n")

    assert merged(place, pull, head).merged is Merged.HEAD_MOVED
    assert pulls(place)[0]["merged_at"] is None


def test_what_protection_does_not_allow_yet_is_not_now_with_githubs_words(place: HubRepository) -> None:
    pull, head = a_pull(place)
    seed.protect(place.hub, NAME, "main", required_checks=("unit tests",))

    answer = merged(place, pull, head)

    assert answer.merged is Merged.NOT_NOW
    assert answer.words != ""


def test_a_merge_whose_answer_was_lost_is_one_merge(place: HubRepository) -> None:
    pull, head = a_pull(place)
    writes = place.writes()
    faults.fail_after_work(place.hub, "PUT", "/merge")

    assert writes.merge(pull=pull, head=head, method=MergeMethod.SQUASH, title="t", message="m").merged is Merged.DONE
    assert len(place.api("GET", "commits?sha=main")) == 2


# --- issues and labels


def test_an_issue_is_filed_once_even_when_the_answer_was_lost(place: HubRepository) -> None:
    writes = place.writes()
    writes.ensure_labels(BOT_LABELS)
    wanted: dict[str, Any] = {"title": "Idea", "body": "Text <!-- mark:7 -->", "labels": ["agent:proposed"], "mark": "mark:7"}
    faults.fail_after_work(place.hub, "POST", "/issues")

    first = writes.open_issue(**wanted)
    second = writes.open_issue(**wanted)

    assert first == second
    assert [issue["title"] for issue in place.api("GET", "issues")] == ["Idea"]


def test_labels_that_are_missing_are_made_and_those_of_people_left_as_they_are(place: HubRepository) -> None:
    place.api("POST", "labels", {"name": READY, "color": "ff0000", "description": "Ours"})

    made = place.writes().ensure_labels([*PEOPLE_LABELS, *BOT_LABELS])

    assert READY not in made
    assert WAITING in made
    assert place.api("GET", f"labels/{READY}")["color"] == "ff0000"
    assert place.writes().ensure_labels([*PEOPLE_LABELS, *BOT_LABELS]) == ()


# --- what people are shown


def shown(issue: Issue, **changes: Any) -> Projection:
    plain = Projection(
        issue=issue,
        comment_id=None,
        body="Agent 1 works on it",
        labels=LabelChange(add=frozenset({WAITING}), remove=frozenset()),
        row=None,
    )
    return replace(plain, **changes)


def issues(place: HubRepository, count: int) -> list[Issue]:
    numbers = [place.open_issue(f"Issue {n}", labels=(READY,)) for n in range(count)]
    view = place.reads().view(dict.fromkeys(numbers))
    return [view.issues[number] for number in numbers]


def comments(place: HubRepository, number: int) -> list[str]:
    return [one["body"] for one in place.api("GET", f"issues/{number}/comments")]


def labels(place: HubRepository, number: int) -> set[str]:
    return {one["name"] for one in place.api("GET", f"issues/{number}/labels")}


def test_ten_projects_are_shown_in_one_request(place: HubRepository) -> None:
    found = issues(place, 10)
    writes = place.writes()
    writes.ensure_labels(BOT_LABELS)
    before = place.governor.counts["write"]

    writes.show([shown(issue) for issue in found])

    assert place.governor.counts["write"] - before == 1
    assert all(comments(place, issue.number) == ["Agent 1 works on it"] for issue in found)
    assert all(labels(place, issue.number) == {READY, WAITING} for issue in found)


def test_the_status_comment_is_edited_in_place_and_labels_follow(place: HubRepository) -> None:
    (issue,) = issues(place, 1)
    writes = place.writes()
    writes.show([shown(issue)])
    (comment,) = place.reads().comments(issue.number)

    change = LabelChange(add=frozenset({NEEDS_HUMAN}), remove=frozenset({WAITING}))
    writes.show([shown(issue, comment_id=comment.node_id, body="In review", labels=change)])

    assert comments(place, issue.number) == ["In review"]
    assert labels(place, issue.number) == {READY, NEEDS_HUMAN}


def test_nothing_to_show_asks_nothing(place: HubRepository) -> None:
    writes = place.writes()
    before = dict(place.governor.counts)

    writes.show([])

    assert dict(place.governor.counts) == before


def test_one_issue_that_is_gone_does_not_keep_the_others_from_being_shown(place: HubRepository) -> None:
    first, second = issues(place, 2)
    writes = place.writes()
    gone = replace(first, node_id="I_doesnotexist", number=77)

    with pytest.raises(GitHubError, match="addComment for #77"):
        writes.show([shown(gone), shown(second)])

    assert comments(place, second.number) == ["Agent 1 works on it"]


def test_a_label_that_was_deleted_and_made_again_is_found_again(place: HubRepository) -> None:
    (issue,) = issues(place, 1)
    writes = place.writes()
    writes.ensure_labels(BOT_LABELS)
    place.api("DELETE", f"labels/{WAITING}")
    with pytest.raises(GitHubError):
        writes.show([shown(issue, body=None)])

    writes.show([shown(issue, body=None)])

    assert WAITING in labels(place, issue.number)
