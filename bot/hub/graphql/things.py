"""What every GraphQL resolver stands on: a row with its kind, lists in pages, the loaders of rows, and refusals in GitHub's words."""

import binascii
import re
import sqlite3
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request
from graphql import GraphQLError, GraphQLResolveInfo

from bot.hub.store import node_ids
from bot.hub.web.access import can_see
from bot.hub.web.context import current

Info = GraphQLResolveInfo
Resolver = Callable[..., Any]
Fields = Mapping[str, Mapping[str, Resolver]]
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
REPOSITORIES = "select repositories.*, login as owner from repositories join users on users.id = owner_id"


@dataclass(frozen=True, slots=True)
class Thing:
    """A row of the database under the name of its GraphQL type; fields without a resolver are its columns."""

    kind: str
    row: sqlite3.Row

    def __getitem__(self, column: str) -> Any:
        return self.row[column]

    @property
    def id(self) -> int:
        return int(self.row["id"])


class Refused(GraphQLError):
    """An error with the `type` by which GitHub's clients tell errors apart."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message, extensions={"type": kind})


def unresolvable(node_id: str) -> Refused:
    return Refused("NOT_FOUND", f"Could not resolve to a node with the global id of '{node_id}'")


def resolve_field(source: Any, info: Info, **_arguments: Any) -> Any:
    """A field that nobody wrote a resolver for: the id, the database's id, or a column or key of that name."""
    name = info.field_name
    if isinstance(source, Thing):
        match name:
            case "id":
                return node_ids.encode(source.kind, source.id)
            case "databaseId" | "fullDatabaseId":
                return source.id
            case _:
                return source.row[CAMEL.sub("_", name).lower()]
    found = source.get(name)
    return found() if callable(found) else found


def resolve_kind(source: Any, *_rest: Any) -> str:
    return source.kind if isinstance(source, Thing) else str(source["__typename"])


def constant(value: Any) -> Resolver:
    return lambda *_, **__: value


def flag(column: str) -> Resolver:
    return lambda source, _info: bool(source[column])


def one(sql: str, *parameters: Any) -> sqlite3.Row | None:
    row: sqlite3.Row | None = current().db.execute(sql, parameters).fetchone()
    return row


def many(sql: str, *parameters: Any) -> list[sqlite3.Row]:
    return current().db.execute(sql, parameters).fetchall()


def count(sql: str, *parameters: Any) -> int:
    return int(current().db.execute(f"select count(*) from ({sql})", parameters).fetchone()[0])


def user(user_id: int | None) -> Thing | None:
    row = one("select * from users where id = ?", user_id) if user_id else None
    return Thing(row["type"], row) if row else None


def user_named(login: str, *kinds: str) -> Thing | None:
    row = one("select * from users where login = ?", login)
    return Thing(row["type"], row) if row and row["type"] in kinds else None


def repository_of(repo_id: int) -> Thing:
    row = one(f"{REPOSITORIES} where repositories.id = ?", repo_id)
    assert row is not None
    return Thing("Repository", row)


def visible_repository(repo_id: int) -> Thing | None:
    row = one(f"{REPOSITORIES} where repositories.id = ?", repo_id)
    return Thing("Repository", row) if row and can_see(row) else None


ISSUES = "select issues.* from issues where id not in (select issue_id from pulls)"
PULLS = "select pulls.*, issues.* from pulls join issues on issues.id = pulls.issue_id"


def issue_or_pull(issue_id: int | None) -> Thing | None:
    pull = one(f"{PULLS} where issues.id = ?", issue_id)
    if pull:
        return Thing("PullRequest", pull)
    issue = one("select * from issues where id = ?", issue_id)
    return Thing("Issue", issue) if issue else None


def things(kind: str, rows: Sequence[sqlite3.Row]) -> list[Thing]:
    return [Thing(kind, row) for row in rows]


def root() -> str:
    """Where the pages are, on the host that was asked: the API's own name for itself is not theirs."""
    return re.sub(r"^(https?://)api\.", r"\1", request.host_url.rstrip("/"))


def connection(items: Sequence[Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The page of a list that the arguments ask for."""
    start, end = _window(len(items), arguments)
    return _page(items[start:end], start, len(items), lambda: len(items))


def query_connection(kind: str, sql: str, parameters: Sequence[Any], order: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The same for a query, of which only the page is read; its rows are counted only for those who ask."""
    if arguments.get("last") is not None or arguments.get("before"):
        total = count(sql, *parameters)
        start, end = _window(total, arguments)
        rows = many(f"{sql} order by {order} limit ? offset ?", *parameters, end - start, start)
        return _page(things(kind, rows), start, total, lambda: total)
    start = _offset(arguments.get("after"))
    size = arguments.get("first") or 0
    rows = many(f"{sql} order by {order} limit ? offset ?", *parameters, size + 1, start) if size else []
    return _page(things(kind, rows[:size]), start, start + len(rows), lambda: count(sql, *parameters))


def _page(items: Sequence[Any], start: int, known: int, total: Callable[[], int]) -> dict[str, Any]:
    end = start + len(items)
    return {
        "nodes": items,
        "edges": [{"node": item, "cursor": cursor(start + place)} for place, item in enumerate(items, 1)],
        "totalCount": total,
        "pageInfo": {
            "hasNextPage": end < known,
            "hasPreviousPage": start > 0,
            "startCursor": cursor(start + 1) if items else None,
            "endCursor": cursor(end) if items else None,
        },
    }


def _window(total: int, arguments: Mapping[str, Any]) -> tuple[int, int]:
    start, end = _offset(arguments.get("after")), total
    if arguments.get("before"):
        end = min(end, _offset(arguments["before"]) - 1)
    if arguments.get("first") is not None:
        end = min(end, start + arguments["first"])
    if arguments.get("last") is not None:
        start = max(start, end - arguments["last"])
    return start, max(start, end)


def cursor(place: int) -> str:
    return b64encode(f"cursor:v2:{place}".encode()).decode()


def _offset(text: str | None) -> int:
    if not text:
        return 0
    try:
        return int(b64decode(text).decode().removeprefix("cursor:v2:"))
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise Refused("INVALID_CURSOR_ARGUMENTS", f"`{text}` does not appear to be a valid cursor.") from None


def key_of(node_id: str, *kinds: str) -> int:
    try:
        return node_ids.key_of(node_id, *kinds)
    except node_ids.NotANodeId:
        raise unresolvable(node_id) from None
