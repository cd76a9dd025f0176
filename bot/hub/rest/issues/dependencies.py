"""What waits for what, and what is part of what: https://docs.github.com/rest/issues/issue-dependencies and /sub-issues"""

import sqlite3

from flask import Blueprint, Response

from bot.hub.changes import relations
from bot.hub.shapes import issues as issue_shapes
from bot.hub.web.access import can_see, has_role, repository, require
from bot.hub.web.answers import Problem, answered, created, not_found
from bot.hub.web.context import current
from bot.hub.web.fields import field, json_body
from bot.hub.web.paging import paged_query

routes = Blueprint("dependencies", __name__)
_ISSUE = "issues.*, exists (select 1 from pulls where pulls.issue_id = issues.id) as is_pull"
_BASE = "/repos/<owner>/<name>/issues/<int:number>"
MOST_CHILDREN = 100


def _asked(owner: str, name: str, number: int, level: str) -> tuple[sqlite3.Row, sqlite3.Row]:
    repo = repository(owner, name)
    require(repo, "issues", level)
    if level == "write" and not has_role(repo, "triage", "issues"):
        raise Problem(403, "Must have admin rights to Repository.")
    return repo, issue_shapes.issue_row(repo, number)


def _refused(message: str) -> Problem:
    return Problem(422, "Validation Failed", [{"resource": "Issue", "code": "custom", "field": "base", "message": message}])


def _by_id(issue_id: int) -> tuple[sqlite3.Row, sqlite3.Row]:
    """The issue that a body names by its database id, wherever it is, if the asker may see it."""
    db = current().db
    row = db.execute(f"select {_ISSUE} from issues where id = ?", (issue_id,)).fetchone()
    repo = row and db.execute("select * from repositories where id = ?", (row["repo_id"],)).fetchone()
    if row is None or not can_see(repo):
        raise not_found()
    return repo, row


def _shown(sql: str, issue_id: int) -> Response:
    db = current().db
    found = []
    for row in paged_query(sql, (issue_id,)):
        repo = db.execute("select * from repositories where id = ?", (row["repo_id"],)).fetchone()
        found.append(issue_shapes.issue(repo, row))
    return answered(found)


@routes.get(f"{_BASE}/dependencies/blocked_by")
def blocked_by(owner: str, name: str, number: int) -> Response:
    _, issue = _asked(owner, name, number, "read")
    return _shown(
        f"select {_ISSUE} from issues join blocked_by on blocker_id = issues.id where blocked_by.issue_id = ? order by id", issue["id"]
    )


@routes.get(f"{_BASE}/dependencies/blocking")
def blocking(owner: str, name: str, number: int) -> Response:
    _, issue = _asked(owner, name, number, "read")
    return _shown(
        f"select {_ISSUE} from issues join blocked_by on blocked_by.issue_id = issues.id where blocker_id = ? order by id", issue["id"]
    )


@routes.post(f"{_BASE}/dependencies/blocked_by")
def block(owner: str, name: str, number: int) -> Response:
    """Takes the database id of the blocking issue, not its number."""
    _, issue = _asked(owner, name, number, "write")
    where, blocker = _by_id(field(json_body(), "issue_id", int, required=True))
    if blocker["id"] == issue["id"]:
        raise _refused("An issue cannot be blocked by itself")
    now = current()
    with now.hub.write() as db:
        done = db.execute("insert or ignore into blocked_by values (?, ?)", (issue["id"], blocker["id"])).rowcount
        if not done:
            raise _refused("Target issue has already been taken")
        relations.related(now.hub, db, issue, "blocked_by_added", blocker, now.actor.user_id)
    return created(issue_shapes.issue(where, _by_id(blocker["id"])[1]))


@routes.delete(f"{_BASE}/dependencies/blocked_by/<int:blocker_id>")
def unblock(owner: str, name: str, number: int, blocker_id: int) -> Response:
    _, issue = _asked(owner, name, number, "write")
    where, blocker = _by_id(blocker_id)
    now = current()
    with now.hub.write() as db:
        if db.execute("delete from blocked_by where issue_id = ? and blocker_id = ?", (issue["id"], blocker_id)).rowcount == 0:
            raise not_found()
        relations.related(now.hub, db, issue, "blocked_by_removed", blocker, now.actor.user_id)
    return answered(issue_shapes.issue(where, _by_id(blocker_id)[1]))


@routes.get(f"{_BASE}/sub_issues")
def children(owner: str, name: str, number: int) -> Response:
    _, issue = _asked(owner, name, number, "read")
    return _shown(
        f"select {_ISSUE} from issues join sub_issues on child_id = issues.id where parent_id = ? order by position, id", issue["id"]
    )


@routes.get(f"{_BASE}/parent")
def parent(owner: str, name: str, number: int) -> Response:
    _, issue = _asked(owner, name, number, "read")
    row = current().db.execute("select parent_id from sub_issues where child_id = ?", (issue["id"],)).fetchone()
    if row is None:
        raise not_found()
    where, found = _by_id(row["parent_id"])
    return answered(issue_shapes.issue(where, found))


@routes.post(f"{_BASE}/sub_issues")
def adopt(owner: str, name: str, number: int) -> Response:
    _, issue = _asked(owner, name, number, "write")
    body, now = json_body(), current()
    where, child = _by_id(field(body, "sub_issue_id", int, required=True))
    if child["id"] == issue["id"]:
        raise _refused("An issue cannot be its own sub-issue")
    with now.hub.write() as db:
        held = db.execute("select parent_id from sub_issues where child_id = ?", (child["id"],)).fetchone()
        if held and not field(body, "replace_parent", bool):
            raise _refused("Sub issue may only have one parent")
        count = db.execute("select count(*), coalesce(max(position), 0) from sub_issues where parent_id = ?", (issue["id"],)).fetchone()
        if count[0] >= MOST_CHILDREN:
            raise _refused("Parent cannot have more than 100 sub-issues")
        db.execute(
            "insert or replace into sub_issues (parent_id, child_id, position) values (?, ?, ?)", (issue["id"], child["id"], count[1] + 1)
        )
        relations.related(now.hub, db, issue, "sub_issue_added", child, now.actor.user_id)
        relations.related(now.hub, db, child, "parent_issue_added", issue, now.actor.user_id)
    return created(issue_shapes.issue(where, _by_id(child["id"])[1]))


@routes.delete(f"{_BASE}/sub_issue")
def release(owner: str, name: str, number: int) -> Response:
    _, issue = _asked(owner, name, number, "write")
    where, child = _by_id(field(json_body(), "sub_issue_id", int, required=True))
    now = current()
    with now.hub.write() as db:
        if db.execute("delete from sub_issues where parent_id = ? and child_id = ?", (issue["id"], child["id"])).rowcount == 0:
            raise not_found()
        relations.related(now.hub, db, issue, "sub_issue_removed", child, now.actor.user_id)
        relations.related(now.hub, db, child, "parent_issue_removed", issue, now.actor.user_id)
    return answered(issue_shapes.issue(where, _by_id(child["id"])[1]))
