"""What webhooks tell about refs that moved: pushes, and branches and tags made and deleted."""

import sqlite3
from pathlib import Path
from typing import Any

from bot.hub.shapes.commits import short_commit
from bot.hub.store import git, repositories
from bot.hub.store.hub import Hub
from bot.hub.webhooks import deliveries


def tell(hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, ref: str, old: str, new: str, pusher: int) -> None:
    kind, _, name = ref.removeprefix("refs/").partition("/")
    if kind not in ("heads", "tags"):
        return  # refs of a namespace of one's own fire nothing on GitHub
    reference = {"ref": name, "ref_type": "branch" if kind == "heads" else "tag", "pusher_type": "user"}
    if old == git.ZERO:
        extra = {"master_branch": repo["default_branch"], "description": repo["description"]}
        deliveries.emit(hub, "create", None, repo["id"], reference | extra, pusher)
    if new == git.ZERO:
        deliveries.emit(hub, "delete", None, repo["id"], reference, pusher)
    if deliveries.wanted(db, repo["id"], "push"):
        payload = push_payload(hub, db, repo, ref, old, new, pusher)
        deliveries.emit(hub, "push", None, repo["id"], payload, pusher)


_MOST_COMMITS = 2048  # that a push tells about


def push_payload(hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, ref: str, old: str, new: str, pusher: int) -> dict[str, Any]:
    """https://docs.github.com/webhooks/webhook-events-and-payloads#push"""
    who = db.execute("select login, email from users where id = ?", (pusher,)).fetchone()
    where = repositories.bare(hub, db, repo["id"])
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
