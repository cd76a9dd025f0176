"""Issues that a text says it closes."""

import re
import sqlite3

from bot.hub.changes import issues
from bot.hub.store.hub import Hub

CLOSING = re.compile(
    r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\b:?\s+(?:(?P<repo>[\w.-]+/[\w.-]+)?#|https?://[^\s/]+/(?P<link>[\w.-]+/[\w.-]+)/issues/)(?P<number>\d+)\b",
    re.IGNORECASE,
)


def named_issues(text: str, full_name: str) -> list[int]:
    """Numbers of the issues of this repository that a text says it closes."""
    found = [
        int(match["number"])
        for match in CLOSING.finditer(text)
        if (match["repo"] or match["link"] or full_name).lower() == full_name.lower()
    ]
    return list(dict.fromkeys(found))


def close_named(hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, text: str, actor_id: int, commit_id: str | None) -> None:
    owner = db.execute("select login from users where id = ?", (repo["owner_id"],)).fetchone()["login"]
    for number in named_issues(text, f"{owner}/{repo['name']}"):
        issue = db.execute(
            "select * from issues where repo_id = ? and number = ? and state = 'open' and id not in (select issue_id from pulls)",
            (repo["id"], number),
        ).fetchone()
        if issue:
            issues.close_issue(hub, db, issue, actor_id, "completed", commit_id)
