"""Refs and branches of a repository, read and written by real git."""

import sqlite3
from pathlib import Path
from typing import Any

from flask import Blueprint, Response

from bot.hub.changes import branch_rules, pushes
from bot.hub.shapes import commits as commit_shapes
from bot.hub.shapes import links as shape_links
from bot.hub.shapes import repositories as repository_shapes
from bot.hub.store import git, node_ids, repositories
from bot.hub.web.access import repository, require
from bot.hub.web.answers import Problem, answered, created, not_found, nothing
from bot.hub.web.context import current
from bot.hub.web.fields import field, json_body
from bot.hub.web.paging import paged

routes = Blueprint("refs", __name__)


def at(owner: str, name: str) -> tuple[sqlite3.Row, Path]:
    repo = repository(owner, name)
    pushes.notice(current().hub, repo["id"], None)
    return repo, repositories.bare(current().hub, current().db, repo["id"])


def _shown(repo: sqlite3.Row, where: Path, ref: str, sha: str) -> dict[str, Any]:
    base, kind = f"{shape_links.root()}/repos/{repository_shapes.full_name(repo)}/git", git.kind_of(where, sha) or "commit"
    target = {"type": kind, "sha": sha, "url": f"{base}/{kind}s/{sha}"}
    return {"ref": ref, "node_id": node_ids.encode("Ref", ref), "url": f"{base}/{ref}", "object": target}


@routes.get("/repos/<owner>/<name>/git/ref/<path:ref>")
def one(owner: str, name: str, ref: str) -> Response:
    repo, where = at(owner, name)
    sha = git.refs(where, f"refs/{ref}").get(f"refs/{ref}")
    if sha is None:
        raise not_found()
    return answered(_shown(repo, where, f"refs/{ref}", sha))


@routes.get("/repos/<owner>/<name>/git/matching-refs/<path:prefix>")
def matching(owner: str, name: str, prefix: str) -> Response:
    repo, where = at(owner, name)
    found = [(ref, sha) for ref, sha in git.refs(where).items() if ref.startswith(f"refs/{prefix}")]
    return answered([_shown(repo, where, ref, sha) for ref, sha in paged(found)])


@routes.post("/repos/<owner>/<name>/git/refs")
def make(owner: str, name: str) -> Response:
    repo, where = at(owner, name)
    require(repo, "contents", "write")
    body = json_body()
    ref, sha = field(body, "ref", str, required=True), field(body, "sha", str, required=True)
    if not ref.startswith("refs/") or ref.count("/") < 2:
        raise Problem(422, "Reference name must start with 'refs/' and have at least two slashes.")
    if git.kind_of(where, sha) is None:
        raise Problem(422, "Object does not exist")
    try:
        git.move(where, [(ref, sha, git.ZERO)])
    except git.GitError:
        raise Problem(422, "Reference already exists") from None
    pushes.notice(current().hub, repo["id"], current().actor.user_id)
    return created(_shown(repo, where, ref, sha))


@routes.patch("/repos/<owner>/<name>/git/refs/<path:ref>")
def change(owner: str, name: str, ref: str) -> Response:
    repo, where = at(owner, name)
    require(repo, "contents", "write")
    body = json_body()
    sha, old = field(body, "sha", str, required=True), git.refs(where, f"refs/{ref}").get(f"refs/{ref}")
    if old is None:
        raise Problem(422, "Reference does not exist")
    if git.kind_of(where, sha) is None:
        raise Problem(422, "Object does not exist")
    if not field(body, "force", bool) and not git.is_ancestor(where, old, sha):
        raise Problem(422, "Update is not a fast forward")
    _unguarded(repo, f"refs/{ref}", old, sha)
    git.move(where, [(f"refs/{ref}", sha, old)])
    pushes.notice(current().hub, repo["id"], current().actor.user_id)
    return answered(_shown(repo, where, f"refs/{ref}", sha))


@routes.delete("/repos/<owner>/<name>/git/refs/<path:ref>")
def delete(owner: str, name: str, ref: str) -> Response:
    repo, where = at(owner, name)
    require(repo, "contents", "write")
    old = git.refs(where, f"refs/{ref}").get(f"refs/{ref}")
    if ref == f"heads/{repo['default_branch']}" or old is None:
        raise Problem(422, "Reference does not exist")
    _unguarded(repo, f"refs/{ref}", old, git.ZERO)
    git.move(where, [(f"refs/{ref}", git.ZERO, None)])
    pushes.notice(current().hub, repo["id"], current().actor.user_id)
    return nothing()


def _unguarded(repo: sqlite3.Row, ref: str, old: str, new: str) -> None:
    now = current()
    if refused := branch_rules.push_refusal(now.hub, now.db, repo, now.actor.user_id, ref, old, new):
        raise Problem(422, refused)


@routes.get("/repos/<owner>/<name>/branches/<path:branch>")
def branch(owner: str, name: str, branch: str) -> Response:
    repo, where = at(owner, name)
    sha = git.resolve(where, f"refs/heads/{branch}")
    found = sha and git.commit(where, sha)
    if not found:
        raise Problem(404, "Branch not found")
    guarded = current().db.execute("select 1 from protections where repo_id = ? and branch = ?", (repo["id"], branch)).fetchone()
    base = f"{shape_links.root()}/repos/{repository_shapes.full_name(repo)}/branches/{branch}"
    links = {"self": base, "html": f"{shape_links.web()}/{repository_shapes.full_name(repo)}/tree/{branch}"}
    about = {"protected": bool(guarded), "protection": {"enabled": bool(guarded)}, "protection_url": f"{base}/protection"}
    return answered({"name": branch, "commit": commit_shapes.commit(repo, found), "_links": links, **about})
