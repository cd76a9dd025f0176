"""GraphQL: pull requests: their branches, size, mergeability, commits and files."""

from typing import Any

from bot.hub.changes import closing
from bot.hub.graphql.commits import bare, commit, ref
from bot.hub.graphql.issues import SUBJECT, path
from bot.hub.graphql.rollup import rollup
from bot.hub.graphql.things import (
    ISSUES,
    Fields,
    Info,
    Thing,
    connection,
    constant,
    count,
    flag,
    many,
    one,
    repository_of,
    root,
    things,
    user,
)
from bot.hub.store import diffs, git, node_ids, pull_rows
from bot.hub.web.context import current

MERGEABLE = {True: "MERGEABLE", False: "CONFLICTING", None: "UNKNOWN"}
FILE_STATES = {"added": "ADDED", "removed": "DELETED", "renamed": "RENAMED", "copied": "COPIED", "changed": "CHANGED"}


def size(pull: Thing) -> pull_rows.Size:
    now = current()
    return pull_rows.size(now.hub, now.db, pull.row)


def base_tip(pull: Thing) -> str:
    now = current()
    return pull_rows.base_tip(now.hub, now.db, pull.row)


def can_merge(pull: Thing) -> bool | None:
    """Asked for twice in one query it must not answer twice differently, so it is worked out once a row."""
    now = current()
    fresh = pull_rows.by_id(now.db, pull.id)
    return pull_rows.mergeable(now.hub, now.db, fresh)


def merge_state(pull: Thing, _info: Info) -> str:
    now = current()
    fresh = pull_rows.by_id(now.db, pull.id)
    known = bool(fresh["mergeable"]) if fresh["mergeable"] is not None else None
    return pull_rows.merge_state(now.hub, now.db, pull.row, known).value.upper()


def state(pull: Thing, _info: Info) -> str:
    return "MERGED" if pull["merged_at"] else str(pull["state"]).upper()


def head(pull: Thing, info: Info) -> dict[str, Any] | None:
    return None if pull["fork_owner_id"] else ref(repository_of(pull["repo_id"]), info, qualifiedName=f"refs/heads/{pull['head_ref']}")


def base(pull: Thing, info: Info) -> dict[str, Any] | None:
    return ref(repository_of(pull["repo_id"]), info, qualifiedName=f"refs/heads/{pull['base_ref']}")


def merge_commit(pull: Thing, _info: Info) -> dict[str, Any] | None:
    return commit(pull["repo_id"], pull["merge_commit_sha"]) if pull["merged_at"] and pull["merge_commit_sha"] else None


def commits(pull: Thing, _info: Info, **arguments: Any) -> dict[str, Any]:
    if arguments.get("last") == 1 and not arguments.get("before"):
        # What everybody asks for, the head and its checks, is known without asking git.
        page = connection([_pull_commit(pull, pull["head_sha"])], arguments)
        return page | {"totalCount": lambda: size(pull).commits}
    listed = git.line(bare(pull["repo_id"]), "rev-list", "--reverse", f"{base_tip(pull)}..{pull['head_sha']}").split()
    return connection([_pull_commit(pull, sha) for sha in listed[:250]], arguments)


def _pull_commit(pull: Thing, sha: str) -> dict[str, Any]:
    shown = {"__typename": "PullRequestCommit", "id": node_ids.encode("PullRequestCommit", f"{pull.id}:{sha}")}
    where = f"{_path(pull)}/commits/{sha}"
    return shown | {"commit": commit(pull["repo_id"], sha), "pullRequest": pull, "resourcePath": where, "url": f"{root()}{where}"}


def _path(pull: Thing) -> str:
    repo = repository_of(pull["repo_id"])
    return f"/{repo['owner']}/{repo['name']}/pull/{pull['number']}"


def files(pull: Thing, _info: Info, **arguments: Any) -> dict[str, Any]:
    where = bare(pull["repo_id"])
    changed = diffs.changed_files(where, diffs.start_of(where, base_tip(pull), pull["head_sha"]), pull["head_sha"])
    rows = [
        {
            "path": file.path,
            "additions": file.additions,
            "deletions": file.deletions,
            "changeType": FILE_STATES.get(file.status, "MODIFIED"),
            "viewerViewedState": "UNVIEWED",
        }
        for file in changed
    ]
    return connection(rows, arguments)


def closes(pull: Thing, _info: Info, **arguments: Any) -> dict[str, Any]:
    repo = repository_of(pull["repo_id"])
    numbers = closing.named_issues(pull["body"] or "", f"{repo['owner']}/{repo['name']}")
    rows = [one(f"{ISSUES} and repo_id = ? and number = ?", repo.id, number) for number in numbers]
    return connection(things("Issue", [row for row in rows if row]), arguments)


def review_decision(pull: Thing, _info: Info) -> str | None:
    """What the branch's rules make of the reviews; without a rule about reviews GitHub gives no decision, but for a refusal."""
    opinions = {review["state"] for review in pull_rows.latest_opinions(current().db, pull.row)}
    rule = one("select required_approvals from protections where repo_id = ? and branch = ?", pull["repo_id"], pull["base_ref"])
    if "CHANGES_REQUESTED" in opinions:
        return "CHANGES_REQUESTED"
    if "APPROVED" in opinions and not any("approving" in missing for missing in pull_rows.unmet(current().db, pull.row)):
        return "APPROVED"
    return "REVIEW_REQUIRED" if rule and rule["required_approvals"] else None


def review_requests(pull: Thing, _info: Info, **arguments: Any) -> dict[str, Any]:
    rows = many("select * from review_requests where issue_id = ? order by user_id", pull.id)
    requests = [
        {
            "id": node_ids.encode("ReviewRequest", f"{pull.id}:{row['user_id']}"),
            "databaseId": row["user_id"],
            "asCodeOwner": False,
            "pullRequest": pull,
            "requestedReviewer": user(row["user_id"]),
        }
        for row in rows
    ]
    return connection(requests, arguments)


def comment_count(pull: Thing, _info: Info) -> int:
    return count("select 1 from comments where issue_id = ?", pull.id) + count("select 1 from review_comments where issue_id = ?", pull.id)


FIELDS: Fields = {
    "PullRequest": SUBJECT
    | {
        "additions": lambda pull, _info: size(pull).additions,
        "deletions": lambda pull, _info: size(pull).deletions,
        "changedFiles": lambda pull, _info: size(pull).files,
        "autoMergeRequest": constant(None),
        "baseRef": base,
        "baseRefName": lambda pull, _info: pull["base_ref"],
        "baseRefOid": lambda pull, _info: base_tip(pull),
        "baseRepository": lambda pull, _info: repository_of(pull["repo_id"]),
        "canBeRebased": lambda pull, _info: can_merge(pull) is True,
        "closingIssuesReferences": closes,
        "commits": commits,
        "files": files,
        "headRef": head,
        "headRefName": lambda pull, _info: pull["head_ref"],
        "headRefOid": lambda pull, _info: pull["head_sha"],
        "headRepository": lambda pull, _info: None if pull["fork_owner_id"] else repository_of(pull["repo_id"]),
        "headRepositoryOwner": lambda pull, _info: user(pull["fork_owner_id"] or repository_of(pull["repo_id"])["owner_id"]),
        "isCrossRepository": flag("fork_owner_id"),
        "isDraft": flag("draft"),
        "maintainerCanModify": flag("maintainer_can_modify"),
        "mergeCommit": merge_commit,
        "mergeStateStatus": merge_state,
        "mergeable": lambda pull, _info: MERGEABLE[can_merge(pull)],
        "merged": lambda pull, _info: pull["merged_at"] is not None,
        "mergedBy": lambda pull, _info: user(pull["merged_by_id"]),
        "permalink": path,
        "potentialMergeCommit": constant(None),
        "reviewDecision": review_decision,
        "reviewRequests": review_requests,
        "state": state,
        "statusCheckRollup": lambda pull, info: rollup(commit(pull["repo_id"], pull["head_sha"]), info),
        "totalCommentsCount": comment_count,
    },
}
