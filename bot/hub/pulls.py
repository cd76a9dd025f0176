"""Pull requests: list, open, read, change, their commits and files."""

import sqlite3

from flask import Blueprint, Response, request

from bot.hub import actions, actions_settings, git, issues, pull_events, pull_files, pull_rows, pushes, shapes, shapes_git, shapes_pull
from bot.hub.hub import Hub
from bot.hub.web import (
    Problem,
    answered,
    created,
    current,
    field,
    has_role,
    json_body,
    not_found,
    one_of,
    paged,
    repository,
    require,
    signed_in,
)

routes = Blueprint("pulls", __name__)


def found(owner: str, name: str, number: int) -> tuple[sqlite3.Row, sqlite3.Row]:
    """The repository and one of its pull requests, as the refs are now."""
    repo = repository(owner, name)
    pushes.notice(current().hub, repo["id"], None)
    pull = pull_rows.by_number(current().db, repo["id"], number)
    if pull is None:
        raise not_found()
    return repo, pull


@routes.get("/repos/<owner>/<name>/pulls")
def listed(owner: str, name: str) -> Response:
    repo, now = repository(owner, name), current()
    pushes.notice(now.hub, repo["id"], None)
    where, given = ["repo_id = ?"], [repo["id"]]
    state = one_of("state", "open", ("open", "closed", "all"))
    if state != "all":
        where.append("state = ?")
        given.append(state)
    if head := request.args.get("head"):
        owner_of_head, _, branch = head.rpartition(":")
        where.append("head_ref = ? and coalesce(fork_owner_id, ?) = coalesce((select id from users where login = ?), ?)")
        given += [branch, repo["owner_id"], owner_of_head, repo["owner_id"]]
    if base := request.args.get("base"):
        where.append("base_ref = ?")
        given.append(base)
    way = one_of("direction", "desc", ("asc", "desc"))
    rows = now.db.execute(f"{pull_rows.PULLS} where {' and '.join(where)} order by number {way}", given).fetchall()
    return answered([shapes_pull.pull(now.hub, now.db, row, full=False) for row in paged(rows)])


@routes.post("/repos/<owner>/<name>/pulls")
def make(owner: str, name: str) -> Response:
    repo, now = repository(owner, name), current()
    require(repo, "pull_requests", "write")
    actions_settings.refuse_a_job(repo)
    pushes.notice(now.hub, repo["id"], None)
    body = json_body()
    head = field(body, "head", str, required=True)
    base = field(body, "base", str, required=True)
    title = field(body, "title", str, required=True)
    draft = bool(field(body, "draft", bool))
    row = open_pull(
        now.hub, repo, title=title, body=field(body, "body", str), head=head, base=base, author_id=now.actor.user_id, draft=draft
    )
    return created(shapes_pull.pull(now.hub, now.db, row))


def open_pull(
    hub: Hub, repo: sqlite3.Row, *, title: str, body: str | None, head: str, base: str, author_id: int, draft: bool = False
) -> sqlite3.Row:
    """Raises the 422s of https://docs.github.com/rest/pulls/pulls#create-a-pull-request in GitHub's words."""
    branch = head.partition(":")[2] or head
    with hub.write() as db:
        where = pull_rows.bare(hub, db, repo["id"])
        tip, base_tip = git.resolve(where, f"refs/heads/{branch}"), git.resolve(where, f"refs/heads/{base}")
        for name, sha in (("head", tip), ("base", base_tip)):
            if sha is None:
                raise Problem(422, "Validation Failed", [{"resource": "PullRequest", "field": name, "code": "invalid"}])
        assert tip is not None
        assert base_tip is not None
        if git.is_ancestor(where, tip, base_tip):
            raise _custom(f"No commits between {base} and {branch}")
        same = "repo_id = ? and head_ref = ? and base_ref = ? and state = 'open' and fork_owner_id is null"
        if db.execute(f"{pull_rows.PULLS} where {same}", (repo["id"], branch, base)).fetchone():
            raise _custom(f"A pull request already exists for {shapes.full_name(repo).partition('/')[0]}:{branch}.")
        issue = issues.create_issue_row(db, repo, title, body, author_id, hub.now())
        db.execute(
            "insert into pulls (issue_id, head_ref, head_sha, base_ref, base_sha, draft) values (?, ?, ?, ?, ?, ?)",
            (issue["id"], branch, tip, base, base_tip, draft),
        )
        git.move(where, [(f"refs/pull/{issue['number']}/head", tip, None)])
        row = pull_rows.by_id(db, issue["id"])
        pull_events.emit(hub, db, row, "opened", author_id)
        actions.queue_pull(hub, db, repo, row, "opened", author_id)
    return row


def _custom(message: str) -> Problem:
    return Problem(422, "Validation Failed", [{"resource": "PullRequest", "code": "custom", "message": message}])


@routes.get("/repos/<owner>/<name>/pulls/<int:number>")
def one(owner: str, name: str, number: int) -> Response:
    repo, pull = found(owner, name, number)
    now = current()
    if "diff" in request.headers.get("Accept", ""):
        return Response(diff(now.hub, now.db, repo, pull), mimetype="application/vnd.github.v3.diff; charset=utf-8")
    with now.hub.write() as db:
        return answered(shapes_pull.pull(now.hub, db, pull))


def diff(hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, pull: sqlite3.Row) -> str:
    where = pull_rows.bare(hub, db, repo["id"])
    return pull_files.diff_text(where, pull_files.start_of(where, pull_rows.base_tip(hub, db, pull), pull["head_sha"]), pull["head_sha"])


@routes.patch("/repos/<owner>/<name>/pulls/<int:number>")
def change(owner: str, name: str, number: int) -> Response:
    repo, pull = found(owner, name, number)
    now, body = current(), json_body()
    actor = signed_in()
    if pull["author_id"] != actor.user_id and not has_role(repo, "write", "pull_requests"):
        raise not_found()
    with now.hub.write() as db:
        issues.edit(
            now.hub, db, repo, shapes.issue_row(repo, number), actor.user_id, title=field(body, "title", str), body=field(body, "body", str)
        )
        state = field(body, "state", str)
        if state == "closed" and pull["state"] == "open":
            pull_events.close(now.hub, db, pull, actor.user_id)
        elif state == "open" and pull["state"] == "closed" and not pull["merged_at"]:
            pull_events.reopen(now.hub, db, pull, actor.user_id)
    return answered(shapes_pull.pull(now.hub, now.db, pull_rows.by_id(now.db, pull["id"])))


@routes.get("/repos/<owner>/<name>/pulls/<int:number>/commits")
def commits(owner: str, name: str, number: int) -> Response:
    repo, pull = found(owner, name, number)
    now = current()
    base = pull_rows.base_tip(now.hub, now.db, pull)
    rows = git.log(pull_rows.bare(now.hub, now.db, repo["id"]), f"{base}..{pull['head_sha']}", limit=250, oldest_first=True)
    return answered([shapes_git.commit(repo, row) for row in paged(rows)])


@routes.get("/repos/<owner>/<name>/pulls/<int:number>/files")
def files(owner: str, name: str, number: int) -> Response:
    repo, pull = found(owner, name, number)
    return answered(shapes_git.files(repo, paged(changed(pull)), pull["head_sha"]))


def changed(pull: sqlite3.Row) -> list[pull_files.ChangedFile]:
    now = current()
    where = pull_rows.bare(now.hub, now.db, pull["repo_id"])
    start = pull_files.start_of(where, pull_rows.base_tip(now.hub, now.db, pull), pull["head_sha"])
    return pull_files.changed_files(where, start, pull["head_sha"])
