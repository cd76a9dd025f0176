"""What webhooks tell about the groups that a merge queue makes."""

import sqlite3
from typing import Any

from bot.hub.store import git, repositories
from bot.hub.store.hub import Hub
from bot.hub.webhooks import deliveries


def tell(hub: Hub, db: sqlite3.Connection, entry: sqlite3.Row, action: str, **more: Any) -> None:
    """https://docs.github.com/webhooks/webhook-events-and-payloads#merge_group, which apps alone hear of."""
    head = git.commit(repositories.bare(hub, db, entry["repo_id"]), entry["head_sha"])
    assert head is not None
    people = {role: {"name": one.name, "email": one.email} for role, one in (("author", head.author), ("committer", head.committer))}
    commit = {"id": head.sha, "tree_id": head.tree, "message": head.message, "timestamp": head.committer.date, **people}
    group = {
        "head_sha": head.sha,
        "head_ref": entry["group_ref"],
        "base_sha": entry["base_sha"],
        "base_ref": f"refs/heads/{entry['base_ref']}",
    }
    deliveries.emit(
        hub, "merge_group", action, entry["repo_id"], {"merge_group": group | {"head_commit": commit}} | more, entry["enqueuer_id"]
    )
