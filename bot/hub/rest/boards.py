"""Boards over REST, of organizations and of people: the boards, their fields, items and views."""

import json
import sqlite3
from typing import Any

from flask import Blueprint, Response, g, request

from bot.hub.changes import boards
from bot.hub.changes.boards import add_board
from bot.hub.shapes import boards as board_shapes
from bot.hub.store.repositories import find_repository
from bot.hub.web.access import at_least, role_of, signed_in
from bot.hub.web.actors import Kind
from bot.hub.web.answers import Problem, answered, created, invalid, not_found, nothing
from bot.hub.web.context import current
from bot.hub.web.fields import field, json_body
from bot.hub.web.paging import MAX_PAGE

__all__ = ["add_board", "routes"]
routes = Blueprint("boards", __name__)
LAYOUTS = {"table": "TABLE_LAYOUT", "board": "BOARD_LAYOUT", "roadmap": "ROADMAP_LAYOUT"}
ORG, USER = "/orgs/<owner>/projectsV2", "/users/<owner>/projectsV2"


def visible(owner: sqlite3.Row, board: sqlite3.Row) -> bool:
    """An installation sees organizations' boards only: of a person's it gets an empty list."""
    actor = current().actor
    if actor.kind is Kind.INSTALLATION:
        return owner["type"] == "Organization" and "organization_projects" in actor.permissions
    return bool(board["public"]) or owner["id"] == actor.user_id


def may_write(owner: sqlite3.Row, board: sqlite3.Row | None) -> bool:
    actor = current().actor
    if actor.kind is Kind.INSTALLATION:
        return owner["type"] == "Organization" and actor.permissions.get("organization_projects") in ("write", "admin")
    if actor.kind is not Kind.PAT:
        return False
    if owner["id"] == actor.user_id:
        return True
    if owner["type"] == "Organization":  # with no members here, whoever may write in one of its repositories stands for one
        writing = "select 1 from collaborators join repositories on repositories.id = repo_id where owner_id = ? and user_id = ?"
        return (
            current().db.execute(f"{writing} and role in ('write', 'maintain', 'admin')", (owner["id"], actor.user_id)).fetchone()
            is not None
        )
    repo_id = board["repo_id"] if board else None
    repo = current().db.execute("select * from repositories where id = ?", (repo_id,)).fetchone()
    return repo is not None and at_least(role_of(current().db, repo, actor.user_id), "write")


def _owner(login: str) -> sqlite3.Row:
    kinds = ("Organization",) if "/orgs/" in request.path else ("User", "Bot")
    db = current().db
    row: sqlite3.Row | None = db.execute("select * from users where login = ?", (login,)).fetchone()
    if row is None and login.isdigit() and request.path.endswith("/views"):  # the one way that GitHub describes by the person's id
        row = db.execute("select * from users where id = ?", (int(login),)).fetchone()
    if row is None or row["type"] not in kinds:
        raise not_found()
    return row


def _board(login: str, number: int, *, write: bool = False) -> sqlite3.Row:
    owner = _owner(login)
    row: sqlite3.Row | None = (
        current().db.execute("select * from boards where owner_id = ? and number = ?", (owner["id"], number)).fetchone()
    )
    if row is None or not visible(owner, row):
        raise not_found()
    if write:
        signed_in()
        if not may_write(owner, row):
            app = current().actor.kind is Kind.INSTALLATION
            raise Problem(403, "Resource not accessible by integration" if app else "Must have write access to the project.")
    return row


def _paged(rows: list[sqlite3.Row]) -> list[sqlite3.Row]:
    """Boards are paged by cursor: `after` and `before` take what the Link header says."""
    size = min(int(text) if (text := request.args.get("per_page", "")).isdigit() else 30, MAX_PAGE)
    start = int(text) if (text := request.args.get("after", "")).isdigit() else 0
    if (before := request.args.get("before", "")).isdigit():
        start = max(0, int(before) - size)
    links = []
    base = f"{request.base_url}?per_page={size}"
    if start + size < len(rows):
        links.append(f'<{base}&after={start + size}>; rel="next"')
    if start:
        links.append(f'<{base}&before={start}>; rel="prev"')
    g.links = ", ".join(links)
    return rows[start : start + size]


@routes.get(ORG, endpoint="of_organization")
@routes.get(USER, endpoint="of_user")
def listed(owner: str) -> Response:
    account = _owner(owner)
    rows = current().db.execute("select * from boards where owner_id = ? order by number desc", (account["id"],)).fetchall()
    asked = request.args.get("q", "").lower()
    seen = [row for row in rows if visible(account, row) and asked in row["title"].lower()]
    return answered([board_shapes.board(row) for row in _paged(seen)])


@routes.get(f"{ORG}/<int:number>", endpoint="one_of_organization")
@routes.get(f"{USER}/<int:number>", endpoint="one_of_user")
def one(owner: str, number: int) -> Response:
    return answered(board_shapes.board(_board(owner, number)))


@routes.get(f"{ORG}/<int:number>/fields", endpoint="fields_of_organization")
@routes.get(f"{USER}/<int:number>/fields", endpoint="fields_of_user")
def fields(owner: str, number: int) -> Response:
    board = _board(owner, number)
    rows = current().db.execute("select * from board_fields where board_id = ? order by id", (board["id"],)).fetchall()
    return answered([board_shapes.field(board, row) for row in _paged(rows)])


def _field(board: sqlite3.Row, field_id: int) -> sqlite3.Row:
    row: sqlite3.Row | None = (
        current().db.execute("select * from board_fields where board_id = ? and id = ?", (board["id"], field_id)).fetchone()
    )
    if row is None:
        raise not_found()
    return row


@routes.get(f"{ORG}/<int:number>/fields/<int:field_id>", endpoint="field_of_organization")
@routes.get(f"{USER}/<int:number>/fields/<int:field_id>", endpoint="field_of_user")
def one_field(owner: str, number: int, field_id: int) -> Response:
    board = _board(owner, number)
    return answered(board_shapes.field(board, _field(board, field_id)))


@routes.post(f"{ORG}/<int:number>/fields", endpoint="add_field_of_organization")
@routes.post(f"{USER}/<int:number>/fields", endpoint="add_field_of_user")
def add_field(owner: str, number: int) -> Response:
    board, body = _board(owner, number, write=True), json_body()
    name, kind = field(body, "name", str, required=True), field(body, "data_type", str, required=True).upper()
    if kind not in boards.KINDS:
        raise invalid("ProjectV2Field", "data_type", "invalid")
    given = [_plain(option) for option in field(body, "single_select_options", list) or []]
    try:
        with current().hub.write() as db:
            row = boards.add_field(db, board, name, kind, boards.options_of(name, given))
    except boards.NotAllowed as refused:
        raise invalid("ProjectV2Field", "name", "custom", message=str(refused)) from None
    return created(board_shapes.field(board, row))


def _plain(option: Any) -> dict[str, Any]:
    """REST takes a name as text or as the object in which it gives it."""
    if not isinstance(option, dict) or "name" not in option:
        raise invalid("ProjectV2Field", "single_select_options", "invalid")
    return {key: value.get("raw", "") if isinstance(value, dict) else value for key, value in option.items()}


@routes.get(f"{ORG}/<int:number>/items", endpoint="items_of_organization")
@routes.get(f"{USER}/<int:number>/items", endpoint="items_of_user")
@routes.get(f"{ORG}/<int:number>/views/<int:view>/items", endpoint="view_of_organization")
@routes.get(f"{USER}/<int:number>/views/<int:view>/items", endpoint="view_of_user")
def items(owner: str, number: int, view: int | None = None) -> Response:
    board = _board(owner, number)
    if (
        view is not None
        and not current().db.execute("select 1 from board_views where board_id = ? and number = ?", (board["id"], view)).fetchone()
    ):
        raise not_found()
    rows = (
        current().db.execute("select * from board_items where board_id = ? and not archived order by position", (board["id"],)).fetchall()
    )
    return answered([board_shapes.item(board, row) for row in _paged(rows)])


@routes.post(f"{ORG}/<int:number>/items", endpoint="add_item_of_organization")
@routes.post(f"{USER}/<int:number>/items", endpoint="add_item_of_user")
def add_item(owner: str, number: int) -> Response:
    board, body = _board(owner, number, write=True), json_body()
    if field(body, "type", str, required=True) not in ("Issue", "PullRequest"):
        raise invalid("ProjectV2Item", "type", "invalid")
    with current().hub.write() as db:
        row = boards.add_item(current().hub, db, board, _content(body))
    return created(board_shapes.item(board, row, simple=True))


def _content(body: dict[str, Any]) -> int:
    db = current().db
    if issue_id := field(body, "id", int):
        issue = db.execute("select * from issues where id = ?", (issue_id,)).fetchone()
    else:
        repo = find_repository(db, field(body, "owner", str, required=True), field(body, "repo", str, required=True))
        number = field(body, "number", int, required=True)
        issue = repo and db.execute("select * from issues where repo_id = ? and number = ?", (repo["id"], number)).fetchone()
    if issue is None:
        raise not_found()
    return int(issue["id"])


def _item(board: sqlite3.Row, item_id: int) -> sqlite3.Row:
    row: sqlite3.Row | None = (
        current().db.execute("select * from board_items where board_id = ? and id = ?", (board["id"], item_id)).fetchone()
    )
    if row is None:
        raise not_found()
    return row


@routes.get(f"{ORG}/<int:number>/items/<int:item_id>", endpoint="item_of_organization")
@routes.get(f"{USER}/<int:number>/items/<int:item_id>", endpoint="item_of_user")
def one_item(owner: str, number: int, item_id: int) -> Response:
    board = _board(owner, number)
    return answered(board_shapes.item(board, _item(board, item_id)))


@routes.patch(f"{ORG}/<int:number>/items/<int:item_id>", endpoint="change_item_of_organization")
@routes.patch(f"{USER}/<int:number>/items/<int:item_id>", endpoint="change_item_of_user")
def change_item(owner: str, number: int, item_id: int) -> Response:
    """Several fields at once, all or none."""
    board = _board(owner, number, write=True)
    item, now = _item(board, item_id), current()
    wanted = field(json_body(), "fields", list, required=True)
    try:
        with now.hub.write() as db:
            for change in wanted:
                if not isinstance(change, dict) or not isinstance(change.get("id"), int):
                    raise invalid("ProjectV2Item", "fields", "invalid")
                boards.set_value(now.hub, db, item, _field(board, change["id"]), change.get("value"))
    except boards.NotAllowed as refused:
        raise invalid("ProjectV2Item", "fields", "custom", message=str(refused)) from None
    return answered(board_shapes.item(board, _item(board, item_id)))


@routes.delete(f"{ORG}/<int:number>/items/<int:item_id>", endpoint="drop_item_of_organization")
@routes.delete(f"{USER}/<int:number>/items/<int:item_id>", endpoint="drop_item_of_user")
def drop_item(owner: str, number: int, item_id: int) -> Response:
    board = _board(owner, number, write=True)
    with current().hub.write() as db:
        boards.drop_item(db, _item(board, item_id))
    return nothing()


@routes.post(f"{ORG}/<int:number>/views", endpoint="add_view_of_organization")
@routes.post(f"{USER}/<int:number>/views", endpoint="add_view_of_user")
def add_view(owner: str, number: int) -> Response:
    board, body = _board(owner, number, write=True), json_body()
    name, layout = field(body, "name", str, required=True), field(body, "layout", str, required=True)
    if layout not in LAYOUTS:
        raise invalid("ProjectV2View", "layout", "invalid")
    data = {key: field(body, key, list) or [] for key in ("visible_fields", "sort_by", "group_by", "vertical_group_by")}
    with current().hub.write() as db:
        row = db.execute(
            "insert into board_views (board_id, number, name, layout, filter, data) "
            "select ?, coalesce(max(number), 0) + 1, ?, ?, ?, ? from board_views where board_id = ? returning *",
            (board["id"], name, LAYOUTS[layout], field(body, "filter", str), json.dumps(data), board["id"]),
        ).fetchone()
    return created(board_shapes.view(board, row))
