"""The pages: plain HTML made on the server, readable without script, in light and dark."""

import sqlite3
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Flask, Response, redirect, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from bot.hub.pages import boards, reads
from bot.hub.shapes import markdown
from bot.hub.store import git, pull_rows
from bot.hub.web import access, sessions
from bot.hub.web.answers import not_found
from bot.hub.web.context import current

routes = Blueprint("pages", __name__, static_folder="static", static_url_path="/static")
POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
UNITS = (("year", 31_536_000), ("month", 2_592_000), ("day", 86_400), ("hour", 3600), ("minute", 60))
HUES = 8
LIVE_SECONDS = 4
READMES = ("README.md", "readme.md", "Readme.md", "README")


def prepare(app: Flask) -> None:
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters |= {"ago": ago, "hue": hue, "initial": initial, "short": lambda sha: sha[:7], "md": md}
    app.jinja_env.globals |= {"live_seconds": LIVE_SECONDS, "me": sessions.person, "may": access.has_role}


@routes.after_request
def guard(answer: Response) -> Response:
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Referrer-Policy"] = "same-origin"
    return answer


def ago(stamp: str | None) -> Markup:
    """A time in words, with the exact one in reach of machines and of a pointer."""
    if not stamp:
        return Markup("")
    then = datetime.fromisoformat(stamp).astimezone(UTC)
    seconds = (current().hub.clock() - then).total_seconds()
    size, unit = next(((seconds // length, name) for name, length in UNITS if seconds >= length), (0, ""))
    words = f"{size:.0f} {unit}{'' if size == 1 else 's'} ago" if unit else "just now"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(stamp, then.strftime("%-d %B %Y, %H:%M UTC"), words)


def hue(login: str) -> int:
    return sum(login.encode()) % HUES


def initial(login: str) -> str:
    return login[:1].upper()


def md(text: str | None, repo: sqlite3.Row | None = None, below: int = 2) -> Markup:
    """People's Markdown; what it gives was cleaned, so it is taken as it is."""
    at = f"/{repo['owner']}/{repo['name']}/issues" if repo else None
    return Markup(markdown.render(text, issues_at=at, below=below))  # noqa: S704


def shown(template: str, **values: Any) -> str:
    return render_template(template, **values)


def of_repository(template: str, repo: sqlite3.Row, tab: str, **values: Any) -> str:
    return shown(template, repo=repo, tab=tab, counts=reads.counts(repo), repo_board=reads.board_of(repo), **values)


@routes.get("/")
def home() -> str:
    return shown("home.html", repositories=reads.repositories(), boards=reads.boards(), address=current().hub.base_url)


@routes.get("/<owner>")
def account(owner: str) -> str:
    """An organization's, a person's or an app's own page."""
    found = reads.account(owner)
    login = found["login"]
    return shown("account.html", account=found, repositories=reads.repositories(login), boards=reads.boards(login))


def absent() -> Response | None:
    """For people whose browser asks for a page; None for programs, which get GitHub's JSON."""
    accepted = request.accept_mimetypes
    if accepted.best_match(["application/json", "text/html"]) != "text/html" or request.path.startswith("/api/"):
        return None
    return guard(Response(shown("absent.html"), 404))


@routes.get("/<owner>/<name>")
def overview(owner: str, name: str) -> str:
    repo = reads.repository(owner, name)
    entries = reads.tree(repo, repo["default_branch"], "")
    readme = next((found for file in READMES if (found := reads.blob(repo, repo["default_branch"], file)) is not None), None)
    commits = git.log(reads.bare(repo), repo["default_branch"], limit=8) if entries is not None else []
    text = readme.decode("utf-8", "replace") if readme is not None else None
    return of_repository(
        "repository.html",
        repo,
        "code",
        entries=entries,
        readme=text,
        commits=commits,
        path="",
        revision=repo["default_branch"],
        address=current().hub.base_url,
    )


@routes.get("/<owner>/<name>/blob/<revision>/<path:path>")
@routes.get("/<owner>/<name>/tree/<revision>/")
@routes.get("/<owner>/<name>/tree/<revision>/<path:path>")
def file(owner: str, name: str, revision: str, path: str = "") -> str:
    repo = reads.repository(owner, name)
    entries = reads.tree(repo, revision, path)
    data = None if entries is not None else reads.blob(repo, revision, path)
    if entries is None and data is None:
        raise not_found()
    text = None if data is None or b"\0" in data[:8000] else data.decode("utf-8", "replace")
    return of_repository("file.html", repo, "code", entries=entries, text=text, size=len(data or b""), path=path, revision=revision)


@routes.get("/<owner>/<name>/issues", defaults={"pulls": False})
@routes.get("/<owner>/<name>/pulls", defaults={"pulls": True})
def listing(owner: str, name: str, pulls: bool) -> str:
    repo = reads.repository(owner, name)
    state = request.args.get("state", "open")
    state = state if state in ("open", "closed", "all") else "open"
    page = max(1, int(text)) if (text := request.args.get("page", "")).isdigit() else 1
    label = request.args.get("label")
    rows, total = reads.subjects(repo, pulls=pulls, state=state, label=label, page=page)
    listed = [
        {"row": row, "state": reads.state_of(row), "labels": reads.labels(row["id"]), "checks": _checks_word(repo, row)} for row in rows
    ]
    last = max(1, -(-total // reads.PAGE))
    tab = "pulls" if pulls else "issues"
    return of_repository("listing.html", repo, tab, listed=listed, total=total, state=state, label=label, page=page, last=last, pulls=pulls)


def _checks_word(repo: sqlite3.Row, row: sqlite3.Row) -> str | None:
    return reads.overall(reads.checks(repo, row["head_sha"])) if row["is_pull"] else None


@routes.get("/<owner>/<name>/issues/<int:number>")
@routes.get("/<owner>/<name>/pull/<int:number>")
def subject(owner: str, name: str, number: int) -> str | AnyResponse:
    repo = reads.repository(owner, name)
    row = reads.subject(repo, number)
    place = f"/{repo['owner']}/{repo['name']}/{'pull' if row['is_pull'] else 'issues'}/{number}"
    if request.path != place:
        return redirect(place)
    return subject_page(repo, row, "conversation")


def subject_page(repo: sqlite3.Row, row: sqlite3.Row, part: str) -> str:
    values = _about(repo, row)
    if part == "conversation":
        values |= {"known": reads.repository_labels(repo)}
    if part == "files":
        values |= {"files": reads.files(repo, row), "notes": reads.notes_by_line(row)}
    if part == "commits":
        values["commits"] = reads.commits(repo, row)
    return of_repository("subject.html", repo, "pulls" if row["is_pull"] else "issues", part=part, **values)


def _about(repo: sqlite3.Row, row: sqlite3.Row) -> dict[str, Any]:
    checks = reads.checks(repo, row["head_sha"]) if row["is_pull"] else []
    overall = reads.overall(checks)
    return {
        "row": row,
        "state": reads.state_of(row),
        "labels": reads.labels(row["id"]),
        "author": reads.user(row["author_id"]),
        "entries": reads.conversation(row),
        "assignees": reads.query("select users.* from users join issue_assignees on user_id = id where issue_id = ?", row["id"]),
        "checks": checks,
        "overall": overall,
        "standing": reads.standing(repo, row) if row["is_pull"] else [],
        "live": row["state"] == "open",
        "size": pull_rows.size(current().hub, current().db, pull_rows.by_id(current().db, row["id"])) if row["is_pull"] else None,
        "merged_by": reads.user(row["merged_by_id"]) if row["is_pull"] else None,
    }


@routes.get("/<owner>/<name>/pull/<int:number>/<any(files, checks, commits):part>")
def pull_part(owner: str, name: str, number: int, part: str) -> str:
    repo = reads.repository(owner, name)
    row = reads.subject(repo, number)
    if not row["is_pull"]:
        raise not_found()
    return subject_page(repo, row, part)


@routes.get("/<owner>/<name>/runs/<int:run_id>")
def check_run(owner: str, name: str, run_id: int) -> str:
    repo = reads.repository(owner, name)
    run = reads.check(repo, run_id)
    pulls = reads.query(f"{reads.LISTED} where repo_id = ? and head_sha = ?", repo["id"], run["head_sha"])
    state = reads.check_state(run)
    return of_repository("check.html", repo, "pulls", run=run, state=state, pull=pulls[0] if pulls else None, live=state == "pending")


@routes.get("/<owner>/<name>/commit/<sha>")
def commit(owner: str, name: str, sha: str) -> str:
    repo = reads.repository(owner, name)
    where = reads.bare(repo)
    full = git.resolve(where, sha)
    found = git.commit(where, full) if full else None
    if found is None:
        raise not_found()
    checks = reads.checks(repo, found.sha)
    return of_repository("commit.html", repo, "code", commit=found, files=reads.files_of_commit(repo, found), checks=checks, notes={})


@routes.get("/<owner>/<name>/board")
def repository_board(owner: str, name: str) -> str:
    repo = reads.repository(owner, name)
    board = reads.board_of(repo)
    if board is None:
        raise not_found()
    return of_repository("board.html", repo, "board", board=board, columns=boards.columns(board), live=True)


@routes.get("/orgs/<owner>/boards/<int:number>")
@routes.get("/orgs/<owner>/projects/<int:number>")
@routes.get("/users/<owner>/boards/<int:number>")
@routes.get("/users/<owner>/projects/<int:number>")
def account_board(owner: str, number: int) -> str:
    rows = reads.query(
        "select boards.*, login as owner from boards join users on users.id = owner_id where login = ? and number = ? and public",
        owner,
        number,
    )
    if not rows:
        raise not_found()
    return shown("board.html", repo=None, board=rows[0], columns=boards.columns(rows[0]), live=True)
