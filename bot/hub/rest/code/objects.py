"""What git keeps under its ids: blobs, trees and commits, read and made one by one.

https://docs.github.com/rest/git
"""

import base64
import binascii
import sqlite3
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, request

from bot.hub.actions.workflow_files import FOLDER
from bot.hub.rest.code.contents import person_given
from bot.hub.rest.code.refs import at
from bot.hub.shapes import commits as commit_shapes
from bot.hub.shapes import links
from bot.hub.shapes import repositories as repository_shapes
from bot.hub.store import git, node_ids, trees
from bot.hub.web.access import require
from bot.hub.web.actors import Kind
from bot.hub.web.answers import Problem, answered, created, not_found
from bot.hub.web.context import current
from bot.hub.web.fields import field, json_body
from bot.hub.web.media import Form, form, text_as

routes = Blueprint("objects", __name__)
_GIT = "/repos/<owner>/<name>/git"
_KINDS = {"100644": "blob", "100755": "blob", "120000": "blob", "040000": "tree", "160000": "commit"}
_MOST_ENTRIES = 100_000


def _url(repo: sqlite3.Row, kind: str, sha: str) -> str:
    return f"{links.root()}/repos/{repository_shapes.full_name(repo)}/git/{kind}s/{sha}"


@routes.get(f"{_GIT}/blobs/<sha>")
def blob(owner: str, name: str, sha: str) -> Response:
    repo, where = at(owner, name)
    require(repo, "contents", "read")
    if git.kind_of(where, sha) != "blob":
        raise not_found()
    data = git.read(where, "blob", sha)
    if form() is Form.RAW:
        return text_as(Form.RAW, data)
    about = {"sha": sha, "node_id": node_ids.encode("Blob", sha), "size": len(data), "url": _url(repo, "blob", sha)}
    return answered(about | {"content": base64.encodebytes(data).decode(), "encoding": "base64"})


@routes.post(f"{_GIT}/blobs")
def make_blob(owner: str, name: str) -> Response:
    repo, where = at(owner, name)
    require(repo, "contents", "write")
    body = json_body()
    content = field(body, "content", str, required=True)
    try:
        data = base64.b64decode(content) if field(body, "encoding", str) == "base64" else content.encode()
    except binascii.Error:
        raise Problem(422, "content is not valid Base64") from None
    sha = git.line(where, "hash-object", "-w", "--stdin", text=data)
    return created({"url": _url(repo, "blob", sha), "sha": sha})


@routes.get(f"{_GIT}/trees/<path:ref>")
def tree(owner: str, name: str, ref: str) -> Response:
    """By its id or by what leads to it: a commit, a branch, a tag."""
    repo, where = at(owner, name)
    require(repo, "contents", "read")
    sha = git.resolve(where, ref, "tree")
    if sha is None:
        raise not_found()
    return answered(_tree(repo, where, sha, deep="recursive" in request.args))


def _tree(repo: sqlite3.Row, where: Path, sha: str, *, deep: bool = False) -> dict[str, Any]:
    printed = git.git(where, "ls-tree", "-l", "-z", *(("-r", "-t") if deep else ()), sha).decode("utf-8", "replace")
    rows = [entry.split("\t", 1) for entry in printed.split("\0") if entry]
    entries = [_entry(repo, about.split(), path) for about, path in rows[:_MOST_ENTRIES]]
    return {"sha": sha, "url": _url(repo, "tree", sha), "tree": entries, "truncated": len(rows) > _MOST_ENTRIES}


def _entry(repo: sqlite3.Row, about: list[str], path: str) -> dict[str, Any]:
    mode, kind, sha, size = about
    more = {} if kind == "commit" else {"url": _url(repo, kind, sha)}
    return {"path": path, "mode": mode, "type": kind, "sha": sha, **more, **({"size": int(size)} if size != "-" else {})}


@routes.post(f"{_GIT}/trees")
def make_tree(owner: str, name: str) -> Response:
    """From `base_tree`, with the entries put in; an entry whose `sha` is null is taken out."""
    repo, where = at(owner, name)
    require(repo, "contents", "write")
    body = json_body()
    given = field(body, "tree", list, required=True)
    base = field(body, "base_tree", str)
    if base is not None and git.resolve(where, base, "tree") is None:
        raise Problem(422, "base_tree is not a valid tree oid")
    entries = [_given(where, entry) for entry in given]
    if not entries and base is None:
        raise Problem(422, "Invalid tree info")
    try:
        sha = trees.composed(where, base, entries)
    except git.GitError:
        raise Problem(422, "tree.path contains a malformed path component") from None
    return created(_tree(repo, where, sha))


def _given(where: Path, entry: Any) -> trees.Entry:
    if not isinstance(entry, dict):
        raise Problem(422, "Invalid tree info")
    path, mode = field(entry, "path", str, required=True), field(entry, "mode", str) or "100644"
    actor = current().actor
    if path.startswith(FOLDER) and actor.kind is Kind.INSTALLATION and actor.permissions.get("workflows") != "write":
        raise Problem(403, "Resource not accessible by integration")
    if mode not in _KINDS:
        raise Problem(422, "tree.mode must be one of 100644, 100755, 040000, 160000 or 120000")
    if "content" in entry:
        sha = git.line(where, "hash-object", "-w", "--stdin", text=field(entry, "content", str, required=True).encode())
    elif entry.get("sha") is None:
        sha = None
    else:
        sha = field(entry, "sha", str, required=True)
        if _KINDS[mode] != "commit" and git.kind_of(where, sha) != _KINDS[mode]:
            raise Problem(422, f"tree.sha {sha} is not a valid {_KINDS[mode]}")
    return trees.Entry(mode=mode, path=path, sha=sha)


@routes.get(f"{_GIT}/commits/<sha>")
def commit(owner: str, name: str, sha: str) -> Response:
    repo, where = at(owner, name)
    require(repo, "contents", "read")
    found = git.commit(where, sha) if git.kind_of(where, sha) == "commit" else None
    if found is None:
        raise not_found()
    return answered(_commit(repo, found))


@routes.post(f"{_GIT}/commits")
def make_commit(owner: str, name: str) -> Response:
    """No branch moves by it; that is `PATCH git/refs`."""
    repo, where = at(owner, name)
    require(repo, "contents", "write")
    body, now = json_body(), current()
    message, tree = field(body, "message", str, required=True), field(body, "tree", str, required=True)
    if git.kind_of(where, tree) != "tree":
        raise Problem(422, "Tree SHA does not exist")
    parents = [str(parent) for parent in field(body, "parents", list) or []]
    if any(git.kind_of(where, parent) != "commit" for parent in parents):
        raise Problem(422, "Parent SHA does not exist or is not a commit object")
    committer = person_given(body, "committer", commit_shapes.person(now.hub, now.db, now.actor.user_id))
    author = person_given(body, "author", committer)
    made = git.commit(where, git.commit_tree(where, tree, tuple(parents), message, author, committer))
    assert made is not None
    return created(_commit(repo, made))


def _commit(repo: sqlite3.Row, found: git.Commit) -> dict[str, Any]:
    """As git knows it, without the accounts that GitHub finds behind its people."""
    full = commit_shapes.commit(repo, found)
    kept = ("author", "committer", "message", "verification")
    inner = {key: full["commit"][key] for key in kept}
    about = {"sha": found.sha, "node_id": full["node_id"], "url": _url(repo, "commit", found.sha), "html_url": full["html_url"]}
    parents = [parent | {"url": _url(repo, "commit", parent["sha"])} for parent in full["parents"]]
    return about | inner | {"tree": full["commit"]["tree"], "parents": parents}
