"""Labels of a repository, and putting them on issues and taking them off."""

import sqlite3

from flask import Blueprint, Response, request

from bot.hub.changes.labels import ensure, find, put_on, replace, take_off
from bot.hub.shapes import issues as issue_shapes
from bot.hub.web.access import has_role, repository, require
from bot.hub.web.answers import Problem, answered, created, invalid, not_found, nothing
from bot.hub.web.context import current
from bot.hub.web.fields import field, json_body, words
from bot.hub.web.paging import paged_query
from bot.hub.webhooks import labels as label_hooks

routes = Blueprint("labels", __name__)


@routes.get("/repos/<owner>/<name>/labels")
def listed(owner: str, name: str) -> Response:
    repo = repository(owner, name)
    return answered(
        [issue_shapes.label(repo, row) for row in paged_query("select * from labels where repo_id = ? order by name", (repo["id"],))]
    )


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
        label_hooks.tell(current().hub, repo, row, "created", current().actor.user_id)
    return created(issue_shapes.label(repo, row))


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
        label_hooks.tell(current().hub, repo, row, "edited", current().actor.user_id)
    return answered(issue_shapes.label(repo, row))


@routes.get("/repos/<owner>/<name>/labels/<path:label>")
def one(owner: str, name: str, label: str) -> Response:
    repo = repository(owner, name)
    found = find(current().db, repo, label)
    if found is None:
        raise not_found()
    return answered(issue_shapes.label(repo, found))


@routes.delete("/repos/<owner>/<name>/labels/<path:label>")
def delete(owner: str, name: str, label: str) -> Response:
    repo = repository(owner, name)
    require(repo, ("issues", "pull_requests"), "write")
    found = find(current().db, repo, label)
    if found is None:
        raise not_found()
    with current().hub.write() as db:
        label_hooks.tell(current().hub, repo, found, "deleted", current().actor.user_id)
        db.execute("delete from issue_labels where label_id = ?", (found["id"],))
        db.execute("delete from labels where id = ?", (found["id"],))
    return nothing()


def _labelled(owner: str, name: str, number: int) -> tuple[sqlite3.Row, sqlite3.Row]:
    repo = repository(owner, name)
    require(repo, ("issues", "pull_requests"), "write")
    if not has_role(repo, "triage", "issues", "pull_requests"):
        raise Problem(403, "Must have admin rights to Repository.")
    return repo, issue_shapes.issue_row(repo, number)


def _names() -> list[str]:
    """The labels of the body: an object with `labels`, or the bare list that GitHub takes as well."""
    bare = request.get_json(force=True, silent=True)
    return words({"labels": bare} if isinstance(bare, list) else json_body(), "labels") or []


def _on(repo: sqlite3.Row, issue: sqlite3.Row) -> Response:
    return answered([issue_shapes.label(repo, row) for row in issue_shapes.labels_of(issue["id"])])


@routes.get("/repos/<owner>/<name>/issues/<int:number>/labels")
def on_issue(owner: str, name: str, number: int) -> Response:
    repo = repository(owner, name)
    return _on(repo, issue_shapes.issue_row(repo, number))


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
