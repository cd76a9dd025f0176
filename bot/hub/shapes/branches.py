"""Branches and their protection as GitHub's JSON shows them."""

import json
import sqlite3
from collections.abc import Collection
from typing import Any

from bot.hub.shapes import accounts as account_shapes
from bot.hub.shapes import links
from bot.hub.shapes import repositories as repository_shapes
from bot.hub.store import node_ids, protections
from bot.hub.web.context import current


def _url(repo: sqlite3.Row, branch: str) -> str:
    return f"{links.root()}/repos/{repository_shapes.full_name(repo)}/branches/{branch}/protection"


def short(repo: sqlite3.Row, branch: str, sha: str, guarded: Collection[str]) -> dict[str, Any]:
    commit = f"{links.root()}/repos/{repository_shapes.full_name(repo)}/commits/{sha}"
    return {"name": branch, "commit": {"sha": sha, "url": commit}, "protected": branch in guarded}


def rule(repo: sqlite3.Row, branch: str, row: sqlite3.Row) -> dict[str, Any]:
    """The parts that are off are left out, but for the plain switches, which say so."""
    shown: dict[str, Any] = {"url": _url(repo, branch), "enforce_admins": admins(repo, branch, row)}
    shown |= {name: {"enabled": protections.flag(row, name)} for name in protections.FLAGS}
    shown |= {name: {"enabled": False} for name in ("block_creations", "lock_branch", "allow_fork_syncing")}
    shown["required_signatures"] = {"url": f"{_url(repo, branch)}/required_signatures", "enabled": False}
    parts = {
        "required_status_checks": required_checks(repo, branch, row),
        "required_pull_request_reviews": required_reviews(repo, branch, row),
        "restrictions": _restrictions(repo, branch, row),
    }
    return shown | {name: part for name, part in parts.items() if part is not None}


def admins(repo: sqlite3.Row, branch: str, row: sqlite3.Row) -> dict[str, Any]:
    return {"url": f"{_url(repo, branch)}/enforce_admins", "enabled": bool(row["enforce_admins"])}


def required_checks(repo: sqlite3.Row, branch: str, row: sqlite3.Row) -> dict[str, Any] | None:
    checks, base = json.loads(row["required_checks"]), f"{_url(repo, branch)}/required_status_checks"
    if not checks and not row["strict"]:
        return None
    contexts = [check["context"] for check in checks]
    return {"url": base, "strict": bool(row["strict"]), "contexts": contexts, "contexts_url": f"{base}/contexts", "checks": checks}


def required_reviews(repo: sqlite3.Row, branch: str, row: sqlite3.Row) -> dict[str, Any] | None:
    if not row["required_approvals"] and not row["by_pull"]:
        return None
    return {
        "url": f"{_url(repo, branch)}/required_pull_request_reviews",
        "dismiss_stale_reviews": bool(row["dismiss_stale"]),
        "require_code_owner_reviews": False,
        "require_last_push_approval": False,
        "required_approving_review_count": row["required_approvals"],
    }


def _restrictions(repo: sqlite3.Row, branch: str, row: sqlite3.Row) -> dict[str, Any] | None:
    if row["restrictions"] is None:
        return None
    base, listed = f"{_url(repo, branch)}/restrictions", json.loads(row["restrictions"])
    return {
        "url": base,
        **{f"{part}_url": f"{base}/{part}" for part in ("users", "teams", "apps")},
        "users": [account_shapes.user(user_id) for user_id in listed["users"]],
        "teams": [],
        "apps": [_app(app_id) for app_id in listed["apps"]],
    }


def _app(app_id: int) -> dict[str, Any]:
    row = current().db.execute("select * from apps where id = ?", (app_id,)).fetchone()
    return {
        "id": row["id"],
        "slug": row["slug"],
        "node_id": node_ids.encode("App", row["id"]),
        "owner": account_shapes.user(row["owner_id"]),
        "name": row["name"],
        "external_url": links.web(),
        "html_url": f"{links.web()}/apps/{row['slug']}",
        "created_at": row["created_at"],
        "updated_at": row["created_at"],
        "permissions": json.loads(row["permissions"]),
        "events": [],
    }
