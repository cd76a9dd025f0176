"""Notes on lines of a pull request: begun, answered, edited, resolved, reacted to; as REST and as GraphQL have it."""

from typing import Any

import pytest

from tests.hub.conforms import assert_conforms, needs_description
from tests.hub.conftest import World

pytestmark = needs_description
REPO = "/repos/ada/engine"
THREADS = """query($ids: [ID!]!) { nodes(ids: $ids) { ... on PullRequest { reviewThreads(last: 5) { nodes {
  id isResolved path line resolvedBy { login }
  comments(last: 5) { nodes { id body lastEditedAt author { login } reactionGroups { content viewerHasReacted } } }
} } } } }"""


def asked(world: World, document: str, variables: dict[str, Any]) -> Any:
    answer = world.ada.post("/graphql", json={"query": document, "variables": variables}).json()
    assert "errors" not in answer, answer
    return answer["data"]


@pytest.fixture
def planted(world: World) -> World:
    world.push({"a.txt": "one\n"})
    world.push({"a.txt": "two\n"}, branch="two", onto="main")
    world.ada.post(f"{REPO}/pulls", json={"title": "Two", "head": "two", "base": "main"})
    return world


def test_a_thread_is_begun_answered_edited_and_resolved(planted: World) -> None:
    will, ada = planted.as_("will"), planted.ada
    head = ada.get(f"{REPO}/pulls/1").json()["head"]["sha"]
    place = {"path": "a.txt", "line": 1, "side": "RIGHT", "commit_id": head}
    first = assert_conforms(will.post(f"{REPO}/pulls/1/comments", json={"body": "Three?", **place})).json()
    reply = assert_conforms(ada.post(f"{REPO}/pulls/1/comments/{first['id']}/replies", json={"body": "No"})).json()
    assert_conforms(will.patch(f"{REPO}/pulls/comments/{first['id']}", json={"body": "Four?"}))
    outside = will.post(f"{REPO}/pulls/1/comments", json={"body": "There?", **place, "line": 40})

    assert reply["in_reply_to_id"] == first["id"]
    assert outside.status_code == 422
    assert [one["body"] for one in assert_conforms(ada.get(f"{REPO}/pulls/1/comments")).json()] == ["Four?", "No"]
    pull = ada.get(f"{REPO}/pulls/1").json()["node_id"]
    (thread,) = asked(planted, THREADS, {"ids": [pull]})["nodes"][0]["reviewThreads"]["nodes"]
    assert (thread["path"], thread["line"], thread["isResolved"]) == ("a.txt", 1, False)
    assert [(one["body"], one["lastEditedAt"] is not None) for one in thread["comments"]["nodes"]] == [("Four?", True), ("No", False)]

    asked(planted, "mutation($t: ID!) { resolveReviewThread(input: {threadId: $t}) { thread { isResolved } } }", {"t": thread["id"]})
    react = "mutation($s: ID!) { addReaction(input: {subjectId: $s, content: EYES}) { reaction { content user { login } } } }"
    for one in (thread["comments"]["nodes"][0]["id"], pull, pull):
        assert asked(planted, react, {"s": one})["addReaction"]["reaction"] == {"content": "EYES", "user": {"login": "ada"}}
    (thread,) = asked(planted, THREADS, {"ids": [pull]})["nodes"][0]["reviewThreads"]["nodes"]
    assert (thread["isResolved"], thread["resolvedBy"]) == (True, {"login": "ada"})
    seen = {one["content"] for one in thread["comments"]["nodes"][0]["reactionGroups"] if one["viewerHasReacted"]}
    assert seen == {"EYES"}
    assert ada.get(f"{REPO}/issues/1/reactions").json()[0]["content"] == "eyes"
