"""Issues: list, make, change, close; and their assignees."""

import sqlite3
from typing import Any

from flask import Blueprint, Response, request

from bot.hub import labels, pushes, shapes, timeline, webhooks
from bot.hub.hub import Hub
from bot.hub.web import (
    answered,
    created,
    current,
    field,
    has_role,
    json_body,
    moment,
    not_found,
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
            assign(db, repo, row["id"], words(body, "assignees") or [])
    shown = shapes.issue(repo, shapes.issue_row(repo, row["number"]))
    webhooks.emit(now.hub, "issues", "opened", repo["id"], {"issue": shown}, now.actor.user_id)
    return created(shown)


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
        if (names := words(body, "labels")) is not None:
            labels.replace(now.hub, db, repo, issue["id"], names, actor.user_id)
        state = field(body, "state", str)
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
    if (title, body) != (None, None):
        emit_issue(hub, repo, issue, "edited", actor_id)


def emit_issue(hub: Hub, repo: sqlite3.Row, issue: sqlite3.Row, action: str, actor_id: int, **more: Any) -> None:
    payload = {"issue": {"number": issue["number"], "id": issue["id"], "title": issue["title"], "state": issue["state"]}, **more}
    webhooks.emit(hub, "issues", action, repo["id"], payload, actor_id)


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


def assign(db: sqlite3.Connection, repo: sqlite3.Row, issue_id: int, logins: list[str]) -> None:
    """Who may not push is ignored in silence, as on GitHub."""
    for login in logins[:10]:
        found = db.execute("select id from users where login = ?", (login,)).fetchone()
        role = (
            found and db.execute("select role from collaborators where repo_id = ? and user_id = ?", (repo["id"], found["id"])).fetchone()
        )
        if found and (repo["owner_id"] == found["id"] or (role and role["role"] in ("write", "maintain", "admin"))):
            db.execute("insert or ignore into issue_assignees values (?, ?)", (issue_id, found["id"]))


@routes.post("/repos/<owner>/<name>/issues/<int:number>/assignees")
def add_assignees(owner: str, name: str, number: int) -> Response:
    repo = repository(owner, name)
    require(repo, ("issues", "pull_requests"), "write")
    issue = shapes.issue_row(repo, number)
    if has_role(repo, "triage", "issues", "pull_requests"):
        with current().hub.write() as db:
            assign(db, repo, issue["id"], words(json_body(), "assignees") or [])
    return created(shapes.issue(repo, shapes.issue_row(repo, number)))


@routes.get("/repos/<owner>/<name>/issues/<int:number>/dependencies/blocked_by")
def blocked_by(owner: str, name: str, number: int) -> Response:
    repo = repository(owner, name)
    issue = shapes.issue_row(repo, number)
    rows = paged_query(f"select issues.*, {_PULL} from issues join blocked_by on blocker_id = issues.id where issue_id = ?", (issue["id"],))
    return answered([shapes.issue(repo, row) for row in rows])


@routes.post("/repos/<owner>/<name>/issues/<int:number>/dependencies/blocked_by")
def block(owner: str, name: str, number: int) -> Response:
    """Takes the database id of the blocking issue, not its number."""
    repo = repository(owner, name)
    require(repo, "issues", "write")
    issue = shapes.issue_row(repo, number)
    blocker = field(json_body(), "issue_id", int, required=True)
    found = current().db.execute("select * from issues where id = ?", (blocker,)).fetchone()
    if found is None:
        raise not_found()
    with current().hub.write() as db:
        db.execute("insert or ignore into blocked_by values (?, ?)", (issue["id"], blocker))
    return created(shapes.issue(repo, shapes.issue_row(repo, found["number"])))
