"""Workflows over REST: which there are, whether they are switched on, and asking for a run.

https://docs.github.com/rest/actions/workflows
"""

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response

from bot.hub.actions import runs, workflow_files
from bot.hub.shapes import links
from bot.hub.shapes import repositories as repository_shapes
from bot.hub.shapes import workflows as workflow_shapes
from bot.hub.store import git, repositories, switches
from bot.hub.web.access import repository, require
from bot.hub.web.answers import Problem, answered, not_found, nothing
from bot.hub.web.context import current
from bot.hub.web.fields import field, json_body
from bot.hub.web.paging import paged
from bot.hub.webhooks import deliveries

routes = Blueprint("actions_workflows", __name__)
_WORKFLOWS = "/repos/<owner>/<name>/actions/workflows"
_MAX_INPUTS = 25
DISPATCH = "workflow_dispatch"


@routes.get(_WORKFLOWS)
def listed(owner: str, name: str) -> Response:
    repo = repository(owner, name)
    require(repo, "actions", "read")
    rows = _known(repo)
    return answered({"total_count": len(rows), "workflows": [workflow_shapes.workflow(repo, row) for row in paged(rows)]})


def _known(repo: sqlite3.Row) -> list[sqlite3.Row]:
    """A workflow is one from when its file is first on the default branch."""
    now = current()
    where = repositories.bare(now.hub, now.db, repo["id"])
    tip = git.resolve(where, f"refs/heads/{repo['default_branch']}")
    found = [(path, workflow_files.name_of(path, workflow)) for path, workflow in workflow_files.workflows(where, tip)] if tip else []
    noted = {(row["path"], row["name"]) for row in now.db.execute("select path, name from workflows where repo_id = ?", (repo["id"],))}
    if not noted >= set(found):
        with now.hub.write() as db:
            for path, title in found:
                runs.workflow_row(now.hub, db, repo["id"], path, title)
    return now.db.execute("select * from workflows where repo_id = ? order by id", (repo["id"],)).fetchall()


def asked(repo: sqlite3.Row, workflow: str) -> sqlite3.Row:
    """The workflow by its id or by the name of its file."""
    for row in _known(repo):
        if workflow in (str(row["id"]), row["path"].rpartition("/")[2]):
            return row
    raise not_found()


@routes.get(f"{_WORKFLOWS}/<workflow>")
def one(owner: str, name: str, workflow: str) -> Response:
    repo = repository(owner, name)
    require(repo, "actions", "read")
    return answered(workflow_shapes.workflow(repo, asked(repo, workflow)))


@routes.put(f"{_WORKFLOWS}/<workflow>/enable")
def enable(owner: str, name: str, workflow: str) -> Response:
    return _set(owner, name, workflow, "active")


@routes.put(f"{_WORKFLOWS}/<workflow>/disable")
def disable(owner: str, name: str, workflow: str) -> Response:
    return _set(owner, name, workflow, "disabled_manually")


def _set(owner: str, name: str, workflow: str, state: str) -> Response:
    repo, hub = repository(owner, name), current().hub
    require(repo, "actions", "write")
    row = asked(repo, workflow)
    with hub.write() as db:
        db.execute("update workflows set state = ?, updated_at = ? where id = ?", (state, hub.now(), row["id"]))
    return nothing()


@routes.post(f"{_WORKFLOWS}/<workflow>/dispatches")
def dispatch(owner: str, name: str, workflow: str) -> Response:
    """Queues a run; since 2026 the answer tells which, where `return_run_details` asks for it."""
    repo, now = repository(owner, name), current()
    require(repo, "actions", "write")
    row, body = asked(repo, workflow), json_body()
    ref = field(body, "ref", str, required=True)
    given: dict[str, Any] = field(body, "inputs", dict) or {}
    detailed = field(body, "return_run_details", bool)
    if row["state"] != "active" or not switches.get(now.db, repo["id"], "actions"):
        raise Problem(422, f"Cannot trigger a '{DISPATCH}' on a disabled workflow")
    branch, sha = _tip(repo, ref)
    file = dict(workflow_files.workflows(repositories.bare(now.hub, now.db, repo["id"]), sha)).get(row["path"], {})
    triggers = workflow_files.triggers(file)
    if DISPATCH not in triggers:
        raise Problem(422, f"Workflow does not have '{DISPATCH}' trigger")
    inputs = _inputs(triggers[DISPATCH].get("inputs") or {}, given)
    with now.hub.write() as db:
        actor = now.actor.user_id
        run = runs.add(now.hub, db, repo, row, event=DISPATCH, sha=sha, branch=branch, actor_id=actor, title=row["name"], inputs=inputs)
        told = {"inputs": inputs, "ref": f"refs/heads/{branch}", "workflow": row["path"]}
        deliveries.emit(now.hub, DISPATCH, None, repo["id"], told, actor)
    if not detailed:
        return nothing()
    where = f"{repository_shapes.full_name(repo)}/actions/runs/{run['id']}"
    urls = {"run_url": f"{links.root()}/repos/{where}", "html_url": f"{links.web()}/{where}"}
    return answered({"workflow_run_id": run["id"], **urls})


def _tip(repo: sqlite3.Row, ref: str) -> tuple[str, str]:
    """The short name of a branch or tag, and its commit; a commit by itself is no ref."""
    now = current()
    where, short = repositories.bare(now.hub, now.db, repo["id"]), ref.removeprefix("refs/heads/").removeprefix("refs/tags/")
    for kind in ("heads", "tags"):
        if sha := git.resolve(where, f"refs/{kind}/{short}"):
            return short, sha
    raise Problem(422, f"No ref found for: {ref}")


def _inputs(declared: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, str]:
    """What the run gets: each given value as text, and the default of each that was not given."""
    if len(given) > _MAX_INPUTS:
        raise Problem(422, f"Invalid request.\n\nNo more than {_MAX_INPUTS} properties are allowed; {len(given)} were supplied.")
    if unexpected := [name for name in given if name not in declared]:
        raise Problem(422, f"Unexpected inputs provided: {json.dumps(unexpected)}")
    inputs: dict[str, str] = {}
    for name, about in declared.items():
        spec = about if isinstance(about, dict) else {}
        value = given.get(name, spec.get("default"))
        if value in (None, ""):
            if spec.get("required"):
                raise Problem(422, f"Required input '{name}' not provided")
            inputs[name] = ""
            continue
        inputs[name] = text = json.dumps(value) if isinstance(value, bool) else str(value)
        options = [str(option) for option in spec.get("options") or ()]
        if spec.get("type") == "choice" and text not in options:
            raise Problem(422, f"Provided value '{text}' for input '{name}' not in the list of allowed values")
    return inputs
