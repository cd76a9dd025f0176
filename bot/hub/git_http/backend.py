"""Smart HTTP for clone, fetch and push: a bridge from WSGI to git's own http-backend."""

import sqlite3
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from flask import Blueprint, Response, request
from werkzeug.exceptions import ClientDisconnected

from bot.hub.changes import branch_rules, pushes
from bot.hub.git_http import wire
from bot.hub.store import git, repositories
from bot.hub.web import within
from bot.hub.web.access import repository, require
from bot.hub.web.answers import Problem
from bot.hub.web.context import current

routes = Blueprint("git_http", __name__)
PIECE = 64 * 1024

# GitHub's own words. Hooks run only for pushes over HTTP: a push by file path has no pusher whose rights could be asked.
UPDATE_HOOK = """\
#!/bin/sh
refuse() {
  echo "error: GH006: Protected branch update failed for $1." >&2
  echo "error: $2" >&2
  exit 1
}
while read -r ref reason; do
  if [ "$ref" = "$1" ]; then refuse "$1" "$reason"; fi
done <<END
$HUB_REFUSED
END
for ref in $HUB_NO_FORCE; do
  case "$2$3" in *0000000000000000000000000000000000000000*) continue ;; esac
  if [ "$ref" = "$1" ] && ! git merge-base --is-ancestor "$2" "$3"; then refuse "$1" "Cannot force-push to this branch"; fi
done
if [ -n "$HUB_NO_WORKFLOWS" ] && [ "$3" != 0000000000000000000000000000000000000000 ]; then
  file=$(git log --format= --name-only "$3" --not --all -- .github/workflows | head -n 1)
  if [ -n "$file" ]; then
    echo "refusing to allow a GitHub App to create or update workflow \\`$file\\` without \\`workflows\\` permission" >&2
    exit 1
  fi
fi
exit 0
"""


@routes.get("/<owner>/<name>.git/info/refs")
def advertise(owner: str, name: str) -> Response:
    service = request.args.get("service", "")
    if service not in ("git-upload-pack", "git-receive-pack"):
        raise Problem(403, "Please upgrade your git client.")
    return _serve(owner, name, service, "info/refs")


@routes.post("/<owner>/<name>.git/<any('git-upload-pack', 'git-receive-pack'):service>")
def exchange(owner: str, name: str, service: str) -> Response:
    return _serve(owner, name, service, service)


def _serve(owner: str, name: str, service: str, path: str) -> Response:
    now = current()
    writing = service == "git-receive-pack"
    if now.actor.kind == "anonymous" and (writing or not _is_public(owner, name)):
        return Response("Authentication required\n", 401, {"WWW-Authenticate": 'Basic realm="GitHub"'}, mimetype="text/plain")
    if writing and now.actor.kind == "pat":
        _make_on_first_push(owner, name)
    repo = repository(owner, name)
    if writing:
        try:
            require(repo, "contents", "write")
        except Problem:
            refusal = f"Permission to {owner}/{name}.git denied to {now.actor.login}.\n"
            return Response(refusal, 403, mimetype="text/plain")
    pushes.notice(now.hub, repo["id"], None)
    bare = repositories.bare(now.hub, now.db, repo["id"])
    pushing = path == "git-receive-pack"
    if pushing and request.headers.get("Content-Encoding"):
        raise Problem(415, "A push must come uncompressed: its commands are read before git reads them.")  # as git sends it
    front, asked = wire.commands(request.stream) if pushing else (b"", [])
    backend = _start(bare, path, now.actor.login, _push_rules(repo, asked) if pushing else {})
    feeder = threading.Thread(target=_feed, args=(front, request.stream, backend), daemon=True)
    feeder.start()
    assert backend.stdout is not None
    status, headers = _head(backend.stdout)
    if not pushing:
        return Response(_stream(backend, feeder), status, headers)
    body = b"".join(_stream(backend, feeder))
    if b"hook declined" in body:
        guarded = {row["branch"] for row in now.db.execute("select branch from protections where repo_id = ?", (repo["id"],))}
        body = wire.reworded(body, {f"refs/heads/{branch}" for branch in guarded})
    pushes.notice(now.hub, repo["id"], now.actor.user_id)
    return Response(body, status, headers)


def _make_on_first_push(owner: str, name: str) -> None:
    """Not as GitHub, but as its users expect of a place of their own: a person's push below their own name makes the repository."""
    now = current()
    if owner.lower() == now.actor.login.lower() and repositories.find_repository(now.db, owner, name) is None:
        within.ask("POST", "/user/repos", {"name": name})


def _is_public(owner: str, name: str) -> bool:
    found = (
        current()
        .db.execute(
            "select private from repositories join users on users.id = owner_id where login = ? and repositories.name = ?", (owner, name)
        )
        .fetchone()
    )
    return found is not None and not found["private"]


def _push_rules(repo: sqlite3.Row, asked: Sequence[tuple[str, str, str]]) -> dict[str, str]:
    now = current()
    refusals = ((ref, branch_rules.push_refusal(now.hub, now.db, repo, now.actor.user_id, ref, old, new)) for ref, old, new in asked)
    refused = [f"{ref} {reason}" for ref, reason in refusals if reason]
    rules = {"HUB_REFUSED": "\n".join(refused), "HUB_NO_FORCE": " ".join(branch_rules.no_force(now.db, repo, now.actor.user_id))}
    if now.actor.kind == "installation" and (now.actor.permissions or {}).get("workflows") != "write":
        rules["HUB_NO_WORKFLOWS"] = "1"
    return {name: rule for name, rule in rules.items() if rule}


def _start(bare: Path, path: str, login: str, rules: dict[str, str]) -> subprocess.Popen[bytes]:
    environment = git.ENVIRONMENT | {
        "GIT_PROJECT_ROOT": str(bare.parent),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": f"/{bare.name}/{path}",
        "REQUEST_METHOD": request.method,
        "QUERY_STRING": request.query_string.decode("latin-1"),
        "CONTENT_TYPE": request.content_type or "",
        "REMOTE_ADDR": request.remote_addr or "",
        "REMOTE_USER": login,
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
    }
    if request.content_length is not None:
        environment["CONTENT_LENGTH"] = str(request.content_length)
    for header in ("Content-Encoding", "Git-Protocol"):
        if value := request.headers.get(header):
            environment["HTTP_" + header.upper().replace("-", "_")] = value
    if rules:
        hooks = bare / "hub-hooks"
        _write_hook(hooks)
        environment |= rules | {"GIT_CONFIG_COUNT": "2", "GIT_CONFIG_KEY_1": "core.hooksPath", "GIT_CONFIG_VALUE_1": str(hooks)}
    return subprocess.Popen(
        ["git", "http-backend"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    )


def _write_hook(hooks: Path) -> None:
    if (hooks / "update").exists() and (hooks / "update").read_text() == UPDATE_HOOK:
        return
    hooks.mkdir(exist_ok=True)
    draft = hooks / f"update.{threading.get_ident()}"
    draft.write_text(UPDATE_HOOK)
    draft.chmod(0o755)
    draft.rename(hooks / "update")


def _feed(front: bytes, source: IO[bytes], backend: subprocess.Popen[bytes]) -> None:
    assert backend.stdin is not None
    try:
        backend.stdin.write(front)
        while piece := source.read(PIECE):
            backend.stdin.write(piece)
    except BrokenPipeError:
        return  # git had read enough
    except (OSError, ClientDisconnected):
        backend.kill()  # a request that was cut must not count as a whole one
    finally:
        with suppress(BrokenPipeError):
            backend.stdin.close()


def _head(source: IO[bytes]) -> tuple[int, list[tuple[str, str]]]:
    status, headers = 200, []
    while line := source.readline().strip():
        name, _, value = line.decode("latin-1").partition(": ")
        if name.lower() == "status":
            status = int(value.split()[0])
        else:
            headers.append((name, value))
    return status, headers


def _stream(backend: subprocess.Popen[bytes], feeder: threading.Thread) -> Iterator[bytes]:
    assert backend.stdout is not None
    try:
        while piece := backend.stdout.read1(PIECE):  # type: ignore[attr-defined]
            yield piece
    finally:
        backend.stdout.close()
        if backend.poll() is None and feeder.is_alive():
            feeder.join(timeout=5)
        backend.wait()
