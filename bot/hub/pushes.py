"""Noticing that refs moved, however they moved, and doing what GitHub does about it."""

import hashlib
import os
import re
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

from bot.hub import actions, git, issues, pull_events, shapes_git, webhooks
from bot.hub.hub import Hub

# Two changes within one tick of the file system's clock leave the same times behind, so a young fingerprint proves nothing.
YOUNG_NS = 50_000_000
CLOSING = re.compile(
    r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\b:?\s+(?:(?P<repo>[\w.-]+/[\w.-]+)?#|https?://[^\s/]+/(?P<link>[\w.-]+/[\w.-]+)/issues/)(?P<number>\d+)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Change:
    ref: str
    old: str
    new: str

    @property
    def branch(self) -> str | None:
        return self.ref.removeprefix("refs/heads/") if self.ref.startswith("refs/heads/") else None


def bare(hub: Hub, repo_id: int) -> Path:
    row = (
        hub.db()
        .execute(
            "select login, repositories.name from repositories join users on users.id = owner_id where repositories.id = ?", (repo_id,)
        )
        .fetchone()
    )
    path: Path = hub.root / "repositories" / row["login"] / f"{row['name']}.git"
    return path


def notice(hub: Hub, repo_id: int, pusher_id: int | None) -> None:
    """Bring what the hub knows up to what the refs are. Free when nothing moved, and safe to call at any time."""
    where = bare(hub, repo_id)
    seen = hub.db().execute("select fingerprint from ref_looks where repo_id = ?", (repo_id,)).fetchone()
    if seen and seen["fingerprint"] == _fingerprint(where):
        return
    with hub.write() as db:
        look(hub, db, repo_id, pusher_id)


def look(hub: Hub, db: sqlite3.Connection, repo_id: int, pusher_id: int | None) -> None:
    """The same inside a write that is already open: the write is what keeps two lookers from noticing one push twice."""
    where = bare(hub, repo_id)
    fingerprint = _fingerprint(where)
    known = {row["ref"]: row["sha"] for row in db.execute("select ref, sha from ref_tips where repo_id = ?", (repo_id,))}
    actual = {ref: sha for ref, sha in git.refs(where).items() if not ref.startswith("refs/pull/")}
    db.execute("insert or replace into ref_looks (repo_id, fingerprint) values (?, ?)", (repo_id, fingerprint))
    changes = [
        Change(ref=ref, old=known.get(ref, git.ZERO), new=actual.get(ref, git.ZERO))
        for ref in sorted(known.keys() | actual.keys())
        if known.get(ref) != actual.get(ref)
    ]
    if not changes:
        return
    db.executemany("delete from ref_tips where repo_id = ? and ref = ?", [(repo_id, change.ref) for change in changes])
    db.executemany(
        "insert into ref_tips (repo_id, ref, sha) values (?, ?, ?)",
        [(repo_id, change.ref, change.new) for change in changes if change.new != git.ZERO],
    )
    repo = db.execute("select * from repositories where id = ?", (repo_id,)).fetchone()
    db.execute("update repositories set pushed_at = ? where id = ?", (hub.now(), repo_id))
    pusher = pusher_id if pusher_id is not None else repo["owner_id"]
    for change in changes:
        _tell(hub, db, repo, change, pusher)
    for change in changes:
        _follow(hub, db, repo, change, pusher)


def _tell(hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, change: Change, pusher: int) -> None:
    kind, _, name = change.ref.removeprefix("refs/").partition("/")
    if kind not in ("heads", "tags"):
        return  # refs of a namespace of one's own fire nothing on GitHub
    reference = {"ref": name, "ref_type": "branch" if kind == "heads" else "tag", "pusher_type": "user"}
    if change.old == git.ZERO:
        extra = {"master_branch": repo["default_branch"], "description": repo["description"]}
        webhooks.emit(hub, "create", None, repo["id"], reference | extra, pusher)
    if change.new == git.ZERO:
        webhooks.emit(hub, "delete", None, repo["id"], reference, pusher)
    if webhooks.wanted(db, repo["id"], "push"):
        payload = shapes_git.push_payload(hub, db, repo, change.ref, change.old, change.new, pusher)
        webhooks.emit(hub, "push", None, repo["id"], payload, pusher)


def _follow(hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, change: Change, pusher: int) -> None:
    branch = change.branch
    if branch is None:
        return
    if change.new == git.ZERO:
        pull_events.branch_deleted(hub, db, repo, branch, pusher)
        return
    pull_events.head_moved(hub, db, repo, branch, change.old, change.new, pusher)
    merged = pull_events.base_moved(hub, db, repo, branch, change.new, pusher)
    if branch == repo["default_branch"]:
        for issue_id in merged:
            close_named(hub, db, repo, _body(db, issue_id), pusher, None)
        for commit in _arrived(hub, repo["id"], change):
            close_named(hub, db, repo, commit.message, pusher, commit.sha)
    actions.queue_push(hub, db, repo, branch, change.new, pusher)


def _body(db: sqlite3.Connection, issue_id: int) -> str:
    return str(db.execute("select body from issues where id = ?", (issue_id,)).fetchone()["body"] or "")


def _arrived(hub: Hub, repo_id: int, change: Change) -> list[git.Commit]:
    if change.old == git.ZERO:
        return []  # a first push brings history whose issues, if any, were another repository's
    return git.log(bare(hub, repo_id), f"{change.old}..{change.new}", limit=250, oldest_first=True)


def named_issues(text: str, full_name: str) -> list[int]:
    """Numbers of the issues of this repository that a text says it closes."""
    found = [
        int(match["number"])
        for match in CLOSING.finditer(text)
        if (match["repo"] or match["link"] or full_name).lower() == full_name.lower()
    ]
    return list(dict.fromkeys(found))


def close_named(hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, text: str, actor_id: int, commit_id: str | None) -> None:
    owner = db.execute("select login from users where id = ?", (repo["owner_id"],)).fetchone()["login"]
    for number in named_issues(text, f"{owner}/{repo['name']}"):
        issue = db.execute(
            "select * from issues where repo_id = ? and number = ? and state = 'open' and id not in (select issue_id from pulls)",
            (repo["id"], number),
        ).fetchone()
        if issue:
            issues.close_issue(hub, db, issue, actor_id, "completed", commit_id)


def _fingerprint(where: Path) -> str:
    """Changes whenever a ref does: git renames a lock file into place, which touches the directory it is in."""
    marks: list[str] = []
    newest = 0
    waiting = [str(where / "refs")]
    while waiting:
        folder = waiting.pop()
        newest = max(newest, os.stat(folder).st_mtime_ns)
        marks.append(f"{folder}:{os.stat(folder).st_mtime_ns}")
        with os.scandir(folder) as entries:
            waiting.extend(entry.path for entry in entries if entry.is_dir(follow_symlinks=False))
    packed = where / "packed-refs"
    if packed.exists():
        about = packed.stat()
        newest = max(newest, about.st_mtime_ns)
        marks.append(f"packed:{about.st_mtime_ns}:{about.st_ino}:{about.st_size}")
    if time.time_ns() - newest < YOUNG_NS:
        marks.append(f"young:{time.time_ns()}")
    return hashlib.sha256("\n".join(sorted(marks)).encode()).hexdigest()
