"""Releases and the tags below them: https://docs.github.com/rest/releases/releases. Assets cannot be uploaded here."""

import sqlite3
from typing import Any

from flask import Blueprint, Response

from bot.hub.changes import pushes
from bot.hub.rest.code.refs import at
from bot.hub.shapes.releases import release, tag
from bot.hub.store import git
from bot.hub.web.access import has_role, repository, require
from bot.hub.web.answers import Problem, answered, created, invalid, not_found, nothing
from bot.hub.web.context import current
from bot.hub.web.fields import field, json_body
from bot.hub.web.paging import paged, paged_query

routes = Blueprint("releases", __name__)
_ALL = "/repos/<owner>/<name>/releases"
_ONE = f"{_ALL}/<int:release_id>"
_LATEST = "select * from releases where repo_id = ? and not draft and not prerelease order by created_at desc, id desc limit 1"


@routes.get("/repos/<owner>/<name>/tags")
def tags(owner: str, name: str) -> Response:
    repo, where = at(owner, name)
    require(repo, "contents", "read")
    found = [(ref.removeprefix("refs/tags/"), git.resolve(where, ref)) for ref in git.refs(where, "refs/tags/")]
    return answered([tag(repo, tagged, sha) for tagged, sha in paged(sorted(found, reverse=True)) if sha])


@routes.get(_ALL)
def listed(owner: str, name: str) -> Response:
    """Drafts are for those who may write."""
    repo = repository(owner, name)
    require(repo, "contents", "read")
    hidden = "" if has_role(repo, "write", "contents") else " and not draft"
    rows = paged_query(f"select * from releases where repo_id = ?{hidden} order by created_at desc, id desc", (repo["id"],))
    return answered([release(repo, row) for row in rows])


def _one(repo: sqlite3.Row, sql: str, *given: Any) -> sqlite3.Row:
    row: sqlite3.Row | None = current().db.execute(sql, (repo["id"], *given)).fetchone()
    if row is None or (row["draft"] and not has_role(repo, "write", "contents")):
        raise not_found()
    return row


@routes.get(f"{_ALL}/latest")
def latest(owner: str, name: str) -> Response:
    repo = repository(owner, name)
    return answered(release(repo, _one(repo, _LATEST)))


@routes.get(f"{_ALL}/tags/<path:tagged>")
def by_tag(owner: str, name: str, tagged: str) -> Response:
    repo = repository(owner, name)
    return answered(release(repo, _one(repo, "select * from releases where repo_id = ? and tag = ? and not draft", tagged)))


@routes.get(_ONE)
def one(owner: str, name: str, release_id: int) -> Response:
    repo = repository(owner, name)
    return answered(release(repo, _one(repo, "select * from releases where repo_id = ? and id = ?", release_id)))


@routes.post(_ALL)
def make(owner: str, name: str) -> Response:
    repo, _ = at(owner, name)
    require(repo, "contents", "write")
    now, body = current(), json_body()
    tagged, target = field(body, "tag_name", str, required=True), field(body, "target_commitish", str) or str(repo["default_branch"])
    draft, at_once = bool(field(body, "draft", bool)), now.hub.now()
    if now.db.execute("select 1 from releases where repo_id = ? and tag = ? and not draft", (repo["id"], tagged)).fetchone():
        raise invalid("Release", "tag_name", "already_exists")
    if not draft:
        _tag(repo, tagged, target)
    with now.hub.write() as db:
        row = db.execute(
            "insert into releases (repo_id, tag, target, name, body, draft, prerelease, author_id, created_at, published_at, updated_at)"
            " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) returning *",
            (
                repo["id"], tagged, target, field(body, "name", str) or tagged, field(body, "body", str), draft,
                bool(field(body, "prerelease", bool)), now.actor.user_id, at_once, None if draft else at_once, at_once,
            ),
        ).fetchone()  # fmt: skip
    return created(release(repo, row))


def _tag(repo: sqlite3.Row, tagged: str, target: str) -> None:
    """Made where it is not there yet."""
    _, where = at(repo["owner"], repo["name"])
    if git.resolve(where, f"refs/tags/{tagged}"):
        return
    sha = git.resolve(where, target)
    if sha is None:
        raise invalid("Release", "target_commitish", "invalid")
    try:
        git.move(where, [(f"refs/tags/{tagged}", sha, git.ZERO)])
    except git.GitError:
        raise Problem(
            422, "Validation Failed", [{"resource": "Release", "code": "custom", "message": "tag_name is not a valid tag"}]
        ) from None
    pushes.notice(current().hub, repo["id"], current().actor.user_id)


@routes.patch(_ONE)
def change(owner: str, name: str, release_id: int) -> Response:
    repo = repository(owner, name)
    require(repo, "contents", "write")
    now, body, sql = current(), json_body(), "select * from releases where repo_id = ? and id = ?"
    row = _one(repo, sql, release_id)
    kept: dict[str, Any] = {
        "tag": field(body, "tag_name", str) or row["tag"],
        "target": field(body, "target_commitish", str) or row["target"],
        "name": field(body, "name", str) if "name" in body else row["name"],
        "body": field(body, "body", str) if "body" in body else row["body"],
    }
    for flag in ("draft", "prerelease"):
        kept[flag] = row[flag] if (given := field(body, flag, bool)) is None else given
    if not kept["draft"]:
        _tag(repo, kept["tag"], kept["target"])
        kept["published_at"] = row["published_at"] or now.hub.now()
    with now.hub.write() as db:
        names = ", ".join(f"{column} = ?" for column in kept)
        db.execute(f"update releases set {names}, updated_at = ? where id = ?", (*kept.values(), now.hub.now(), release_id))
    return answered(release(repo, _one(repo, sql, release_id)))


@routes.delete(_ONE)
def delete(owner: str, name: str, release_id: int) -> Response:
    """The tag stays."""
    repo = repository(owner, name)
    require(repo, "contents", "write")
    _one(repo, "select * from releases where repo_id = ? and id = ?", release_id)
    with current().hub.write() as db:
        db.execute("delete from releases where id = ?", (release_id,))
    return nothing()
