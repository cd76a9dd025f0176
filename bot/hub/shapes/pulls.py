"""Pull requests and reviews as GitHub's JSON shows them."""

import sqlite3
from typing import Any

from bot.hub.shapes import accounts as account_shapes
from bot.hub.shapes import issues as issue_shapes
from bot.hub.shapes import links as shape_links
from bot.hub.shapes import reactions
from bot.hub.shapes import repositories as repository_shapes
from bot.hub.shapes.bodies import bodies
from bot.hub.store import node_ids, pull_rows, repositories
from bot.hub.store.hub import Hub


def _side(repo: sqlite3.Row, ref: str, sha: str, fork_of: int | None = None) -> dict[str, Any]:
    owner = account_shapes.user(fork_of or repo["owner_id"])
    assert owner is not None
    return {
        "label": f"{owner['login']}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": owner,
        "repo": None if fork_of else repository_shapes.repository(repo),
    }


def requested_reviewers(db: sqlite3.Connection, issue_id: int) -> list[dict[str, Any]]:
    rows = db.execute("select user_id from review_requests where issue_id = ? order by user_id", (issue_id,))
    return [person for row in rows if (person := account_shapes.user(row["user_id"]))]


def requested_teams(db: sqlite3.Connection, issue_id: int) -> list[dict[str, Any]]:
    return [
        team(db, row["team_id"]) for row in db.execute("select team_id from team_requests where issue_id = ? order by team_id", (issue_id,))
    ]


def team(db: sqlite3.Connection, team_id: int) -> dict[str, Any]:
    row = db.execute("select teams.*, login from teams join users on users.id = org_id where teams.id = ?", (team_id,)).fetchone()
    base = f"{shape_links.root()}/organizations/{row['org_id']}/team/{row['id']}"
    return {
        "id": row["id"],
        "node_id": node_ids.encode("Team", row["id"]),
        "name": row["slug"],
        "slug": row["slug"],
        "description": None,
        "privacy": "closed",
        "notification_setting": "notifications_enabled",
        "permission": "pull",
        "type": "organization",
        "organization_id": row["org_id"],
        "url": base,
        "html_url": f"{shape_links.web()}/orgs/{row['login']}/teams/{row['slug']}",
        "members_url": base + "/members{/member}",
        "repositories_url": f"{base}/repos",
        "parent": None,
    }


def pull(hub: Hub, db: sqlite3.Connection, row: sqlite3.Row, *, full: bool = True) -> dict[str, Any]:
    repo = repositories.repository_of(db, row["repo_id"])
    issue = issue_shapes.issue(repo, issue_shapes.issue_row(repo, row["number"]))
    name = repository_shapes.full_name(repo)
    base, page = f"{shape_links.root()}/repos/{name}/pulls/{row['number']}", f"{shape_links.web()}/{name}/pull/{row['number']}"
    links = {
        "self": base,
        "html": page,
        "issue": issue["url"],
        "comments": issue["comments_url"],
        "review_comments": f"{base}/comments",
        "review_comment": f"{shape_links.root()}/repos/{name}/pulls/comments{{/number}}",
        "commits": f"{base}/commits",
        "statuses": f"{shape_links.root()}/repos/{name}/statuses/{row['head_sha']}",
    }
    kept = (
        "number",
        "state",
        "locked",
        "title",
        "user",
        "labels",
        "milestone",
        "active_lock_reason",
        "created_at",
        "updated_at",
        "closed_at",
        "assignee",
        "assignees",
        "author_association",
    )
    written = {key: issue[key] for key in ("body", "body_text", "body_html") if key in issue}
    shown: dict[str, Any] = (
        {key: issue[key] for key in kept}
        | written
        | {
            "url": base,
            "id": row["id"],
            "node_id": node_ids.encode("PullRequest", row["id"]),
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "issue_url": issue["url"],
            **{f"{key}_url": links[key] for key in ("commits", "review_comments", "review_comment", "comments", "statuses")},
            "merged_at": row["merged_at"],
            "merge_commit_sha": row["merge_commit_sha"],
            "requested_reviewers": requested_reviewers(db, row["id"]),
            "requested_teams": requested_teams(db, row["id"]),
            "head": _side(repo, row["head_ref"], row["head_sha"], row["fork_owner_id"]),
            "base": _side(repo, row["base_ref"], pull_rows.base_tip(hub, db, row)),
            "_links": {key: {"href": url} for key, url in links.items()},
            "auto_merge": None,
            "draft": bool(row["draft"]),
        }
    )
    if full:
        size = pull_rows.size(hub, db, row)
        able = pull_rows.mergeable(hub, db, row)
        counted = db.execute("select count(*) from review_comments where issue_id = ?", (row["id"],)).fetchone()[0]
        shown |= {
            "merged": row["merged_at"] is not None,
            "mergeable": able,
            "rebaseable": able,
            "mergeable_state": pull_rows.merge_state(hub, db, row, able).value,
            "merged_by": account_shapes.user(row["merged_by_id"]),
            "comments": issue["comments"],
            "review_comments": counted,
            "maintainer_can_modify": bool(row["maintainer_can_modify"]),
            "commits": size.commits,
            "additions": size.additions,
            "deletions": size.deletions,
            "changed_files": size.files,
        }
    return shown


def review(repo: sqlite3.Row, number: int, row: sqlite3.Row) -> dict[str, Any]:
    name = repository_shapes.full_name(repo)
    pull_url = f"{shape_links.root()}/repos/{name}/pulls/{number}"
    page = f"{shape_links.web()}/{name}/pull/{number}#pullrequestreview-{row['id']}"
    return {
        "id": row["id"],
        "node_id": node_ids.encode("PullRequestReview", row["id"]),
        "user": account_shapes.user(row["author_id"]),
        **bodies(row["body"]),
        "state": row["state"],
        "html_url": page,
        "pull_request_url": pull_url,
        "author_association": repository_shapes.association(repo, row["author_id"]),
        "_links": {"html": {"href": page}, "pull_request": {"href": pull_url}},
        "submitted_at": row["submitted_at"],
        "commit_id": row["commit_id"],
    }


def review_comment(repo: sqlite3.Row, number: int, row: sqlite3.Row) -> dict[str, Any]:
    name = repository_shapes.full_name(repo)
    base, pull_url = f"{shape_links.root()}/repos/{name}/pulls/comments/{row['id']}", f"{shape_links.root()}/repos/{name}/pulls/{number}"
    page = f"{shape_links.web()}/{name}/pull/{number}#discussion_r{row['id']}"
    return {
        "id": row["id"],
        "node_id": node_ids.encode("PullRequestReviewComment", row["id"]),
        "url": base,
        "pull_request_review_id": row["review_id"],
        "diff_hunk": row["diff_hunk"] or "",
        "path": row["path"],
        "commit_id": row["commit_id"],
        "original_commit_id": row["commit_id"],
        "user": account_shapes.user(row["author_id"]),
        **bodies(row["body"]),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "html_url": page,
        "pull_request_url": pull_url,
        "author_association": repository_shapes.association(repo, row["author_id"]),
        "_links": {"self": {"href": base}, "html": {"href": page}, "pull_request": {"href": pull_url}},
        "position": row["position"],
        "original_position": row["position"],
        "line": row["line"],
        "original_line": row["line"],
        "start_line": row["start_line"],
        "original_start_line": row["start_line"],
        "side": row["side"],
        "start_side": row["start_side"],
        "subject_type": row["subject_type"],
        "reactions": reactions.counted("review_comments", row["id"], base),
    } | ({"in_reply_to_id": row["in_reply_to_id"]} if row["in_reply_to_id"] else {})
