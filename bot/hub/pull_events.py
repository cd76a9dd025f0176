"""What happens to pull requests when branches move: new heads, stale approvals, merges noticed, branches gone."""

import sqlite3
from typing import Any

from bot.hub import actions, git, pull_rows, shapes_pull, timeline, webhooks
from bot.hub.hub import Hub

OPEN = "select pulls.*, issues.* from pulls join issues on issues.id = issue_id where repo_id = ? and state = 'open'"


def emit(hub: Hub, db: sqlite3.Connection, pull: sqlite3.Row, action: str, actor_id: int, **more: Any) -> None:
    """The pull_request webhook; its payload is dear to make, so it is made only where a hook exists."""
    if not pull_rows.has_hooks(db, pull["repo_id"]):
        return
    with webhooks.speaking(hub):
        payload = {"number": pull["number"], "pull_request": shapes_pull.pull(hub, db, pull_rows.by_id(db, pull["id"]))} | more
    webhooks.emit(hub, "pull_request", action, pull["repo_id"], payload, actor_id)


def head_moved(hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, branch: str, old: str, new: str, actor_id: int) -> None:
    bare = pull_rows.bare(hub, db, repo["id"])
    for pull in db.execute(f"{OPEN} and head_ref = ? and fork_owner_id is null", (repo["id"], branch)).fetchall():
        if pull["head_sha"] == new:
            continue
        base = git.resolve(bare, f"refs/heads/{pull['base_ref']}") or pull["base_sha"]
        db.execute(
            "update pulls set head_sha = ?, base_sha = ?, mergeable = null, mergeable_for = null where issue_id = ?",
            (new, base, pull["id"]),
        )
        db.execute("update issues set updated_at = ? where id = ?", (hub.now(), pull["id"]))
        git.move(bare, [(f"refs/pull/{pull['number']}/head", new, None)])
        if old != git.ZERO and not git.is_ancestor(bare, old, new):
            timeline.record(db, pull["id"], "head_ref_force_pushed", actor_id, hub.now(), before=old, after=new, commit_id=new)
        _age_approvals(hub, db, repo, pull, new, actor_id)
        emit(hub, db, pull, "synchronize", actor_id, before=pull["head_sha"], after=new)
        actions.queue_pull(hub, db, repo, pull_rows.by_id(db, pull["id"]), "synchronize", actor_id)


def _age_approvals(hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, pull: sqlite3.Row, new: str, actor_id: int) -> None:
    db.execute("update reviews set stale = 1 where issue_id = ? and commit_id != ?", (pull["id"], new))
    rule = db.execute("select dismiss_stale from protections where repo_id = ? and branch = ?", (repo["id"], pull["base_ref"])).fetchone()
    if rule is None or not rule["dismiss_stale"]:
        return
    for review in db.execute("select * from reviews where issue_id = ? and state = 'APPROVED'", (pull["id"],)).fetchall():
        db.execute("update reviews set state = 'DISMISSED' where id = ?", (review["id"],))
        dismissed = {"state": "approved", "review_id": review["id"], "dismissal_message": None, "dismissal_commit_id": new}
        timeline.record(db, pull["id"], "review_dismissed", actor_id, hub.now(), dismissed_review=dismissed)


def base_moved(hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, branch: str, new: str, actor_id: int) -> list[int]:
    """Marks as merged every pull request whose head the base now contains; answers their issue ids."""
    waiting = db.execute(f"{OPEN} and base_ref = ?", (repo["id"], branch)).fetchall()
    if not waiting:
        return []
    bare = pull_rows.bare(hub, db, repo["id"])
    contained = git.git(bare, "for-each-ref", f"--merged={new}", "--format=%(refname)", "refs/pull/").decode().split()
    merged = [pull for pull in waiting if f"refs/pull/{pull['number']}/head" in contained]
    for pull in merged:
        mark_merged(hub, db, pull, new, actor_id)
    return [pull["id"] for pull in merged]


def mark_merged(hub: Hub, db: sqlite3.Connection, pull: sqlite3.Row, commit: str, actor_id: int) -> None:
    at = hub.now()
    db.execute(
        "update pulls set merged_at = ?, merged_by_id = ?, merge_commit_sha = ? where issue_id = ?", (at, actor_id, commit, pull["id"])
    )
    timeline.record(db, pull["id"], "merged", actor_id, at, commit_id=commit)
    close(hub, db, pull, actor_id)


def close(hub: Hub, db: sqlite3.Connection, pull: sqlite3.Row, actor_id: int) -> None:
    at = hub.now()
    db.execute(
        "update issues set state = 'closed', closed_at = ?, closed_by_id = ?, updated_at = ? where id = ?", (at, actor_id, at, pull["id"])
    )
    timeline.record(db, pull["id"], "closed", actor_id, at)
    emit(hub, db, pull, "closed", actor_id)


def reopen(hub: Hub, db: sqlite3.Connection, pull: sqlite3.Row, actor_id: int) -> None:
    at = hub.now()
    db.execute("update issues set state = 'open', closed_at = null, closed_by_id = null, updated_at = ? where id = ?", (at, pull["id"]))
    timeline.record(db, pull["id"], "reopened", actor_id, at)
    emit(hub, db, pull, "reopened", actor_id)
    actions.queue_pull(hub, db, pull_rows.repository_of(db, pull["repo_id"]), pull_rows.by_id(db, pull["id"]), "reopened", actor_id)


def branch_deleted(hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, branch: str, actor_id: int) -> None:
    """GitHub closes a pull request when either of its branches goes."""
    touched = db.execute(
        "select pulls.*, issues.* from pulls join issues on issues.id = issue_id where repo_id = ? and (base_ref = ? or (head_ref = ? and fork_owner_id is null))",
        (repo["id"], branch, branch),
    ).fetchall()
    for pull in touched:
        if pull["state"] == "open":
            close(hub, db, pull, actor_id)
        if pull["head_ref"] == branch and pull["fork_owner_id"] is None:
            timeline.record(db, pull["id"], "head_ref_deleted", actor_id, hub.now())
