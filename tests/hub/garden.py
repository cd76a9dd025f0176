"""A small repository on the hub with its people and its two apps, and the verbs of those who work in it."""

import atexit
import shutil
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import jwt
from flask import Flask

from bot.hub import seed
from bot.hub.app import create_app
from bot.hub.store.hub import Hub, open_hub
from tests.contract.watching import watched

HOME = "orchard/marrow"
README = """# marrow

Reads and writes **marrow files**: small tables with a header, one record a line.

```python
from marrow import parse
for record in parse(open("beds.mrw")):
    print(record["name"], record["metres"])
```

| Feature | State |
|---|---|
| Reading | done |
| Writing | done |
| Streaming | #2 |

- [x] No dependencies
- [ ] Type hints everywhere
"""
PARSER = '''"""Reads marrow files."""


def parse(lines):
    """Yields one record for each line after the header."""
    names = next(lines).rstrip("\\n").split("\\t")
    for line in lines:
        if not line.endswith("\\n"):
            return
        yield dict(zip(names, line.rstrip("\\n").split("\\t")))
'''


@dataclass
class Moving:
    """A clock that a test moves by hand."""

    at: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def pass_time(self, **amount: float) -> None:
        self.at += timedelta(**amount)


@dataclass
class Garden:
    hub: Hub
    app: Flask
    clock: Moving
    tokens: dict[str, str] = field(default_factory=dict)
    apps: dict[str, tuple[seed.NewApp, int]] = field(default_factory=dict)
    _minted: dict[str, tuple[str, datetime]] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: Any = None, *, who: str = "ada", status: int | None = None) -> Any:
        """One REST request; anything but success is a fault of the caller unless the status is named."""
        answer = self.app.test_client().open(path, method=method, json=body, headers=self.headers(who))
        assert answer.status_code == status if status else answer.status_code < 300, (method, path, answer.status_code, answer.text[:400])
        return answer.get_json(silent=True)

    def headers(self, who: str | None) -> dict[str, str]:
        """An app's token lasts an hour, and hours pass here in no time: it is used for as long as nothing was waited for."""
        if who in self.apps:
            token, at = self._minted.get(who, ("", None))
            if at != self.clock.at:
                token = installation_token(self, *self.apps[who])
                self._minted[who] = (token, self.clock.at)
            return {"Authorization": f"Bearer {token}"}
        return {"Authorization": f"Bearer {self.tokens[who]}"} if who else {}

    def graphql(self, query: str, *, who: str = "ada", **variables: Any) -> Any:
        """The whole answer, errors and all."""
        answer = self.app.test_client().post("/graphql", json={"query": query, "variables": variables}, headers=self.headers(who))
        assert answer.status_code == 200, answer.text[:400]
        return answer.get_json()

    def data(self, query: str, *, who: str = "ada", **variables: Any) -> Any:
        answer = self.graphql(query, who=who, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def page(self, path: str) -> str:
        answer = self.app.test_client().get(path, headers={"Accept": "text/html"})
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:300])
        return answer.text

    def push(self, branch: str, files: dict[str, str], message: str, *, start: str = "main", author: str = "ada") -> str:
        return push(self.hub.root / "repositories" / f"{HOME}.git", branch, files, message, start=start, author=author, at=self.clock.at)


def push(bare: Path, branch: str, files: dict[str, str], message: str, *, start: str, author: str, at: datetime) -> str:
    """A commit straight into the bare repository, made by git's own plumbing for fast imports."""
    who = f"{author} <{author}@orchard.example> {int(at.timestamp())} +0000"
    head = subprocess.run(
        ["git", "-C", bare, "rev-parse", "-q", "--verify", f"refs/heads/{start}"], capture_output=True, text=True, check=False
    )
    text = [f"commit refs/heads/{branch}\nauthor {who}\ncommitter {who}\ndata {len(message.encode())}\n{message}\n"]
    if head.returncode == 0:
        text.append(f"from {head.stdout.strip()}\n")
    text += [f"M 100644 inline {path}\ndata {len(body.encode())}\n{body}\n" for path, body in files.items()]
    subprocess.run(["git", "-C", bare, "fast-import", "--quiet", "--force"], input="".join(text).encode(), check=True)
    return subprocess.run(
        ["git", "-C", bare, "rev-parse", f"refs/heads/{branch}"], capture_output=True, text=True, check=True
    ).stdout.strip()


def installation_token(garden: Garden, app: seed.NewApp, installation: int) -> str:
    now = int(garden.clock.at.timestamp())
    assertion = jwt.encode({"iss": str(app.id), "iat": now - 5, "exp": now + 300}, app.private_key_pem, algorithm="RS256")
    answer = garden.app.test_client().post(
        f"/app/installations/{installation}/access_tokens", json={}, headers={"Authorization": f"Bearer {assertion}"}
    )
    assert answer.status_code == 201, answer.text
    return str(answer.get_json()["token"])


@cache
def _nursery() -> Garden:
    """Grown once a session: making an app's key takes longer than most tests."""
    root = Path(mkdtemp(prefix="nursery-"))
    atexit.register(shutil.rmtree, root)
    grown = _planted(root)
    grown.hub.close()
    return grown


def plot(root: Path) -> Garden:
    """The people, the apps and a repository with its first commit."""
    grown = _nursery()
    shutil.copytree(grown.hub.root, root, dirs_exist_ok=True)
    clock = Moving(at=grown.clock.at)
    hub = open_hub(root, clock=clock)
    return Garden(hub=hub, app=watched(create_app(hub), hub), clock=clock, tokens=dict(grown.tokens), apps=dict(grown.apps))


def _planted(root: Path) -> Garden:
    clock = Moving()
    hub = open_hub(root, clock=clock)
    garden = Garden(hub=hub, app=watched(create_app(hub), hub), clock=clock)
    seed.add_organization(hub, "orchard")
    for login, name in (("ada", "Ada Field"), ("ben", "Ben Hedge"), ("mallory", "Mallory")):
        seed.add_user(hub, login, name=name, email=f"{login}@orchard.example")
        garden.tokens[login] = seed.add_token(hub, login)
    seed.add_repository(hub, "orchard", "marrow", description="Small tables with a header, one record a line")
    seed.set_role(hub, HOME, "ada", "admin")
    seed.set_role(hub, HOME, "ben", "write")
    rights = {
        "issues": "write",
        "pull_requests": "write",
        "contents": "write",
        "checks": "write",
        "organization_projects": "write",
        "metadata": "read",
    }
    for slug in ("groundskeeper", "groundskeeper-review"):
        app = seed.add_app(hub, slug, owner="orchard", permissions=rights)
        garden.apps[slug] = (app, seed.install_app(hub, app.id, "orchard"))
    garden.push(
        "main", {"README.md": README, "marrow/parser.py": PARSER, "tests/test_parser.py": "def test_first(): ...\n"}, "Read marrow files"
    )
    return garden


def issue(garden: Garden, title: str, body: str, labels: list[str], *, who: str = "ada") -> int:
    garden.clock.pass_time(minutes=7)
    return int(garden.ask("POST", f"/repos/{HOME}/issues", {"title": title, "body": body, "labels": labels}, who=who)["number"])


def comment(garden: Garden, number: int, body: str, *, who: str) -> None:
    garden.clock.pass_time(minutes=3)
    garden.ask("POST", f"/repos/{HOME}/issues/{number}/comments", {"body": body}, who=who)


def pull(garden: Garden, title: str, body: str, branch: str, files: dict[str, str]) -> tuple[int, str]:
    garden.clock.pass_time(minutes=9)
    sha = garden.push(branch, files, title, author="groundskeeper")
    made = garden.ask("POST", f"/repos/{HOME}/pulls", {"title": title, "body": body, "head": branch, "base": "main"}, who="groundskeeper")
    return int(made["number"]), sha
