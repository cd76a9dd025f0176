"""Reading pull requests: their rows, their size, and whether git and the branch's rules would let them be merged."""

import json
import sqlite3
from dataclasses import dataclass
from enum import StrEnum

from bot.hub.store import diffs, git
from bot.hub.store.hub import Hub
from bot.hub.store.repositories import bare

# issues.* comes last: a name that both tables have must be the issue's.
PULLS = "select pulls.*, issues.* from pulls join issues on issues.id = pulls.issue_id"
GOOD = ("success", "neutral", "skipped")


class MergeState(StrEnum):
    CLEAN = "clean"
    DIRTY = "dirty"
    UNKNOWN = "unknown"
    BLOCKED = "blocked"
    BEHIND = "behind"
    UNSTABLE = "unstable"
    DRAFT = "draft"


@dataclass(frozen=True, kw_only=True)
class Size:
    commits: int
    additions: int
    deletions: int
    files: int


def by_id(db: sqlite3.Connection, issue_id: int) -> sqlite3.Row:
    row: sqlite3.Row = db.execute(f"{PULLS} where issues.id = ?", (issue_id,)).fetchone()
    return row


def by_number(db: sqlite3.Connection, repo_id: int, number: int) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute(f"{PULLS} where repo_id = ? and number = ?", (repo_id, number)).fetchone()
    return row


def has_hooks(db: sqlite3.Connection, repo_id: int) -> bool:
    found = db.execute("select 1 from hooks where active and (repo_id = ? or app_id is not null) limit 1", (repo_id,)).fetchone()
    return found is not None


def base_tip(hub: Hub, db: sqlite3.Connection, pull: sqlite3.Row) -> str:
    """Where the base branch is now; once the pull request is closed, where it was."""
    if pull["state"] != "open":
        return str(pull["base_sha"])
    return git.resolve(bare(hub, db, pull["repo_id"]), f"refs/heads/{pull['base_ref']}") or str(pull["base_sha"])


def size(hub: Hub, db: sqlite3.Connection, pull: sqlite3.Row) -> Size:
    where, base = bare(hub, db, pull["repo_id"]), base_tip(hub, db, pull)
    asked = f"{pull['head_sha']}:{base}"
    known = db.execute("select * from pull_sizes where issue_id = ?", (pull["id"],)).fetchone()
    if known is None or known["counted_for"] != asked:
        totals = diffs.totals(where, diffs.start_of(where, base, pull["head_sha"]), pull["head_sha"])
        commits = int(git.line(where, "rev-list", "--count", f"{base}..{pull['head_sha']}"))
        db.execute(
            "insert or replace into pull_sizes (issue_id, counted_for, commits, additions, deletions, files) values (?, ?, ?, ?, ?, ?)",
            (pull["id"], asked, commits, totals.additions, totals.deletions, totals.files),
        )
        return Size(commits=commits, additions=totals.additions, deletions=totals.deletions, files=totals.files)
    return Size(commits=known["commits"], additions=known["additions"], deletions=known["deletions"], files=known["files"])


def mergeable(hub: Hub, db: sqlite3.Connection, pull: sqlite3.Row) -> bool | None:
    """GitHub works this out in the background: the first who asks after a change hears null, the next one hears the answer."""
    if pull["state"] != "open":
        return None
    base = base_tip(hub, db, pull)
    asked = f"{pull['head_sha']}:{base}"
    if pull["mergeable_for"] == asked:
        return bool(pull["mergeable"])
    if pull["mergeable_for"] != f"?{asked}":
        db.execute("update pulls set mergeable = null, mergeable_for = ? where issue_id = ?", (f"?{asked}", pull["id"]))
        return None
    found = not git.merge_trees(bare(hub, db, pull["repo_id"]), base, pull["head_sha"]).conflicts
    db.execute("update pulls set mergeable = ?, mergeable_for = ? where issue_id = ?", (found, asked, pull["id"]))
    return found


def merge_state(hub: Hub, db: sqlite3.Connection, pull: sqlite3.Row, can_merge: bool | None) -> MergeState:
    if can_merge is None:
        return MergeState.UNKNOWN
    if not can_merge:
        return MergeState.DIRTY
    if pull["draft"]:
        return MergeState.DRAFT
    if unmet(db, pull):
        return MergeState.BLOCKED
    if _must_be_up_to_date(db, pull) and not git.is_ancestor(bare(hub, db, pull["repo_id"]), base_tip(hub, db, pull), pull["head_sha"]):
        return MergeState.BEHIND
    if any(state != "success" for state in checks_on(db, pull["repo_id"], pull["head_sha"]).values()):
        return MergeState.UNSTABLE
    return MergeState.CLEAN


def _protection(db: sqlite3.Connection, pull: sqlite3.Row) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute(
        "select * from protections where repo_id = ? and branch = ?", (pull["repo_id"], pull["base_ref"])
    ).fetchone()
    return row


def _must_be_up_to_date(db: sqlite3.Connection, pull: sqlite3.Row) -> bool:
    rule = _protection(db, pull)
    return rule is not None and bool(rule["strict"])


def unmet(db: sqlite3.Connection, pull: sqlite3.Row) -> list[str]:
    """What the base branch's protection still asks for, in GitHub's words."""
    rule = _protection(db, pull)
    if rule is None:
        return []
    missing = unmet_checks(db, rule, pull["head_sha"])
    opinions = latest_opinions(db, pull)
    if rule["required_approvals"]:
        counted = [review for review in opinions if review["state"] == "APPROVED" and _may_write(db, pull["repo_id"], review)]
        if any(review["state"] == "CHANGES_REQUESTED" and _may_write(db, pull["repo_id"], review) for review in opinions):
            missing.append("Changes have been requested by a reviewer with write access.")
        elif len(counted) < rule["required_approvals"]:
            wanted = rule["required_approvals"]
            reviews = "review is" if wanted == 1 else "reviews are"
            missing.append(f"At least {wanted} approving {reviews} required by reviewers with write access.")
    return missing


def unmet_checks(db: sqlite3.Connection, rule: sqlite3.Row, sha: str) -> list[str]:
    """The checks that a rule wants on a commit and that are not green there, in GitHub's words."""
    missing = []
    for required in json.loads(rule["required_checks"]):
        state = checks_on(db, rule["repo_id"], sha, required.get("app_id")).get(required["context"])
        if state != "success":
            words = {None: "expected", "failure": "failing"}.get(state, "in progress")
            missing.append(f'Required status check "{required["context"]}" is {words}.')
    return missing


def latest_opinions(db: sqlite3.Connection, pull: sqlite3.Row) -> list[sqlite3.Row]:
    """The last approval or refusal of each reviewer; a comment in between takes nothing back."""
    reviews = db.execute(
        "select * from reviews where issue_id = ? and state in ('APPROVED', 'CHANGES_REQUESTED', 'DISMISSED') order by submitted_at, id",
        (pull["id"],),
    ).fetchall()
    return [review for review in {review["author_id"]: review for review in reviews}.values() if review["state"] != "DISMISSED"]


def _may_write(db: sqlite3.Connection, repo_id: int, review: sqlite3.Row) -> bool:
    if review["app_id"]:
        app = db.execute("select permissions from apps where id = ?", (review["app_id"],)).fetchone()
        return app is not None and json.loads(app["permissions"]).get("contents") == "write"
    owner = db.execute("select 1 from repositories where id = ? and owner_id = ?", (repo_id, review["author_id"])).fetchone()
    role = db.execute("select role from collaborators where repo_id = ? and user_id = ?", (repo_id, review["author_id"])).fetchone()
    return owner is not None or (role is not None and role["role"] in ("write", "maintain", "admin"))


def checks_on(db: sqlite3.Connection, repo_id: int, sha: str, app_id: int | None = None) -> dict[str, str]:
    """Each check and status by name, reduced to success, failure or pending, its latest report only."""
    found: dict[str, str] = {}
    for run in db.execute("select * from check_runs where repo_id = ? and head_sha = ? order by id", (repo_id, sha)):
        if app_id is not None and run["app_id"] != app_id:
            continue
        done = run["status"] == "completed"
        found[run["name"]] = ("success" if run["conclusion"] in GOOD else "failure") if done else "pending"
    if app_id is None:
        for status in db.execute("select context, state from statuses where repo_id = ? and sha = ? order by id", (repo_id, sha)):
            found[status["context"]] = "failure" if status["state"] == "error" else status["state"]
    return found
