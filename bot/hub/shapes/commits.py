"""Commits as GitHub's JSON shows them."""

import sqlite3
from typing import Any

from bot.hub.shapes import links
from bot.hub.shapes import repositories as repository_shapes
from bot.hub.store import diffs, git, node_ids
from bot.hub.store.hub import Hub


def commit(repo: sqlite3.Row, found: git.Commit) -> dict[str, Any]:
    name = repository_shapes.full_name(repo)
    base = f"{links.root()}/repos/{name}/commits/{found.sha}"
    page = f"{links.web()}/{name}/commit"
    people = {
        role: {"name": person.name, "email": person.email, "date": person.date}
        for role, person in (("author", found.author), ("committer", found.committer))
    }
    return {
        "sha": found.sha,
        "node_id": node_ids.encode("Commit", found.sha),
        "url": base,
        "html_url": f"{page}/{found.sha}",
        "comments_url": f"{base}/comments",
        "commit": {
            **people,
            "message": found.message,
            "tree": {"sha": found.tree, "url": f"{links.root()}/repos/{name}/git/trees/{found.tree}"},
            "url": f"{links.root()}/repos/{name}/git/commits/{found.sha}",
            "comment_count": 0,
            "verification": {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None},
        },
        "author": None,
        "committer": None,
        "parents": [
            {"sha": sha, "url": f"{links.root()}/repos/{name}/commits/{sha}", "html_url": f"{page}/{sha}"} for sha in found.parents
        ],
    }


def person(hub: Hub, db: sqlite3.Connection, user_id: int) -> git.Person:
    """How somebody signs what GitHub commits for them."""
    row = db.execute("select * from users where id = ?", (user_id,)).fetchone()
    email = row["email"] or f"{row['id']}+{row['login']}@users.noreply.github.com"
    return git.Person(name=row["name"] or row["login"], email=email, date=hub.now())


def files(repo: sqlite3.Row, changed: list[diffs.ChangedFile], head: str) -> list[dict[str, Any]]:
    name = repository_shapes.full_name(repo)
    return [
        {
            "sha": file.blob, "filename": file.path, "status": file.status, "additions": file.additions, "deletions": file.deletions,
            "changes": file.additions + file.deletions, "blob_url": f"{links.web()}/{name}/blob/{head}/{file.path}",
            "raw_url": f"{links.web()}/{name}/raw/{head}/{file.path}",
            "contents_url": f"{links.root()}/repos/{name}/contents/{file.path}?ref={head}",
            **({"patch": file.patch} if file.patch is not None else {}),
            **({"previous_filename": file.previous} if file.previous else {}),
        }
        for file in changed
    ]  # fmt: skip


def short_commit(found: git.Commit) -> dict[str, Any]:
    """As webhooks show it beside other things."""
    people = {role: {"name": one.name, "email": one.email} for role, one in (("author", found.author), ("committer", found.committer))}
    return {"id": found.sha, "tree_id": found.tree, "message": found.message, "timestamp": found.committer.date, **people}
