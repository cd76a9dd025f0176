"""Whether a repository's workflows run at all, and what the token of their jobs may do.

https://docs.github.com/rest/actions/permissions
"""

import json
import sqlite3

from flask import Blueprint, Response

from bot.hub.changes import checks
from bot.hub.store import switches
from bot.hub.web.access import repository, require
from bot.hub.web.answers import Problem, answered, nothing
from bot.hub.web.context import current
from bot.hub.web.fields import field, json_body

routes = Blueprint("actions_settings", __name__)
_PERMISSIONS = "/repos/<owner>/<name>/actions/permissions"
_ALLOWED = ("all", "local_only", "selected")
_LEVELS = ("read", "write")
_LONGEST_KEPT = 90


def _repo(owner: str, name: str, level: str) -> sqlite3.Row:
    repo = repository(owner, name)
    require(repo, "administration", level)
    return repo


@routes.get(_PERMISSIONS)
def permissions(owner: str, name: str) -> Response:
    repo, db = _repo(owner, name, "read"), current().db
    shown = {"enabled": switches.get(db, repo["id"], "actions")}
    if shown["enabled"]:
        shown |= {"allowed_actions": switches.get(db, repo["id"], "allowed_actions"), "sha_pinning_required": False}
    return answered(shown)


@routes.put(_PERMISSIONS)
def set_permissions(owner: str, name: str) -> Response:
    repo, body = _repo(owner, name, "write"), json_body()
    enabled, allowed = field(body, "enabled", bool, required=True), field(body, "allowed_actions", str)
    _one_of("allowed_actions", allowed, _ALLOWED)
    with current().hub.write() as db:
        switches.put(db, repo["id"], "actions", enabled)
        if allowed:
            switches.put(db, repo["id"], "allowed_actions", allowed)
    return nothing()


@routes.get(f"{_PERMISSIONS}/workflow")
def token_permissions(owner: str, name: str) -> Response:
    repo, db = _repo(owner, name, "read"), current().db
    names = ("default_workflow_permissions", "can_approve_pull_request_reviews")
    return answered({name: switches.get(db, repo["id"], name) for name in names})


@routes.put(f"{_PERMISSIONS}/workflow")
def set_token_permissions(owner: str, name: str) -> Response:
    repo, body = _repo(owner, name, "write"), json_body()
    level, approving = field(body, "default_workflow_permissions", str), field(body, "can_approve_pull_request_reviews", bool)
    _one_of("default_workflow_permissions", level, _LEVELS)
    with current().hub.write() as db:
        if level is not None:
            switches.put(db, repo["id"], "default_workflow_permissions", level)
        if approving is not None:
            switches.put(db, repo["id"], "can_approve_pull_request_reviews", approving)
    return nothing()


@routes.get(f"{_PERMISSIONS}/artifact-and-log-retention")
def retention(owner: str, name: str) -> Response:
    """https://docs.github.com/rest/actions/permissions#get-artifact-and-log-retention-settings-for-a-repository"""
    repo = _repo(owner, name, "read")
    return answered({"days": switches.get(current().db, repo["id"], "artifact_days"), "maximum_allowed_days": _LONGEST_KEPT})


@routes.put(f"{_PERMISSIONS}/artifact-and-log-retention")
def set_retention(owner: str, name: str) -> Response:
    repo, days = _repo(owner, name, "write"), field(json_body(), "days", int, required=True)
    if not 1 <= days <= _LONGEST_KEPT:
        raise Problem(422, f"Invalid request.\n\n{days} must be between 1 and {_LONGEST_KEPT}.")
    with current().hub.write() as db:
        switches.put(db, repo["id"], "artifact_days", days)
    return nothing()


def _one_of(name: str, value: str | None, allowed: tuple[str, ...]) -> None:
    if value is not None and value not in allowed:
        raise Problem(422, f"Invalid request.\n\nFor 'properties/{name}', {json.dumps(value)} is not a member of {list(allowed)}.")


def refuse_a_job(repo: sqlite3.Row) -> None:
    """A job's own token opens and approves pull requests only where the repository's settings say so."""
    now = current()
    if now.actor.app_id != checks.known_actions_app(now.db):
        return
    if now.actor.app_id is not None and not switches.get(now.db, repo["id"], "can_approve_pull_request_reviews"):
        raise Problem(403, "GitHub Actions is not permitted to create or approve pull requests.")
