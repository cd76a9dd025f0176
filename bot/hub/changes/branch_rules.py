"""What protects a branch: who is exempt, what a merge still lacks, and why a direct push is refused, in GitHub's words.

https://docs.github.com/repositories/configuring-branches-and-merges-in-your-repository/managing-protected-branches/about-protected-branches
"""

import json
import sqlite3

from bot.hub.store import git, pull_rows, repositories
from bot.hub.store.hub import Hub
from bot.hub.store.protections import flag, queue_only, rule_of
from bot.hub.web.access import role_of

BY_PULL = "Changes must be made through a pull request."
BY_QUEUE = "Changes must be made through the merge queue"
BEHIND = "Head branch is out of date with the base branch."
NO_FORCE = "Cannot force-push to this branch"
NO_DELETION = "Cannot delete this branch"
NO_RIGHT = (
    "You're not authorized to push to this branch. Visit https://docs.github.com/articles/about-protected-branches/ for more information."
)


def exempt(db: sqlite3.Connection, repo: sqlite3.Row, rule: sqlite3.Row, actor_id: int) -> bool:
    """Administrators stand above a rule that is not enforced for them."""
    return not rule["enforce_admins"] and role_of(db, repo, actor_id) == "admin"


def _may_push(db: sqlite3.Connection, rule: sqlite3.Row, actor_id: int) -> bool:
    if rule["restrictions"] is None:
        return True
    listed = json.loads(rule["restrictions"])
    app = db.execute("select id from apps where bot_id = ?", (actor_id,)).fetchone()
    return actor_id in listed["users"] or (app is not None and app["id"] in listed["apps"])


def lacks_for_merge(hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, pull: sqlite3.Row, actor_id: int, method: str) -> list[str]:
    """What still stands between this pull request and its base, for this person or app; empty when nothing does."""
    rule = rule_of(db, repo["id"], pull["base_ref"])
    if rule is None or exempt(db, repo, rule, actor_id):
        return []
    missing = pull_rows.unmet(db, pull)
    if not _may_push(db, rule, actor_id):
        missing.append(NO_RIGHT)
    if method == "merge" and flag(rule, "required_linear_history"):
        missing.append("Merge commits are not allowed on this branch.")
    if flag(rule, "required_conversation_resolution") and _open_threads(db, pull):
        missing.append("A conversation must be resolved before this pull request can be merged.")
    where = repositories.bare(hub, db, repo["id"])
    if rule["strict"] and not git.is_ancestor(where, pull_rows.base_tip(hub, db, pull), pull["head_sha"]):
        missing.append(BEHIND)
    return missing


def _open_threads(db: sqlite3.Connection, pull: sqlite3.Row) -> bool:
    asked = "select 1 from review_comments where issue_id = ? and in_reply_to_id is null and not resolved"
    return db.execute(asked, (pull["id"],)).fetchone() is not None


def push_refusal(hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, actor_id: int, ref: str, old: str | None, new: str) -> str | None:
    """Why this ref may not be moved past pull requests, or None; a branch that is only being made is not yet guarded.

    Whether the move is forced can be asked only of commits that are here already: of others, the hook of the push asks.
    """
    branch = ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else ""
    if branch and old not in (None, git.ZERO, new) and queue_only(db, repo["id"], branch):
        return BY_QUEUE
    rule = rule_of(db, repo["id"], branch) if branch else None
    if rule is None or old in (None, git.ZERO, new) or exempt(db, repo, rule, actor_id):
        return None
    assert old is not None
    if new == git.ZERO:
        return None if flag(rule, "allow_deletions") else NO_DELETION
    if not _may_push(db, rule, actor_id):
        return NO_RIGHT
    where = repositories.bare(hub, db, repo["id"])
    if not flag(rule, "allow_force_pushes") and git.kind_of(where, new) and not git.is_ancestor(where, old, new):
        return NO_FORCE
    if rule["required_approvals"] or rule["by_pull"]:
        return BY_PULL
    return next(iter(pull_rows.unmet_checks(db, rule, new)), None)


def no_force(db: sqlite3.Connection, repo: sqlite3.Row, actor_id: int) -> list[str]:
    """The refs that this person or app may only move forward."""
    rules = db.execute("select * from protections where repo_id = ?", (repo["id"],)).fetchall()
    held = [rule for rule in rules if not flag(rule, "allow_force_pushes") and not exempt(db, repo, rule, actor_id)]
    return [f"refs/heads/{rule['branch']}" for rule in held]
