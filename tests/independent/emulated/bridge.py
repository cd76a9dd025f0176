"""In front of `emulate`: REST passed on with its quirks put right, GraphQL by GitHub's published schema, and git by `git http-backend`.

`emulate` keeps no git: its commits are rows with ids of its own. Each tip of the real repository has such a row, made when it is first
seen, and ids are exchanged in everything that goes in and out.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from typing import Any

import httpx
from flask import Flask, Response, request

from tests.independent.emulated.over_rest import Executor

_ZERO = "0" * 40
_MOMENT = re.compile(rb'(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.\d+Z"')


@dataclass(kw_only=True)
class Bridge:
    emulated: httpx.Client
    bare: Path
    repository: str
    owner_token: str
    """Of somebody who may do everything: the bridge's own."""
    apps: tuple[str, ...]
    """Their slugs, which `emulate` tells to nobody but the app itself."""
    theirs: dict[str, str] = field(default_factory=dict)
    """Of a real commit, the id that `emulate` knows it by."""
    one_at_a_time: RLock = field(default_factory=RLock)

    @property
    def place(self) -> str:
        return f"/repos/{self.repository}"

    def git(self, *args: str, text: str = "") -> str:
        who = ("-c", "user.name=GitHub", "-c", "user.email=noreply@github.com")
        done = subprocess.run(["git", *who, *args], cwd=self.bare, input=text, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def as_owner(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"token {self.owner_token}"}
        answer = self.emulated.request(method, f"{self.place}/{path}", json=body, headers=headers)
        assert answer.status_code < 400, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def notice_pushes(self) -> None:
        """Tells `emulate` of branches that moved, which it would otherwise never hear of."""
        listed = self.git("for-each-ref", "--format=%(refname) %(objectname)", "refs/heads/").splitlines()
        known = {one["ref"]: one["object"]["sha"] for one in self.as_owner("GET", "git/matching-refs/heads/")}
        for ref, sha in (line.split(" ") for line in listed):
            if sha not in self.theirs:
                self._introduce(sha, parent=known.get("refs/heads/main"))
            if ref not in known:
                self.as_owner("POST", "git/refs", {"ref": ref, "sha": self.theirs[sha]})
            elif known[ref] != self.theirs[sha]:
                self.as_owner("PATCH", f"git/{ref}", {"sha": self.theirs[sha], "force": True})

    def _introduce(self, sha: str, parent: str | None) -> None:
        assert parent is not None
        tree = self.as_owner("GET", f"git/commits/{parent}")["tree"]["sha"]
        made = self.as_owner("POST", "git/commits", {"message": f"{sha}", "tree": tree, "parents": [parent]})
        self.theirs[sha] = made["sha"]

    def inwards(self, text: bytes) -> bytes:
        for real, known in self.theirs.items():
            text = text.replace(real.encode(), known.encode())
        return text

    def outwards(self, text: bytes) -> bytes:
        for real, known in self.theirs.items():
            text = text.replace(known.encode(), real.encode())
        return text

    def ask(self, method: str, path: str, *, token: str | None, query: str = "", body: bytes = b"") -> httpx.Response:
        """What `emulate` says, with real ids, its times in whole seconds, and links that lead back here."""
        headers = {"Authorization": token} if token else {}
        headers |= {"Content-Type": "application/json"} if body else {}
        url = self.inwards(path.encode()).decode() + (f"?{query}" if query else "")
        answer = self.emulated.request(method, url, content=self.inwards(body), headers=headers)
        told = _MOMENT.sub(rb'\1Z"', self.outwards(answer.content))
        return httpx.Response(answer.status_code, content=told, headers={"Content-Type": answer.headers.get("Content-Type", "text/plain")})

    def tip(self, branch: str) -> str:
        return self.git("rev-parse", f"refs/heads/{branch}")

    def is_clean(self, base: str, head: str) -> bool:
        tried = subprocess.run(["git", "merge-tree", "--write-tree", base, head], cwd=self.bare, capture_output=True, check=False)
        return tried.returncode == 0

    def merged(self, pull: Any, asked: Any) -> str:
        """Does in git what `emulate` did to its rows; the new tip of the base."""
        base, head = self.tip(pull["base"]["ref"]), self.tip(pull["head"]["ref"])
        tree = self.git("merge-tree", "--write-tree", base, head).splitlines()[0]
        message = f"{asked.get('commit_title') or pull['title']}\n\n{asked.get('commit_message') or ''}".strip()
        parents = ("-p", base) if asked.get("merge_method") == "squash" else ("-p", base, "-p", head)
        made = self.git("commit-tree", tree, *parents, text=message)
        self.git("update-ref", f"refs/heads/{pull['base']['ref']}", made, base)
        return made


def bridged(bridge: Bridge, schema: Path) -> Flask:
    app = Flask("bridge")
    executor = Executor(bridge=bridge, schema=schema)

    @app.post("/graphql")
    def graphql() -> Response:
        with bridge.one_at_a_time:
            bridge.notice_pushes()
            given = request.get_json()
            return _json(executor.answer(given["query"], given.get("variables") or {}, token=request.headers.get("Authorization")))

    @app.route("/<owner>/<name>.git/<path:rest>", methods=["GET", "POST"])
    def git_http(owner: str, name: str, rest: str) -> Response:
        return _http_backend(bridge, rest)

    @app.route("/<path:path>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    def rest(path: str) -> Response:
        from tests.independent.emulated.quirks import QUIRKS

        with bridge.one_at_a_time:
            bridge.notice_pushes()
            for quirk in QUIRKS:
                if quirk.put_right is not None and quirk.concerns(request.method, f"/{path}"):
                    return quirk.put_right(bridge)
            return passed_on(bridge)

    return app


def passed_on(bridge: Bridge, body: bytes | None = None) -> Response:
    given = request.get_data() if body is None else body
    token, query = request.headers.get("Authorization"), request.query_string.decode()
    answer = bridge.ask(request.method, request.path, token=token, query=query, body=given)
    return Response(answer.content, answer.status_code, content_type=answer.headers["Content-Type"])


def _json(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value), status, mimetype="application/json")


def _http_backend(bridge: Bridge, rest: str) -> Response:
    environment = {
        "PATH": os.environ["PATH"],
        "GIT_PROJECT_ROOT": str(bridge.bare),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": f"/{rest}",
        "REMOTE_USER": "somebody",
        "REQUEST_METHOD": request.method,
        "QUERY_STRING": request.query_string.decode(),
        "CONTENT_TYPE": request.headers.get("Content-Type", ""),
        "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
        "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
    }
    asked = request.get_data()
    told = subprocess.run(
        ["git", "http-backend"], env=environment | {"CONTENT_LENGTH": str(len(asked))}, input=asked, capture_output=True, check=True
    )
    head, _, body = told.stdout.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
    return Response(body, int(headers.pop("Status", "200").split()[0]), headers)
