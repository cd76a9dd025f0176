"""The merge queue: each waiting pull request is merged with what waits before it, checked as that group, and lands when the group is green.

https://docs.github.com/repositories/configuring-branches-and-merges-in-your-repository/configuring-pull-request-merges/managing-a-merge-queue
"""

import sqlite3
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from bot.hub.changes import branch_rules, checks, merging, pushes, timeline
from bot.hub.store import git, protections, pull_rows, repositories, switches
from bot.hub.store.events import MergeGroupFormed
from bot.hub.store.hub import Hub
from bot.hub.web.answers import Problem
from bot.hub.webhooks import deliveries
from bot.hub.webhooks import merge_groups as merge_group_hooks
from bot.hub.webhooks import pulls as pull_hooks

GROUPS = "refs/heads/gh-readonly-queue/"
ENTRIES = "select * from merge_queue_entries where repo_id = ? and base_ref = ? order by jump desc, id"


class State(StrEnum):
    """https://docs.github.com/graphql/reference/enums#mergequeueentrystate"""

    QUEUED = "QUEUED"
    AWAITING_CHECKS = "AWAITING_CHECKS"
    MERGEABLE = "MERGEABLE"
    UNMERGEABLE = "UNMERGEABLE"


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How a branch's queue works; what is not here is as when the box is first ticked on GitHub."""

    method: str = "merge"
    to_build: int = 5


def require(hub: Hub, full_name: str, branch: str, rules: Rules | None = None) -> None:
    """From now on nothing reaches this branch but through its queue."""
    switches.put_for_branch(hub, full_name, "merge_queue", branch, asdict(rules or Rules()))


def rules_of(db: sqlite3.Connection, repo_id: int, branch: str) -> Rules | None:
    found = (switches.get(db, repo_id, "merge_queue") or {}).get(branch)
    return Rules(**found) if found else None


def entry_of(db: sqlite3.Connection, issue_id: int) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute("select * from merge_queue_entries where issue_id = ?", (issue_id,)).fetchone()
    return row


def enqueue(hub: Hub, pull: sqlite3.Row, actor_id: int, *, head: str | None = None, jump: bool = False) -> sqlite3.Row:
    """The pull request's place in the queue of its base. Raises Problem where it may not wait there."""
    with hub.write() as db:
        repo, rules = repositories.repository_of(db, pull["repo_id"]), rules_of(db, pull["repo_id"], pull["base_ref"])
        if rules is None:
            raise Problem(422, f"Pull request base branch {pull['base_ref']} does not have a merge queue")
        if head is not None and head != pull["head_sha"]:
            raise Problem(409, merging.MOVED)
        if pull["state"] != "open" or pull["draft"]:
            raise Problem(422, f"Pull request is {'a draft' if pull['state'] == 'open' else 'closed'}")
        if entry_of(db, pull["id"]):
            raise Problem(422, "Pull request is already in the queue")
        # Being up to date is what the queue sees to; everything else must be there before.
        missing = [
            words for words in branch_rules.lacks_for_merge(hub, db, repo, pull, actor_id, rules.method) if words != branch_rules.BEHIND
        ]
        if missing:
            raise Problem(422, "\n".join(missing))
        row: sqlite3.Row = db.execute(
            "insert into merge_queue_entries (repo_id, issue_id, base_ref, pull_head, enqueuer_id, jump, enqueued_at)"
            " values (?, ?, ?, ?, ?, ?, ?) returning *",
            (repo["id"], pull["id"], pull["base_ref"], pull["head_sha"], actor_id, jump, hub.now()),
        ).fetchone()
        timeline.record(db, pull["id"], "added_to_merge_queue", actor_id, hub.now())
        pull_hooks.emit(hub, db, pull, "enqueued", actor_id)
    return row


def dequeue(hub: Hub, entry: sqlite3.Row, actor_id: int, reason: str = "MANUAL") -> None:
    """Takes an entry out. `reason` is one of those that the webhook `pull_request.dequeued` knows."""
    head = entry["head_sha"]
    with hub.write() as db:
        group = {"MERGE": "merged", "MANUAL": "dequeued"}.get(reason, "invalidated")
        _destroy(hub, db, entry, group)
        db.execute("delete from merge_queue_entries where id = ?", (entry["id"],))
        pull = pull_rows.by_id(db, entry["issue_id"])
        # The timeline has words of its own: https://github.com/open-metadata/OpenMetadata/pull/30752 saw these and what `before` is.
        words, by = {"CI_FAILURE": "failed_checks", "MERGE": "merged"}.get(reason, reason.lower()), actor_id
        if reason != "MANUAL":
            by = checks.app_of_github(hub, "github-merge-queue", "GitHub Merge Queue")[1]
        timeline.record(db, pull["id"], "removed_from_merge_queue", by, hub.now(), reason=words, before=head)
        pull_hooks.emit(hub, db, pull, "dequeued", actor_id, reason=reason)


def advance(hub: Hub) -> int:
    """Does what there is to do in every queue: drops, builds, merges. Returns how many pull requests were merged."""
    queues = hub.db().execute("select distinct repo_id, base_ref from merge_queue_entries order by repo_id, base_ref").fetchall()
    merged = 0
    for queue in queues:
        with deliveries.speaking(hub), hub.write() as db:
            while (landed := _step(hub, db, queue["repo_id"], queue["base_ref"])) is not None:
                merged += landed
    return merged


def state_of(db: sqlite3.Connection, entry: sqlite3.Row) -> State:
    if entry["head_sha"] is None:
        return State.QUEUED
    rule = protections.rule_of(db, entry["repo_id"], entry["base_ref"])
    missing = pull_rows.unmet_checks(db, rule, entry["head_sha"]) if rule is not None else []
    if not missing:
        return State.MERGEABLE
    return State.UNMERGEABLE if any(words.endswith("is failing.") for words in missing) else State.AWAITING_CHECKS


def _step(hub: Hub, db: sqlite3.Connection, repo_id: int, base_ref: str) -> bool | None:
    """One thing done: whether it was a merge; None when nothing is left to do for now."""
    entries, where = db.execute(ENTRIES, (repo_id, base_ref)).fetchall(), repositories.bare(hub, db, repo_id)
    rules, tip = rules_of(db, repo_id, base_ref), git.resolve(where, f"refs/heads/{base_ref}")
    for entry in entries:
        pull = pull_rows.by_id(db, entry["issue_id"])
        if rules is None or tip is None:
            dequeue(hub, entry, entry["enqueuer_id"], "QUEUE_CLEARED")
            return False
        if pull["state"] != "open" or pull["head_sha"] != entry["pull_head"]:
            reason = "ALREADY_MERGED" if pull["merged_at"] else "UNKNOWN_REMOVAL_REASON" if pull["state"] == "open" else "MANUAL"
            dequeue(hub, entry, entry["enqueuer_id"], reason)
            return False
    if rules is None or tip is None or not entries:
        return None
    before = tip
    for entry in entries[: rules.to_build]:
        if entry["base_sha"] != before:
            _build(hub, db, where, entry, before, rules)
            return False
        before = entry["head_sha"]
    match state_of(db, entries[0]):
        case State.MERGEABLE:
            _land(hub, db, where, entries[0])
            return True
        case State.UNMERGEABLE:
            dequeue(hub, entries[0], entries[0]["enqueuer_id"], "CI_FAILURE")
            return False
        case State.QUEUED | State.AWAITING_CHECKS:
            return None


def _build(hub: Hub, db: sqlite3.Connection, where: Path, entry: sqlite3.Row, base: str, rules: Rules) -> None:
    """The group: this pull request on top of what comes before it, on a branch of its own, which the checks are asked about."""
    pull, actor = pull_rows.by_id(db, entry["issue_id"]), entry["enqueuer_id"]
    _destroy(hub, db, entry, "invalidated")
    try:
        head = merging.made(hub, db, where, pull, base, actor, rules.method)
    except Problem:
        dequeue(hub, _now(db, entry), actor, "MERGE_CONFLICT")
        return
    ref = f"{GROUPS}{entry['base_ref']}/pr-{pull['number']}-{base}"
    git.move(where, [(ref, head, None)])
    db.execute("update merge_queue_entries set base_sha = ?, head_sha = ?, group_ref = ? where id = ?", (base, head, ref, entry["id"]))
    pushes.look(hub, db, entry["repo_id"], actor)
    merge_group_hooks.tell(hub, db, _now(db, entry), "checks_requested")
    repo = repositories.repository_of(db, entry["repo_id"])
    hub.announce(MergeGroupFormed(repo=repo, branch=ref.removeprefix("refs/heads/"), sha=head, title=pull["title"], actor_id=actor))


def _now(db: sqlite3.Connection, entry: sqlite3.Row) -> sqlite3.Row:
    """The entry as it is now."""
    row: sqlite3.Row = db.execute("select * from merge_queue_entries where id = ?", (entry["id"],)).fetchone()
    return row


def _land(hub: Hub, db: sqlite3.Connection, where: Path, entry: sqlite3.Row) -> None:
    pull, repo = pull_rows.by_id(db, entry["issue_id"]), repositories.repository_of(db, entry["repo_id"])
    dequeue(hub, entry, entry["enqueuer_id"], "MERGE")
    merging.land(hub, db, repo, pull, base=entry["base_sha"], result=entry["head_sha"], actor_id=entry["enqueuer_id"])


def _destroy(hub: Hub, db: sqlite3.Connection, entry: sqlite3.Row, reason: str) -> None:
    if entry["head_sha"] is None:
        return
    where = repositories.bare(hub, db, entry["repo_id"])
    merge_group_hooks.tell(hub, db, entry, "destroyed", reason=reason)
    if git.resolve(where, entry["group_ref"]):
        git.move(where, [(entry["group_ref"], git.ZERO, None)])
        pushes.look(hub, db, entry["repo_id"], entry["enqueuer_id"])
    db.execute("update merge_queue_entries set base_sha = null, head_sha = null, group_ref = null where id = ?", (entry["id"],))
