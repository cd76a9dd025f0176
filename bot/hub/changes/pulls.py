"""Pull requests: opened, closed and reopened, and what becomes of them when branches move."""

import sqlite3

from bot.hub.changes import issues, timeline
from bot.hub.shapes import repositories as repository_shapes
from bot.hub.store import diffs, git, pull_rows, repositories
from bot.hub.store.events import PullRequestReady
from bot.hub.store.hub import Hub
from bot.hub.web.answers import Problem
from bot.hub.web.context import current
from bot.hub.webhooks import pulls as pull_hooks

OPEN = "select pulls.*, issues.* from pulls join issues on issues.id = issue_id where repo_id = ? and state = 'open'"


def head_moved(hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, branch: str, old: str, new: str, actor_id: int) -> None:
    bare = repositories.bare(hub, db, repo["id"])
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
        pull_hooks.emit(hub, db, pull, "synchronize", actor_id, before=pull["head_sha"], after=new)
        hub.announce(PullRequestReady(repo=repo, pull=pull_rows.by_id(db, pull["id"]), actor_id=actor_id))


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
    bare = repositories.bare(hub, db, repo["id"])
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
    pull_hooks.emit(hub, db, pull, "closed", actor_id)


def reopen(hub: Hub, db: sqlite3.Connection, pull: sqlite3.Row, actor_id: int) -> None:
    at = hub.now()
    db.execute("update issues set state = 'open', closed_at = null, closed_by_id = null, updated_at = ? where id = ?", (at, pull["id"]))
    timeline.record(db, pull["id"], "reopened", actor_id, at)
    pull_hooks.emit(hub, db, pull, "reopened", actor_id)
    hub.announce(
        PullRequestReady(repo=repositories.repository_of(db, pull["repo_id"]), pull=pull_rows.by_id(db, pull["id"]), actor_id=actor_id)
    )


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


def open_pull(
    hub: Hub, repo: sqlite3.Row, *, title: str, body: str | None, head: str, base: str, author_id: int, draft: bool = False
) -> sqlite3.Row:
    """Raises the 422s of https://docs.github.com/rest/pulls/pulls#create-a-pull-request in GitHub's words."""
    branch = head.partition(":")[2] or head
    with hub.write() as db:
        where = repositories.bare(hub, db, repo["id"])
        tip, base_tip = git.resolve(where, f"refs/heads/{branch}"), git.resolve(where, f"refs/heads/{base}")
        for name, sha in (("head", tip), ("base", base_tip)):
            if sha is None:
                raise Problem(422, "Validation Failed", [{"resource": "PullRequest", "field": name, "code": "invalid"}])
        assert tip is not None
        assert base_tip is not None
        if git.is_ancestor(where, tip, base_tip):
            raise _custom(f"No commits between {base} and {branch}")
        same = "repo_id = ? and head_ref = ? and base_ref = ? and state = 'open' and fork_owner_id is null"
        if db.execute(f"{pull_rows.PULLS} where {same}", (repo["id"], branch, base)).fetchone():
            raise _custom(f"A pull request already exists for {repository_shapes.full_name(repo).partition('/')[0]}:{branch}.")
        issue = issues.create_issue_row(db, repo, title, body, author_id, hub.now())
        db.execute(
            "insert into pulls (issue_id, head_ref, head_sha, base_ref, base_sha, draft) values (?, ?, ?, ?, ?, ?)",
            (issue["id"], branch, tip, base, base_tip, draft),
        )
        git.move(where, [(f"refs/pull/{issue['number']}/head", tip, None)])
        row = pull_rows.by_id(db, issue["id"])
        pull_hooks.emit(hub, db, row, "opened", author_id)
        hub.announce(PullRequestReady(repo=repo, pull=row, actor_id=author_id))
    return row


def _custom(message: str) -> Problem:
    return Problem(422, "Validation Failed", [{"resource": "PullRequest", "code": "custom", "message": message}])


def changed(pull: sqlite3.Row) -> list[diffs.ChangedFile]:
    now = current()
    where = repositories.bare(now.hub, now.db, pull["repo_id"])
    start = diffs.start_of(where, pull_rows.base_tip(now.hub, now.db, pull), pull["head_sha"])
    return diffs.changed_files(where, start, pull["head_sha"])
