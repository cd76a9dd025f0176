"""Branches of a repository and the rules that protect them.

https://docs.github.com/rest/branches/branches and https://docs.github.com/rest/branches/branch-protection
"""

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request

from bot.hub.changes import pushes
from bot.hub.shapes import branches as branch_shapes
from bot.hub.store import git, protections, repositories
from bot.hub.web.access import repository, require
from bot.hub.web.answers import Problem, answered, nothing
from bot.hub.web.context import current
from bot.hub.web.fields import field, json_body, words
from bot.hub.web.paging import paged

routes = Blueprint("branches", __name__)
_RULE = "/repos/<owner>/<name>/branches/<path:branch>/protection"
_PARTS = ("required_status_checks", "enforce_admins", "required_pull_request_reviews", "restrictions")
# Rules that this hub does not enforce, and so does not pretend to take.
_UNKNOWN = ("block_creations", "lock_branch", "required_signatures")
_UNKNOWN_REVIEWS = ("require_code_owner_reviews", "require_last_push_approval", "dismissal_restrictions", "bypass_pull_request_allowances")


@routes.get("/repos/<owner>/<name>/branches")
def listed(owner: str, name: str) -> Response:
    repo, now = repository(owner, name), current()
    require(repo, "contents", "read")
    pushes.notice(now.hub, repo["id"], None)
    tips = sorted(git.refs(repositories.bare(now.hub, now.db, repo["id"]), "refs/heads/").items())
    guarded = {row["branch"] for row in now.db.execute("select branch from protections where repo_id = ?", (repo["id"],))}
    shown = [branch_shapes.short(repo, ref.removeprefix("refs/heads/"), sha, guarded) for ref, sha in tips]
    if (asked := request.args.get("protected")) in ("true", "false"):
        shown = [one for one in shown if one["protected"] is (asked == "true")]
    return answered(paged(shown))


def _repo(owner: str, name: str, branch: str, level: str) -> sqlite3.Row:
    repo, now = repository(owner, name), current()
    require(repo, "administration", level)
    if git.resolve(repositories.bare(now.hub, now.db, repo["id"]), f"refs/heads/{branch}") is None:
        raise Problem(404, "Branch not found")
    return repo


def _rule(repo: sqlite3.Row, branch: str) -> sqlite3.Row:
    rule = protections.rule_of(current().db, repo["id"], branch)
    if rule is None:
        raise Problem(404, "Branch not protected")
    return rule


@routes.get(_RULE)
def read(owner: str, name: str, branch: str) -> Response:
    repo = _repo(owner, name, branch, "read")
    return answered(branch_shapes.rule(repo, branch, _rule(repo, branch)))


@routes.put(_RULE)
def protect(owner: str, name: str, branch: str) -> Response:
    """The whole rule at once: what the body leaves out is off afterwards."""
    repo, body, now = _repo(owner, name, branch, "write"), json_body(), current()
    for part in _PARTS:
        if part not in body:
            raise Problem(422, f'Invalid request.\n\n"{part}" wasn\'t supplied.')
    for part in _UNKNOWN:
        if body.get(part):
            raise Problem(422, f"The embedded GitHub does not enforce {part}: leave it out.")
    checks, reviews = field(body, "required_status_checks", dict), field(body, "required_pull_request_reviews", dict)
    flags = {name: True for name in protections.FLAGS if field(body, name, bool)}
    with now.hub.write() as db:
        db.execute(
            "insert or replace into protections (repo_id, branch, required_checks, strict, required_approvals, dismiss_stale, by_pull,"
            " enforce_admins, restrictions, flags) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                repo["id"],
                branch,
                json.dumps(_checks(checks or {})),
                bool(field(checks or {}, "strict", bool)),
                *_reviews(reviews),
                bool(field(body, "enforce_admins", bool)),
                _restrictions(repo, field(body, "restrictions", dict)),
                json.dumps(flags),
            ),
        )
    return answered(branch_shapes.rule(repo, branch, _rule(repo, branch)))


def _checks(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each check with the app that must report it; -1 stands for any, as does no app at all."""
    found: list[dict[str, Any]] = []
    for check in field(given, "checks", list) or []:
        if not isinstance(check, dict):
            raise Problem(422, f"Invalid request.\n\nFor 'items', {json.dumps(check)} is not an object.")
        app_id = field(check, "app_id", int)
        found.append({"context": field(check, "context", str, required=True), "app_id": None if app_id == -1 else app_id})
    named = {check["context"] for check in found}
    return found + [{"context": name, "app_id": None} for name in words(given, "contexts") or [] if name not in named]


def _reviews(given: Mapping[str, Any] | None) -> tuple[int, bool, bool]:
    """How many approvals, whether a push takes them back, and whether changes must come by pull request."""
    if given is None:
        return 0, False, False
    for part in _UNKNOWN_REVIEWS:
        if given.get(part):
            raise Problem(422, f"The embedded GitHub does not enforce {part}: leave it out.")
    count = field(given, "required_approving_review_count", int)
    approvals = 1 if count is None else count
    if not 0 <= approvals <= 6:
        raise Problem(422, f"Invalid request.\n\n{approvals} must be between 0 and 6.")
    return approvals, bool(field(given, "dismiss_stale_reviews", bool)), True


def _restrictions(repo: sqlite3.Row, given: Mapping[str, Any] | None) -> str | None:
    if given is None:
        return None
    db = current().db
    kind = db.execute("select type from users where id = ?", (repo["owner_id"],)).fetchone()["type"]
    if kind != "Organization":
        raise Problem(422, "Validation Failed", ["Only organization repositories can have users and team restrictions"])
    if words(given, "teams"):
        raise Problem(422, "The embedded GitHub restricts nobody by team: leave them out.")
    return json.dumps(
        {
            "users": _ids("select id from users where login = ?", words(given, "users") or []),
            "apps": _ids("select id from apps where slug = ?", words(given, "apps") or []),
        }
    )


def _ids(sql: str, names: list[str]) -> list[int]:
    """Of names that are nobody's, GitHub keeps quiet."""
    rows = [current().db.execute(sql, (name,)).fetchone() for name in names]
    return [row["id"] for row in rows if row is not None]


@routes.delete(_RULE)
def unprotect(owner: str, name: str, branch: str) -> Response:
    repo = _repo(owner, name, branch, "write")
    _rule(repo, branch)
    with current().hub.write() as db:
        db.execute("delete from protections where repo_id = ? and branch = ?", (repo["id"], branch))
    return nothing()


@routes.get(f"{_RULE}/required_status_checks")
def required_checks(owner: str, name: str, branch: str) -> Response:
    repo = _repo(owner, name, branch, "read")
    shown = branch_shapes.required_checks(repo, branch, _rule(repo, branch))
    if shown is None:
        raise Problem(404, "Required status checks not enabled")
    return answered(shown)


@routes.patch(f"{_RULE}/required_status_checks")
def change_required_checks(owner: str, name: str, branch: str) -> Response:
    repo, body = _repo(owner, name, branch, "write"), json_body()
    rule = _rule(repo, branch)
    checks = json.dumps(_checks(body)) if {"checks", "contexts"} & set(body) else rule["required_checks"]
    strict = field(body, "strict", bool)
    with current().hub.write() as db:
        db.execute(
            "update protections set required_checks = ?, strict = ? where repo_id = ? and branch = ?",
            (checks, rule["strict"] if strict is None else strict, repo["id"], branch),
        )
    return required_checks(owner, name, branch)


@routes.get(f"{_RULE}/required_pull_request_reviews")
def required_reviews(owner: str, name: str, branch: str) -> Response:
    repo = _repo(owner, name, branch, "read")
    shown = branch_shapes.required_reviews(repo, branch, _rule(repo, branch))
    if shown is None:
        raise Problem(404, "Pull request reviews not enabled")
    return answered(shown)


@routes.get(f"{_RULE}/enforce_admins")
def admins(owner: str, name: str, branch: str) -> Response:
    repo = _repo(owner, name, branch, "read")
    return answered(branch_shapes.admins(repo, branch, _rule(repo, branch)))


@routes.post(f"{_RULE}/enforce_admins")
def enforce_for_admins(owner: str, name: str, branch: str) -> Response:
    _set_admins(owner, name, branch, enforced=True)
    return admins(owner, name, branch)


@routes.delete(f"{_RULE}/enforce_admins")
def spare_admins(owner: str, name: str, branch: str) -> Response:
    _set_admins(owner, name, branch, enforced=False)
    return nothing()


def _set_admins(owner: str, name: str, branch: str, *, enforced: bool) -> None:
    repo = _repo(owner, name, branch, "write")
    _rule(repo, branch)
    with current().hub.write() as db:
        db.execute("update protections set enforce_admins = ? where repo_id = ? and branch = ?", (enforced, repo["id"], branch))
