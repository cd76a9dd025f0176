"""Reactions to what people wrote."""

import pytest

from tests.hub.conforms import assert_conforms, needs_description
from tests.hub.conftest import World

pytestmark = needs_description
REPO = "/repos/ada/engine"


@pytest.fixture
def planted(world: World) -> World:
    world.push({"a.txt": "one\n"})
    world.push({"a.txt": "two\n"}, branch="two", onto="main")
    world.ada.post(f"{REPO}/issues", json={"title": "It stands"})
    world.ada.post(f"{REPO}/issues/1/comments", json={"body": "Still"})
    world.ada.post(f"{REPO}/pulls", json={"title": "Two", "head": "two", "base": "main"})
    notes = [{"path": "a.txt", "line": 1, "body": "Three?"}]
    world.as_("will").post(f"{REPO}/pulls/2/reviews", json={"event": "COMMENT", "body": "See below", "comments": notes})
    return world


@pytest.mark.parametrize("about", ["issues/1", "issues/2", "issues/comments/1", "pulls/comments/1"])
def test_a_reaction_is_made_once_counted_and_taken_back(planted: World, about: str) -> None:
    worker = planted.add_app("worker")
    made = assert_conforms(worker.post(f"{REPO}/{about}/reactions", json={"content": "eyes"}))
    again = assert_conforms(worker.post(f"{REPO}/{about}/reactions", json={"content": "eyes"}))
    planted.as_("rita").post(f"{REPO}/{about}/reactions", json={"content": "+1"})

    counted = assert_conforms(planted.ada.get(f"{REPO}/{about}")).json()["reactions"] if "pulls" not in about else None
    listed = assert_conforms(planted.ada.get(f"{REPO}/{about}/reactions")).json()
    eyes = planted.ada.get(f"{REPO}/{about}/reactions?content=eyes").json()
    refused = planted.as_("rita").delete(f"{REPO}/{about}/reactions/{made.json()['id']}")
    taken = worker.delete(f"{REPO}/{about}/reactions/{made.json()['id']}")

    assert (made.status_code, again.status_code, again.json()["id"]) == (201, 200, made.json()["id"])
    if counted:
        assert {name: counted[name] for name in ("total_count", "eyes", "+1", "heart")} == {
            "total_count": 2,
            "eyes": 1,
            "+1": 1,
            "heart": 0,
        }
    assert [(one["user"]["login"], one["content"]) for one in listed] == [("worker[bot]", "eyes"), ("rita", "+1")]
    assert [one["content"] for one in eyes] == ["eyes"]
    assert (refused.status_code, taken.status_code) == (404, 204)
    assert [one["content"] for one in planted.ada.get(f"{REPO}/{about}/reactions").json()] == ["+1"]


def test_what_is_no_reaction_or_about_nothing_is_refused(planted: World) -> None:
    assert assert_conforms(planted.ada.post(f"{REPO}/issues/1/reactions", json={"content": "shrug"})).status_code == 422
    assert planted.ada.post(f"{REPO}/issues/99/reactions", json={"content": "eyes"}).status_code == 404
    assert planted.ada.get(f"{REPO}/issues/comments/99/reactions").status_code == 404
    assert planted.client().post(f"{REPO}/issues/1/reactions", json={"content": "eyes"}).status_code == 401


def test_graphql_groups_them_and_knows_whose_they_are(planted: World) -> None:
    planted.add_app("worker").post(f"{REPO}/issues/1/reactions", json={"content": "eyes"})
    planted.ada.post(f"{REPO}/issues/1/reactions", json={"content": "eyes"})
    asked = """{ repository(owner: "ada", name: "engine") { issue(number: 1) { reactionGroups {
        content viewerHasReacted users(first: 1) { totalCount } reactors(first: 5) { totalCount edges { reactedAt } } } } } }"""

    groups = planted.ada.post("/graphql", json={"query": asked}).json()["data"]["repository"]["issue"]["reactionGroups"]

    (eyes,) = [group for group in groups if group["content"] == "EYES"]
    assert len(groups) == 8
    assert (eyes["viewerHasReacted"], eyes["users"]["totalCount"], eyes["reactors"]["totalCount"]) == (True, 1, 2)
    assert [edge["reactedAt"] for edge in eyes["reactors"]["edges"]] == ["2026-03-02T09:00:00Z"] * 2
