"""Repositories over REST: read, change, create, list."""

import re
import sqlite3

from flask import Blueprint, Response

from bot.hub import git, shapes
from bot.hub.hub import Hub
from bot.hub.web import (
    Kind,
    Problem,
    answered,
    can_see,
    created,
    current,
    field,
    find_repository,
    json_body,
    not_found,
    paged,
    repository,
    require,
    signed_in,
)

routes = Blueprint("repos", __name__)
# Names that the API's own addresses begin with; an account called so could not be reached.
RESERVED = {
    "api",
    "app",
    "apps",
    "graphql",
    "installation",
    "orgs",
    "rate_limit",
    "repos",
    "repositories",
    "search",
    "settings",
    "static",
    "user",
    "users",
    "login",
    "meta",
    "zen",
    "healthz",
}
NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
SWITCHES = ("allow_merge_commit", "allow_squash_merge", "allow_rebase_merge", "delete_branch_on_merge")


def create(
    hub: Hub, db: sqlite3.Connection, owner_id: int, name: str, *, private: bool, description: str, default_branch: str
) -> sqlite3.Row:
    """The row and, on disk, the bare repository that it speaks of."""
    owner = shapes.user_row(db, owner_id)["login"]
    at = hub.now()
    db.execute(
        "insert into repositories (owner_id, name, private, description, default_branch, created_at, updated_at) values (?, ?, ?, ?, ?, ?, ?)",
        (owner_id, name, private, description, default_branch, at, at),
    )
    git.init(hub.root / "repositories" / owner / f"{name}.git", default_branch)
    row = find_repository(db, owner, name)
    assert row is not None
    return row


@routes.get("/repos/<owner>/<name>")
def show(owner: str, name: str) -> Response:
    now = current()
    return answered(shapes.full_repository(now.hub, now.db, repository(owner, name)))


@routes.get("/repositories/<int:number>")
def show_by_id(number: int) -> Response:
    now = current()
    row = now.db.execute("select * from repositories where id = ?", (number,)).fetchone()
    if row is None or not can_see(row):
        raise not_found()
    return answered(shapes.full_repository(now.hub, now.db, row))


@routes.patch("/repos/<owner>/<name>")
def change(owner: str, name: str) -> Response:
    now, repo, body = current(), repository(owner, name), json_body()
    require(repo, "administration", "write")
    changes: dict[str, str | bool | None] = {}
    for switch in SWITCHES:
        if (value := field(body, switch, bool)) is not None:
            changes[switch] = value
    if "description" in body:
        changes["description"] = field(body, "description", str)
    if (private := field(body, "private", bool)) is not None:
        changes["private"] = private
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
    return answered(shapes.full_repository(now.hub, now.db, repository(owner, name)))


@routes.post("/user/repos")
def create_mine() -> Response:
    actor = signed_in()
    if actor.kind is not Kind.PAT:
        raise Problem(403, "Resource not accessible by integration")
    return _create(actor.user_id)


@routes.post("/orgs/<login>/repos")
def create_in_organization(login: str) -> Response:
    actor = signed_in()
    row = current().db.execute("select id from users where login = ? and type = 'Organization'", (login,)).fetchone()
    if row is None:
        raise not_found()
    if actor.kind is not Kind.PAT:
        raise Problem(403, "Resource not accessible by integration")
    return _create(row["id"])


def _create(owner_id: int) -> Response:
    now, body = current(), json_body()
    name: str = field(body, "name", str, required=True)
    if not NAME.fullmatch(name) or name in (".", "..") or name.endswith(".git"):
        raise Problem(
            422,
            "Repository creation failed.",
            [{"resource": "Repository", "code": "custom", "field": "name", "message": "name is invalid"}],
        )
    with now.hub.write() as db:
        if db.execute("select 1 from repositories where owner_id = ? and name = ?", (owner_id, name)).fetchone():
            taken = {"resource": "Repository", "code": "custom", "field": "name", "message": "name already exists on this account"}
            raise Problem(422, "Repository creation failed.", [taken])
        row = create(
            now.hub,
            db,
            owner_id,
            name,
            private=bool(field(body, "private", bool)),
            description=field(body, "description", str) or "",
            default_branch="main",
        )
        db.execute("insert or replace into collaborators (repo_id, user_id, role) values (?, ?, 'admin')", (row["id"], now.actor.user_id))
    if body.get("auto_init"):
        where = now.hub.root / "repositories" / row["owner"] / f"{name}.git"
        blob = git.line(where, "hash-object", "-w", "--stdin", text=f"# {name}\n".encode())
        tree = git.line(where, "mktree", text=f"100644 blob {blob}\tREADME.md\n".encode())
        login = now.actor.login
        author = git.Person(name=login, email=f"{login}@users.noreply.github.com", date=now.hub.now())
        git.move(where, [("refs/heads/main", git.commit_tree(where, tree, (), "Initial commit", author, author), None)])
    return created(shapes.full_repository(now.hub, now.db, row))


@routes.get("/user/repos")
def mine() -> Response:
    now, actor = current(), signed_in()
    if actor.kind is not Kind.PAT:
        raise Problem(403, "Resource not accessible by integration")
    rows = now.db.execute(
        "select * from repositories where owner_id = ? or id in (select repo_id from collaborators where user_id = ?) order by id",
        (actor.user_id, actor.user_id),
    ).fetchall()
    return answered([shapes.repository(now.hub, now.db, row) for row in paged(rows)])


@routes.get("/users/<login>/repos")
@routes.get("/orgs/<login>/repos")
def of_account(login: str) -> Response:
    now = current()
    row = now.db.execute("select id from users where login = ?", (login,)).fetchone()
    if row is None:
        raise not_found()
    rows = now.db.execute("select * from repositories where owner_id = ? order by id", (row["id"],)).fetchall()
    return answered([shapes.repository(now.hub, now.db, repo) for repo in paged([repo for repo in rows if can_see(repo)])])
