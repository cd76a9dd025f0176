"""Rows as GitHub shows them: accounts, apps, repositories and labels, and the links and ids that all answers share."""

import json
import sqlite3
from typing import Any
from urllib.parse import quote

from flask import has_request_context, request

from bot.hub import web
from bot.hub.hub import Hub

Json = dict[str, Any]
# GitHub's own prefixes, so that an id tells a person what it names; what follows them is ours.
PREFIXES = {
    "User": "U",
    "Organization": "O",
    "Bot": "BOT",
    "App": "A",
    "Repository": "R",
    "Issue": "I",
    "PullRequest": "PR",
    "IssueComment": "IC",
    "Label": "LA",
    "PullRequestReview": "PRR",
    "PullRequestReviewComment": "PRRC",
    "PullRequestReviewThread": "PRRT",
    "CheckRun": "CR",
    "CheckSuite": "CS",
    "StatusContext": "SC",
    "Commit": "C",
    "Ref": "REF",
    "Event": "EV",
    "ProjectV2": "PVT",
    "ProjectV2Item": "PVTI",
    "ProjectV2Field": "PVTF",
    "ProjectV2SingleSelectField": "PVTSSF",
    "ProjectV2View": "PVTV",
    "Installation": "INS",
}
KINDS = {prefix: kind for kind, prefix in PREFIXES.items()}
WAYS = """
archive:/{archive_format}{/ref} assignees:/assignees{/user} blobs:/git/blobs{/sha} branches:/branches{/branch}
collaborators:/collaborators{/collaborator} comments:/comments{/number} commits:/commits{/sha} compare:/compare/{base}...{head}
contents:/contents/{+path} contributors:/contributors deployments:/deployments downloads:/downloads events:/events forks:/forks
git_commits:/git/commits{/sha} git_refs:/git/refs{/sha} git_tags:/git/tags{/sha} hooks:/hooks issue_comment:/issues/comments{/number}
issue_events:/issues/events{/number} issues:/issues{/number} keys:/keys{/key_id} labels:/labels{/name} languages:/languages
merges:/merges milestones:/milestones{/number} notifications:/notifications{?since,all,participating} pulls:/pulls{/number}
releases:/releases{/id} stargazers:/stargazers statuses:/statuses/{sha} subscribers:/subscribers subscription:/subscription
tags:/tags teams:/teams trees:/git/trees{/sha}
"""
REPOSITORY_WAYS = [tuple(way.split(":", 1)) for way in WAYS.split()]
USER_WAYS = {
    "followers_url": "followers",
    "following_url": "following{/other_user}",
    "gists_url": "gists{/gist_id}",
    "starred_url": "starred{/owner}{/repo}",
    "subscriptions_url": "subscriptions",
    "organizations_url": "orgs",
    "repos_url": "repos",
    "events_url": "events{/privacy}",
    "received_events_url": "received_events",
}


def node_id(kind: str, key: int | str) -> str:
    return f"{PREFIXES[kind]}_{key}"


def read_node_id(text: str) -> tuple[str, str] | None:
    """The kind and the key of a node id; None for what was never one."""
    prefix, _, key = text.partition("_")
    return (KINDS[prefix], key) if prefix in KINDS and key else None


def html_base(hub: Hub) -> str:
    return request.host_url.rstrip("/") if has_request_context() else hub.base_url


def api_base(hub: Hub) -> str:
    """Links lead back by the way the question came: clients refuse links to another host than the one they know."""
    if not has_request_context():
        return hub.base_url
    return html_base(hub) + ("/api/v3" if request.script_root else "")


def user(hub: Hub, row: sqlite3.Row) -> Json:
    url = f"{api_base(hub)}/users/{row['login']}"
    page = f"{html_base(hub)}/{row['login']}" if row["type"] != "Bot" else f"{html_base(hub)}/apps/{row['login'].removesuffix('[bot]')}"
    return {
        "login": row["login"],
        "id": row["id"],
        "node_id": node_id(row["type"], row["id"]),
        "avatar_url": f"{html_base(hub)}/static/avatar.svg",
        "gravatar_id": "",
        "url": url,
        "html_url": page,
        **{name: f"{url}/{way}" for name, way in USER_WAYS.items()},
        "type": row["type"],
        "user_view_type": "public",
        "site_admin": False,
    }


def user_row(db: sqlite3.Connection, user_id: int) -> sqlite3.Row:
    row: sqlite3.Row = db.execute("select * from users where id = ?", (user_id,)).fetchone()
    return row


def user_by_id(hub: Hub, db: sqlite3.Connection, user_id: int) -> Json:
    return user(hub, user_row(db, user_id))


def user_or_none(hub: Hub, db: sqlite3.Connection, user_id: int | None) -> Json | None:
    return None if user_id is None else user_by_id(hub, db, user_id)


def account(hub: Hub, db: sqlite3.Connection, row: sqlite3.Row) -> Json:
    """A person's public profile."""
    count = db.execute("select count(*) from repositories where owner_id = ? and not private", (row["id"],)).fetchone()[0]
    blank = dict.fromkeys(("bio", "company", "hireable", "location"))
    return (
        user(hub, row)
        | blank
        | {
            "name": row["name"],
            "email": row["email"],
            "blog": "",
            "twitter_username": None,
            "public_repos": count,
            "public_gists": 0,
            "followers": 0,
            "following": 0,
            "created_at": row["created_at"],
            "updated_at": row["created_at"],
        }
    )


def own_account(hub: Hub, db: sqlite3.Connection, row: sqlite3.Row) -> Json:
    private = db.execute("select count(*) from repositories where owner_id = ? and private", (row["id"],)).fetchone()[0]
    return account(hub, db, row) | {
        "private_gists": 0,
        "total_private_repos": private,
        "owned_private_repos": private,
        "disk_usage": 0,
        "collaborators": 0,
        "two_factor_authentication": True,
        "user_view_type": "private",
    }


def organization(hub: Hub, db: sqlite3.Connection, row: sqlite3.Row) -> Json:
    url = f"{api_base(hub)}/orgs/{row['login']}"
    count = db.execute("select count(*) from repositories where owner_id = ? and not private", (row["id"],)).fetchone()[0]
    return {
        "login": row["login"],
        "id": row["id"],
        "node_id": node_id("Organization", row["id"]),
        "url": url,
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events",
        "hooks_url": f"{url}/hooks",
        "issues_url": f"{url}/issues",
        "members_url": f"{url}/members{{/member}}",
        "public_members_url": f"{url}/public_members{{/member}}",
        "avatar_url": f"{html_base(hub)}/static/avatar.svg",
        "description": "",
        "name": row["name"] or row["login"],
        "email": row["email"] or "",
        "html_url": f"{html_base(hub)}/{row['login']}",
        "has_organization_projects": True,
        "has_repository_projects": True,
        "public_repos": count,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "type": "Organization",
        "created_at": row["created_at"],
        "updated_at": row["created_at"],
        "archived_at": None,
    }


def app(hub: Hub, db: sqlite3.Connection, row: sqlite3.Row) -> Json:
    """An app, as `GET /app` shows it and as `performed_via_github_app` names it."""
    return {
        "id": row["id"],
        "slug": row["slug"],
        "node_id": node_id("App", row["id"]),
        "client_id": row["client_id"],
        "owner": user_by_id(hub, db, row["owner_id"]),
        "name": row["name"],
        "description": "",
        "external_url": hub.base_url,
        "html_url": f"{html_base(hub)}/apps/{row['slug']}",
        "created_at": row["created_at"],
        "updated_at": row["created_at"],
        "permissions": json.loads(row["permissions"]),
        "events": [],
    }


def app_or_none(hub: Hub, db: sqlite3.Connection, app_id: int | None) -> Json | None:
    row = None if app_id is None else db.execute("select * from apps where id = ?", (app_id,)).fetchone()
    return None if row is None else app(hub, db, row)


def full_name(db: sqlite3.Connection, row: sqlite3.Row) -> str:
    return f"{user_row(db, row['owner_id'])['login']}/{row['name']}"


def repository_url(hub: Hub, db: sqlite3.Connection, row: sqlite3.Row) -> str:
    return f"{api_base(hub)}/repos/{full_name(db, row)}"


def minimal_repository(hub: Hub, db: sqlite3.Connection, row: sqlite3.Row) -> Json:
    name = full_name(db, row)
    url = f"{api_base(hub)}/repos/{name}"
    return {
        "id": row["id"],
        "node_id": node_id("Repository", row["id"]),
        "name": row["name"],
        "full_name": name,
        "private": bool(row["private"]),
        "owner": user_by_id(hub, db, row["owner_id"]),
        "html_url": f"{html_base(hub)}/{name}",
        "description": row["description"],
        "fork": False,
        "url": url,
        **{f"{way}_url": url + path for way, path in REPOSITORY_WAYS},
    }


def repository(hub: Hub, db: sqlite3.Connection, row: sqlite3.Row) -> Json:
    """The form in lists, pull requests and webhooks; with the asker's permissions where somebody asks."""
    shown = minimal_repository(hub, db, row)
    page = shown["html_url"]
    open_issues = db.execute("select count(*) from issues where repo_id = ? and state = 'open'", (row["id"],)).fetchone()[0]
    shown |= {
        "git_url": f"{page.replace('http', 'git', 1)}.git",
        "ssh_url": f"git@{page.split('//')[-1].replace('/', ':', 1)}.git",
        "clone_url": f"{page}.git",
        "svn_url": page,
        "homepage": None,
        "mirror_url": None,
        "language": None,
        "license": None,
        "size": 0,
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "pushed_at": row["pushed_at"] or row["created_at"],
        "default_branch": row["default_branch"],
        "open_issues_count": open_issues,
        "open_issues": open_issues,
        "stargazers_count": 0,
        "watchers_count": 0,
        "watchers": 0,
        "forks_count": 0,
        "forks": 0,
        "topics": [],
        "has_issues": True,
        "has_projects": True,
        "has_downloads": True,
        "has_wiki": False,
        "has_pages": False,
        "has_discussions": False,
        "archived": False,
        "disabled": False,
        "is_template": False,
        "allow_forking": True,
        "web_commit_signoff_required": False,
        "visibility": "private" if row["private"] else "public",
    }
    if has_request_context():
        shown["permissions"] = permissions(_asker_role(db, row))
    return shown


def full_repository(hub: Hub, db: sqlite3.Connection, row: sqlite3.Row) -> Json:
    shown = repository(hub, db, row) | {"network_count": 0, "subscribers_count": 0, "temp_clone_token": None}
    if web.has_role(row, "write", "contents"):
        settings = ("allow_merge_commit", "allow_squash_merge", "allow_rebase_merge", "delete_branch_on_merge")
        shown |= {name: bool(row[name]) for name in settings} | {"allow_auto_merge": False, "allow_update_branch": False}
    return shown


def permissions(role: str) -> dict[str, bool]:
    names = {"admin": "admin", "maintain": "maintain", "push": "write", "triage": "triage", "pull": "read"}
    return {name: web.at_least(role, needed) for name, needed in names.items()}


def _asker_role(db: sqlite3.Connection, row: sqlite3.Row) -> str:
    actor = web.current().actor
    if actor.kind is web.Kind.INSTALLATION:
        return "write" if web.has_role(row, "write", "contents") else "read"
    return web.role_of(db, row, actor.user_id)


def label(hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, row: sqlite3.Row) -> Json:
    return label_at(repository_url(hub, db, repo), row)


def label_at(repo_url: str, row: sqlite3.Row) -> Json:
    return {
        "id": row["id"],
        "node_id": node_id("Label", row["id"]),
        "url": f"{repo_url}/labels/{quote(row['name'], safe='')}",
        "name": row["name"],
        "color": row["color"],
        "default": False,
        "description": row["description"],
    }
