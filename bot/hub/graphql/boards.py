"""GraphQL: boards (ProjectV2), their fields, items and values."""

import json
from typing import Any

from bot.hub.graphql.nodes import board_visible
from bot.hub.graphql.things import (
    Fields,
    Info,
    Refused,
    Thing,
    connection,
    constant,
    flag,
    issue_or_pull,
    many,
    one,
    query_connection,
    repository_of,
    root,
    user,
)
from bot.hub.shapes import boards as board_shapes
from bot.hub.shapes import markdown
from bot.hub.store import node_ids

NONE = connection([], {})
VALUES = {"TEXT": "Text", "NUMBER": "Number", "DATE": "Date", "SINGLE_SELECT": "SingleSelect"}


def board(board_id: int) -> Thing:
    row = one("select * from boards where id = ?", board_id)
    assert row is not None
    return Thing("ProjectV2", row)


def of_owner(owner: Thing, _info: Info, *, number: int) -> Thing:
    row = one("select * from boards where owner_id = ? and number = ?", owner.id, number)
    found = Thing("ProjectV2", row) if row else None
    if found is None or not board_visible(found):
        raise Refused("NOT_FOUND", f"Could not resolve to a ProjectV2 with the number {number}.")
    return found


def _listed(sql: str, key: int, arguments: dict[str, Any]) -> dict[str, Any]:
    asked = (arguments.get("query") or "").lower()
    order = arguments.get("orderBy") or {"field": "NUMBER", "direction": "DESC"}
    boards = [found for row in many(sql, key) if board_visible(found := Thing("ProjectV2", row)) and asked in row["title"].lower()]
    column = {"TITLE": "title", "NUMBER": "number", "UPDATED_AT": "updated_at", "CREATED_AT": "created_at"}[order["field"]]
    return connection(sorted(boards, key=lambda found: found[column], reverse=order["direction"] == "DESC"), arguments)


def all_of_owner(owner: Thing, _info: Info, **arguments: Any) -> dict[str, Any]:
    return _listed("select * from boards where owner_id = ?", owner.id, arguments)


def all_of_repository(repo: Thing, _info: Info, **arguments: Any) -> dict[str, Any]:
    return _listed("select * from boards where repo_id = ?", repo.id, arguments)


def of_repository(repo: Thing, _info: Info, *, number: int) -> Thing | None:
    row = one("select * from boards where repo_id = ? and number = ?", repo.id, number)
    return Thing("ProjectV2", row) if row and board_visible(Thing("ProjectV2", row)) else None


def field_thing(row: Any) -> Thing:
    return Thing(board_shapes.field_kind(row), row)


def field(source: Thing, _info: Info, *, name: str) -> Thing | None:
    row = one("select * from board_fields where board_id = ? and name = ?", source.id, name)
    return field_thing(row) if row else None


def fields(source: Thing, _info: Info, **arguments: Any) -> dict[str, Any]:
    rows = many("select * from board_fields where board_id = ? order by id", source.id)
    return connection([field_thing(row) for row in rows], arguments)


def options(source: Thing, _info: Info, *, names: list[str] | None = None) -> list[dict[str, Any]]:
    return [
        option | {"nameHTML": markdown.plain(option["name"]), "descriptionHTML": markdown.plain(option["description"])}
        for option in json.loads(source["options"])
        if names is None or option["name"] in names
    ]


def items(source: Thing, _info: Info, **arguments: Any) -> dict[str, Any]:
    return query_connection("ProjectV2Item", "select * from board_items where board_id = ?", [source.id], "position", arguments)


def views(source: Thing, _info: Info, **arguments: Any) -> dict[str, Any]:
    return query_connection("ProjectV2View", "select * from board_views where board_id = ?", [source.id], "number", arguments)


def view(source: Thing, _info: Info, *, number: int) -> Thing | None:
    row = one("select * from board_views where board_id = ? and number = ?", source.id, number)
    return Thing("ProjectV2View", row) if row else None


def repositories(source: Thing, _info: Info, **arguments: Any) -> dict[str, Any]:
    return connection([repository_of(source["repo_id"])] if source["repo_id"] else [], arguments)


def path(source: Thing, info: Info) -> str:
    owner = user(source["owner_id"])
    assert owner is not None
    where = f"/{'orgs' if owner.kind == 'Organization' else 'users'}/{owner['login']}/projects/{source['number']}"
    return where if info.field_name == "resourcePath" else f"{root()}{where}"


def value(item: Thing, row: Any) -> dict[str, Any]:
    """A value with the field it stands in; `row` is of board_values joined with its field."""
    kind = f"ProjectV2ItemField{VALUES[row['data_type']]}Value"
    field_row = one("select * from board_fields where id = ?", row["field_id"])
    shown = {
        "__typename": kind,
        "id": node_ids.encode(kind, f"{item.id}:{row['field_id']}"),
        "databaseId": None,
        "createdAt": row["updated_at"],
        "updatedAt": row["updated_at"],
        "creator": None,
        "field": field_thing(field_row),
        "item": item,
    }
    stored = json.loads(row["value"])
    match row["data_type"]:
        case "TEXT":
            return shown | {"text": stored}
        case "NUMBER":
            return shown | {"number": stored}
        case "DATE":
            return shown | {"date": stored}
    option = next((one for one in json.loads(row["options"]) if one["id"] == stored), {"name": None, "color": "GRAY", "description": ""})
    words = {"descriptionHTML": option["description"], "nameHTML": option["name"], "optionId": stored}
    return shown | words | {"name": option["name"], "color": option["color"], "description": option["description"]}


STORED = (
    "select board_values.*, data_type, options, name from board_values join board_fields on board_fields.id = field_id where item_id = ?"
)


def title_value(item: Thing) -> dict[str, Any]:
    content = issue_or_pull(item["issue_id"])
    assert content is not None
    row = one("select * from board_fields where board_id = ? and data_type = 'TITLE'", item["board_id"])
    kind = "ProjectV2ItemFieldTextValue"
    shared = {"databaseId": None, "createdAt": item["created_at"], "updatedAt": item["updated_at"], "creator": None, "item": item}
    return shared | {
        "__typename": kind,
        "id": node_ids.encode(kind, f"{item.id}:title"),
        "text": content["title"],
        "field": field_thing(row),
    }


def item_values(item: Thing, _info: Info, **arguments: Any) -> dict[str, Any]:
    stored = [value(item, row) for row in many(f"{STORED} order by field_id", item.id)]
    return connection([title_value(item), *stored], arguments)


def item_value(item: Thing, _info: Info, *, name: str) -> dict[str, Any] | None:
    if name.lower() == "title":
        return title_value(item)
    row = one(f"{STORED} and name = ?", item.id, name)
    return value(item, row) if row else None


def content_kind(item: Thing, _info: Info) -> str:
    content = issue_or_pull(item["issue_id"])
    return "PULL_REQUEST" if content and content.kind == "PullRequest" else "ISSUE"


def project(part: Thing, _info: Info) -> Thing:
    return board(part["board_id"])


def born(part: Thing, _info: Info) -> str:
    return str(board(part["board_id"])["created_at"])


PART = {"createdAt": born, "updatedAt": born, "project": project}

FIELDS: Fields = {
    "User": {"projectV2": of_owner, "projectsV2": all_of_owner},
    "Organization": {"projectV2": of_owner, "projectsV2": all_of_owner},
    "Repository": {"projectV2": of_repository, "projectsV2": all_of_repository},
    "ProjectV2": {
        "closed": flag("closed"),
        "closedAt": lambda source, _info: source["updated_at"] if source["closed"] else None,
        "creator": lambda source, _info: user(source["owner_id"]),
        "field": field,
        "fields": fields,
        "items": items,
        "owner": lambda source, _info: user(source["owner_id"]),
        "public": flag("public"),
        "readme": constant(None),
        "repositories": repositories,
        "resourcePath": path,
        "template": constant(False),
        "url": path,
        "view": view,
        "viewerCanClose": constant(True),
        "viewerCanReopen": constant(True),
        "viewerCanUpdate": constant(True),
        "views": views,
    },
    "ProjectV2Field": PART,
    "ProjectV2SingleSelectField": PART | {"options": options},
    "ProjectV2View": PART,
    "ProjectV2Item": {
        "content": lambda item, _info: issue_or_pull(item["issue_id"]),
        "creator": constant(None),
        "fieldValueByName": item_value,
        "fieldValues": item_values,
        "isArchived": flag("archived"),
        "project": project,
        "type": content_kind,
    },
}
