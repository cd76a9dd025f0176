"""What the pages show, read from the rows and from git: one function for each thing that a page is about."""

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.hub.changes import pushes
from bot.hub.pages.diff import FileDiff, lines_of
from bot.hub.store import diffs, git, pull_rows
from bot.hub.store import repositories as store_repositories
from bot.hub.store.repositories import find_repository
from bot.hub.web.access import can_see
from bot.hub.web.answers import not_found
from bot.hub.web.context import current


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing on the page of an issue or pull request: a comment, a review, or what somebody did."""

    kind: str
    at: str
    author: sqlite3.Row | None
    row: sqlite3.Row
    data: dict[str, Any]


def query(sql: str, *parameters: Any) -> list[sqlite3.Row]:
    return current().db.execute(sql, parameters).fetchall()


def repository(owner: str, name: str) -> sqlite3.Row:
    found = find_repository(current().db, owner, name)
    if found is None or not can_see(found):
        raise not_found()
    pushes.notice(current().hub, found["id"], None)
    return found


def account(login: str) -> sqlite3.Row:
    rows = query("select * from users where login = ? collate nocase", login)
    if not rows:
        raise not_found()
    return rows[0]


def repositories(owner: str | None = None) -> list[sqlite3.Row]:
    rows = query(
        "select repositories.*, login as owner, (select count(*) from issues where repo_id = repositories.id and state = 'open'"
        " and id not in (select issue_id from pulls)) as open_issues, (select count(*) from issues join pulls on issue_id = issues.id"
        " where repo_id = repositories.id and state = 'open') as open_pulls"
        " from repositories join users on users.id = owner_id where login = coalesce(?, login)"
        " order by coalesce(pushed_at, repositories.created_at) desc",
        owner,
    )
    return [row for row in rows if can_see(row)]


def boards(owner: str | None = None) -> list[sqlite3.Row]:
    return query(
        "select boards.*, login as owner, (select count(*) from board_items where board_id = boards.id) as items"
        " from boards join users on users.id = owner_id where public and not closed and login = coalesce(?, login)"
        " order by boards.updated_at desc",
        owner,
    )


def board_of(repo: sqlite3.Row) -> sqlite3.Row | None:
    found = query(
        "select boards.*, login as owner from boards join users on users.id = owner_id where repo_id = ? order by boards.id", repo["id"]
    )
    return found[0] if found else None


def counts(repo: sqlite3.Row) -> dict[str, int]:
    row = query(
        "select count(*) filter (where issue_id is null) as issues, count(*) filter (where issue_id is not null) as pulls"
        " from issues left join pulls on issue_id = issues.id where repo_id = ? and state = 'open'",
        repo["id"],
    )[0]
    return {"issues": row["issues"], "pulls": row["pulls"]}


def bare(repo: sqlite3.Row) -> Path:
    return store_repositories.bare(current().hub, current().db, repo["id"])


def user(user_id: int | None) -> sqlite3.Row | None:
    rows = query("select * from users where id = ?", user_id)
    return rows[0] if rows else None


def labels(issue_id: int) -> list[sqlite3.Row]:
    return query("select labels.* from labels join issue_labels on label_id = labels.id where issue_id = ? order by name", issue_id)


def repository_labels(repo: sqlite3.Row) -> list[sqlite3.Row]:
    return query("select * from labels where repo_id = ? order by name", repo["id"])


LISTED = (
    "select pulls.*, issues.*, pulls.issue_id is not null as is_pull, login as author,"
    " (select count(*) from comments where comments.issue_id = issues.id) as comments"
    " from issues left join pulls on pulls.issue_id = issues.id left join users on users.id = author_id"
)
PAGE = 50


def subjects(repo: sqlite3.Row, *, pulls: bool, state: str, label: str | None, page: int) -> tuple[list[sqlite3.Row], int]:
    where, given = ["repo_id = ?", f"pulls.issue_id is {'not ' if pulls else ''}null"], [repo["id"]]
    if state != "all":
        where.append("state = ?")
        given.append(state)
    if label:
        where.append("issues.id in (select issue_id from issue_labels join labels on labels.id = label_id where name = ?)")
        given.append(label)
    clause = " and ".join(where)
    total = query(f"select count(*) as total from issues left join pulls on pulls.issue_id = issues.id where {clause}", *given)[0]["total"]
    rows = query(f"{LISTED} where {clause} order by number desc limit ? offset ?", *given, PAGE, (page - 1) * PAGE)
    return rows, total


def subject(repo: sqlite3.Row, number: int) -> sqlite3.Row:
    rows = query(f"{LISTED} where repo_id = ? and number = ?", repo["id"], number)
    if not rows:
        raise not_found()
    return rows[0]


def state_of(row: sqlite3.Row) -> str:
    if row["is_pull"]:
        if row["merged_at"]:
            return "merged"
        if row["state"] == "open" and row["draft"]:
            return "draft"
    elif row["state"] == "closed" and row["state_reason"] in ("not_planned", "duplicate"):
        return "dropped"
    return str(row["state"])


def conversation(row: sqlite3.Row) -> list[Entry]:
    """Comments, reviews with what they say about lines, and events, oldest first."""
    found = [
        Entry(kind="comment", at=one["created_at"], author=user(one["author_id"]), row=one, data={})
        for one in query("select * from comments where issue_id = ?", row["id"])
    ]
    for one in query("select * from reviews where issue_id = ? and state != 'PENDING'", row["id"]):
        notes = query("select * from review_comments where review_id = ? order by path, line, id", one["id"])
        data = {"comments": [{"row": note, "author": user(note["author_id"]), "hunk": hunk_of(note)} for note in notes]}
        found.append(Entry(kind="review", at=one["submitted_at"], author=user(one["author_id"]), row=one, data=data))
    found += [
        Entry(kind="event", at=one["created_at"], author=user(one["actor_id"]), row=one, data=json.loads(one["data"]))
        for one in query("select * from events where issue_id = ?", row["id"])
    ]
    order = {"comment": 0, "review": 1, "event": 2}
    return sorted(found, key=lambda entry: (entry.at, order[entry.kind], entry.row["id"]))


def hunk_of(note: sqlite3.Row) -> FileDiff | None:
    """The last lines before the one that a comment is about."""
    if not note["diff_hunk"]:
        return None
    return FileDiff(
        path=note["path"], status="modified", additions=0, deletions=0, lines=tuple(lines_of(note["diff_hunk"])[-4:]), binary=False
    )


def checks(repo: sqlite3.Row, sha: str) -> list[dict[str, Any]]:
    runs = {
        (row["app_id"], row["name"]): row
        for row in query("select * from check_runs where repo_id = ? and head_sha = ? order by id", repo["id"], sha)
    }
    shown = [
        {
            "id": row["id"],
            "name": row["name"],
            "state": check_state(row),
            "note": row["title"] or row["conclusion"] or row["status"],
            "row": row,
        }
        for row in runs.values()
    ]
    statuses = {row["context"]: row for row in query("select * from statuses where repo_id = ? and sha = ? order by id", repo["id"], sha)}
    for row in statuses.values():
        state = {"error": "failure"}.get(row["state"], row["state"])
        shown.append({"id": None, "name": row["context"], "state": state, "note": row["description"] or row["state"], "row": row})
    return shown


def check_state(run: sqlite3.Row) -> str:
    if run["status"] != "completed":
        return "pending"
    if run["conclusion"] == "success":
        return "success"
    return "neutral" if run["conclusion"] in pull_rows.GOOD else "failure"


def overall(found: list[dict[str, Any]]) -> str | None:
    states = {check["state"] for check in found}
    return next((state for state in ("failure", "pending", "success", "neutral") if state in states), None)


def check(repo: sqlite3.Row, run_id: int) -> sqlite3.Row:
    rows = query(
        "select check_runs.*, slug from check_runs join apps on apps.id = app_id where repo_id = ? and check_runs.id = ?",
        repo["id"],
        run_id,
    )
    if not rows:
        raise not_found()
    return rows[0]


def files(repo: sqlite3.Row, pull: sqlite3.Row) -> list[FileDiff]:
    where, now = bare(repo), current()
    base = pull_rows.base_tip(now.hub, now.db, pull_rows.by_id(now.db, pull["id"]))
    return _diffs(where, diffs.start_of(where, base, pull["head_sha"]), pull["head_sha"])


def notes_by_line(pull: sqlite3.Row) -> dict[tuple[str, str, int], list[dict[str, Any]]]:
    found: dict[tuple[str, str, int], list[dict[str, Any]]] = {}
    for note in query("select * from review_comments where issue_id = ? and line is not null order by id", pull["id"]):
        found.setdefault((note["path"], note["side"], note["line"]), []).append({"row": note, "author": user(note["author_id"])})
    return found


def commits(repo: sqlite3.Row, pull: sqlite3.Row) -> list[git.Commit]:
    now = current()
    base = pull_rows.base_tip(now.hub, now.db, pull_rows.by_id(now.db, pull["id"]))
    return git.log(bare(repo), f"{base}..{pull['head_sha']}", limit=250, oldest_first=True)


def standing(repo: sqlite3.Row, pull: sqlite3.Row) -> list[str]:
    """What still stands against merging, in GitHub's words."""
    if pull["state"] != "open":
        return []
    return pull_rows.unmet(current().db, pull_rows.by_id(current().db, pull["id"]))


def tree(repo: sqlite3.Row, revision: str, path: str) -> list[dict[str, str]] | None:
    """What is in a folder, folders first; None where it is not a folder."""
    where = bare(repo)
    at = f"{revision}:{path}" if path else f"{revision}^{{tree}}"
    if git.resolve(where, at, "tree") is None:
        return None
    listed = git.git(where, "ls-tree", "-z", git.resolve(where, at, "tree") or "").decode("utf-8", "replace")
    entries = []
    for entry in filter(None, listed.split("\0")):
        about, name = entry.split("\t", 1)
        entries.append({"kind": about.split()[1], "name": name, "path": f"{path}/{name}" if path else name})
    return sorted(entries, key=lambda entry: (entry["kind"] != "tree", entry["name"]))


def blob(repo: sqlite3.Row, revision: str, path: str) -> bytes | None:
    where = bare(repo)
    found = git.resolve(where, f"{revision}:{path}", "blob")
    return git.read(where, "blob", found) if found else None


def files_of_commit(repo: sqlite3.Row, commit: git.Commit) -> list[FileDiff]:
    where = bare(repo)
    return _diffs(where, commit.parents[0] if commit.parents else diffs.empty_tree(where), commit.sha)


def _diffs(where: Path, start: str, end: str) -> list[FileDiff]:
    return [
        FileDiff(
            path=file.path,
            status=file.status,
            additions=file.additions,
            deletions=file.deletions,
            lines=tuple(lines_of(file.patch or "")),
            binary=file.patch is None,
        )
        for file in diffs.changed_files(where, start, end)
    ]
