"""Files of a repository, read and written one at a time.

https://docs.github.com/rest/repos/contents
"""

import base64
import binascii
import re
import sqlite3
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, request

from bot.hub.actions.workflow_files import FOLDER
from bot.hub.changes import branch_rules, pushes
from bot.hub.rest.code.refs import at
from bot.hub.shapes import commits as commit_shapes
from bot.hub.shapes import links as shape_links
from bot.hub.shapes import markdown
from bot.hub.shapes import repositories as repository_shapes
from bot.hub.store import git, node_ids
from bot.hub.web.access import require
from bot.hub.web.actors import Kind
from bot.hub.web.answers import Problem, answered, not_found
from bot.hub.web.context import current
from bot.hub.web.fields import field, json_body
from bot.hub.web.media import Form, form, text_as

routes = Blueprint("contents", __name__)
_CONTENTS = "/repos/<owner>/<name>/contents"


@routes.get(_CONTENTS, defaults={"path": ""}, strict_slashes=False)
@routes.get(f"{_CONTENTS}/<path:path>")
def read(owner: str, name: str, path: str) -> Response:
    """A file with its content, or what is in a folder."""
    repo, where = at(owner, name)
    require(repo, "contents", "read")
    ref, path = request.args.get("ref") or repo["default_branch"], path.strip("/")
    sha = git.resolve(where, ref)
    if sha is None:
        raise Problem(404, f"No commit found for the ref {ref}")
    blob = git.resolve(where, f"{sha}:{path}", "blob") if path else None
    if blob:
        return file(repo, where, ref, path, blob)
    if path and git.resolve(where, f"{sha}:{path}", "tree") is None:
        raise not_found()
    printed = git.git(where, "ls-tree", "-l", "-z", f"{sha}:{path}").decode("utf-8", "replace")
    entries = [entry.split("\t", 1) for entry in printed.split("\0") if entry]
    return answered([_entry(repo, ref, path, about.split(), entry) for about, entry in entries])


def file(repo: sqlite3.Row, where: Path, ref: str, path: str, blob: str) -> Response:
    """As JSON with its content inside, as what it is, or as HTML where it is Markdown and as text elsewhere."""
    data = git.read(where, "blob", blob)
    match form():
        case Form.RAW:
            return text_as(Form.RAW, data)
        case Form.HTML:
            text = data.decode("utf-8", "replace")
            is_markdown = path.lower().endswith((".md", ".markdown"))
            return text_as(Form.HTML, markdown.render(text) if is_markdown else f"<pre>{escape(text)}</pre>")
        case _:
            content = base64.encodebytes(data).decode()
            return answered(_file(repo, ref, path, blob, len(data)) | {"encoding": "base64", "content": content})


@routes.get("/repos/<owner>/<name>/readme", defaults={"folder": ""})
@routes.get("/repos/<owner>/<name>/readme/<path:folder>")
def readme(owner: str, name: str, folder: str) -> Response:
    """The one of a folder; of the root the one that GitHub's page shows, which may be in `.github` or `docs`."""
    repo, where = at(owner, name)
    require(repo, "contents", "read")
    ref = request.args.get("ref") or repo["default_branch"]
    sha = git.resolve(where, ref)
    for place in ((folder.strip("/"),) if folder else (".github", "", "docs")) if sha else ():
        tree = git.resolve(where, f"{sha}:{place}", "tree")
        names = git.git(where, "ls-tree", "-z", "--name-only", tree).decode("utf-8", "replace").split("\0") if tree else ()
        for name in sorted(name for name in names if re.fullmatch(r"readme(\.\w+)?", name, re.IGNORECASE)):
            if blob := git.resolve(where, f"{tree}:{name}", "blob"):
                return file(repo, where, ref, f"{place}/{name}".lstrip("/"), blob)
    raise not_found()


def _entry(repo: sqlite3.Row, ref: str, folder: str, about: list[str], name: str) -> dict[str, Any]:
    mode, kind, sha, size = about
    word = {"tree": "dir", "commit": "submodule"}.get(kind, "symlink" if mode == "120000" else "file")
    return _file(repo, ref, f"{folder}/{name}".lstrip("/"), sha, int(size) if size != "-" else 0, word)


def _file(repo: sqlite3.Row, ref: str, path: str, sha: str, size: int, kind: str = "file") -> dict[str, Any]:
    name, folder = repository_shapes.full_name(repo), kind == "dir"
    base, page = f"{shape_links.root()}/repos/{name}", f"{shape_links.web()}/{name}/{'tree' if folder else 'blob'}/{ref}/{path}"
    links = {"self": f"{base}/contents/{path}?ref={ref}", "git": f"{base}/git/{'trees' if folder else 'blobs'}/{sha}", "html": page}
    about = {"name": path.rpartition("/")[2], "path": path, "sha": sha, "size": size, "url": links["self"], "html_url": page}
    return {"type": kind, **about, "git_url": links["git"], "download_url": None if folder else page, "_links": links}


@routes.put(f"{_CONTENTS}/<path:path>")
def write(owner: str, name: str, path: str) -> Response:
    """Makes a file, or replaces the one whose blob is named."""
    repo, where = at(owner, name)
    body = json_body()
    message, content = field(body, "message", str, required=True), field(body, "content", str, required=True)
    branch, tip, old = _guarded(repo, where, path, body)
    try:
        data = base64.b64decode(content, validate=False)
    except binascii.Error:
        raise Problem(422, "content is not valid Base64") from None
    if old is not None and field(body, "sha", str) is None:
        raise Problem(422, 'Invalid request.\n\n"sha" wasn\'t supplied.')
    made = _commit(repo, where, body, branch, tip, message, {path: data})
    sha = git.resolve(where, f"{made.sha}:{path}", "blob")
    assert sha is not None
    shown = {"content": _file(repo, branch, path, sha, len(data)), "commit": _made(repo, made)}
    return answered(shown, 201 if old is None else 200)


@routes.delete(f"{_CONTENTS}/<path:path>")
def delete(owner: str, name: str, path: str) -> Response:
    repo, where = at(owner, name)
    body: dict[str, Any] = json_body() | {key: value for key, value in request.args.items() if key in ("message", "sha", "branch")}
    message = field(body, "message", str, required=True)
    field(body, "sha", str, required=True)
    branch, tip, old = _guarded(repo, where, path, body)
    if old is None:
        raise not_found()
    return answered({"content": None, "commit": _made(repo, _commit(repo, where, body, branch, tip, message, {}, path))})


def _guarded(repo: sqlite3.Row, where: Path, path: str, body: Mapping[str, Any]) -> tuple[str, str | None, str | None]:
    """Branch, its tip and the blob that is there now, for somebody who may change it and knows what they change."""
    require(repo, "contents", "write")
    actor = current().actor
    if path.startswith(FOLDER) and actor.kind is Kind.INSTALLATION and actor.permissions.get("workflows") != "write":
        raise Problem(403, "Resource not accessible by integration")
    branch = (field(body, "branch", str) or str(repo["default_branch"])).removeprefix("refs/heads/")
    tip = git.resolve(where, f"refs/heads/{branch}")
    if tip is None and git.refs(where, "refs/heads/"):
        raise Problem(404, f"Branch {branch} not found")
    old = git.resolve(where, f"{tip}:{path}", "blob") if tip else None
    known = field(body, "sha", str)
    if known is not None and known != old:
        raise Problem(409, f"{path} does not match {known}")
    return branch, tip, old


def _commit(
    repo: sqlite3.Row,
    where: Path,
    body: Mapping[str, Any],
    branch: str,
    tip: str | None,
    message: str,
    written: Mapping[str, bytes],
    *gone: str,
) -> git.Commit:
    now, ref = current(), f"refs/heads/{branch}"
    committer = person_given(body, "committer", commit_shapes.person(now.hub, now.db, now.actor.user_id))
    try:
        tree = git.changed_tree(where, tip, written, gone)
    except git.GitError:
        raise Problem(422, "path contains a malformed path component") from None
    sha = git.commit_tree(where, tree, (tip,) if tip else (), message, person_given(body, "author", committer), committer)
    if refused := branch_rules.push_refusal(now.hub, now.db, repo, now.actor.user_id, ref, tip, sha):
        raise Problem(409, f"Repository rule violations found\n\n{refused}")
    try:
        git.move(where, [(ref, sha, tip or git.ZERO)])
    except git.GitError:
        raise Problem(409, f"is at {git.resolve(where, ref)} but expected {tip}") from None
    pushes.notice(now.hub, repo["id"], now.actor.user_id)
    made = git.commit(where, sha)
    assert made is not None
    return made


def person_given(body: Mapping[str, Any], role: str, otherwise: git.Person) -> git.Person:
    given: dict[str, Any] | None = field(body, role, dict)
    if given is None:
        return otherwise
    name, email = field(given, "name", str, required=True), field(given, "email", str, required=True)
    return git.Person(name=name, email=email, date=field(given, "date", str) or otherwise.date)


def _made(repo: sqlite3.Row, made: git.Commit) -> dict[str, Any]:
    """A commit as git knows it, without the accounts that GitHub finds behind it."""
    full = commit_shapes.commit(repo, made)
    inner = {key: value for key, value in full["commit"].items() if key not in ("comment_count", "url")}
    return {"sha": made.sha, "node_id": node_ids.encode("Commit", made.sha), "url": full["commit"]["url"], "html_url": full["html_url"]} | (
        inner | {"parents": full["parents"]}
    )
