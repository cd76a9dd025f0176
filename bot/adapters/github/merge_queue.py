"""GitHub's own merge queue: into it, out of it, and what is read of it. https://docs.github.com/graphql/reference/mutations#enqueuepullrequest"""

from __future__ import annotations

from typing import Any

from bot.adapters.github.client import Client
from bot.adapters.github.errors import graphql_error
from bot.ports import GitHubError, GitHubErrorKind, MergeAnswer, Merged

ENQUEUE_DOCUMENT = """mutation Enqueue($pull: ID!, $head: GitObjectID!) {
  enqueuePullRequest(input: {pullRequestId: $pull, expectedHeadOid: $head}) { mergeQueueEntry { position } }
}"""

DEQUEUE_DOCUMENT = """mutation Dequeue($pull: ID!) {
  dequeuePullRequest(input: {id: $pull}) { mergeQueueEntry { position } }
}"""

PLACE_DOCUMENT = """query Place($pull: ID!) {
  node(id: $pull) { ... on PullRequest { headRefOid merged isInMergeQueue } }
}"""


def enqueue(client: Client, pull: str, head: str) -> MergeAnswer:
    """Raises `GitHubError` where GitHub cannot be asked; its refusals are answers."""
    error = _mutated(client, ENQUEUE_DOCUMENT, {"pull": pull, "head": head})
    if error is None:
        return MergeAnswer(merged=Merged.DONE)
    if error.kind is GitHubErrorKind.LIMITED:
        raise error
    # It may have been done although the answer was lost, or by somebody else before: what is there decides, not what was said.
    place = _place(client, pull)
    if place["isInMergeQueue"] or place["merged"]:
        return MergeAnswer(merged=Merged.DONE)
    if error.kind is GitHubErrorKind.UNREACHABLE:
        raise error
    return MergeAnswer(merged=Merged.HEAD_MOVED if place["headRefOid"] != head else Merged.NOT_NOW, words=str(error))


def dequeue(client: Client, pull: str) -> None:
    """Raises `GitHubError` where it is still in the queue afterwards."""
    error = _mutated(client, DEQUEUE_DOCUMENT, {"pull": pull})
    if error is not None and (error.kind is GitHubErrorKind.LIMITED or _place(client, pull)["isInMergeQueue"]):
        raise error


def _mutated(client: Client, document: str, variables: dict[str, Any]) -> GitHubError | None:
    try:
        answer = client.mutate(document, variables)
    except GitHubError as error:
        return error
    return graphql_error(answer.errors, {}, client.clock.now()) if answer.errors else None


def _place(client: Client, pull: str) -> Any:
    return client.graphql(PLACE_DOCUMENT, {"pull": pull})["node"]
