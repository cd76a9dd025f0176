"""Commits and pushes as GitHub's JSON shows them."""

import sqlite3
from typing import Any

from bot.hub import git, node_ids, shapes
from bot.hub.hub import Hub


def commit(repo: sqlite3.Row, found: git.Commit) -> dict[str, Any]:
    name = shapes.full_name(repo)
    base = f"{shapes.root()}/repos/{name}/commits/{found.sha}"
    page = f"{shapes.web()}/{name}/commit"
    people = {
        role: {"name": person.name, "email": person.email, "date": person.date}
        for role, person in (("author", found.author), ("committer", found.committer))
    }
    return {
        "sha": found.sha,
        "node_id": node_ids.encode("Commit", found.sha),
        "url": base,
        "html_url": f"{page}/{found.sha}",
        "comments_url": f"{base}/comments",
        "commit": {
            **people,
            "message": found.message,
            "tree": {"sha": found.tree, "url": f"{shapes.root()}/repos/{name}/git/trees/{found.tree}"},
            "url": f"{shapes.root()}/repos/{name}/git/commits/{found.sha}",
            "comment_count": 0,
            "verification": {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None},
        },
        "author": None,
        "committer": None,
        "parents": [
            {"sha": sha, "url": f"{shapes.root()}/repos/{name}/commits/{sha}", "html_url": f"{page}/{sha}"} for sha in found.parents
        ],
    }


def push_payload(hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, ref: str, old: str, new: str, pusher: int) -> dict[str, Any]:
    person = db.execute("select login, email from users where id = ?", (pusher,)).fetchone()
    return {
        "ref": ref,
        "before": old,
        "after": new,
        "created": old == git.ZERO,
        "deleted": new == git.ZERO,
        "forced": False,
        "base_ref": None,
        "compare": f"{hub.base_url}/compare/{old[:12]}...{new[:12]}",
        "commits": [],
        "head_commit": None,
        "pusher": {"name": person["login"] if person else "ghost", "email": person["email"] if person else None},
    }
