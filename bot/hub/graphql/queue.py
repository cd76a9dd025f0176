"""GraphQL: the merge queue: who waits in it, getting in and out."""

from collections.abc import Mapping
from typing import Any

from bot.hub.changes import merge_queue
from bot.hub.graphql.commits import commit
from bot.hub.graphql.mutations.issues import expect
from bot.hub.graphql.mutations.pulls import allowed, pull_of
from bot.hub.graphql.rest import mutation, refusal
from bot.hub.graphql.things import Fields, Info, Thing, connection, constant, issue_or_pull, many, one, repository_of, root, user
from bot.hub.store import node_ids
from bot.hub.web.answers import Problem
from bot.hub.web.context import current

Input = Mapping[str, Any]


def queue_of(repo_id: int, branch: str) -> dict[str, Any] | None:
    rules = merge_queue.rules_of(current().db, repo_id, branch)
    if rules is None:
        return None
    repo = repository_of(repo_id)
    where = f"/{repo['owner']}/{repo['name']}/queue/{branch}"
    return {
        "__typename": "MergeQueue",
        "id": node_ids.encode("MergeQueue", f"{repo_id}:{branch}"),
        "configuration": {
            "maximumEntriesToBuild": rules.to_build,
            "maximumEntriesToMerge": rules.to_build,
            "mergeMethod": rules.method.upper(),
            "mergingStrategy": "ALLGREEN",
            "minimumEntriesToMerge": 1,
        },
        "rows": (repo_id, branch),
        "repository": repo,
        "resourcePath": where,
        "url": f"{root()}{where}",
    }


def entries(queue: Mapping[str, Any], _info: Info, **arguments: Any) -> dict[str, Any]:
    return connection([Thing("MergeQueueEntry", row) for row in many(merge_queue.ENTRIES, *queue["rows"])], arguments)


def of_repository(repo: Thing, _info: Info, branch: str | None = None) -> dict[str, Any] | None:
    return queue_of(repo.id, branch or repo["default_branch"])


def entry_of(pull: Thing, _info: Info) -> Thing | None:
    row = merge_queue.entry_of(current().db, pull.id)
    return Thing("MergeQueueEntry", row) if row else None


def of_pull(pull: Thing, _info: Info) -> dict[str, Any] | None:
    return queue_of(pull["repo_id"], pull["base_ref"])


def position(entry: Thing, _info: Info) -> int:
    rows = many(merge_queue.ENTRIES, entry["repo_id"], entry["base_ref"])
    return next((place for place, row in enumerate(rows, 1) if row["id"] == entry.id), 1)


def enqueue(given: Input) -> dict[str, Any]:
    pull, now = pull_of(given), current()
    allowed(repository_of(pull["repo_id"]), "contents")
    try:
        row = merge_queue.enqueue(now.hub, pull.row, now.actor.user_id, head=given.get("expectedHeadOid"), jump=bool(given.get("jump")))
    except Problem as problem:
        raise refusal(problem) from None
    return {"mergeQueueEntry": Thing("MergeQueueEntry", row)}


def dequeue(given: Input) -> dict[str, Any]:
    pull, now = expect(given["id"], "PullRequest"), current()
    allowed(repository_of(pull["repo_id"]), "contents")
    row = one("select * from merge_queue_entries where issue_id = ?", pull.id)
    if row is None:
        raise refusal(Problem(422, "Pull request is not in the queue"))
    merge_queue.dequeue(now.hub, row, now.actor.user_id)
    return {"mergeQueueEntry": Thing("MergeQueueEntry", row)}


def _commit(column: str) -> Any:
    return lambda entry, _info: commit(entry["repo_id"], entry[column]) if entry[column] else None


FIELDS: Fields = {
    "MergeQueue": {"entries": entries, "nextEntryEstimatedTimeToMerge": constant(None)},
    "MergeQueueEntry": {
        "baseCommit": _commit("base_sha"),
        "enqueuer": lambda entry, _info: user(entry["enqueuer_id"]),
        "estimatedTimeToMerge": constant(None),
        "headCommit": _commit("head_sha"),
        "jump": lambda entry, _info: bool(entry["jump"]),
        "mergeQueue": lambda entry, _info: queue_of(entry["repo_id"], entry["base_ref"]),
        "position": position,
        "pullRequest": lambda entry, _info: issue_or_pull(entry["issue_id"]),
        "solo": constant(False),
        "state": lambda entry, _info: merge_queue.state_of(current().db, entry.row).value,
    },
    "Mutation": {"dequeuePullRequest": mutation(dequeue), "enqueuePullRequest": mutation(enqueue)},
    "PullRequest": {
        "isInMergeQueue": lambda pull, info: entry_of(pull, info) is not None,
        "isMergeQueueEnabled": lambda pull, info: of_pull(pull, info) is not None,
        "mergeQueue": of_pull,
        "mergeQueueEntry": entry_of,
    },
    "Repository": {"mergeQueue": of_repository},
}
