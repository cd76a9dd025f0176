"""Issues, labels, comments and who may touch them, as GitHub's REST reference says."""

import pytest

from bot.hub import seed
from tests.hub.conftest import World

REPO = "/repos/ada/engine"
ISSUES = f"{REPO}/issues"


def _numbers(world: World, query: str) -> list[int]:
    return [item["number"] for item in world.ada.get(f"{ISSUES}?{query}").json()]


@pytest.fixture
def three(world: World) -> World:
    world.ada.post(ISSUES, json={"title": "one", "labels": ["bug", "agent:ready"]})
    world.clock.forward(minutes=1)
    world.ada.post(ISSUES, json={"title": "two", "labels": ["bug"], "assignees": ["will"]})
    world.clock.forward(minutes=1)
    world.as_("rita").post(ISSUES, json={"title": "three"})
    world.ada.patch(f"{ISSUES}/3", json={"state": "closed"})
    return world


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        # https://docs.github.com/rest/issues/issues#list-repository-issues
        ("", [2, 1]),
        ("state=all&sort=created&direction=asc", [1, 2, 3]),
        ("labels=bug,agent:ready", [1]),
        ("labels=BUG", [2, 1]),
        ("assignee=will", [2]),
        ("assignee=none", [1]),
        ("creator=rita&state=closed", [3]),
        ("since=2026-03-02T09:01:00Z&state=all", [3, 2]),
    ],
)
def test_a_list_is_narrowed_by(three: World, query: str, numbers: list[int]) -> None:
    assert _numbers(three, query) == numbers


def test_a_long_list_is_paged_with_links_that_lead_through_it(world: World) -> None:
    for turn in range(5):
        world.ada.post(ISSUES, json={"title": f"No. {turn}"})
    seen, url = [], f"{ISSUES}?per_page=2&direction=asc"
    while url:
        answer = world.ada.get(url)
        seen += [item["number"] for item in answer.json()]
        url = answer.links.get("next", {}).get("url", "")
    assert seen == [1, 2, 3, 4, 5]


def test_who_cannot_triage_opens_issues_without_labels_and_assignees(world: World) -> None:
    # "NOTE: Only users with push access can set labels for new issues. Labels are silently dropped otherwise."
    made = world.as_("rita").post(ISSUES, json={"title": "Leak", "labels": ["bug"], "assignees": ["will"]})
    assert (made.status_code, made.json()["labels"], made.json()["assignees"]) == (201, [], [])


def test_who_cannot_push_is_never_assigned_and_nothing_is_said(world: World) -> None:
    world.ada.post(ISSUES, json={"title": "Leak"})
    answer = world.ada.post(f"{ISSUES}/1/assignees", json={"assignees": ["rita", "tess", "nobody", "will"]})
    assert (answer.status_code, [one["login"] for one in answer.json()["assignees"]]) == (201, ["will"])


def test_a_label_that_is_not_on_the_issue_cannot_be_taken_off(world: World) -> None:
    world.ada.post(ISSUES, json={"title": "Leak", "labels": ["bug"]})
    assert world.ada.delete(f"{ISSUES}/1/labels/bug").status_code == 200
    again = world.ada.delete(f"{ISSUES}/1/labels/bug")
    assert (again.status_code, again.json()["message"]) == (404, "Label does not exist")


def test_an_author_may_edit_their_issue_but_not_label_it(world: World) -> None:
    rita = world.as_("rita")
    rita.post(ISSUES, json={"title": "Leek"})
    assert rita.patch(f"{ISSUES}/1", json={"title": "Leak"}).json()["title"] == "Leak"
    assert rita.post(f"{ISSUES}/1/labels", json={"labels": ["agent:ready"]}).status_code == 403
    rita.patch(f"{ISSUES}/1", json={"labels": ["agent:ready"]})
    assert world.ada.get(f"{ISSUES}/1").json()["labels"] == []


def test_an_app_without_issues_permission_is_told_so(world: World) -> None:
    reader = world.add_app("reader", {"contents": "read", "metadata": "read"})
    refused = reader.post(ISSUES, json={"title": "Leak"})
    assert (refused.status_code, refused.json()["message"]) == (403, "Resource not accessible by integration")


def test_a_token_narrowed_to_another_repository_cannot_write_here(world: World) -> None:
    seed.add_repository(world.hub, "ada", "pump")
    worker = world.add_app("worker", repositories=["pump"])
    assert worker.post(ISSUES, json={"title": "Leak"}).status_code == 403
    assert worker.post("/repos/ada/pump/issues", json={"title": "Leak"}).status_code == 201


def test_a_private_repository_is_not_found_by_strangers(world: World) -> None:
    seed.add_repository(world.hub, "ada", "secret", private=True)
    assert world.as_("will").get("/repos/ada/secret").status_code == 404
    assert world.ada.get("/repos/ada/secret").status_code == 200


def test_the_timeline_tells_events_and_comments_in_order(world: World) -> None:
    ada = world.ada
    ada.post(ISSUES, json={"title": "Leak"})
    steps: list[tuple[str, str, dict[str, object]]] = [
        ("POST", f"{ISSUES}/1/labels", {"labels": ["bug"]}),
        ("POST", f"{ISSUES}/1/comments", {"body": "Hm"}),
        ("POST", f"{ISSUES}/1/assignees", {"assignees": ["will"]}),
        ("PATCH", f"{ISSUES}/1", {"state": "closed"}),
    ]
    for method, path, body in steps:
        world.clock.forward(minutes=1)
        ada.request(method, path, json=body)
    events = ada.get(f"{ISSUES}/1/timeline").json()
    assert [item["event"] for item in events] == ["labeled", "commented", "assigned", "closed"]
    assert events[2]["assignee"]["login"] == "will"


def test_comments_since_a_time_include_those_edited_since(world: World) -> None:
    ada = world.ada
    ada.post(ISSUES, json={"title": "Leak"})
    for text in ("old", "older"):
        ada.post(f"{ISSUES}/1/comments", json={"body": text})
    world.clock.forward(hours=1)
    ada.patch(f"{REPO}/issues/comments/1", json={"body": "new"})
    assert [item["body"] for item in ada.get(f"{ISSUES}/1/comments?since=2026-03-02T09:30:00Z").json()] == ["new"]


def test_a_locked_issue_takes_comments_from_writers_only(world: World) -> None:
    world.ada.post(ISSUES, json={"title": "Leak"})
    assert world.ada.put(f"{ISSUES}/1/lock").status_code == 204
    assert world.as_("rita").post(f"{ISSUES}/1/comments", json={"body": "But"}).status_code == 403
    assert world.as_("will").post(f"{ISSUES}/1/comments", json={"body": "Enough"}).status_code == 201


def test_dependencies_take_the_database_id_and_not_the_number(world: World) -> None:
    # https://docs.github.com/rest/issues/issue-dependencies
    seed.add_repository(world.hub, "ada", "pump")
    world.ada.post("/repos/ada/pump/issues", json={"title": "Elsewhere"})
    first, second = (world.ada.post(ISSUES, json={"title": title}).json() for title in ("one", "two"))
    assert second["id"] != second["number"]
    world.ada.post(f"{ISSUES}/1/dependencies/blocked_by", json={"issue_id": second["id"]})
    assert [item["number"] for item in world.ada.get(f"{ISSUES}/1/dependencies/blocked_by").json()] == [2]
    assert [item["id"] for item in world.ada.get(f"{ISSUES}/2/dependencies/blocking").json()] == [first["id"]]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("repo:ada/engine is:issue is:open", [2, 1]),
        ("repo:ada/engine label:agent:ready", [1]),
        ("repo:ada/engine -label:agent:ready state:open", [2]),
        ("repo:ada/engine thre in:title", [3]),
        ('repo:ada/engine author:rita "three"', [3]),
        ("repo:ada/nothing", []),
    ],
)
def test_a_search_finds(three: World, query: str, numbers: list[int]) -> None:
    found = three.ada.get("/search/issues", params={"q": query}).json()
    assert [item["number"] for item in found["items"]] == numbers


def test_variables_are_for_those_who_may_write(world: World) -> None:
    assert world.ada.post(f"{REPO}/actions/variables", json={"name": "stop", "value": "1"}).status_code == 201
    assert world.as_("will").get(f"{REPO}/actions/variables/STOP").json()["value"] == "1"
    assert world.as_("rita").get(f"{REPO}/actions/variables/STOP").status_code == 403
    assert world.ada.post(f"{REPO}/actions/variables", json={"name": "STOP", "value": "2"}).status_code == 409
