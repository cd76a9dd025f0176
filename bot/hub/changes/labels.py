"""Putting labels on issues and taking them off."""

import sqlite3
from collections.abc import Sequence

from bot.hub.changes import timeline
from bot.hub.shapes import issues as issue_shapes
from bot.hub.store.hub import Hub
from bot.hub.webhooks import issues as issue_hooks


def find(db: sqlite3.Connection, repo: sqlite3.Row, name: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute("select * from labels where repo_id = ? and name = ?", (repo["id"], name)).fetchone()
    return row


def ensure(db: sqlite3.Connection, repo: sqlite3.Row, name: str) -> sqlite3.Row:
    db.execute("insert or ignore into labels (repo_id, name) values (?, ?)", (repo["id"], name))
    found = find(db, repo, name)
    assert found is not None
    return found


def put_on(hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, issue_id: int, names: Sequence[str], actor_id: int) -> None:
    """What is on already stays as it is; a label that the repository does not have is made, as GitHub does."""
    for name in names:
        label = ensure(db, repo, name)
        done = db.execute("insert or ignore into issue_labels values (?, ?)", (issue_id, label["id"])).rowcount
        if done:
            _happened(hub, db, repo, issue_id, label, "labeled", actor_id)


def take_off(hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, issue_id: int, name: str, actor_id: int) -> bool:
    label = find(db, repo, name)
    done = label and db.execute("delete from issue_labels where issue_id = ? and label_id = ?", (issue_id, label["id"])).rowcount
    if label and done:
        _happened(hub, db, repo, issue_id, label, "unlabeled", actor_id)
    return bool(done)


def replace(hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, issue_id: int, names: Sequence[str], actor_id: int) -> None:
    for old in issue_shapes.labels_of(issue_id):
        if old["name"].casefold() not in {name.casefold() for name in names}:
            take_off(hub, db, repo, issue_id, old["name"], actor_id)
    put_on(hub, db, repo, issue_id, names, actor_id)


def _happened(hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, issue_id: int, label: sqlite3.Row, event: str, actor_id: int) -> None:
    at = hub.now()
    timeline.record(db, issue_id, event, actor_id, at, label={"name": label["name"], "color": label["color"]})
    db.execute("update issues set updated_at = ? where id = ?", (at, issue_id))
    issue_hooks.emit(hub, db, issue_id, event, actor_id, label=issue_hooks.label(hub, repo, label))
