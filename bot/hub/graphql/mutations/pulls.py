"""GraphQL mutations about pull requests: opening, changing, reviewing, merging, bringing up to date."""

from collections.abc import Mapping
from typing import Any

from bot.hub.changes import updating
from bot.hub.graphql.mutations.issues import again, expect, logins, me, names
from bot.hub.graphql.rest import at, at_issue, at_pull, mutation, present, refusal, rest
from bot.hub.graphql.things import Fields, Refused, Thing, cursor, issue_or_pull, one, repository_of
from bot.hub.web.access import require
from bot.hub.web.answers import Problem
from bot.hub.web.context import current

Input = Mapping[str, Any]


def pull_of(given: Input) -> Thing:
    return expect(given["pullRequestId"], "PullRequest")


def create(given: Input) -> dict[str, Any]:
    repo = expect(given["repositoryId"], "Repository")
    head = given["headRefName"].rpartition(":")[2]
    body = present(title=given["title"], body=given.get("body"), head=head, base=given["baseRefName"], draft=given.get("draft"))
    made = rest("POST", f"{at(repo)}/pulls", body)
    row = one("select id from issues where repo_id = ? and number = ?", repo.id, made["number"])
    return {"pullRequest": issue_or_pull(row["id"]) if row else None}


def update(given: Input) -> dict[str, Any]:
    pull = pull_of(given)
    state = given["state"].lower() if given.get("state") else None
    changes = present(title=given.get("title"), body=given.get("body"), base=given.get("baseRefName"), state=state)
    if changes:
        rest("PATCH", at_pull(pull), changes)
    about = present(labels=names(given.get("labelIds")), assignees=logins(given.get("assigneeIds")))
    if about:
        rest("PATCH", at_issue(pull), about)
    return {"pullRequest": again(pull), "actor": me()}


def set_state(state: str) -> Any:
    def work(given: Input) -> dict[str, Any]:
        pull = pull_of(given)
        rest("PATCH", at_pull(pull), {"state": state})
        return {"pullRequest": again(pull)}

    return mutation(work)


def set_draft(draft: bool) -> Any:
    def work(given: Input) -> dict[str, Any]:
        pull = pull_of(given)
        allowed(repository_of(pull["repo_id"]), "pull_requests")
        with current().hub.write() as db:
            db.execute("update pulls set draft = ? where issue_id = ?", (draft, pull.id))
        return {"pullRequest": again(pull)}

    return mutation(work)


def allowed(repo: Thing, area: str) -> None:
    try:
        require(repo.row, area, "write")
    except Problem as problem:
        raise refusal(problem) from None


def request_reviews(given: Input) -> dict[str, Any]:
    pull = pull_of(given)
    rest("POST", f"{at_pull(pull)}/requested_reviewers", {"reviewers": logins(given.get("userIds")) or []})
    return {"pullRequest": again(pull), "actor": me()}


def review_row(review_id: int) -> Thing:
    row = one("select * from reviews where id = ?", review_id)
    assert row is not None
    return Thing("PullRequestReview", row)


def _place(thread: Mapping[str, Any]) -> dict[str, Any]:
    place = present(body=thread["body"], path=thread["path"], line=thread["line"], side=thread.get("side"))
    if thread.get("startLine"):
        place |= present(start_line=thread["startLine"], start_side=thread.get("startSide"))
    return place


def add_review(given: Input) -> dict[str, Any]:
    pull = pull_of(given)
    comments = [_place(thread) for thread in given.get("threads") or [] if thread]
    comments += [{"body": one["body"], "path": one["path"], "position": one["position"]} for one in given.get("comments") or [] if one]
    body = present(body=given.get("body"), commit_id=given.get("commitOID"), event=given.get("event"), comments=comments or None)
    review = review_row(rest("POST", f"{at_pull(pull)}/reviews", body)["id"])
    return {"pullRequestReview": review, "reviewEdge": {"node": review, "cursor": cursor(review.id)}}


def submit_review(given: Input) -> dict[str, Any]:
    if not given.get("pullRequestReviewId"):
        raise Refused("UNPROCESSABLE", "pullRequestReviewId is needed")
    review = expect(given["pullRequestReviewId"], "PullRequestReview")
    body = present(body=given.get("body"), event=given["event"])
    rest("POST", f"{at_pull(_pull(review))}/reviews/{review.id}/events", body)
    return {"pullRequestReview": review_row(review.id)}


def dismiss_review(given: Input) -> dict[str, Any]:
    review = expect(given["pullRequestReviewId"], "PullRequestReview")
    rest("PUT", f"{at_pull(_pull(review))}/reviews/{review.id}/dismissals", {"message": given["message"]})
    return {"pullRequestReview": review_row(review.id)}


def _pull(part: Thing) -> Thing:
    found = issue_or_pull(part["issue_id"])
    assert found is not None
    return found


def reply(given: Input) -> dict[str, Any]:
    thread = expect(given["pullRequestReviewThreadId"], "PullRequestReviewThread", "PullRequestReviewComment")
    made = rest("POST", f"{at_pull(_pull(thread))}/comments/{thread.id}/replies", {"body": given["body"]})
    row = one("select * from review_comments where id = ?", made["id"])
    return {"comment": Thing("PullRequestReviewComment", row) if row else None}


def resolve(resolved: bool) -> Any:
    def work(given: Input) -> dict[str, Any]:
        thread = expect(given["threadId"], "PullRequestReviewThread")
        repo = repository_of(_pull(thread)["repo_id"])
        if _pull(thread)["author_id"] != current().actor.user_id:
            allowed(repo, "contents")
        with current().hub.write() as db:
            who = current().actor.user_id if resolved else None
            db.execute("update review_comments set resolved = ?, resolved_by_id = ? where id = ?", (resolved, who, thread.id))
        row = one("select * from review_comments where id = ?", thread.id)
        return {"thread": Thing("PullRequestReviewThread", row) if row else None}

    return mutation(work)


def merge(given: Input) -> dict[str, Any]:
    pull = pull_of(given)
    body = present(
        merge_method=(given.get("mergeMethod") or "MERGE").lower(),
        commit_title=given.get("commitHeadline"),
        commit_message=given.get("commitBody"),
        sha=given.get("expectedHeadOid"),
    )
    rest("PUT", f"{at_pull(pull)}/merge", body)
    return {"pullRequest": again(pull), "actor": me()}


def update_branch(given: Input) -> dict[str, Any]:
    """Takes the base into the head branch, by a merge or by a rebase, if the head is still the one that was expected."""
    pull = pull_of(given)
    allowed(repository_of(pull["repo_id"]), "contents")
    try:
        updating.bring_up(pull.row, given.get("expectedHeadOid"), rebase=given.get("updateMethod") == "REBASE")
    except Problem as problem:
        raise refusal(problem) from None
    return {"pullRequest": again(pull)}


FIELDS: Fields = {
    "Mutation": {
        "addPullRequestReview": mutation(add_review),
        "addPullRequestReviewThreadReply": mutation(reply),
        "closePullRequest": set_state("closed"),
        "convertPullRequestToDraft": set_draft(True),
        "createPullRequest": mutation(create),
        "dismissPullRequestReview": mutation(dismiss_review),
        "markPullRequestReadyForReview": set_draft(False),
        "mergePullRequest": mutation(merge),
        "reopenPullRequest": set_state("open"),
        "requestReviews": mutation(request_reviews),
        "resolveReviewThread": resolve(True),
        "submitPullRequestReview": mutation(submit_review),
        "unresolveReviewThread": resolve(False),
        "updatePullRequest": mutation(update),
        "updatePullRequestBranch": mutation(update_branch),
    }
}
