"""A believable repository on the hub: issues, pull requests with reviews and checks, and a board, as weeks of work leave them."""

import atexit
import json
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

from bot.hub import boards, checks, seed
from bot.hub.app import create_app
from bot.hub.hub import Hub, open_hub

HOME = "orchard/marrow"
STATUSES = ("Proposed", "Ready", "Working", "In review", "Needs a person", "Done")
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
FIXED = PARSER.replace('        if not line.endswith("\\n"):\n            return\n', "").replace(
    'split("\\t")))', 'split("\\t"), strict=True))'
)
LOG = "$ python -m pytest -q\n....................F                                                   [100%]\nFAILED tests/test_parser.py::test_last_line\n1 failed, 20 passed in 0.41s\n"


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

    def ask(self, method: str, path: str, body: Any = None, *, who: str = "ada", status: int | None = None) -> Any:
        """One REST request; anything but success is a fault of the caller unless the status is named."""
        answer = self.app.test_client().open(path, method=method, json=body, headers=self.headers(who))
        assert answer.status_code == status if status else answer.status_code < 300, (method, path, answer.status_code, answer.text[:400])
        return answer.get_json(silent=True)

    def headers(self, who: str | None) -> dict[str, str]:
        """An app's token lasts an hour, and hours pass here in no time: each request gets a new one."""
        if who in self.apps:
            return {"Authorization": f"Bearer {installation_token(self, *self.apps[who])}"}
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
    return Garden(hub=hub, app=create_app(hub), clock=clock, tokens=dict(grown.tokens), apps=dict(grown.apps))


def _planted(root: Path) -> Garden:
    clock = Moving()
    hub = open_hub(root, clock=clock)
    garden = Garden(hub=hub, app=create_app(hub), clock=clock)
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


LABELS = (
    ("agent:ready", "0e8a16", "Queued for an agent"),
    ("agent:hold", "e4e669", "Waits for a person"),
    ("priority:high", "b60205", "Before the others"),
    ("category:testing", "1d76db", "Tests"),
    ("bug", "d73a4a", "Something does not work"),
)


def garden(root: Path) -> Garden:
    """The repository after some days of work: every state that a page can show is in it."""
    made = plot(root)
    for name, color, about in LABELS:
        made.ask("POST", f"/repos/{HOME}/labels", {"name": name, "color": color, "description": about})
    lost = issue(
        made,
        "The last line is lost when a file does not end in a newline",
        "`parse` stops one line early.\n\n## Acceptance criteria\n- [ ] the last record is returned\n- [ ] a test shows it\n\n"
        "<details><summary>Example</summary>\n\n```python\nparse(['a\\tb\\n', '1\\t2'])\n```\n\n</details>",
        ["bug", "agent:ready", "priority:high"],
    )
    stream = issue(
        made, "Stream records without reading the whole file", "Large files should not need memory for all their records.", ["agent:ready"]
    )
    tests = issue(
        made, "Cover the error messages with tests", "Nobody checks what a broken header says.", ["category:testing", "agent:ready"]
    )
    person = issue(
        made, "Which licence do the example files have?", "We cannot ship them before this is known.", ["agent:hold"], who="mallory"
    )
    made.ask("POST", f"/repos/{HOME}/issues/{person}/labels", {"labels": ["agent:hold"]})  # mallory may file issues, not label them
    done = issue(made, "Say in the README how to install marrow", "One line is enough.", ["agent:ready"])
    comment(made, lost, "Seen with files from the old exporter too, @ben.", who="ben")
    comment(
        made,
        lost,
        "**Working** · agent 3 · cycle 1 of 3\n\n| Gate | Result |\n|---|---|\n| lint | passed |\n| tests | passed |\n\nSpent $0.42 of $2.00.",
        who="groundskeeper",
    )
    first, sha = pull(
        made,
        "Return the last record of a file without a final newline",
        f"Closes #{lost}.\n\nThe loop no longer stops at it.",
        "agent-3/project-1",
        {"marrow/parser.py": FIXED},
    )
    checks.report(made.hub, HOME, sha, "tests", "failure", log=LOG)
    checks.report(made.hub, HOME, sha, "lint", "success", log="All checks passed!\n")
    made.clock.pass_time(minutes=12)
    remark = {
        "path": "marrow/parser.py",
        "line": 8,
        "side": "RIGHT",
        "body": "`strict=True` now refuses short lines. Is that wanted?\n\nThe issue does not ask for it.",
    }
    made.ask(
        "POST",
        f"/repos/{HOME}/pulls/{first}/reviews",
        {
            "event": "REQUEST_CHANGES",
            "body": "- [x] the last record is returned\n- [ ] **a test shows it**: none was added",
            "commit_id": sha,
            "comments": [remark],
        },
        who="groundskeeper-review",
    )
    made.clock.pass_time(minutes=20)
    test = "from marrow.parser import parse\n\n\ndef test_last_line():\n    assert len(list(parse(iter(['a\\n', '1'])))) == 1\n"
    again = made.push(
        "agent-3/project-1",
        {"tests/test_parser.py": test},
        "Show the last record in a test",
        start="agent-3/project-1",
        author="groundskeeper",
    )
    for name in ("tests", "lint"):
        checks.report(made.hub, HOME, again, name, "success", log="21 passed in 0.40s\n")
    made.ask(
        "POST",
        f"/repos/{HOME}/pulls/{first}/reviews",
        {"event": "APPROVE", "body": "Both criteria are met.", "commit_id": again},
        who="groundskeeper-review",
    )
    second, sha = pull(
        made, "Say how to install marrow", f"Closes #{done}.", "agent-1/project-5", {"README.md": README + "\n`pip install marrow`\n"}
    )
    checks.report(made.hub, HOME, sha, "tests", "success", log="20 passed in 0.38s\n")
    made.clock.pass_time(minutes=5)
    made.ask("PUT", f"/repos/{HOME}/pulls/{second}/merge", {"merge_method": "squash", "sha": sha}, who="groundskeeper-review")
    _board(made, {lost: "In review", stream: "Working", tests: "Ready", person: "Needs a person", done: "Done"})
    made.clock.pass_time(minutes=26)
    return made


CARDS: dict[str, dict[str, str | float]] = {
    "Working": {
        "Agent": "7",
        "Role": "backend",
        "Cycle": "1 of 3",
        "Spend": "$0.18",
        "Progress %": 45,
        "Reason": "Writing the generator; tests pass so far.",
    },
    "In review": {
        "Agent": "3",
        "Role": "backend",
        "Cycle": "2 of 3",
        "Spend": "$0.61",
        "Progress %": 90,
        "Reason": "Approved at the head; waits for the merge.",
    },
    "Ready": {"Role": "testing", "Priority": "normal", "Reason": "Third in the queue: both agents are busy."},
    "Needs a person": {"Reason": "Held by the label agent:hold, set by ada."},
    "Done": {"Agent": "1", "Spend": "$0.09", "Progress %": 100},
}


def _board(made: Garden, places: dict[int, str]) -> None:
    texts = dict.fromkeys(("Agent", "Role", "Priority", "Cycle", "Spend", "Reason"), "text")
    number = boards.add_board(
        made.hub, "orchard", "Marrow garden", repository=HOME, fields={"Status": STATUSES, "Progress %": "number", **texts}
    )
    at = f"/orgs/orchard/projectsV2/{number}"
    known = {one["name"]: one for one in made.ask("GET", f"{at}/fields?per_page=100", who="groundskeeper")}
    options = {option["name"]["raw"]: option["id"] for option in known["Status"]["options"]}
    for place, status in places.items():
        row = made.ask("GET", f"/repos/{HOME}/issues/{place}")
        item = made.ask("POST", f"{at}/items", {"type": "Issue", "id": row["id"]}, who="groundskeeper")
        values = [{"id": known["Status"]["id"], "value": options[status]}]
        values += [{"id": known[name]["id"], "value": value} for name, value in CARDS[status].items()]
        made.ask("PATCH", f"{at}/items/{item['id']}", {"fields": values}, who="groundskeeper")


if __name__ == "__main__":
    import sys
    import time

    from bot.hub.serve import serving

    grown = garden(Path(sys.argv[1]))
    with serving(grown.hub, port=int(sys.argv[2])) as served:
        print(json.dumps({"url": served.url, "tokens": grown.tokens}), flush=True)
        time.sleep(float(sys.argv[3]))
