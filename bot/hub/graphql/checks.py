"""GraphQL: check runs and the suites and apps they belong to."""

import json
from typing import Any

from bot.hub.graphql.commits import commit
from bot.hub.graphql.things import Fields, Info, Thing, connection, constant, many, one, query_connection, repository_of, root, user
from bot.hub.store import node_ids, pull_rows


def run_path(run: Thing, info: Info) -> str:
    repo = repository_of(run["repo_id"])
    where = f"/{repo['owner']}/{repo['name']}/runs/{run.id}"
    return where if info.field_name == "resourcePath" else f"{root()}{where}"


def suite_path(suite: Thing, info: Info) -> str:
    repo = repository_of(suite["repo_id"])
    where = f"/{repo['owner']}/{repo['name']}/commit/{suite['head_sha']}/checks?check_suite_id={suite.id}"
    return where if info.field_name == "resourcePath" else f"{root()}{where}"


def is_required(run: Thing, _info: Info, **arguments: Any) -> bool:
    number = arguments.get("pullRequestNumber")
    rows = many(
        "select required_checks from protections where repo_id = ? and (? is null or branch = "
        "(select base_ref from pulls join issues on id = issue_id where repo_id = ? and number = ?))",
        run["repo_id"], number, run["repo_id"], number,
    )  # fmt: skip
    return any(check["context"] == run["name"] for row in rows for check in json.loads(row["required_checks"]))


def annotations(run: Thing, _info: Info, **arguments: Any) -> dict[str, Any]:
    return connection([_annotation(note) for note in json.loads(run["annotations"])], arguments)


def _annotation(note: dict[str, Any]) -> dict[str, Any]:
    start, end = note.get("start_line", 1), note.get("end_line", note.get("start_line", 1))
    return {
        "annotationLevel": str(note.get("annotation_level", "notice")).upper(),
        "databaseId": None,
        "location": {
            "start": {"line": start, "column": note.get("start_column")},
            "end": {"line": end, "column": note.get("end_column")},
        },
        "message": note.get("message", ""),
        "path": note.get("path", ""),
        "rawDetails": note.get("raw_details"),
        "title": note.get("title"),
    }


def suite_of(run: Thing, _info: Info) -> Thing:
    row = one("select * from check_suites where id = ?", run["suite_id"])
    assert row is not None
    return Thing("CheckSuite", row)


def suite_runs(suite: Thing, _info: Info, **arguments: Any) -> dict[str, Any]:
    return query_connection("CheckRun", "select * from check_runs where suite_id = ?", [suite.id], "id", arguments)


def _states(suite: Thing) -> list[Any]:
    return many("select status, conclusion from check_runs where suite_id = ?", suite.id)


def suite_status(suite: Thing, _info: Info) -> str:
    runs = _states(suite)
    if not runs:
        return "QUEUED"
    return "COMPLETED" if all(run["status"] == "completed" for run in runs) else "IN_PROGRESS"


def suite_conclusion(suite: Thing, info: Info) -> str | None:
    if suite_status(suite, info) != "COMPLETED":
        return None
    return next((run["conclusion"].upper() for run in _states(suite) if run["conclusion"] not in pull_rows.GOOD), "SUCCESS")


def app(suite: Thing, _info: Info) -> dict[str, Any] | None:
    row = one("select * from apps where id = ?", suite["app_id"])
    if row is None:
        return None
    shown = {"id": node_ids.encode("App", row["id"]), "databaseId": row["id"], "name": row["name"], "slug": row["slug"]}
    return shown | {"createdAt": row["created_at"], "updatedAt": row["created_at"], "url": f"{root()}/apps/{row['slug']}"}


def workflow_run(suite: Thing, _info: Info) -> dict[str, Any] | None:
    row = one("select * from workflow_runs where suite_id = ? order by id desc limit 1", suite.id)
    return None if row is None else _workflow_run(suite, row)


def _workflow_run(suite: Thing, row: Any) -> dict[str, Any]:
    repo, known = repository_of(suite["repo_id"]), one("select * from workflows where id = ?", row["workflow_id"])
    assert known is not None
    where = f"/{repo['owner']}/{repo['name']}/actions/runs/{row['id']}"
    file_path = f"/{repo['owner']}/{repo['name']}/actions/workflows/{known['path'].rpartition('/')[2]}"
    return {
        "id": node_ids.encode("WorkflowRun", row["id"]),
        "databaseId": row["id"],
        "event": row["event"],
        "runNumber": row["run_number"],
        "checkSuite": suite,
        "createdAt": row["created_at"],
        "updatedAt": row["updated_at"],
        "resourcePath": where,
        "url": f"{root()}{where}",
        "workflow": {
            "id": node_ids.encode("Workflow", known["id"]),
            "databaseId": known["id"],
            "name": known["name"],
            "createdAt": known["created_at"],
            "updatedAt": known["updated_at"],
            "resourcePath": file_path,
            "url": f"{root()}{file_path}",
        },
    }


FIELDS: Fields = {
    "CheckRun": {
        "annotations": annotations,
        "checkSuite": suite_of,
        "conclusion": lambda run, _info: run["conclusion"].upper() if run["conclusion"] else None,
        "detailsUrl": lambda run, _info: run["details_url"] or f"{root()}/{_name(run)}/runs/{run.id}",
        "isRequired": is_required,
        "repository": lambda run, _info: repository_of(run["repo_id"]),
        "status": lambda run, _info: run["status"].upper(),
        **dict.fromkeys(("permalink", "resourcePath", "url"), run_path),
    },
    "CheckSuite": {
        "app": app,
        "branch": constant(None),
        "checkRuns": suite_runs,
        "commit": lambda suite, _info: commit(suite["repo_id"], suite["head_sha"]),
        "conclusion": suite_conclusion,
        "creator": lambda suite, _info: user((one("select bot_id from apps where id = ?", suite["app_id"]) or {"bot_id": None})["bot_id"]),
        "repository": lambda suite, _info: repository_of(suite["repo_id"]),
        "resourcePath": suite_path,
        "status": suite_status,
        "updatedAt": lambda suite, _info: suite["created_at"],
        "url": suite_path,
        "workflowRun": workflow_run,
    },
}


def _name(run: Thing) -> str:
    repo = repository_of(run["repo_id"])
    return f"{repo['owner']}/{repo['name']}"
