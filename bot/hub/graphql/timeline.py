"""GraphQL: the timeline of an issue or pull request, events and comments and reviews in one order."""

import json
import re
from collections.abc import Mapping
from typing import Any

from bot.hub.graphql.things import Info, Thing, connection, issue_or_pull, many, one, repository_of, root, things, user
from bot.hub.store import node_ids
from bot.hub.web.fields import moment

EVENTS = {
    "assigned": "AssignedEvent",
    "closed": "ClosedEvent",
    "cross-referenced": "CrossReferencedEvent",
    "head_ref_deleted": "HeadRefDeletedEvent",
    "head_ref_force_pushed": "HeadRefForcePushedEvent",
    "labeled": "LabeledEvent",
    "locked": "LockedEvent",
    "merged": "MergedEvent",
    "ready_for_review": "ReadyForReviewEvent",
    "referenced": "ReferencedEvent",
    "removed_from_merge_queue": "RemovedFromMergeQueueEvent",
    "renamed": "RenamedTitleEvent",
    "reopened": "ReopenedEvent",
    "review_dismissed": "ReviewDismissedEvent",
    "review_request_removed": "ReviewRequestRemovedEvent",
    "review_requested": "ReviewRequestedEvent",
    "unassigned": "UnassignedEvent",
    "unlabeled": "UnlabeledEvent",
    "unlocked": "UnlockedEvent",
}
ITEM_TYPES = {re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind).upper(): kind for kind in (*EVENTS.values(), "IssueComment", "PullRequestReview")}


def timeline_items(subject: Thing, _info: Info, **arguments: Any) -> dict[str, Any]:
    wanted = {ITEM_TYPES[name] for name in arguments.get("itemTypes") or ITEM_TYPES if name in ITEM_TYPES}
    since = moment(arguments["since"]) if arguments.get("since") else ""
    names = [name for name, kind in EVENTS.items() if kind in wanted]
    found: list[tuple[str, int, Any]] = []
    if names:
        marks = ", ".join("?" * len(names))
        rows = many(f"select * from events where issue_id = ? and event in ({marks}) order by id", subject.id, *names)
        found += [(row["created_at"], row["id"], event(subject, row)) for row in rows]
    if "IssueComment" in wanted:
        rows = many("select * from comments where issue_id = ?", subject.id)
        found += [(comment["created_at"], comment.id, comment) for comment in things("IssueComment", rows)]
    if "PullRequestReview" in wanted and subject.kind == "PullRequest":
        rows = many("select * from reviews where issue_id = ? and state != 'PENDING'", subject.id)
        found += [(review["submitted_at"], review.id, review) for review in things("PullRequestReview", rows)]
    found.sort(key=lambda item: (item[0], item[1]))
    items = [item for at, _, item in found if at >= since][arguments.get("skip") or 0 :]
    page = connection(items, arguments)
    counts = {"filteredCount": len(items), "pageCount": len(page["nodes"]), "updatedAt": subject["updated_at"]}
    return page | counts


def event(subject: Thing, row: Any) -> dict[str, Any]:
    kind, data = EVENTS[row["event"]], json.loads(row["data"])
    shown: dict[str, Any] = {
        "__typename": kind,
        "id": node_ids.encode(kind, row["id"]),
        "databaseId": row["id"],
        "createdAt": row["created_at"],
        "actor": lambda: user(row["actor_id"]),
    }
    subject_fields = ("assignable", "closable", "labelable", "lockable", "pullRequest", "subject", "target")
    shown |= dict.fromkeys(subject_fields, subject)
    return shown | _details(subject, kind, data)


def _path(subject: Thing) -> str:
    repo = repository_of(subject["repo_id"])
    return f"/{repo['owner']}/{repo['name']}/{'pull' if subject.kind == 'PullRequest' else 'issues'}/{subject['number']}"


def _details(subject: Thing, kind: str, data: Mapping[str, Any]) -> dict[str, Any]:
    commit = {"__typename": "Commit", "repo_id": subject["repo_id"], "oid": data["commit_id"]} if data.get("commit_id") else None
    match kind:
        case "LabeledEvent" | "UnlabeledEvent":
            return {"label": lambda: _label(subject, data["label"])}
        case "RenamedTitleEvent":
            return {"previousTitle": data["rename"]["from"], "currentTitle": data["rename"]["to"]}
        case "ClosedEvent" | "ReopenedEvent":
            reason = data.get("state_reason")
            links = {"resourcePath": _path(subject), "url": f"{root()}{_path(subject)}"}
            return links | {"closer": commit, "stateReason": reason.upper() if reason and subject.kind == "Issue" else None}
        case "MergedEvent":
            links = {"resourcePath": _path(subject), "url": f"{root()}{_path(subject)}"}
            return links | {"commit": commit, "mergeRef": None, "mergeRefName": subject["base_ref"]}
        case "AssignedEvent" | "UnassignedEvent":
            return {"assignee": lambda: user(data.get("assignee_id"))}
        case "HeadRefForcePushedEvent":
            before, after = ({"__typename": "Commit", "repo_id": subject["repo_id"], "oid": data[way]} for way in ("before", "after"))
            return {"beforeCommit": before, "afterCommit": after, "ref": None}
        case "RemovedFromMergeQueueEvent":
            tried = {"__typename": "Commit", "repo_id": subject["repo_id"], "oid": data["before"]} if data.get("before") else None
            return {"beforeCommit": tried, "reason": data.get("reason"), "enqueuer": None, "mergeQueue": None}
        case "HeadRefDeletedEvent":
            return {"headRef": None, "headRefName": subject["head_ref"]}
        case "ReviewDismissedEvent":
            dismissed = data.get("dismissed_review") or {}
            row = one("select * from reviews where id = ?", dismissed.get("review_id"))
            review = Thing("PullRequestReview", row) if row else None
            words = {
                "dismissalMessage": dismissed.get("dismissal_message"),
                "previousReviewState": dismissed.get("state", "approved").upper(),
            }
            return words | {"review": review}
        case "ReviewRequestedEvent" | "ReviewRequestRemovedEvent":
            return {"requestedReviewer": lambda: user(data.get("requested_reviewer_id"))}
        case "CrossReferencedEvent":
            return _cross(subject, data)
        case "ReferencedEvent":
            where = {"commit": commit, "commitRepository": lambda: repository_of(subject["repo_id"])}
            return where | {"isCrossRepository": False, "isDirectReference": True}
        case _:
            return {"lockReason": None}


def _cross(subject: Thing, data: Mapping[str, Any]) -> dict[str, Any]:
    source = data.get("source") or {}
    issue_id = (source.get("issue") or {}).get("id") or source.get("issue_id")
    return {
        "source": issue_or_pull(issue_id) or subject,
        "isCrossRepository": False,
        "willCloseTarget": False,
        "referencedAt": data.get("created_at") or subject["updated_at"],
        "resourcePath": _path(subject),
        "url": f"{root()}{_path(subject)}",
    }


def _label(subject: Thing, label: Mapping[str, Any]) -> Any:
    """The label as it is now; one that is gone since is shown as it was."""
    row = one("select * from labels where repo_id = ? and name = ?", subject["repo_id"], label["name"])
    if row:
        return Thing("Label", row)
    gone = {"__typename": "Label", "id": node_ids.encode("Label", 0), "name": label["name"], "color": label.get("color", "ededed")}
    return gone | {"description": None, "isDefault": False}
