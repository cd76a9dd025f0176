"""GraphQL: what all checks and statuses on a commit come to together."""

from typing import Any

from bot.hub.graphql.commits import Source, commit
from bot.hub.graphql.things import Fields, Info, Thing, connection, constant, many, things, user
from bot.hub.store import node_ids, pull_rows


def runs_on(repo_id: int, sha: str) -> list[Thing]:
    """The latest run of each name of each app; older runs of the same name are history."""
    latest = {(row["app_id"], row["name"]): row for row in many(
        "select * from check_runs where repo_id = ? and head_sha = ? order by id", repo_id, sha)}  # fmt: skip
    return things("CheckRun", list(latest.values()))


def statuses_on(repo_id: int, sha: str) -> list[Thing]:
    latest = {row["context"]: row for row in many("select * from statuses where repo_id = ? and sha = ? order by id", repo_id, sha)}
    return things("StatusContext", list(latest.values()))


def state_of(runs: list[Thing], statuses: list[Thing]) -> str:
    states = {status["state"] for status in statuses}
    for run in runs:
        states.add("pending" if run["status"] != "completed" else "success" if run["conclusion"] in pull_rows.GOOD else "failure")
    return next(state for state in ("failure", "error", "pending", "success") if state in states).upper()


def rollup(source: Source, _info: Info) -> dict[str, Any] | None:
    runs, statuses = runs_on(source["repo_id"], source["oid"]), statuses_on(source["repo_id"], source["oid"])
    if not runs and not statuses:
        return None
    return {
        "id": node_ids.encode("StatusCheckRollup", f"{source['repo_id']}:{source['oid']}"),
        "commit": source,
        "runs": runs,
        "statuses": statuses,
        "state": state_of(runs, statuses),
    }


def rollup_contexts(source: Source, _info: Info, **arguments: Any) -> dict[str, Any]:
    counts = {"checkRunCount": len(source["runs"]), "statusContextCount": len(source["statuses"])}
    words = [(run["conclusion"] or run["status"]).upper() for run in source["runs"]]
    states = [status["state"].upper() for status in source["statuses"]]
    return connection([*source["runs"], *source["statuses"]], arguments) | counts | {
        "checkRunCountsByState": [{"state": word, "count": words.count(word)} for word in dict.fromkeys(words)],
        "statusContextCountsByState": [{"state": state, "count": states.count(state)} for state in dict.fromkeys(states)],
    }  # fmt: skip


def status(source: Source, _info: Info) -> dict[str, Any] | None:
    found = statuses_on(source["repo_id"], source["oid"])
    if not found:
        return None
    shown = {"id": node_ids.encode("Status", f"{source['repo_id']}:{source['oid']}"), "contexts": found, "commit": source}
    return shown | {"state": state_of([], found), "statuses": found, "runs": []}


def status_named(source: Source, _info: Info, *, name: str) -> Thing | None:
    return next((found for found in source["contexts"] if found["context"] == name), None)


FIELDS: Fields = {
    "Commit": {"status": status, "statusCheckRollup": rollup},
    "Status": {"combinedContexts": rollup_contexts, "context": status_named},
    "StatusCheckRollup": {"contexts": rollup_contexts},
    "StatusContext": {
        "avatarUrl": constant(None),
        "commit": lambda status, _info: commit(status["repo_id"], status["sha"]),
        "creator": lambda status, _info: user(status["creator_id"]),
        "isRequired": constant(False),
        "state": lambda status, _info: status["state"].upper(),
    },
}
