"""Pull requests: list, open, read, change, their commits and files."""

import sqlite3
from pathlib import Path

from flask import Blueprint, Response, request

from bot.hub.changes import issues, pulls, pushes
from bot.hub.changes.pulls import changed, open_pull
from bot.hub.rest.actions import settings
from bot.hub.shapes import commits as commit_shapes
from bot.hub.shapes import issues as issue_shapes
from bot.hub.shapes import pulls as pull_shapes
from bot.hub.store import diffs, git, pull_rows, repositories
from bot.hub.store.hub import Hub
from bot.hub.web.access import has_role, repository, require, signed_in
from bot.hub.web.answers import Problem, answered, created, not_found
from bot.hub.web.context import current
from bot.hub.web.fields import field, json_body, one_of
from bot.hub.web.media import Form, form, text_as
from bot.hub.web.paging import paged

routes = Blueprint("pulls", __name__)


def found(owner: str, name: str, number: int) -> tuple[sqlite3.Row, sqlite3.Row]:
    """The repository and one of its pull requests, as the refs are now."""
    repo = repository(owner, name)
    pushes.notice(current().hub, repo["id"], None)
    pull = pull_rows.by_number(current().db, repo["id"], number)
    if pull is None:
        raise not_found()
    return repo, pull


@routes.get("/repos/<owner>/<name>/pulls")
def listed(owner: str, name: str) -> Response:
    repo, now = repository(owner, name), current()
    pushes.notice(now.hub, repo["id"], None)
    where, given = ["repo_id = ?"], [repo["id"]]
    state = one_of("state", "open", ("open", "closed", "all"))
    if state != "all":
        where.append("state = ?")
        given.append(state)
    if head := request.args.get("head"):
        owner_of_head, _, branch = head.rpartition(":")
        where.append("head_ref = ? and coalesce(fork_owner_id, ?) = coalesce((select id from users where login = ?), ?)")
        given += [branch, repo["owner_id"], owner_of_head, repo["owner_id"]]
    if base := request.args.get("base"):
        where.append("base_ref = ?")
        given.append(base)
    way = one_of("direction", "desc", ("asc", "desc"))
    rows = now.db.execute(f"{pull_rows.PULLS} where {' and '.join(where)} order by number {way}", given).fetchall()
    return answered([pull_shapes.pull(now.hub, now.db, row, full=False) for row in paged(rows)])


@routes.post("/repos/<owner>/<name>/pulls")
def make(owner: str, name: str) -> Response:
    repo, now = repository(owner, name), current()
    require(repo, "pull_requests", "write")
    settings.refuse_a_job(repo)
    pushes.notice(now.hub, repo["id"], None)
    body = json_body()
    head = field(body, "head", str, required=True)
    base = field(body, "base", str, required=True)
    title = field(body, "title", str, required=True)
    draft = bool(field(body, "draft", bool))
    row = open_pull(
        now.hub, repo, title=title, body=field(body, "body", str), head=head, base=base, author_id=now.actor.user_id, draft=draft
    )
    return created(pull_shapes.pull(now.hub, now.db, row))


@routes.get("/repos/<owner>/<name>/commits/<path:ref>/pulls")
def of_commit(owner: str, name: str, ref: str) -> Response:
    """Those that bring the commit, or have brought it."""
    repo, now = repository(owner, name), current()
    pushes.notice(now.hub, repo["id"], None)
    where = repositories.bare(now.hub, now.db, repo["id"])
    sha = git.resolve(where, ref)
    if sha is None:
        raise Problem(422, f"No commit found for SHA: {ref}")
    rows = now.db.execute(f"{pull_rows.PULLS} where repo_id = ? order by number desc", (repo["id"],)).fetchall()
    shown = [row for row in rows if row["merge_commit_sha"] == sha or _brings(where, row, sha)]
    return answered([pull_shapes.pull(now.hub, now.db, row, full=False) for row in paged(shown)])


def _brings(where: Path, pull: sqlite3.Row, sha: str) -> bool:
    return git.is_ancestor(where, sha, pull["head_sha"]) and not git.is_ancestor(where, sha, pull["base_sha"])


@routes.get("/repos/<owner>/<name>/pulls/<int:number>")
def one(owner: str, name: str, number: int) -> Response:
    repo, pull = found(owner, name, number)
    now = current()
    match form():
        case Form.DIFF:
            return text_as(Form.DIFF, diff(now.hub, now.db, repo, pull))
        case Form.PATCH:
            where = repositories.bare(now.hub, now.db, repo["id"])
            start = diffs.start_of(where, pull_rows.base_tip(now.hub, now.db, pull), pull["head_sha"])
            return text_as(Form.PATCH, diffs.patch_text(where, start, pull["head_sha"]))
        case _:
            pass
    with now.hub.write() as db:
        return answered(pull_shapes.pull(now.hub, db, pull))


def diff(hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, pull: sqlite3.Row) -> str:
    where = repositories.bare(hub, db, repo["id"])
    return diffs.diff_text(where, diffs.start_of(where, pull_rows.base_tip(hub, db, pull), pull["head_sha"]), pull["head_sha"])


@routes.patch("/repos/<owner>/<name>/pulls/<int:number>")
def change(owner: str, name: str, number: int) -> Response:
    repo, pull = found(owner, name, number)
    now, body = current(), json_body()
    actor = signed_in()
    if pull["author_id"] != actor.user_id and not has_role(repo, "write", "pull_requests"):
        raise not_found()
    with now.hub.write() as db:
        issues.edit(
            now.hub,
            db,
            repo,
            issue_shapes.issue_row(repo, number),
            actor.user_id,
            title=field(body, "title", str),
            body=field(body, "body", str),
        )
        state = field(body, "state", str)
        if state == "closed" and pull["state"] == "open":
            pulls.close(now.hub, db, pull, actor.user_id)
        elif state == "open" and pull["state"] == "closed" and not pull["merged_at"]:
            pulls.reopen(now.hub, db, pull, actor.user_id)
    return answered(pull_shapes.pull(now.hub, now.db, pull_rows.by_id(now.db, pull["id"])))


@routes.get("/repos/<owner>/<name>/pulls/<int:number>/commits")
def commits(owner: str, name: str, number: int) -> Response:
    repo, pull = found(owner, name, number)
    now = current()
    base = pull_rows.base_tip(now.hub, now.db, pull)
    rows = git.log(repositories.bare(now.hub, now.db, repo["id"]), f"{base}..{pull['head_sha']}", limit=250, oldest_first=True)
    return answered([commit_shapes.commit(repo, row) for row in paged(rows)])


@routes.get("/repos/<owner>/<name>/pulls/<int:number>/files")
def files(owner: str, name: str, number: int) -> Response:
    repo, pull = found(owner, name, number)
    return answered(commit_shapes.files(repo, paged(changed(pull)), pull["head_sha"]))
