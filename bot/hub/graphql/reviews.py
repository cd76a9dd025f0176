"""GraphQL: reviews of pull requests, their comments, and the threads that the comments make."""

from typing import Any

from bot.hub.graphql.commits import commit
from bot.hub.graphql.issues import COMMENT, repo_of, subject_of, subject_path
from bot.hub.graphql.things import Fields, Info, Thing, connection, constant, many, one, query_connection, root, user

REVIEWS = "select * from reviews where issue_id = ?"
NO_EDITS = {
    "editor": constant(None),
    "includesCreatedEdit": constant(False),
    "lastEditedAt": constant(None),
    "userContentEdits": constant(connection([], {})),
}


def reviews(pull: Thing, _info: Info, **arguments: Any) -> dict[str, Any]:
    sql, parameters = REVIEWS, [pull.id]
    more: list[Any] = []
    if states := arguments.get("states"):
        sql += f" and state in ({', '.join('?' * len(states))})"
        more += states
    if arguments.get("author"):
        sql += " and author_id in (select id from users where login in (?, ? || '[bot]'))"
        more += [arguments["author"]] * 2
    return query_connection("PullRequestReview", sql, [*parameters, *more], "id", arguments)


def latest(states: tuple[str, ...]) -> Any:
    def listed(pull: Thing, _info: Info, **arguments: Any) -> dict[str, Any]:
        rows = [row for row in many(f"{REVIEWS} order by id", pull.id) if row["state"] in states]
        last = {row["author_id"]: row for row in rows}
        return connection([Thing("PullRequestReview", row) for row in last.values()], arguments)

    return listed


def threads(pull: Thing, _info: Info, **arguments: Any) -> dict[str, Any]:
    """A thread is the first comment at a place and the answers to it."""
    sql = "select * from review_comments where issue_id = ? and in_reply_to_id is null"
    return query_connection("PullRequestReviewThread", sql, [pull.id], "id", arguments)


def thread_comments(thread: Thing, _info: Info, **arguments: Any) -> dict[str, Any]:
    sql = "select * from review_comments where id = ? or in_reply_to_id = ?"
    return query_connection("PullRequestReviewComment", sql, [thread.id, thread.id], "id", arguments)


def review_comments(review: Thing, _info: Info, **arguments: Any) -> dict[str, Any]:
    return query_connection("PullRequestReviewComment", "select * from review_comments where review_id = ?", [review.id], "id", arguments)


def review_path(review: Thing, info: Info) -> str:
    where = f"{subject_path(subject_of(review))}#pullrequestreview-{review.id}"
    return where if info.field_name == "resourcePath" else f"{root()}{where}"


def comment_path(comment: Thing, info: Info) -> str:
    where = f"{subject_path(subject_of(comment))}#discussion_r{comment.id}"
    return where if info.field_name == "resourcePath" else f"{root()}{where}"


def review_of(comment: Thing, _info: Info) -> Thing | None:
    row = one("select * from reviews where id = ?", comment["review_id"])
    return Thing("PullRequestReview", row) if row else None


def answered(comment: Thing, _info: Info) -> Thing | None:
    row = one("select * from review_comments where id = ?", comment["in_reply_to_id"])
    return Thing("PullRequestReviewComment", row) if row else None


def outdated(comment: Thing, _info: Info) -> bool:
    return comment["line"] is None and comment["subject_type"] == "line"


def pull_of(text: Thing, _info: Info) -> Thing:
    return subject_of(text)


def can_push(review: Thing, _info: Info) -> bool:
    repo = repo_of(review)
    row = one("select role from collaborators where repo_id = ? and user_id = ?", repo.id, review["author_id"])
    return repo["owner_id"] == review["author_id"] or (row is not None and row["role"] in ("write", "maintain", "admin"))


FIELDS: Fields = {
    "PullRequest": {
        "latestOpinionatedReviews": latest(("APPROVED", "CHANGES_REQUESTED", "DISMISSED")),
        "latestReviews": latest(("APPROVED", "CHANGES_REQUESTED", "DISMISSED", "COMMENTED")),
        "reviewThreads": threads,
        "reviews": reviews,
    },
    "PullRequestReview": COMMENT
    | NO_EDITS
    | {
        "authorCanPushToRepository": can_push,
        "comments": review_comments,
        "commit": lambda review, _info: commit(subject_of(review)["repo_id"], review["commit_id"]),
        "createdAt": lambda review, _info: review["submitted_at"] or subject_of(review)["created_at"],
        "isMinimized": constant(False),
        "minimizedReason": constant(None),
        "publishedAt": lambda review, _info: review["submitted_at"],
        "pullRequest": pull_of,
        "resourcePath": review_path,
        "updatedAt": lambda review, _info: review["submitted_at"] or subject_of(review)["created_at"],
        "url": review_path,
    },
    "PullRequestReviewComment": COMMENT
    | NO_EDITS
    | {
        "editor": lambda comment, _info: user(comment["author_id"]) if comment["edited_at"] else None,
        "includesCreatedEdit": lambda comment, _info: comment["edited_at"] is not None,
        "lastEditedAt": lambda comment, _info: comment["edited_at"],
        "commit": lambda comment, _info: commit(subject_of(comment)["repo_id"], comment["commit_id"]),
        "isMinimized": constant(False),
        "minimizedReason": constant(None),
        "originalCommit": lambda comment, _info: commit(
            subject_of(comment)["repo_id"], comment["original_commit_id"] or comment["commit_id"]
        ),
        "originalStartLine": constant(None),
        "outdated": outdated,
        "pullRequest": pull_of,
        "pullRequestReview": review_of,
        "replyTo": answered,
        "resourcePath": comment_path,
        "state": constant("SUBMITTED"),
        "subjectType": lambda comment, _info: comment["subject_type"].upper(),
        "url": comment_path,
    },
    "PullRequestReviewThread": {
        "comments": thread_comments,
        "diffSide": lambda thread, _info: thread["side"],
        "isCollapsed": lambda thread, _info: bool(thread["resolved"]),
        "isOutdated": outdated,
        "isResolved": lambda thread, _info: bool(thread["resolved"]),
        "originalStartLine": constant(None),
        "pullRequest": pull_of,
        "repository": lambda thread, _info: repo_of(thread),
        "resolvedBy": lambda thread, _info: user(thread["resolved_by_id"]) if thread["resolved"] else None,
        "startDiffSide": lambda thread, _info: thread["start_side"],
        "subjectType": lambda thread, _info: thread["subject_type"].upper(),
        "viewerCanReply": constant(True),
        "viewerCanResolve": lambda thread, _info: not thread["resolved"],
        "viewerCanUnresolve": lambda thread, _info: bool(thread["resolved"]),
    },
}
