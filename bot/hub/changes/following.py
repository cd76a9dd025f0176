"""What follows when a branch moves: new heads, merges noticed, issues closed."""

import sqlite3

from bot.hub.changes import pulls
from bot.hub.changes.closing import close_named
from bot.hub.store import git, repositories
from bot.hub.store.events import BranchMoved, Event, MergeGroupFormed, PullRequestReady
from bot.hub.store.hub import Hub


def listen(hub: Hub, event: Event) -> None:
    match event:
        case BranchMoved():
            _follow(hub, hub.db(), event)
        case PullRequestReady() | MergeGroupFormed():
            pass


def _follow(hub: Hub, db: sqlite3.Connection, moved: BranchMoved) -> None:
    repo, branch, actor_id = moved.repo, moved.branch, moved.actor_id
    if moved.new == git.ZERO:
        pulls.branch_deleted(hub, db, repo, branch, actor_id)
        return
    pulls.head_moved(hub, db, repo, branch, moved.old, moved.new, actor_id)
    merged = pulls.base_moved(hub, db, repo, branch, moved.new, actor_id)
    if branch == repo["default_branch"]:
        for issue_id in merged:
            close_named(hub, db, repo, _body(db, issue_id), actor_id, None)
        for commit in _arrived(hub, db, moved):
            close_named(hub, db, repo, commit.message, actor_id, commit.sha)


def _body(db: sqlite3.Connection, issue_id: int) -> str:
    return str(db.execute("select body from issues where id = ?", (issue_id,)).fetchone()["body"] or "")


def _arrived(hub: Hub, db: sqlite3.Connection, moved: BranchMoved) -> list[git.Commit]:
    if moved.old == git.ZERO:
        return []  # a first push brings history whose issues, if any, were another repository's
    return git.log(repositories.bare(hub, db, moved.repo["id"]), f"{moved.old}..{moved.new}", limit=250, oldest_first=True)
