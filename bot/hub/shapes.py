"""Rows as GitHub's JSON shows them: people, repositories, labels, issues, comments, events."""

import json
import sqlite3
from typing import Any
from urllib.parse import quote

from flask import has_request_context, request

from bot.hub import node_ids, repo_switches
from bot.hub.web import ROLES, current, has_role, not_found, role_of

BOT_MARK = "[bot]"


def root() -> str:
    """Where links lead: the host and prefix by which the request came, since clients hold us to that."""
    if not has_request_context():
        return current().hub.base_url
    prefix = "/api/v3" if request.path.startswith("/api/v3") else ""
    return request.host_url.rstrip("/") + prefix


def web() -> str:
    return request.host_url.rstrip("/") if has_request_context() else current().hub.base_url


def user_row(user_id: int) -> sqlite3.Row | None:
    row: sqlite3.Row | None = current().db.execute("select * from users where id = ?", (user_id,)).fetchone()
    return row


def user(user_id: int | None) -> dict[str, Any] | None:
    """GitHub's short form of an account; None where the account is gone."""
    row = user_row(user_id) if user_id else None
    if row is None:
        return None
    login, base = row["login"], f"{root()}/users/{row['login']}"
    return {
        "login": login,
        "id": row["id"],
        "node_id": node_ids.encode(row["type"], row["id"]),
        "avatar_url": f"{web()}/{login}.png",
        "gravatar_id": "",
        "url": base,
        "html_url": f"{web()}/{login}",
        **{f"{part}_url": f"{base}/{part}" for part in ("followers", "subscriptions", "organizations", "repos", "received_events")},
        "following_url": f"{base}/following{{/other_user}}",
        "gists_url": f"{base}/gists{{/gist_id}}",
        "starred_url": f"{base}/starred{{/owner}}{{/repo}}",
        "events_url": f"{base}/events{{/privacy}}",
        "type": row["type"],
        "site_admin": False,
        "user_view_type": "public",
    }


def full_name(repo: sqlite3.Row) -> str:
    owner = user_row(repo["owner_id"])
    return f"{owner['login'] if owner else 'ghost'}/{repo['name']}"


_LISTS = {
    "forks": "forks", "teams": "teams", "hooks": "hooks", "events": "events", "tags": "tags", "languages": "languages", "merges": "merges",
    "stargazers": "stargazers", "contributors": "contributors", "subscribers": "subscribers", "subscription": "subscription",
    "downloads": "downloads", "deployments": "deployments",
}  # fmt: skip
_ITEMS = {
    "keys": "keys{/key_id}", "collaborators": "collaborators{/collaborator}", "issue_events": "issues/events{/number}",
    "assignees": "assignees{/user}", "branches": "branches{/branch}", "blobs": "git/blobs{/sha}", "git_tags": "git/tags{/sha}",
    "git_refs": "git/refs{/sha}", "trees": "git/trees{/sha}", "statuses": "statuses/{sha}", "commits": "commits{/sha}",
    "git_commits": "git/commits{/sha}", "comments": "comments{/number}", "issue_comment": "issues/comments{/number}",
    "contents": "contents/{+path}", "compare": "compare/{base}...{head}", "archive": "{archive_format}{/ref}", "issues": "issues{/number}",
    "pulls": "pulls{/number}", "milestones": "milestones{/number}", "notifications": "notifications{?since,all,participating}",
    "labels": "labels{/name}", "releases": "releases{/id}",
}  # fmt: skip


def repository(repo: sqlite3.Row, *, full: bool = False) -> dict[str, Any]:
    name = full_name(repo)
    base, page = f"{root()}/repos/{name}", f"{web()}/{name}"
    db = current().db
    waiting = db.execute("select count(*) from issues where repo_id = ? and state = 'open'", (repo["id"],)).fetchone()[0]
    shown: dict[str, Any] = {
        "id": repo["id"],
        "node_id": node_ids.encode("Repository", repo["id"]),
        "name": repo["name"],
        "full_name": name,
        "owner": user(repo["owner_id"]),
        "private": bool(repo["private"]),
        "visibility": "private" if repo["private"] else "public",
        "html_url": page,
        "description": repo["description"],
        "fork": False,
        "url": base,
        **{f"{key}_url": f"{base}/{path}" for key, path in (_LISTS | _ITEMS).items()},
        "git_url": f"git:{page.partition(':')[2]}.git",
        "ssh_url": f"git@localhost:{name}.git",
        "clone_url": f"{page}.git",
        "svn_url": page,
        "mirror_url": None,
        "homepage": None,
        "language": None,
        "default_branch": repo["default_branch"],
        **dict.fromkeys(("forks_count", "stargazers_count", "watchers_count", "size", "forks", "watchers"), 0),
        "open_issues_count": waiting,
        "open_issues": waiting,
        "topics": [],
        **dict.fromkeys(("has_issues", "has_projects", "has_wiki", "has_downloads", "has_discussions", "has_pages"), False),
        "has_issues": True,
        "has_projects": True,
        "archived": False,
        "disabled": False,
        "license": None,
        "is_template": False,
        "allow_forking": True,
        "web_commit_signoff_required": False,
        "created_at": repo["created_at"],
        "updated_at": repo["updated_at"],
        "pushed_at": repo["pushed_at"] or repo["created_at"],
        "permissions": permissions(repo),
    }
    if full:
        shown |= {
            "network_count": 0,
            "subscribers_count": 0,
            "allow_merge_commit": bool(repo["allow_merge_commit"]),
            "allow_squash_merge": bool(repo["allow_squash_merge"]),
            "allow_rebase_merge": bool(repo["allow_rebase_merge"]),
            **{name: repo_switches.get(db, repo["id"], name) for name in ("allow_auto_merge", "allow_update_branch")},
            "delete_branch_on_merge": bool(repo["delete_branch_on_merge"]),
        }
    return shown


def permissions(repo: sqlite3.Row) -> dict[str, bool]:
    actor = current().actor
    if actor.kind == "pat":
        return permissions_of(role_of(current().db, repo, actor.user_id))
    return permissions_of("write" if has_role(repo, "write", "contents") else "read")


def permissions_of(role: str) -> dict[str, bool]:
    place = ROLES.index(role)
    names = {"admin": "admin", "maintain": "maintain", "push": "write", "triage": "triage", "pull": "read"}
    return {shown: place >= ROLES.index(role) for shown, role in names.items()}


def label(repo: sqlite3.Row, row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "node_id": node_ids.encode("Label", row["id"]),
        "url": f"{root()}/repos/{full_name(repo)}/labels/{quote(row['name'], safe='')}",
        "name": row["name"],
        "color": row["color"],
        "default": False,
        "description": row["description"],
    }


def labels_of(issue_id: int) -> list[sqlite3.Row]:
    return (
        current()
        .db.execute("select labels.* from labels join issue_labels on label_id = labels.id where issue_id = ? order by name", (issue_id,))
        .fetchall()
    )


def issue_row(repo: sqlite3.Row, number: int) -> sqlite3.Row:
    row: sqlite3.Row | None = (
        current()
        .db.execute(
            "select issues.*, exists (select 1 from pulls where issue_id = issues.id) as is_pull from issues where repo_id = ? and number = ?",
            (repo["id"], number),
        )
        .fetchone()
    )
    if row is None:
        raise not_found()
    return row


_REACTIONS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")


def issue(repo: sqlite3.Row, row: sqlite3.Row) -> dict[str, Any]:
    db, name = current().db, full_name(repo)
    kind = "pull" if row["is_pull"] else "issues"
    base = f"{root()}/repos/{name}/issues/{row['number']}"
    assignees = [user(found["user_id"]) for found in db.execute("select user_id from issue_assignees where issue_id = ?", (row["id"],))]
    shown = {
        "id": row["id"],
        "node_id": node_ids.encode("PullRequest" if row["is_pull"] else "Issue", row["id"]),
        "url": base,
        "repository_url": f"{root()}/repos/{name}",
        "labels_url": f"{base}/labels{{/name}}",
        "comments_url": f"{base}/comments",
        "events_url": f"{base}/events",
        "timeline_url": f"{base}/timeline",
        "html_url": f"{web()}/{name}/{kind}/{row['number']}",
        "number": row["number"],
        "state": row["state"],
        "state_reason": row["state_reason"],
        "title": row["title"],
        "body": row["body"],
        "user": user(row["author_id"]),
        "labels": [label(repo, found) for found in labels_of(row["id"])],
        "assignee": assignees[0] if assignees else None,
        "assignees": assignees,
        "milestone": None,
        "locked": bool(row["locked"]),
        "active_lock_reason": None,
        "comments": db.execute("select count(*) from comments where issue_id = ?", (row["id"],)).fetchone()[0],
        "closed_at": row["closed_at"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "author_association": association(repo, row["author_id"]),
        "reactions": {"url": f"{base}/reactions", "total_count": 0, **dict.fromkeys(_REACTIONS, 0)},
        "performed_via_github_app": None,
        "closed_by": user(row["closed_by_id"]),
    }
    if row["is_pull"]:
        merged = db.execute("select merged_at, draft from pulls where issue_id = ?", (row["id"],)).fetchone()
        pull = f"{root()}/repos/{name}/pulls/{row['number']}"
        page = f"{web()}/{name}/pull/{row['number']}"
        shown |= {
            "draft": bool(merged["draft"]),
            "pull_request": {
                "url": pull, "html_url": page, "diff_url": f"{page}.diff", "patch_url": f"{page}.patch", "merged_at": merged["merged_at"]
            },
        }  # fmt: skip
    return shown


def association(repo: sqlite3.Row, user_id: int) -> str:
    """Apps carry NONE, as on GitHub, which is why nobody should decide by it."""
    if repo["owner_id"] == user_id:
        return "OWNER"
    found = current().db.execute("select 1 from collaborators where repo_id = ? and user_id = ?", (repo["id"], user_id)).fetchone()
    return "COLLABORATOR" if found else "NONE"


def comment(repo: sqlite3.Row, number: int, row: sqlite3.Row) -> dict[str, Any]:
    name = full_name(repo)
    base = f"{root()}/repos/{name}/issues/comments/{row['id']}"
    return {
        "id": row["id"],
        "node_id": node_ids.encode("IssueComment", row["id"]),
        "url": base,
        "html_url": f"{web()}/{name}/issues/{number}#issuecomment-{row['id']}",
        "body": row["body"],
        "user": user(row["author_id"]),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "issue_url": f"{root()}/repos/{name}/issues/{number}",
        "author_association": association(repo, row["author_id"]),
        "performed_via_github_app": None,
        "reactions": {"url": f"{base}/reactions", "total_count": 0, **dict.fromkeys(_REACTIONS, 0)},
    }


def event(repo: sqlite3.Row, row: sqlite3.Row) -> dict[str, Any]:
    shown = {
        "id": row["id"],
        "node_id": node_ids.encode("LabeledEvent", row["id"]),
        "url": f"{root()}/repos/{full_name(repo)}/issues/events/{row['id']}",
        "actor": user(row["actor_id"]),
        "event": row["event"],
        "commit_id": None,
        "commit_url": None,
        "created_at": row["created_at"],
        "performed_via_github_app": None,
    }
    data: dict[str, Any] = json.loads(row["data"])
    for untold in ("other_id", "reason", "before", "after"):  # the other end of a relation, and what only GraphQL tells
        data.pop(untold, None)
    if person := data.pop("assignee_id", None):
        shown |= {"assignee": user(person), "assigner": shown["actor"]}
    if sha := data.get("commit_id"):
        shown["commit_url"] = f"{root()}/repos/{full_name(repo)}/commits/{sha}"
    return shown | data
