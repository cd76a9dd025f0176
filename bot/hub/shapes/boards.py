"""Boards, their fields, items and views as GitHub's REST answers show them."""

import json
import sqlite3
from typing import Any

from bot.hub.shapes import accounts as account_shapes
from bot.hub.shapes import issues as issue_shapes
from bot.hub.shapes import links, markdown
from bot.hub.store import node_ids
from bot.hub.web.context import current


def _login(board: sqlite3.Row) -> sqlite3.Row:
    row: sqlite3.Row = current().db.execute("select * from users where id = ?", (board["owner_id"],)).fetchone()
    return row


def url(board: sqlite3.Row) -> str:
    owner = _login(board)
    kind = "orgs" if owner["type"] == "Organization" else "users"
    return f"{links.root()}/{kind}/{owner['login']}/projectsV2/{board['number']}"


def page(board: sqlite3.Row) -> str:
    owner = _login(board)
    kind = "orgs" if owner["type"] == "Organization" else "users"
    return f"{links.web()}/{kind}/{owner['login']}/projects/{board['number']}"


def board(row: sqlite3.Row) -> dict[str, Any]:
    owner = account_shapes.user(row["owner_id"])
    return {
        "id": row["id"],
        "node_id": node_ids.encode("ProjectV2", row["id"]),
        "owner": owner,
        "creator": owner,
        "title": row["title"],
        "description": row["short_description"],
        "public": bool(row["public"]),
        "closed_at": row["updated_at"] if row["closed"] else None,
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "number": row["number"],
        "short_description": row["short_description"],
        "deleted_at": None,
        "deleted_by": None,
        "state": "closed" if row["closed"] else "open",
        "latest_status_update": None,
        "is_template": False,
    }


def field_kind(row: sqlite3.Row) -> str:
    return "ProjectV2SingleSelectField" if row["data_type"] == "SINGLE_SELECT" else "ProjectV2Field"


def _rich(text: str) -> dict[str, str]:
    return {"raw": text, "html": markdown.plain(text)}


def option(stored: dict[str, str]) -> dict[str, Any]:
    return {"id": stored["id"], "name": _rich(stored["name"]), "description": _rich(stored["description"]), "color": stored["color"]}


def field(board_row: sqlite3.Row, row: sqlite3.Row) -> dict[str, Any]:
    shown = {
        "id": row["id"],
        "node_id": node_ids.encode(field_kind(row), row["id"]),
        "name": row["name"],
        "data_type": row["data_type"].lower(),
        "project_url": url(board_row),
        "created_at": board_row["created_at"],
        "updated_at": board_row["updated_at"],
    }
    if row["data_type"] == "SINGLE_SELECT":
        shown["options"] = [option(stored) for stored in json.loads(row["options"])]
    return shown


def item(board_row: sqlite3.Row, row: sqlite3.Row, *, simple: bool = False) -> dict[str, Any]:
    db = current().db
    issue = db.execute(
        "select issues.*, exists (select 1 from pulls where issue_id = issues.id) as is_pull from issues where id = ?", (row["issue_id"],)
    ).fetchone()
    repo = db.execute(
        "select repositories.*, login as owner from repositories join users on users.id = owner_id where repositories.id = ?",
        (issue["repo_id"],),
    ).fetchone()
    base = url(board_row)
    shown: dict[str, Any] = {
        "id": row["id"],
        "node_id": node_ids.encode("ProjectV2Item", row["id"]),
        "project_url": base,
        "item_url": f"{base}/items/{row['id']}",
        "content_type": "PullRequest" if issue["is_pull"] else "Issue",
        "creator": account_shapes.user(board_row["owner_id"]),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "archived_at": row["updated_at"] if row["archived"] else None,
        "content": issue_shapes.issue(repo, issue),
    }
    return shown if simple else shown | {"fields": _values(issue, row)}


def _values(issue: sqlite3.Row, row: sqlite3.Row) -> list[dict[str, Any]]:
    db = current().db
    shown: list[dict[str, Any]] = []
    rows = db.execute(
        "select board_fields.*, value from board_fields left join board_values on field_id = board_fields.id and item_id = ? "
        "where board_id = ? order by board_fields.id",
        (row["id"], row["board_id"]),
    )
    for stored in rows:
        value: Any = json.loads(stored["value"]) if stored["value"] else None
        match stored["data_type"]:
            case "TITLE":
                value = {"raw": issue["title"], "html": markdown.plain(issue["title"]), "number": issue["number"]}
            case "SINGLE_SELECT":
                value = next((option(one) for one in json.loads(stored["options"]) if one["id"] == value), None)
            case "TEXT" if value is not None:
                value = _rich(value)
            case "ASSIGNEES" | "LABELS" | "REPOSITORY":
                continue
        shown.append({"id": stored["id"], "name": stored["name"], "data_type": stored["data_type"].lower(), "value": value})
    return shown


def view(board_row: sqlite3.Row, row: sqlite3.Row) -> dict[str, Any]:
    empty: dict[str, Any] = {"visible_fields": [], "sort_by": [], "group_by": [], "vertical_group_by": []}
    shown: dict[str, Any] = {
        "id": row["id"],
        "number": row["number"],
        "name": row["name"],
        "layout": row["layout"].removesuffix("_LAYOUT").lower(),
        "node_id": node_ids.encode("ProjectV2View", row["id"]),
        "project_url": url(board_row),
        "html_url": f"{page(board_row)}/views/{row['number']}",
        "creator": account_shapes.user(board_row["owner_id"]),
        "created_at": board_row["created_at"],
        "updated_at": board_row["updated_at"],
        "filter": row["filter"],
    }
    return shown | empty | dict(json.loads(row["data"]))
