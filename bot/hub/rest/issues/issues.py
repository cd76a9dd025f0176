"""Issues: list, make, change, close, lock."""

import sqlite3
from typing import Any

from flask import Blueprint, Response, request

from bot.hub.changes import assignees, labels, milestones, pushes, timeline
from bot.hub.changes.issues import close_issue, create_issue_row, edit, reopen_issue
from bot.hub.shapes import issues as issue_shapes
from bot.hub.web.access import has_role, repository, require, signed_in
from bot.hub.web.answers import Problem, answered, created, invalid, not_found, nothing
from bot.hub.web.context import current
from bot.hub.web.fields import field, json_body, moment, one_of, words
from bot.hub.web.paging import paged_query
from bot.hub.webhooks import issues as issue_hooks

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
    if milestone := request.args.get("milestone"):
        on = "select 1 from issue_milestones join milestones on milestones.id = milestone_id where issue_id = issues.id"
        where.append(
            f"{'not ' if milestone == 'none' else ''}exists ({on}{'' if milestone in ('none', '*') else ' and milestones.number = ?'})"
        )
        given += [] if milestone in ("none", "*") else [milestone]
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
    return answered([issue_shapes.issue(repo, row) for row in rows])


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
            assignees.put_on(now.hub, db, repo, row["id"], _assignees(body) or [], now.actor.user_id)
            _on_milestone(repo, row["id"], body)
        issue_hooks.emit(now.hub, db, row["id"], "opened", now.actor.user_id)
    return created(issue_shapes.issue(repo, issue_shapes.issue_row(repo, row["number"])))


def _on_milestone(repo: sqlite3.Row, issue_id: int, body: dict[str, Any]) -> None:
    now = current()
    if not milestones.put_on(now.hub, now.db, repo, issue_id, field(body, "milestone", int), now.actor.user_id):
        raise invalid("Issue", "milestone", "invalid")


def _assignees(body: dict[str, Any]) -> list[str] | None:
    """The list, or the one name that older clients send."""
    one = field(body, "assignee", str)
    return [one] if one else words(body, "assignees")


@routes.get("/repos/<owner>/<name>/issues/<int:number>")
def one(owner: str, name: str, number: int) -> Response:
    repo = repository(owner, name)
    pushes.notice(current().hub, repo["id"], None)
    return answered(issue_shapes.issue(repo, issue_shapes.issue_row(repo, number)))


@routes.patch("/repos/<owner>/<name>/issues/<int:number>")
def change(owner: str, name: str, number: int) -> Response:
    repo = repository(owner, name)
    issue, now = issue_shapes.issue_row(repo, number), current()
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
            assignees.replace(now.hub, db, repo, issue["id"], people, actor.user_id)
        if "milestone" in body and may_triage:
            _on_milestone(repo, issue["id"], body)
        state = field(body, "state", str)
        if state not in (None, "open", "closed"):
            raise invalid("Issue", "state", "invalid")
        if state == "closed" and issue["state"] == "open":
            close_issue(now.hub, db, issue, actor.user_id, field(body, "state_reason", str) or "completed")
        elif state == "open" and issue["state"] == "closed":
            reopen_issue(now.hub, db, issue, actor.user_id)
    return answered(issue_shapes.issue(repo, issue_shapes.issue_row(repo, number)))


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
    issue = issue_shapes.issue_row(repo, number)
    with now.hub.write() as db:
        db.execute("update issues set locked = ? where id = ?", (locked, issue["id"]))
        word = "locked" if locked else "unlocked"
        timeline.record(db, issue["id"], word, now.actor.user_id, now.hub.now(), **({"lock_reason": None} if locked else {}))
        issue_hooks.emit(now.hub, db, issue["id"], word, now.actor.user_id)
    return nothing()
