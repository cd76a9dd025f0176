"""Noticing that refs moved, however they moved, and announcing it."""

import hashlib
import os
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

from bot.hub.store import git, repositories
from bot.hub.store.events import BranchMoved
from bot.hub.store.hub import Hub
from bot.hub.webhooks import pushes as push_hooks

# Two changes within one tick of the file system's clock leave the same times behind, so a young fingerprint proves nothing.
YOUNG_NS = 50_000_000


@dataclass(frozen=True, kw_only=True)
class Change:
    ref: str
    old: str
    new: str

    @property
    def branch(self) -> str | None:
        return self.ref.removeprefix("refs/heads/") if self.ref.startswith("refs/heads/") else None


def notice(hub: Hub, repo_id: int, pusher_id: int | None) -> None:
    """Bring what the hub knows up to what the refs are. Free when nothing moved, and safe to call at any time."""
    where = repositories.bare(hub, hub.db(), repo_id)
    seen = hub.db().execute("select fingerprint from ref_looks where repo_id = ?", (repo_id,)).fetchone()
    if seen and seen["fingerprint"] == _fingerprint(where):
        return
    with hub.write() as db:
        look(hub, db, repo_id, pusher_id)


def look(hub: Hub, db: sqlite3.Connection, repo_id: int, pusher_id: int | None) -> None:
    """The same inside a write that is already open: the write is what keeps two lookers from noticing one push twice."""
    where = repositories.bare(hub, hub.db(), repo_id)
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
    if not any(ref.startswith("refs/heads/") for ref in known):
        _take_first_as_default(db, repo_id, where, [change.branch for change in changes if change.branch is not None])
    repo = db.execute("select * from repositories where id = ?", (repo_id,)).fetchone()
    db.execute("update repositories set pushed_at = ? where id = ?", (hub.now(), repo_id))
    pusher = pusher_id if pusher_id is not None else repo["owner_id"]
    for change in changes:
        push_hooks.tell(hub, db, repo, change.ref, change.old, change.new, pusher)
    for change in changes:
        if change.branch is not None:
            hub.announce(BranchMoved(repo=repo, branch=change.branch, old=change.old, new=change.new, actor_id=pusher))


def _take_first_as_default(db: sqlite3.Connection, repo_id: int, where: Path, branches: list[str]) -> None:
    """An empty repository has no branch: the first that is pushed becomes the default one, as on GitHub."""
    default = db.execute("select default_branch from repositories where id = ?", (repo_id,)).fetchone()["default_branch"]
    if branches and default not in branches:
        db.execute("update repositories set default_branch = ? where id = ?", (branches[0], repo_id))
        git.git(where, "symbolic-ref", "HEAD", f"refs/heads/{branches[0]}")


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
