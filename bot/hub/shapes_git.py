"""Commits and pushes as GitHub's JSON shows them."""

import sqlite3
from pathlib import Path
from typing import Any

from bot.hub import git, node_ids, pull_files, pull_rows, shapes
from bot.hub.hub import Hub

_MOST_COMMITS = 2048  # that a push tells about


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


def person(hub: Hub, db: sqlite3.Connection, user_id: int) -> git.Person:
    """How somebody signs what GitHub commits for them."""
    row = db.execute("select * from users where id = ?", (user_id,)).fetchone()
    email = row["email"] or f"{row['id']}+{row['login']}@users.noreply.github.com"
    return git.Person(name=row["name"] or row["login"], email=email, date=hub.now())


def files(repo: sqlite3.Row, changed: list[pull_files.ChangedFile], head: str) -> list[dict[str, Any]]:
    name = shapes.full_name(repo)
    return [
        {
            "sha": file.blob, "filename": file.path, "status": file.status, "additions": file.additions, "deletions": file.deletions,
            "changes": file.additions + file.deletions, "blob_url": f"{shapes.web()}/{name}/blob/{head}/{file.path}",
            "raw_url": f"{shapes.web()}/{name}/raw/{head}/{file.path}",
            "contents_url": f"{shapes.root()}/repos/{name}/contents/{file.path}?ref={head}",
            **({"patch": file.patch} if file.patch is not None else {}),
            **({"previous_filename": file.previous} if file.previous else {}),
        }
        for file in changed
    ]  # fmt: skip


def short_commit(found: git.Commit) -> dict[str, Any]:
    """As webhooks show it beside other things."""
    people = {role: {"name": one.name, "email": one.email} for role, one in (("author", found.author), ("committer", found.committer))}
    return {"id": found.sha, "tree_id": found.tree, "message": found.message, "timestamp": found.committer.date, **people}


def push_payload(hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, ref: str, old: str, new: str, pusher: int) -> dict[str, Any]:
    """https://docs.github.com/webhooks/webhook-events-and-payloads#push"""
    who = db.execute("select login, email from users where id = ?", (pusher,)).fetchone()
    where = pull_rows.bare(hub, db, repo["id"])
    page = f"{hub.base_url}/{where.parent.name}/{repo['name']}"
    came = _came(where, repo, ref, old, new)
    tip = (came[-1] if came else git.commit(where, new)) if new != git.ZERO else None
    return {
        "ref": ref,
        "before": old,
        "after": new,
        "created": old == git.ZERO,
        "deleted": new == git.ZERO,
        "forced": git.ZERO not in (old, new) and not git.is_ancestor(where, old, new),
        "base_ref": None,
        "compare": f"{page}/compare/{old[:12]}...{new[:12]}",
        "commits": [_pushed(found, page) for found in came],
        "head_commit": _pushed(tip, page) if tip else None,
        "pusher": {"name": who["login"] if who else "ghost", "email": who["email"] if who else None},
    }


def _pushed(found: git.Commit, page: str) -> dict[str, Any]:
    """Which files it changed is left out, as the description allows: nobody here asks, and it is a process a commit."""
    return short_commit(found) | {"distinct": True, "url": f"{page}/commit/{found.sha}"}


def _came(where: Path, repo: sqlite3.Row, ref: str, old: str, new: str) -> list[git.Commit]:
    """Oldest first. A new branch brings what the default branch lacks."""
    tip = git.resolve(where, new)
    if tip is None:
        return []  # deleted, or a tag of something that is no commit
    default = f"refs/heads/{repo['default_branch']}"
    known = git.resolve(where, old if old != git.ZERO else default) if old != git.ZERO or ref != default else None
    return git.log(where, tip, *([f"^{known}"] if known else []), limit=_MOST_COMMITS, oldest_first=True)
