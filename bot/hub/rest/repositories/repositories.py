"""Repositories over REST: found, listed, made and changed."""

import re
import sqlite3

from flask import Blueprint, Response

from bot.hub.shapes import repositories as repository_shapes
from bot.hub.store import git, switches
from bot.hub.store.repositories import find_repository
from bot.hub.web.access import can_see, repository, require, signed_in
from bot.hub.web.actors import Kind
from bot.hub.web.answers import Problem, answered, created, not_found
from bot.hub.web.context import current
from bot.hub.web.fields import field, json_body
from bot.hub.web.paging import paged

routes = Blueprint("repos", __name__)
_NAME = re.compile(r"(?!\.\.?\Z)[A-Za-z0-9._-]{1,100}(?<!\.git)\Z")
_SWITCHES = ("private", "allow_merge_commit", "allow_squash_merge", "allow_rebase_merge", "delete_branch_on_merge")
_MORE_SWITCHES = ("allow_auto_merge", "allow_update_branch")


@routes.get("/repositories/<int:number>")
def by_id(number: int) -> Response:
    row = current().db.execute("select * from repositories where id = ?", (number,)).fetchone()
    if row is None or not can_see(row):
        raise not_found()
    return answered(repository_shapes.repository(row, full=True))


@routes.patch("/repos/<owner>/<name>")
def change(owner: str, name: str) -> Response:
    now, repo, body = current(), repository(owner, name), json_body()
    require(repo, "administration", "write")
    changes: dict[str, str | bool | None] = {}
    for switch in _SWITCHES:
        if (on := field(body, switch, bool)) is not None:
            changes[switch] = on
    if "description" in body:
        changes["description"] = field(body, "description", str)
    if branch := field(body, "default_branch", str):
        where = now.hub.root / "repositories" / repo["owner"] / f"{repo['name']}.git"
        if git.resolve(where, f"refs/heads/{branch}") is None:
            raise Problem(
                422,
                "Validation Failed",
                [f"The branch {branch} was not found. Please push that ref first or create it via the Git Data API."],
            )
        git.git(where, "symbolic-ref", "HEAD", f"refs/heads/{branch}")
        changes["default_branch"] = branch
    with now.hub.write() as db:
        for column, value in changes.items():
            db.execute(f"update repositories set {column} = ?, updated_at = ? where id = ?", (value, now.hub.now(), repo["id"]))
        for switch in _MORE_SWITCHES:
            if (on := field(body, switch, bool)) is not None:
                switches.put(db, repo["id"], switch, on)
    return answered(repository_shapes.repository(repository(owner, name), full=True))


@routes.post("/user/repos")
def make_mine() -> Response:
    return _make(_person())


@routes.post("/orgs/<login>/repos")
def make_for_organization(login: str) -> Response:
    _person()
    row = current().db.execute("select id from users where login = ? and type = 'Organization'", (login,)).fetchone()
    if row is None:
        raise not_found()
    return _make(row["id"])


def _person() -> int:
    actor = signed_in()
    if actor.kind is not Kind.PAT:
        raise Problem(403, "Resource not accessible by integration")
    return actor.user_id


def _make(owner_id: int) -> Response:
    now, body = current(), json_body()
    name, at = field(body, "name", str, required=True), now.hub.now()
    if not _NAME.match(name):
        raise _refused("name is invalid")
    owner = now.db.execute("select login from users where id = ?", (owner_id,)).fetchone()["login"]
    with now.hub.write() as db:
        if find_repository(db, owner, name):
            raise _refused("name already exists on this account")
        row = db.execute(
            "insert into repositories (owner_id, name, private, description, created_at, updated_at) values (?, ?, ?, ?, ?, ?) returning *",
            (owner_id, name, bool(field(body, "private", bool)), field(body, "description", str), at, at),
        ).fetchone()
        db.execute("insert or replace into collaborators values (?, ?, 'admin')", (row["id"], now.actor.user_id))
    where = git.init(now.hub.root / "repositories" / owner / f"{name}.git", "main")
    if field(body, "auto_init", bool):
        blob = git.line(where, "hash-object", "-w", "--stdin", text=f"# {name}\n".encode())
        tree = git.line(where, "mktree", text=f"100644 blob {blob}\tREADME.md\n".encode())
        author = git.Person(name=now.actor.login, email=f"{now.actor.login}@users.noreply.github.com", date=at)
        git.move(where, [("refs/heads/main", git.commit_tree(where, tree, (), "Initial commit", author, author), None)])
    return created(repository_shapes.repository(row, full=True))


def _refused(message: str) -> Problem:
    return Problem(422, "Repository creation failed.", [{"resource": "Repository", "code": "custom", "field": "name", "message": message}])


@routes.get("/user/repos")
def mine() -> Response:
    person = _person()
    rows = current().db.execute(
        "select * from repositories where owner_id = ? or id in (select repo_id from collaborators where user_id = ?) order by id",
        (person, person),
    )
    return _listed(rows.fetchall())


@routes.get("/users/<login>/repos")
@routes.get("/orgs/<login>/repos")
def of_account(login: str) -> Response:
    row = current().db.execute("select id from users where login = ?", (login,)).fetchone()
    if row is None:
        raise not_found()
    return _listed(current().db.execute("select * from repositories where owner_id = ? order by id", (row["id"],)).fetchall())


def _listed(rows: list[sqlite3.Row]) -> Response:
    return answered([repository_shapes.repository(row) for row in paged([row for row in rows if can_see(row)])])


@routes.get("/installation/repositories")
def installed() -> Response:
    now = current()
    if now.actor.kind is not Kind.INSTALLATION:
        raise Problem(403, "You must authenticate with an installation access token in order to list repositories for an installation.")
    account = now.db.execute("select account_id from installations where id = ?", (now.actor.installation_id,)).fetchone()["account_id"]
    rows = now.db.execute("select * from repositories where owner_id = ? order by id", (account,)).fetchall()
    chosen = [row for row in rows if now.actor.repository_ids is None or row["id"] in now.actor.repository_ids]
    selection = "all" if now.actor.repository_ids is None else "selected"
    return answered(
        {
            "total_count": len(chosen),
            "repository_selection": selection,
            "repositories": [repository_shapes.repository(row) for row in paged(chosen)],
        }
    )
