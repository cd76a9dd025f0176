"""Labels of a repository, and putting them on issues and taking them off."""

import sqlite3
from collections.abc import Sequence

from flask import Blueprint, Response, request

from bot.hub import issue_payloads, shapes, timeline, webhooks
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
    not_found,
    nothing,
    paged_query,
    repository,
    require,
    words,
)

routes = Blueprint("labels", __name__)


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
    for old in shapes.labels_of(issue_id):
        if old["name"].casefold() not in {name.casefold() for name in names}:
            take_off(hub, db, repo, issue_id, old["name"], actor_id)
    put_on(hub, db, repo, issue_id, names, actor_id)


def _happened(hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, issue_id: int, label: sqlite3.Row, event: str, actor_id: int) -> None:
    at = hub.now()
    timeline.record(db, issue_id, event, actor_id, at, label={"name": label["name"], "color": label["color"]})
    db.execute("update issues set updated_at = ? where id = ?", (at, issue_id))
    issue_payloads.emit(hub, db, issue_id, event, actor_id, label=issue_payloads.label(hub, repo, label))


@routes.get("/repos/<owner>/<name>/labels")
def listed(owner: str, name: str) -> Response:
    repo = repository(owner, name)
    return answered([shapes.label(repo, row) for row in paged_query("select * from labels where repo_id = ? order by name", (repo["id"],))])


@routes.post("/repos/<owner>/<name>/labels")
def make(owner: str, name: str) -> Response:
    repo = repository(owner, name)
    require(repo, ("issues", "pull_requests"), "write")
    body = json_body()
    wanted = field(body, "name", str, required=True)
    with current().hub.write() as db:
        if find(db, repo, wanted):
            raise invalid("Label", "name", "already_exists")
        color = (field(body, "color", str) or "ededed").lstrip("#")
        description = field(body, "description", str)
        if description and len(description) > 100:
            raise invalid("Label", "description", "invalid")
        db.execute("insert into labels (repo_id, name, color, description) values (?, ?, ?, ?)", (repo["id"], wanted, color, description))
        row = ensure(db, repo, wanted)
        _told(repo, row, "created")
    return created(shapes.label(repo, row))


def _told(repo: sqlite3.Row, row: sqlite3.Row, action: str) -> None:
    now = current()
    webhooks.emit(now.hub, "label", action, repo["id"], {"label": shapes.label(repo, row)}, now.actor.user_id)


@routes.patch("/repos/<owner>/<name>/labels/<path:label>")
def change(owner: str, name: str, label: str) -> Response:
    repo = repository(owner, name)
    require(repo, ("issues", "pull_requests"), "write")
    found, body = find(current().db, repo, label), json_body()
    if found is None:
        raise not_found()
    wanted = field(body, "new_name", str) or found["name"]
    with current().hub.write() as db:
        other = find(db, repo, wanted)
        if other is not None and other["id"] != found["id"]:
            raise invalid("Label", "name", "already_exists")
        color = (field(body, "color", str) or found["color"]).lstrip("#")
        description = field(body, "description", str) if "description" in body else found["description"]
        db.execute("update labels set name = ?, color = ?, description = ? where id = ?", (wanted, color, description, found["id"]))
        row = ensure(db, repo, wanted)
        _told(repo, row, "edited")
    return answered(shapes.label(repo, row))


@routes.get("/repos/<owner>/<name>/labels/<path:label>")
def one(owner: str, name: str, label: str) -> Response:
    repo = repository(owner, name)
    found = find(current().db, repo, label)
    if found is None:
        raise not_found()
    return answered(shapes.label(repo, found))


@routes.delete("/repos/<owner>/<name>/labels/<path:label>")
def delete(owner: str, name: str, label: str) -> Response:
    repo = repository(owner, name)
    require(repo, ("issues", "pull_requests"), "write")
    found = find(current().db, repo, label)
    if found is None:
        raise not_found()
    with current().hub.write() as db:
        _told(repo, found, "deleted")
        db.execute("delete from issue_labels where label_id = ?", (found["id"],))
        db.execute("delete from labels where id = ?", (found["id"],))
    return nothing()


def _labelled(owner: str, name: str, number: int) -> tuple[sqlite3.Row, sqlite3.Row]:
    repo = repository(owner, name)
    require(repo, ("issues", "pull_requests"), "write")
    if not has_role(repo, "triage", "issues", "pull_requests"):
        raise Problem(403, "Must have admin rights to Repository.")
    return repo, shapes.issue_row(repo, number)


def _names() -> list[str]:
    """The labels of the body: an object with `labels`, or the bare list that GitHub takes as well."""
    bare = request.get_json(force=True, silent=True)
    return words({"labels": bare} if isinstance(bare, list) else json_body(), "labels") or []


def _on(repo: sqlite3.Row, issue: sqlite3.Row) -> Response:
    return answered([shapes.label(repo, row) for row in shapes.labels_of(issue["id"])])


@routes.get("/repos/<owner>/<name>/issues/<int:number>/labels")
def on_issue(owner: str, name: str, number: int) -> Response:
    repo = repository(owner, name)
    return _on(repo, shapes.issue_row(repo, number))


@routes.post("/repos/<owner>/<name>/issues/<int:number>/labels")
def add(owner: str, name: str, number: int) -> Response:
    repo, issue = _labelled(owner, name, number)
    with current().hub.write() as db:
        put_on(current().hub, db, repo, issue["id"], _names(), current().actor.user_id)
    return _on(repo, issue)


@routes.put("/repos/<owner>/<name>/issues/<int:number>/labels")
def set_all(owner: str, name: str, number: int) -> Response:
    repo, issue = _labelled(owner, name, number)
    with current().hub.write() as db:
        replace(current().hub, db, repo, issue["id"], _names(), current().actor.user_id)
    return _on(repo, issue)


@routes.delete("/repos/<owner>/<name>/issues/<int:number>/labels/<path:label>")
def remove(owner: str, name: str, number: int, label: str) -> Response:
    repo, issue = _labelled(owner, name, number)
    with current().hub.write() as db:
        if not take_off(current().hub, db, repo, issue["id"], label, current().actor.user_id):
            raise Problem(404, "Label does not exist")
    return _on(repo, issue)
