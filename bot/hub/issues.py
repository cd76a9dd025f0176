"""Issues: list, make, change, close, lock."""

import sqlite3
from typing import Any

from flask import Blueprint, Response, request

from bot.hub import assigning, issue_payloads, labels, pushes, shapes, timeline
from bot.hub.hub import Hub
from bot.hub.web import (
    Problem,
    answered,
    created,
    current,
    field,
    has_role,
    invalid,
    json_body,
    moment,
    not_found,
    nothing,
    one_of,
    paged_query,
    repository,
    require,
    signed_in,
    words,
)

routes = Blueprint("issues", __name__)
_PULL = "exists (select 1 from pulls where issue_id = issues.id) as is_pull"


@routes.get("/repos/<owner>/<name>/issues")
def listed(owner: str, name: str) -> Response:
    repo = repository(owner, name)
    require(repo, "issues", "read")
    where, given = ["repo_id = ?"], [repo["id"]]
    state = one_of("state", "open", ("open", "closed", "all"))
    if state != "all":
        where.append("state = ?")
        given.append(state)
    for label in filter(None, request.args.get("labels", "").split(",")):
        where.append(
            "exists (select 1 from issue_labels join labels on labels.id = label_id where issue_id = issues.id and labels.name = ?)"
        )
        given.append(label.strip())
    if since := request.args.get("since"):
        where.append("updated_at >= ?")
        given.append(moment(since))
    if assignee := request.args.get("assignee"):
        mine = "select 1 from issue_assignees join users on users.id = user_id where issue_id = issues.id"
        if assignee in ("none", "*"):
            where.append(f"{'not ' if assignee == 'none' else ''}exists ({mine})")
        else:
            where.append(f"exists ({mine} and login = ?)")
            given.append(assignee)
    if creator := request.args.get("creator"):
        where.append("author_id = (select id from users where login = ?)")
        given.append(creator)
    order = {"created": "created_at", "updated": "updated_at", "comments": "(select count(*) from comments where issue_id = issues.id)"}
    column = order[one_of("sort", "created", order)]
    way = one_of("direction", "desc", ("asc", "desc"))
    rows = paged_query(f"select issues.*, {_PULL} from issues where {' and '.join(where)} order by {column} {way}, number {way}", given)
    return answered([shapes.issue(repo, row) for row in rows])


@routes.post("/repos/<owner>/<name>/issues")
def make(owner: str, name: str) -> Response:
    repo = repository(owner, name)
    require(repo, "issues", "write")
    body = json_body()
    title = field(body, "title", str, required=True)
    now = current()
    with now.hub.write() as db:
        row = create_issue_row(db, repo, title, field(body, "body", str), now.actor.user_id, now.hub.now())
        if has_role(repo, "triage", "issues"):
            labels.put_on(now.hub, db, repo, row["id"], words(body, "labels") or [], now.actor.user_id)
            assigning.put_on(now.hub, db, repo, row["id"], _assignees(body) or [], now.actor.user_id)
        issue_payloads.emit(now.hub, db, row["id"], "opened", now.actor.user_id)
    return created(shapes.issue(repo, shapes.issue_row(repo, row["number"])))


def _assignees(body: dict[str, Any]) -> list[str] | None:
    """The list, or the one name that older clients send."""
    one = field(body, "assignee", str)
    return [one] if one else words(body, "assignees")


def create_issue_row(db: sqlite3.Connection, repo: sqlite3.Row, title: str, body: str | None, author_id: int, at: str) -> sqlite3.Row:
    number = db.execute(
        "update repositories set next_number = next_number + 1 where id = ? returning next_number - 1", (repo["id"],)
    ).fetchone()[0]
    row: sqlite3.Row = db.execute(
        "insert into issues (repo_id, number, title, body, author_id, created_at, updated_at) values (?, ?, ?, ?, ?, ?, ?) returning *",
        (repo["id"], number, title, body, author_id, at, at),
    ).fetchone()
    return row


@routes.get("/repos/<owner>/<name>/issues/<int:number>")
def one(owner: str, name: str, number: int) -> Response:
    repo = repository(owner, name)
    pushes.notice(current().hub, repo["id"], None)
    return answered(shapes.issue(repo, shapes.issue_row(repo, number)))


@routes.patch("/repos/<owner>/<name>/issues/<int:number>")
def change(owner: str, name: str, number: int) -> Response:
    repo = repository(owner, name)
    issue, now = shapes.issue_row(repo, number), current()
    body = json_body()
    actor = signed_in()
    if issue["author_id"] != actor.user_id:
        require(repo, ("issues", "pull_requests"), "write")
        if not has_role(repo, "triage", "issues", "pull_requests"):
            raise not_found()
    with now.hub.write() as db:
        edit(now.hub, db, repo, issue, actor.user_id, title=field(body, "title", str), body=field(body, "body", str))
        may_triage = has_role(repo, "triage", "issues", "pull_requests")  # of others, GitHub drops labels and assignees in silence
        if (names := words(body, "labels")) is not None and may_triage:
            labels.replace(now.hub, db, repo, issue["id"], names, actor.user_id)
        if (people := _assignees(body)) is not None and may_triage:
            assigning.replace(now.hub, db, repo, issue["id"], people, actor.user_id)
        state = field(body, "state", str)
        if state not in (None, "open", "closed"):
            raise invalid("Issue", "state", "invalid")
        if state == "closed" and issue["state"] == "open":
            close_issue(now.hub, db, issue, actor.user_id, field(body, "state_reason", str) or "completed")
        elif state == "open" and issue["state"] == "closed":
            reopen_issue(now.hub, db, issue, actor.user_id)
    return answered(shapes.issue(repo, shapes.issue_row(repo, number)))


def edit(
    hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, issue: sqlite3.Row, actor_id: int, *, title: str | None, body: str | None
) -> None:
    at = hub.now()
    if title is not None and title != issue["title"]:
        timeline.record(db, issue["id"], "renamed", actor_id, at, rename={"from": issue["title"], "to": title})
        db.execute("update issues set title = ?, updated_at = ? where id = ?", (title, at, issue["id"]))
    if body is not None and body != issue["body"]:
        db.execute(
            "update issues set body = ?, updated_at = ?, edited_at = ?, editor_id = ? where id = ?", (body, at, at, actor_id, issue["id"])
        )
    before = {"title": (title, issue["title"]), "body": (body, issue["body"])}
    changes = {name: {"from": old or ""} for name, (new, old) in before.items() if new is not None and new != old}
    if changes:
        emit_issue(hub, repo, issue, "edited", actor_id, changes=changes)


def emit_issue(hub: Hub, repo: sqlite3.Row, issue: sqlite3.Row, action: str, actor_id: int, **more: Any) -> None:
    issue_payloads.emit(hub, hub.db(), issue["id"], action, actor_id, **more)


def _repo(db: sqlite3.Connection, issue: sqlite3.Row) -> sqlite3.Row:
    row: sqlite3.Row = db.execute("select * from repositories where id = ?", (issue["repo_id"],)).fetchone()
    return row


def close_issue(hub: Hub, db: sqlite3.Connection, issue: sqlite3.Row, actor_id: int, reason: str, commit_id: str | None = None) -> None:
    at = hub.now()
    db.execute(
        "update issues set state = 'closed', state_reason = ?, closed_at = ?, closed_by_id = ?, updated_at = ? where id = ?",
        (reason, at, actor_id, at, issue["id"]),
    )
    timeline.record(db, issue["id"], "closed", actor_id, at, commit_id=commit_id, state_reason=reason)
    emit_issue(hub, _repo(db, issue), issue, "closed", actor_id)


def reopen_issue(hub: Hub, db: sqlite3.Connection, issue: sqlite3.Row, actor_id: int) -> None:
    at = hub.now()
    db.execute(
        "update issues set state = 'open', state_reason = 'reopened', closed_at = null, closed_by_id = null, updated_at = ? where id = ?",
        (at, issue["id"]),
    )
    timeline.record(db, issue["id"], "reopened", actor_id, at)
    emit_issue(hub, _repo(db, issue), issue, "reopened", actor_id)


@routes.put("/repos/<owner>/<name>/issues/<int:number>/lock")
def lock(owner: str, name: str, number: int) -> Response:
    return _lock(owner, name, number, locked=True)


@routes.delete("/repos/<owner>/<name>/issues/<int:number>/lock")
def unlock(owner: str, name: str, number: int) -> Response:
    return _lock(owner, name, number, locked=False)


def _lock(owner: str, name: str, number: int, *, locked: bool) -> Response:
    repo, now = repository(owner, name), current()
    require(repo, ("issues", "pull_requests"), "write")
    if not has_role(repo, "write", "issues", "pull_requests"):
        raise Problem(403, "Must have admin rights to Repository.")
    issue = shapes.issue_row(repo, number)
    with now.hub.write() as db:
        db.execute("update issues set locked = ? where id = ?", (locked, issue["id"]))
        word = "locked" if locked else "unlocked"
        timeline.record(db, issue["id"], word, now.actor.user_id, now.hub.now(), **({"lock_reason": None} if locked else {}))
        issue_payloads.emit(now.hub, db, issue["id"], word, now.actor.user_id)
    return nothing()
