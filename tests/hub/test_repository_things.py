"""Milestones, topics, releases with their tags, requested reviews and collaborators: what most tools ask for beside the bot."""

import json

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
    world.ada.post(f"{REPO}/pulls", json={"title": "Two", "head": "two", "base": "main"})
    world.ada.post(f"{REPO}/hooks", json={"config": {"url": "http://hook.invalid/"}, "events": ["issues", "pull_request"]})
    return world


def told(world: World, event: str) -> list[str]:
    return [row["action"] for row in world.hub.db().execute("select action from deliveries where event = ? order by id", (event,))]


def graphql(world: World, asked: str, who: str = "ada") -> dict[str, object]:
    answer = world.as_(who).post("/graphql", json={"query": f'{{ repository(owner: "ada", name: "engine") {{ {asked} }} }}'}).json()
    assert "errors" not in answer, answer
    found: dict[str, object] = answer["data"]["repository"]
    return found


def test_an_issue_is_put_on_a_milestone_which_counts_it(planted: World) -> None:
    ada = planted.ada
    made = assert_conforms(ada.post(f"{REPO}/milestones", json={"title": "It runs", "due_on": "2026-04-01T00:00:00Z"})).json()
    assert_conforms(ada.patch(f"{REPO}/issues/1", json={"milestone": made["number"]}))

    shown = assert_conforms(ada.get(f"{REPO}/issues/1")).json()
    counted = assert_conforms(ada.get(f"{REPO}/milestones/1")).json()
    events = assert_conforms(ada.get(f"{REPO}/issues/1/events")).json()

    assert (shown["milestone"]["title"], counted["open_issues"], counted["closed_issues"]) == ("It runs", 1, 0)
    assert [issue["number"] for issue in ada.get(f"{REPO}/issues?milestone=1").json()] == [1]
    assert [issue["number"] for issue in ada.get(f"{REPO}/issues?milestone=none").json()] == [2]
    assert (events[-1]["event"], events[-1]["milestone"]) == ("milestoned", {"title": "It runs"})
    assert told(planted, "issues") == ["milestoned"]
    assert graphql(planted, "issue(number: 1) { milestone { title number state } } milestones(first: 5) { totalCount }") == {
        "issue": {"milestone": {"title": "It runs", "number": 1, "state": "OPEN"}},
        "milestones": {"totalCount": 1},
    }

    assert_conforms(ada.patch(f"{REPO}/milestones/1", json={"state": "closed", "description": "At last"}))
    assert [one["title"] for one in ada.get(f"{REPO}/milestones?state=closed").json()] == ["It runs"]
    assert ada.get(f"{REPO}/milestones").json() == []
    ada.patch(f"{REPO}/issues/1", json={"milestone": None})
    assert ada.get(f"{REPO}/issues/1").json()["milestone"] is None
    assert ada.delete(f"{REPO}/milestones/1").status_code == 204
    assert assert_conforms(ada.get(f"{REPO}/milestones/1")).status_code == 404


def test_milestones_that_cannot_be(planted: World) -> None:
    ada = planted.ada
    ada.post(f"{REPO}/milestones", json={"title": "It runs"})

    assert assert_conforms(ada.post(f"{REPO}/milestones", json={"title": "It runs"})).status_code == 422
    assert ada.patch(f"{REPO}/issues/1", json={"milestone": 99}).status_code == 422
    assert planted.as_("rita").post(f"{REPO}/milestones", json={"title": "Mine"}).status_code == 404


def test_topics_are_replaced_as_a_whole(planted: World) -> None:
    put = assert_conforms(planted.ada.put(f"{REPO}/topics", json={"names": ["steam", "Brass"]}))

    assert put.json() == assert_conforms(planted.ada.get(f"{REPO}/topics")).json() == {"names": ["brass", "steam"]}
    assert planted.ada.get(REPO).json()["topics"] == ["brass", "steam"]
    assert planted.ada.put(f"{REPO}/topics", json={"names": ["not a topic"]}).status_code == 422
    assert planted.as_("will").put(f"{REPO}/topics", json={"names": []}).status_code in (403, 404)


def test_a_release_tags_what_it_releases(planted: World) -> None:
    ada, head = planted.ada, planted.push({"a.txt": "three\n"})
    draft = assert_conforms(ada.post(f"{REPO}/releases", json={"tag_name": "v2", "draft": True})).json()
    made = assert_conforms(ada.post(f"{REPO}/releases", json={"tag_name": "v1", "body": "**First**", "target_commitish": "main"})).json()

    assert (made["tag_name"], made["author"]["login"], made["published_at"]) == ("v1", "ada", "2026-03-02T09:00:00Z")
    assert [(tag["name"], tag["commit"]["sha"]) for tag in assert_conforms(ada.get(f"{REPO}/tags")).json()] == [("v1", head)]
    assert [one["id"] for one in assert_conforms(ada.get(f"{REPO}/releases")).json()] == [made["id"], draft["id"]]
    assert [one["id"] for one in planted.as_("rita").get(f"{REPO}/releases").json()] == [made["id"]]
    for path in ("latest", "tags/v1", str(made["id"])):
        assert assert_conforms(ada.get(f"{REPO}/releases/{path}")).json()["id"] == made["id"]
    assert ada.get(f"{REPO}/releases/tags/v2").status_code == 404
    assert graphql(planted, "latestRelease { tagName url }")["latestRelease"] == {"tagName": "v1", "url": made["html_url"]}

    assert_conforms(ada.patch(f"{REPO}/releases/{draft['id']}", json={"draft": False}))
    assert [tag["name"] for tag in ada.get(f"{REPO}/tags").json()] == ["v2", "v1"]
    assert ada.delete(f"{REPO}/releases/{draft['id']}").status_code == 204
    assert [tag["name"] for tag in ada.get(f"{REPO}/tags").json()] == ["v2", "v1"], "the tag stays"
    assert assert_conforms(ada.post(f"{REPO}/releases", json={"tag_name": "v1"})).status_code == 422
    assert planted.as_("rita").post(f"{REPO}/releases", json={"tag_name": "v3"}).status_code == 403


def test_reviews_are_asked_for_until_they_are_given(planted: World) -> None:
    ada, place = planted.ada, f"{REPO}/pulls/2/requested_reviewers"
    asked = assert_conforms(ada.post(place, json={"reviewers": ["will", "tess"]}))
    assert_conforms(ada.request("DELETE", place, json={"reviewers": ["tess"]}))

    assert [one["login"] for one in asked.json()["requested_reviewers"]] == ["tess", "will"]
    assert [one["login"] for one in assert_conforms(ada.get(place)).json()["users"]] == ["will"]
    assert told(planted, "pull_request") == ["review_requested", "review_requested", "review_request_removed"]
    events = assert_conforms(ada.get(f"{REPO}/issues/2/events")).json()
    assert [(one["event"], one["requested_reviewer"]["login"]) for one in events] == [
        ("review_requested", "will"), ("review_requested", "tess"), ("review_request_removed", "tess"),
    ]  # fmt: skip
    assert (
        json.dumps(
            graphql(
                planted, "pullRequest(number: 2) { reviewRequests(first: 5) { nodes { requestedReviewer { ... on User { login } } } } }"
            )
        ).count("will")
        == 1
    )

    planted.as_("will").post(f"{REPO}/pulls/2/reviews", json={"event": "COMMENT", "body": "Fine"})
    assert ada.get(place).json()["users"] == []
    for reviewers in (["ada"], ["nobody"]):
        assert assert_conforms(ada.post(place, json={"reviewers": reviewers})).status_code == 422
    assert planted.as_("rita").post(place, json={"reviewers": ["will"]}).status_code == 403


def test_graphql_tells_who_collaborates_to_those_who_may_push(planted: World) -> None:
    asked = "hasVulnerabilityAlertsEnabled collaborators(first: 10) { totalCount edges { permission node { login } } }"

    found = graphql(planted, asked)

    assert found["hasVulnerabilityAlertsEnabled"] is False
    assert found["collaborators"] == {
        "totalCount": 4,
        "edges": [
            {"permission": permission, "node": {"login": login}}
            for login, permission in (("ada", "ADMIN"), ("rita", "READ"), ("tess", "TRIAGE"), ("will", "WRITE"))
        ],
    }
    assert graphql(planted, asked, who="rita")["collaborators"] is None
