"""Searching issues and pull requests, as far as people and `gh` use it: https://docs.github.com/rest/search/search#search-issues-and-pull-requests"""

import shlex
import sqlite3
from typing import Any

from flask import Blueprint, Response, request

from bot.hub.shapes import issues as issue_shapes
from bot.hub.web.access import can_see
from bot.hub.web.answers import Problem, answered
from bot.hub.web.context import current
from bot.hub.web.fields import one_of
from bot.hub.web.paging import paged

routes = Blueprint("search", __name__)
_PULL = "exists (select 1 from pulls where issue_id = issues.id)"
_TESTS = {
    "label": "exists (select 1 from issue_labels join labels on labels.id = label_id where issue_id = issues.id and labels.name = ?)",
    "author": "author_id = (select id from users where login = ?)",
    "assignee": "exists (select 1 from issue_assignees join users on users.id = user_id where issue_id = issues.id and login = ?)",
    "state": "state = ?",
    "repo": "repo_id = (select repositories.id from repositories join users on users.id = owner_id where login || '/' || repositories.name = ? collate nocase)",
    "user": "repo_id in (select repositories.id from repositories join users on users.id = owner_id where login = ?)",
    "org": "repo_id in (select repositories.id from repositories join users on users.id = owner_id where login = ?)",
}
_IS = {
    "issue": f"not {_PULL}", "pr": _PULL, "open": "state = 'open'", "closed": "state = 'closed'", "public": "1", "private": "1",
    "merged": "exists (select 1 from pulls where issue_id = issues.id and merged_at is not null)",
    "unmerged": "exists (select 1 from pulls where issue_id = issues.id and merged_at is null)",
}  # fmt: skip


@routes.get("/search/issues")
def issues() -> Response:
    asked = request.args.get("q", "").strip()
    if not asked:
        raise Problem(422, "Validation Failed", [{"resource": "Search", "field": "q", "code": "missing"}])
    where, given = _conditions(asked)
    column = {"created": "created_at", "updated": "updated_at", "comments": "(select count(*) from comments where issue_id = issues.id)"}
    sort = column[one_of("sort", "created", column)]
    way = one_of("order", "desc", ("asc", "desc"))
    db = current().db
    rows = db.execute(
        f"select issues.*, {_PULL} as is_pull from issues where {' and '.join(where) or '1'} order by {sort} {way}, id {way} limit 1000",
        given,
    ).fetchall()
    repos = {row["id"]: row for row in db.execute("select * from repositories")}
    seen = [row for row in rows if can_see(repos[row["repo_id"]])]
    items = [_found(repos[row["repo_id"]], row) for row in paged(seen)]
    return answered({"total_count": len(seen), "incomplete_results": False, "search_type": "lexical", "items": items})


def _found(repo: sqlite3.Row, row: sqlite3.Row) -> dict[str, Any]:
    """Search does not say who closed an issue."""
    return {name: value for name, value in issue_shapes.issue(repo, row).items() if name != "closed_by"} | {"score": 1.0}


def _conditions(asked: str) -> tuple[list[str], list[Any]]:
    try:
        parts = shlex.split(asked)
    except ValueError:
        parts = asked.split()
    where: list[str] = []
    given: list[Any] = []
    columns = {part.partition(":")[2] for part in parts if part.startswith("in:")}
    for part in parts:
        negative, plain = part.startswith("-"), part.removeprefix("-")
        name, colon, value = plain.partition(":")
        if name == "in" and colon:
            continue
        if name in ("is", "type") and colon:
            test = _IS.get(value, "0")
        elif colon and name in _TESTS:
            test = _TESTS[name]
            given.append(value)
        else:
            among = ["title"] if columns == {"title"} else ["body"] if columns == {"body"} else ["title", "body"]
            test = f"({' or '.join(f'instr(lower(coalesce({one}, char(0))), ?) > 0' for one in among)})"
            given.extend([plain.lower()] * len(among))
        where.append(f"not {test}" if negative else test)
    return where, given
