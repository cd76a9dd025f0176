"""Repositories as GitHub's JSON shows them, and what whoever asks may do there."""

import sqlite3
from typing import Any

from bot.hub.shapes.accounts import user, user_row
from bot.hub.shapes.links import root, web
from bot.hub.store import node_ids, switches
from bot.hub.web.access import ROLES, has_role, role_of
from bot.hub.web.context import current


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
        "topics": topics(repo),
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
            **{name: switches.get(db, repo["id"], name) for name in ("allow_auto_merge", "allow_update_branch")},
            "delete_branch_on_merge": bool(repo["delete_branch_on_merge"]),
        }
    return shown


def topics(repo: sqlite3.Row) -> list[str]:
    return [row["name"] for row in current().db.execute("select name from topics where repo_id = ? order by name", (repo["id"],))]


def permissions(repo: sqlite3.Row) -> dict[str, bool]:
    actor = current().actor
    if actor.kind == "pat":
        return permissions_of(role_of(current().db, repo, actor.user_id))
    return permissions_of("write" if has_role(repo, "write", "contents") else "read")


def permissions_of(role: str) -> dict[str, bool]:
    place = ROLES.index(role)
    names = {"admin": "admin", "maintain": "maintain", "push": "write", "triage": "triage", "pull": "read"}
    return {shown: place >= ROLES.index(role) for shown, role in names.items()}


def association(repo: sqlite3.Row, user_id: int) -> str:
    """Apps carry NONE, as on GitHub, which is why nobody should decide by it."""
    if repo["owner_id"] == user_id:
        return "OWNER"
    found = current().db.execute("select 1 from collaborators where repo_id = ? and user_id = ?", (repo["id"], user_id)).fetchone()
    return "COLLABORATOR" if found else "NONE"
