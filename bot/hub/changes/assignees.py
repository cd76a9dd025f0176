"""Putting people on issues and taking them off, in silence where GitHub is silent."""

import sqlite3
from collections.abc import Sequence

from bot.hub.changes import timeline
from bot.hub.shapes import accounts as account_shapes
from bot.hub.store.hub import Hub
from bot.hub.web.access import at_least, role_of
from bot.hub.webhooks import deliveries
from bot.hub.webhooks import issues as issue_hooks

MOST = 10


def assignable(db: sqlite3.Connection, repo: sqlite3.Row, login: str) -> int | None:
    """Only people who may push can be assigned; anybody else is ignored: https://docs.github.com/rest/issues/assignees"""
    found = db.execute("select id from users where login = ? and type = 'User'", (login,)).fetchone()
    if found is None or not at_least(role_of(db, repo, found["id"]), "write"):
        return None
    return int(found["id"])


def put_on(hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, issue_id: int, logins: Sequence[str], actor_id: int) -> None:
    for login in logins:
        person = assignable(db, repo, login)
        count = db.execute("select count(*) from issue_assignees where issue_id = ?", (issue_id,)).fetchone()[0]
        if person is None or count >= MOST:
            continue
        if db.execute("insert or ignore into issue_assignees values (?, ?)", (issue_id, person)).rowcount:
            _happened(hub, db, issue_id, person, "assigned", actor_id)


def take_off(hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, issue_id: int, logins: Sequence[str], actor_id: int) -> None:
    for login in logins:
        found = db.execute("select id from users where login = ?", (login,)).fetchone()
        if found and db.execute("delete from issue_assignees where issue_id = ? and user_id = ?", (issue_id, found["id"])).rowcount:
            _happened(hub, db, issue_id, found["id"], "unassigned", actor_id)


def replace(hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, issue_id: int, logins: Sequence[str], actor_id: int) -> None:
    rows = db.execute("select login from users join issue_assignees on user_id = users.id where issue_id = ?", (issue_id,)).fetchall()
    kept = {login.casefold() for login in logins}
    take_off(hub, db, repo, issue_id, [row["login"] for row in rows if row["login"].casefold() not in kept], actor_id)
    put_on(hub, db, repo, issue_id, logins, actor_id)


def _happened(hub: Hub, db: sqlite3.Connection, issue_id: int, person: int, event: str, actor_id: int) -> None:
    at = hub.now()
    timeline.record(db, issue_id, event, actor_id, at, assignee_id=person)
    db.execute("update issues set updated_at = ? where id = ?", (at, issue_id))
    with deliveries.speaking(hub):
        issue_hooks.emit(hub, db, issue_id, event, actor_id, assignee=account_shapes.user(person))
