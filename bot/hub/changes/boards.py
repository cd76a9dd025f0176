"""Boards (Projects v2) as rows: making them, their fields, the issues on them, and what stands in each field."""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from bot.hub.store.hub import Hub

COLORS = ("GRAY", "BLUE", "GREEN", "YELLOW", "PINK")
TELLING = {"done": "PURPLE", "merged": "PURPLE", "needs": "ORANGE", "blocked": "ORANGE", "failed": "RED", "cancelled": "RED"}
KINDS = ("TEXT", "NUMBER", "DATE", "SINGLE_SELECT")
FIRST_STATUS = (("Todo", "GREEN"), ("In Progress", "YELLOW"), ("Done", "PURPLE"))
BUILT_IN = (("Title", "TITLE"), ("Assignees", "ASSIGNEES"), ("Labels", "LABELS"), ("Repository", "REPOSITORY"))


class NotAllowed(ValueError):
    """A change that the board's own rules refuse; the text says why."""


def option_id(field: str, name: str) -> str:
    """Eight hexadecimal digits, as GitHub's are."""
    return hashlib.sha256(f"{field}\0{name}".encode()).hexdigest()[:8]


def options_of(field: str, given: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    return [
        {
            "id": str(option.get("id") or option_id(field, str(option["name"]))),
            "name": str(option["name"]),
            "color": str(option.get("color") or "GRAY").upper(),
            "description": str(option.get("description") or ""),
        }
        for option in given
    ]


def make(hub: Hub, db: sqlite3.Connection, owner_id: int, title: str, *, repo_id: int | None = None) -> sqlite3.Row:
    at = hub.now()
    number = db.execute("select coalesce(max(number), 0) + 1 from boards where owner_id = ?", (owner_id,)).fetchone()[0]
    board: sqlite3.Row = db.execute(
        "insert into boards (owner_id, number, title, repo_id, created_at, updated_at) values (?, ?, ?, ?, ?, ?) returning *",
        (owner_id, number, title, repo_id, at, at),
    ).fetchone()
    for name, kind in BUILT_IN:
        add_field(db, board, name, kind)
    add_field(db, board, "Status", "SINGLE_SELECT", options_of("Status", [{"name": name, "color": color} for name, color in FIRST_STATUS]))
    db.execute("insert into board_views (board_id, number, name, layout) values (?, 1, 'View 1', 'TABLE_LAYOUT')", (board["id"],))
    return board


def add_field(db: sqlite3.Connection, board: sqlite3.Row, name: str, kind: str, options: Sequence[Mapping[str, Any]] = ()) -> sqlite3.Row:
    if not name.strip():
        raise NotAllowed("Name can't be blank")
    if kind == "SINGLE_SELECT" and not options:
        raise NotAllowed("Single select options can't be blank")
    if db.execute("select 1 from board_fields where board_id = ? and name = ? collate nocase", (board["id"], name)).fetchone():
        raise NotAllowed("Name has already been taken")
    row: sqlite3.Row = db.execute(
        "insert into board_fields (board_id, name, data_type, options) values (?, ?, ?, ?) returning *",
        (board["id"], name, kind, json.dumps(list(options))),
    ).fetchone()
    return row


def change_field(db: sqlite3.Connection, field: sqlite3.Row, name: str | None, options: Sequence[Mapping[str, Any]] | None) -> None:
    """New options take the place of all the old ones: values that pointed at one that is gone are empty afterwards, as on GitHub."""
    if name:
        db.execute("update board_fields set name = ? where id = ?", (name, field["id"]))
    if options is None:
        return
    if field["data_type"] != "SINGLE_SELECT":
        raise NotAllowed("Single select options can only be set on a single select field")
    known = {option["name"]: option["id"] for option in json.loads(field["options"])}
    kept = [dict(option) | {"id": option.get("id") or known.get(option["name"])} for option in options]
    fresh = options_of(field["name"], kept)
    db.execute("update board_fields set options = ? where id = ?", (json.dumps(fresh), field["id"]))
    left = [option["id"] for option in fresh]
    for row in db.execute("select item_id, value from board_values where field_id = ?", (field["id"],)).fetchall():
        if json.loads(row["value"]) not in left:
            db.execute("delete from board_values where item_id = ? and field_id = ?", (row["item_id"], field["id"]))


def drop_field(db: sqlite3.Connection, field: sqlite3.Row) -> None:
    db.execute("delete from board_values where field_id = ?", (field["id"],))
    db.execute("delete from board_fields where id = ?", (field["id"],))


def drop(db: sqlite3.Connection, board: sqlite3.Row) -> None:
    db.execute("delete from board_values where item_id in (select id from board_items where board_id = ?)", (board["id"],))
    for table in ("board_items", "board_fields", "board_views"):
        db.execute(f"delete from {table} where board_id = ?", (board["id"],))
    db.execute("delete from boards where id = ?", (board["id"],))


def add_item(hub: Hub, db: sqlite3.Connection, board: sqlite3.Row, issue_id: int) -> sqlite3.Row:
    """The item; adding twice answers with the one that is there."""
    at = hub.now()
    place = db.execute("select coalesce(max(position), 0) + 1 from board_items where board_id = ?", (board["id"],)).fetchone()[0]
    db.execute(
        "insert or ignore into board_items (board_id, issue_id, position, created_at, updated_at) values (?, ?, ?, ?, ?)",
        (board["id"], issue_id, place, at, at),
    )
    row: sqlite3.Row = db.execute("select * from board_items where board_id = ? and issue_id = ?", (board["id"], issue_id)).fetchone()
    return row


def drop_item(db: sqlite3.Connection, item: sqlite3.Row) -> None:
    db.execute("delete from board_values where item_id = ?", (item["id"],))
    db.execute("delete from board_items where id = ?", (item["id"],))


def set_value(hub: Hub, db: sqlite3.Connection, item: sqlite3.Row, field: sqlite3.Row, value: str | float | None) -> None:
    if field["board_id"] != item["board_id"]:
        raise NotAllowed("The field is not of this project")
    at = hub.now()
    db.execute("update board_items set updated_at = ? where id = ?", (at, item["id"]))
    if value is None:
        db.execute("delete from board_values where item_id = ? and field_id = ?", (item["id"], field["id"]))
        return
    db.execute(
        "insert or replace into board_values (item_id, field_id, value, updated_at) values (?, ?, ?, ?)",
        (item["id"], field["id"], json.dumps(_fitting(field, value)), at),
    )


def _fitting(field: sqlite3.Row, value: str | float) -> str | float:
    match field["data_type"]:
        case "TEXT" if isinstance(value, str):
            return value
        case "NUMBER" if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        case "DATE" if isinstance(value, str):
            try:
                return date.fromisoformat(value[:10]).isoformat()
            except ValueError:
                raise NotAllowed("The date must be in ISO 8601 form") from None
        case "SINGLE_SELECT" if isinstance(value, str):
            if value not in [option["id"] for option in json.loads(field["options"])]:
                raise NotAllowed("The single select option Id does not belong to the field")
            return value
        case "TEXT" | "NUMBER" | "DATE" | "SINGLE_SELECT":
            raise NotAllowed(f"The value is not one that a {field['data_type'].lower().replace('_', ' ')} field takes")
    raise NotAllowed("The field of type " + field["data_type"].lower() + " is currently not supported")


def values_of(db: sqlite3.Connection, item_id: int) -> dict[str, str | float]:
    """What people read in each field of an item, by the field's name; an option by its name."""
    found: dict[str, str | float] = {}
    rows = db.execute(
        "select name, data_type, options, value from board_values join board_fields on board_fields.id = field_id where item_id = ?",
        (item_id,),
    )
    for row in rows:
        value = json.loads(row["value"])
        if row["data_type"] == "SINGLE_SELECT":
            value = next((option["name"] for option in json.loads(row["options"]) if option["id"] == value), "")
        found[row["name"]] = value
    return found


def add_board(
    hub: Hub, owner: str, title: str, *, repository: str | None = None, fields: Mapping[str, str | Sequence[str]] | None = None
) -> int:
    """What a person would click together: a board with its fields, a kind for each or the options to choose from. Answers its number."""
    with hub.write() as db:
        account = db.execute("select id from users where login = ?", (owner,)).fetchone()
        if account is None:
            raise ValueError(f"there is no account {owner}")
        repo_id = None
        if repository:
            login, _, name = repository.partition("/")
            repo_id = db.execute(
                "select repositories.id from repositories join users on users.id = owner_id where login = ? and repositories.name = ?",
                (login, name),
            ).fetchone()["id"]
        board = make(hub, db, account["id"], title, repo_id=repo_id)
        for name, kind in (fields or {}).items():
            _give(db, board, name, kind)
    return int(board["number"])


def _give(db: sqlite3.Connection, board: sqlite3.Row, name: str, kind: str | Sequence[str]) -> None:
    if isinstance(kind, str):
        add_field(db, board, name, kind.upper())
        return
    options = options_of(name, [{"name": option, "color": _color(option, place)} for place, option in enumerate(kind)])
    there = db.execute("select * from board_fields where board_id = ? and name = ?", (board["id"], name)).fetchone()
    if there:
        change_field(db, there, None, options)
    else:
        add_field(db, board, name, "SINGLE_SELECT", options)


def _color(option: str, place: int) -> str:
    return next((color for word, color in TELLING.items() if word in option.lower()), COLORS[place % len(COLORS)])
