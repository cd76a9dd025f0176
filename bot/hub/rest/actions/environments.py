"""Environments of a repository: which branches' jobs may name one, and who may ask.

https://docs.github.com/rest/deployments/environments and .../branch-policies
"""

import json
import secrets
import sqlite3
from typing import Any

from flask import Blueprint, Response
from nacl.public import PrivateKey

from bot.hub.shapes import links
from bot.hub.store import node_ids
from bot.hub.web.access import repository, require
from bot.hub.web.answers import Problem, answered, not_found, nothing
from bot.hub.web.context import current
from bot.hub.web.fields import field, json_body

routes = Blueprint("environments", __name__)
_ALL = "/repos/<owner>/<name>/environments"
_ONE = f"{_ALL}/<environment>"
_BRANCHES = f"{_ONE}/deployment-branch-policies"
_LONGEST = 255


def environment_of(repo: sqlite3.Row, name: str) -> sqlite3.Row:
    row: sqlite3.Row | None = (
        current().db.execute("select * from environments where repo_id = ? and name = ?", (repo["id"], name)).fetchone()
    )
    if row is None:
        raise not_found()
    return row


def _shown(owner: str, name: str, row: sqlite3.Row) -> dict[str, Any]:
    policy = json.loads(row["branch_policy"]) if row["branch_policy"] else None
    rule = {"id": row["id"], "node_id": node_ids.encode("Gate", row["id"]), "type": "branch_policy"}
    return {
        "id": row["id"],
        "node_id": node_ids.encode("Environment", row["id"]),
        "name": row["name"],
        "url": f"{links.root()}/repos/{owner}/{name}/environments/{row['name']}",
        "html_url": f"{links.web()}/{owner}/{name}/deployments/activity_log?environments_filter={row['name']}",
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "protection_rules": [rule] if policy else [],
        "deployment_branch_policy": policy,
    }


@routes.get(_ALL)
def listed(owner: str, name: str) -> Response:
    repo = repository(owner, name)
    require(repo, "actions", "read")
    rows = current().db.execute("select * from environments where repo_id = ? order by id", (repo["id"],)).fetchall()
    return answered({"total_count": len(rows), "environments": [_shown(owner, name, row) for row in rows]})


@routes.get(_ONE)
def one(owner: str, name: str, environment: str) -> Response:
    repo = repository(owner, name)
    require(repo, "actions", "read")
    return answered(_shown(owner, name, environment_of(repo, environment)))


@routes.put(_ONE)
def put(owner: str, name: str, environment: str) -> Response:
    """What is left out is taken back, as on GitHub: without a policy every branch may."""
    repo, body, now = repository(owner, name), json_body(), current()
    require(repo, "administration", "write")
    if len(environment) > _LONGEST:
        raise Problem(422, "Validation Failed: the name of an environment may not be longer than 255 characters")
    policy = field(body, "deployment_branch_policy", dict)
    if policy is not None:
        protected, custom = (field(policy, key, bool, required=True) for key in ("protected_branches", "custom_branch_policies"))
        if protected == custom:
            raise Problem(422, "protected_branches and custom_branch_policies cannot have the same value")
    text, at, key = json.dumps(policy) if policy else None, now.hub.now(), bytes(PrivateKey.generate())
    with now.hub.write() as db:
        db.execute(
            "insert into environments (repo_id, name, branch_policy, key_id, private, created_at, updated_at) values (?, ?, ?, ?, ?, ?, ?)"
            " on conflict (repo_id, name) do update set branch_policy = excluded.branch_policy, updated_at = excluded.updated_at",
            (repo["id"], environment, text, str(secrets.randbits(59)), key, at, at),
        )
        row = environment_of(repo, environment)
        if policy is None or not policy["custom_branch_policies"]:
            db.execute("delete from environment_branches where environment_id = ?", (row["id"],))
    return answered(_shown(owner, name, row))


@routes.delete(_ONE)
def delete(owner: str, name: str, environment: str) -> Response:
    repo = repository(owner, name)
    require(repo, "administration", "write")
    row = environment_of(repo, environment)
    with current().hub.write() as db:
        for table in ("environment_secrets", "environment_branches"):
            db.execute(f"delete from {table} where environment_id = ?", (row["id"],))
        db.execute("delete from environments where id = ?", (row["id"],))
    return nothing()


def _branch(row: sqlite3.Row) -> dict[str, Any]:
    return {"id": row["id"], "node_id": node_ids.encode("GateBranchPolicy", row["id"]), "name": row["name"], "type": row["kind"]}


@routes.get(_BRANCHES)
def branches(owner: str, name: str, environment: str) -> Response:
    repo = repository(owner, name)
    require(repo, "actions", "read")
    environment_id = environment_of(repo, environment)["id"]
    rows = current().db.execute("select * from environment_branches where environment_id = ? order by id", (environment_id,)).fetchall()
    return answered({"total_count": len(rows), "branch_policies": [_branch(row) for row in rows]})


@routes.post(_BRANCHES)
def add_branch(owner: str, name: str, environment: str) -> Response:
    """303 where the pattern is there already; 404 where the environment takes none."""
    repo, body = repository(owner, name), json_body()
    require(repo, "administration", "write")
    row = environment_of(repo, environment)
    if not row["branch_policy"] or not json.loads(row["branch_policy"])["custom_branch_policies"]:
        raise not_found()
    pattern, kind = field(body, "name", str, required=True), field(body, "type", str) or "branch"
    with current().hub.write() as db:
        made = db.execute(
            "insert or ignore into environment_branches (environment_id, name, kind) values (?, ?, ?) returning *",
            (row["id"], pattern, kind),
        ).fetchone()
    return answered(_branch(made)) if made else nothing(303)


@routes.delete(f"{_BRANCHES}/<int:policy>")
def drop_branch(owner: str, name: str, environment: str, policy: int) -> Response:
    repo = repository(owner, name)
    require(repo, "administration", "write")
    row = environment_of(repo, environment)
    with current().hub.write() as db:
        done = db.execute("delete from environment_branches where environment_id = ? and id = ?", (row["id"], policy)).rowcount
    if not done:
        raise not_found()
    return nothing()
