"""GraphQL: what is asked for by its node id, by searching, or about the asker's own limits."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import g

from bot.hub.graphql.things import (
    REPOSITORIES,
    Fields,
    Info,
    Refused,
    Thing,
    issue_or_pull,
    many,
    one,
    query_connection,
    unresolvable,
    user,
    visible_repository,
)
from bot.hub.store import node_ids
from bot.hub.store.hub import stamp
from bot.hub.web.access import can_see
from bot.hub.web.actors import Kind
from bot.hub.web.context import current

LIMIT = 5000
EITHER = "select pulls.*, issues.* from issues left join pulls on pulls.issue_id = issues.id"
TABLES = {
    "IssueComment": "comments",
    "Label": "labels",
    "PullRequestReview": "reviews",
    "PullRequestReviewComment": "review_comments",
    "PullRequestReviewThread": "review_comments",
    "CheckRun": "check_runs",
    "CheckSuite": "check_suites",
    "StatusContext": "statuses",
    "MergeQueueEntry": "merge_queue_entries",
    "ProjectV2": "boards",
    "ProjectV2Field": "board_fields",
    "ProjectV2SingleSelectField": "board_fields",
    "ProjectV2Item": "board_items",
    "ProjectV2View": "board_views",
}


def load(node_id: str) -> Thing:
    """The thing behind a node id, if there is one that the asker may see."""
    try:
        kind, key = node_ids.decode(node_id)
    except node_ids.NotANodeId:
        raise unresolvable(node_id) from None
    found: Thing | None = None
    if isinstance(key, int):
        if kind in ("User", "Bot", "Organization"):
            found = user(key)
        elif kind == "Repository":
            found = visible_repository(key)
        elif kind in ("Issue", "PullRequest"):
            found = issue_or_pull(key)
        elif table := TABLES.get(kind):
            row = one(f"select * from {table} where id = ?", key)
            found = Thing(kind, row) if row else None
    if found is None or not visible(found):
        raise unresolvable(node_id)
    return found


def visible(thing: Thing) -> bool:
    columns = thing.row.keys()
    if thing.kind == "ProjectV2":
        return board_visible(thing)
    if "board_id" in columns:
        return board_visible(Thing("ProjectV2", _row("select * from boards where id = ?", thing["board_id"])))
    if thing.kind == "Repository" or not {"repo_id", "issue_id"} & set(columns):
        return True
    repo_id = thing["repo_id"] if "repo_id" in columns else _row("select repo_id from issues where id = ?", thing["issue_id"])["repo_id"]
    return visible_repository(repo_id) is not None


def _row(sql: str, key: int) -> Any:
    row = one(sql, key)
    assert row is not None
    return row


def board_visible(board: Thing) -> bool:
    """An installation sees the boards of organizations only; a person's own boards are not there for it."""
    actor = current().actor
    if actor.kind is Kind.INSTALLATION:
        owner = user(board["owner_id"])
        return owner is not None and owner.kind == "Organization" and "organization_projects" in actor.permissions
    return bool(board["public"]) or board["owner_id"] == actor.user_id


def node(_source: Any, _info: Info, *, id: str) -> Thing:  # noqa: A002 - the argument's name is GitHub's
    return load(id)


def nodes(_source: Any, _info: Info, *, ids: list[str]) -> list[Thing | Refused]:
    found: list[Thing | Refused] = []
    for node_id in ids:
        try:
            found.append(load(node_id))
        except Refused as refused:
            found.append(refused)
    return found


def rate_limit(_source: Any, _info: Info, **_dry: Any) -> dict[str, Any]:
    now = current()
    hour = now.hub.later(-3600)
    used = now.db.execute(
        "select count(*) from requests where actor = ? and resource = 'graphql' and at > ?", (now.actor.login, hour)
    ).fetchone()[0]
    used += g.cost.points
    return {
        "limit": LIMIT,
        "cost": g.cost.points,
        "nodeCount": g.cost.nodes,
        "used": used,
        "remaining": max(0, LIMIT - used),
        "resetAt": stamp(now.hub.clock() + timedelta(hours=1)),
    }


WORD = re.compile(r'(?:(?P<key>[\w-]+):)?(?:"(?P<quoted>[^"]*)"|(?P<plain>\S+))')
SIMPLE: dict[str, Callable[[str], tuple[str, list[Any]]]] = {
    "author": lambda login: ("issues.author_id = (select id from users where login = ?)", [login]),
    "assignee": lambda login: (
        "issues.id in (select issue_id from issue_assignees join users on users.id = user_id where login = ?)",
        [login],
    ),
    "label": lambda name: (
        "issues.id in (select issue_id from issue_labels join labels on labels.id = label_id where labels.name = ?)",
        [name],
    ),
    "state": lambda state: ("issues.state = ?", [state]),
    "base": lambda branch: ("base_ref = ?", [branch]),
    "head": lambda branch: ("head_ref = ?", [branch]),
    "review-requested": lambda login: (
        "issues.id in (select issue_id from review_requests join users on users.id = user_id where login = ?)",
        [login],
    ),
    "mentions": lambda login: ("instr(lower(coalesce(issues.body, '')), lower(?))", [f"@{login}"]),
}
FORMS = {
    "issue": "pulls.issue_id is null",
    "pr": "pulls.issue_id is not null",
    "open": "issues.state = 'open'",
    "closed": "issues.state = 'closed'",
    "merged": "pulls.merged_at is not null",
    "unmerged": "pulls.merged_at is null",
    "draft": "pulls.draft = 1",
}
ORDERS = {"created": "issues.created_at", "updated": "issues.updated_at"}


def search(_source: Any, _info: Info, *, query: str, type: str, **arguments: Any) -> dict[str, Any]:  # noqa: A002 - GitHub's name
    if type == "REPOSITORY":
        found = query_connection(
            "Repository", f"{REPOSITORIES} where private = 0 and instr(repositories.name, ?)", [query], "repositories.id", arguments
        )
        return found | {"repositoryCount": found["totalCount"], "issueCount": 0, "userCount": 0}
    sql, parameters, order = _searched(query)
    # The rows are told apart after the page is cut: an issue and a pull request are one row here.
    page = query_connection("Issue", sql, parameters, order, arguments)
    found_things = [issue_or_pull(thing.id) for thing in page["nodes"]]
    edges = [edge | {"node": thing} for edge, thing in zip(page["edges"], found_things, strict=True)]
    counts = dict.fromkeys(("codeCount", "discussionCount", "repositoryCount", "userCount", "wikiCount"), 0)
    return page | counts | {"nodes": found_things, "edges": edges, "issueCount": page["totalCount"]}


def _searched(query: str) -> tuple[str, list[Any], str]:
    where, parameters, order = ["1"], [], "issues.created_at desc, issues.id desc"
    seen = [row["id"] for row in many(REPOSITORIES) if can_see(row)]
    where.append(f"issues.repo_id in ({', '.join(map(str, seen)) or 'null'})")
    for match in WORD.finditer(query):
        key, value = (match["key"] or "").lower(), match["quoted"] if match["quoted"] is not None else match["plain"]
        negated, key = key.startswith("-"), key.removeprefix("-")
        value = current().actor.login if value == "@me" else value
        if key == "sort":
            column, _, way = value.partition("-")
            order = f"{ORDERS.get(column, 'issues.created_at')} {'asc' if way == 'asc' else 'desc'}, issues.id desc"
            continue
        if key == "repo":
            owner, _, name = value.partition("/")
            row = one(f"{REPOSITORIES} where login = ? and repositories.name = ?", owner, name)
            clause, given = "issues.repo_id = ?", [row["id"] if row else -1]
        elif key in ("is", "type"):
            clause, given = FORMS.get(value.lower(), "1"), []
        elif key in SIMPLE:
            clause, given = SIMPLE[key](value)
        elif key in ("archived", "in", "user", "org"):
            continue
        else:
            clause, given = "instr(lower(issues.title || ' ' || coalesce(issues.body, '')), lower(?))", [value]
        where.append(f"not ({clause})" if negated else clause)
        parameters += given
    return f"{EITHER} where {' and '.join(where)}", parameters, order


FIELDS: Fields = {"Query": {"node": node, "nodes": nodes, "rateLimit": rate_limit, "search": search}}
