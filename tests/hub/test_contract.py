"""Every answer of the issues side against GitHub's published OpenAPI description."""

from collections.abc import Callable

import httpx
import pytest

from bot.hub import seed
from bot.hub.webhooks import deliveries
from tests.hub.conforms import assert_conforms, faults_of, needs_description
from tests.hub.conftest import World

pytestmark = needs_description
REPO = "/repos/ada/engine"
ISSUE = f"{REPO}/issues/1"


@pytest.fixture
def lived_in(world: World) -> World:
    """A repository in which things have happened."""
    ada = world.ada
    seed.add_organization(world.hub, "guild")
    world.push({"README.md": "# Engine\n"})
    hook = {"config": {"url": "http://bot.example/hook", "content_type": "json", "secret": "s"}, "events": ["*"]}
    assert ada.post(f"{REPO}/hooks", json=hook).status_code == 201
    assert ada.post(f"{REPO}/labels", json={"name": "agent:ready", "color": "00ff00", "description": "Take it"}).status_code == 201
    first = ada.post(f"{REPO}/issues", json={"title": "Leaks oil", "body": "Drip", "labels": ["agent:ready", "bug"], "assignees": ["will"]})
    others = [ada.post(f"{REPO}/issues", json={"title": title}).json()["id"] for title in ("Rattles", "Smokes")]
    assert first.status_code == 201
    assert ada.post(f"{ISSUE}/comments", json={"body": "Seen too"}).status_code == 201
    assert ada.post(f"{ISSUE}/dependencies/blocked_by", json={"issue_id": others[0]}).status_code == 201
    assert ada.post(f"{ISSUE}/sub_issues", json={"sub_issue_id": others[1]}).status_code == 201
    assert ada.patch(ISSUE, json={"title": "Leaks much oil", "state": "closed", "state_reason": "not_planned"}).status_code == 200
    assert ada.post(f"{REPO}/actions/variables", json={"name": "mode", "value": "on"}).status_code == 201
    deliveries.deliver_pending(world.hub, lambda _url, _headers, _body: 500)
    return world


READS = [
    "/user", "/users/ada", "/users/rita/repos", "/orgs/guild", "/user/repos", "/rate_limit", REPO, f"{REPO}/issues?state=all",
    ISSUE, f"{ISSUE}/comments", f"{REPO}/issues/comments", f"{REPO}/issues/comments/1", f"{ISSUE}/labels", f"{ISSUE}/events", f"{ISSUE}/timeline",
    f"{REPO}/issues/events", f"{ISSUE}/dependencies/blocked_by", f"{REPO}/issues/2/dependencies/blocking", f"{ISSUE}/sub_issues",
    f"{REPO}/issues/3/parent", f"{REPO}/labels", f"{REPO}/labels/bug", f"{REPO}/collaborators", f"{REPO}/collaborators/tess/permission",
    f"{REPO}/collaborators/tess", f"{REPO}/assignees", f"{REPO}/assignees/will", f"{REPO}/actions/variables", f"{REPO}/actions/variables/MODE",
    "/search/issues?q=repo:ada/engine+is:issue+oil", f"{REPO}/hooks", f"{REPO}/hooks/1", f"{REPO}/hooks/1/deliveries", f"{REPO}/hooks/1/deliveries/1",
]  # fmt: skip


def test_reads_are_answered_as_github_describes_them(lived_in: World) -> None:
    answers = {path: lived_in.ada.get(path) for path in READS}
    assert {path: answer.status_code for path, answer in answers.items() if answer.status_code >= 300} == {}
    assert [fault for answer in answers.values() for fault in faults_of(answer)] == []


Send = Callable[[httpx.Client], httpx.Response]
WRITES: dict[str, Send] = {
    "make a repository": lambda me: me.post("/user/repos", json={"name": "pump", "auto_init": True}),
    "change a repository": lambda me: me.patch(REPO, json={"description": "The engine", "delete_branch_on_merge": True}),
    "make an issue": lambda me: me.post(f"{REPO}/issues", json={"title": "Knocks", "labels": ["bug"]}),
    "change an issue": lambda me: me.patch(ISSUE, json={"state": "open", "labels": [], "assignees": ["ada"]}),
    "lock": lambda me: me.put(f"{ISSUE}/lock"),
    "unlock": lambda me: me.delete(f"{ISSUE}/lock"),
    "comment": lambda me: me.post(f"{ISSUE}/comments", json={"body": "Hm"}),
    "edit a comment": lambda me: me.patch(f"{REPO}/issues/comments/1", json={"body": "Seen twice"}),
    "delete a comment": lambda me: me.delete(f"{REPO}/issues/comments/1"),
    "label": lambda me: me.post(f"{ISSUE}/labels", json={"labels": ["new"]}),
    "set labels": lambda me: me.put(f"{ISSUE}/labels", json={"labels": ["new"]}),
    "unlabel": lambda me: me.delete(f"{ISSUE}/labels/bug"),
    "make a label": lambda me: me.post(f"{REPO}/labels", json={"name": "later", "color": "cccccc"}),
    "change a label": lambda me: me.patch(f"{REPO}/labels/bug", json={"new_name": "fault", "description": "Broken"}),
    "delete a label": lambda me: me.delete(f"{REPO}/labels/bug"),
    "assign": lambda me: me.post(f"{ISSUE}/assignees", json={"assignees": ["ada"]}),
    "unassign": lambda me: me.request("DELETE", f"{ISSUE}/assignees", json={"assignees": ["will"]}),
    "unblock": lambda me: me.delete(f"{ISSUE}/dependencies/blocked_by/2"),
    "release a sub-issue": lambda me: me.request("DELETE", f"{ISSUE}/sub_issue", json={"sub_issue_id": 3}),
    "invite": lambda me: me.put(f"{REPO}/collaborators/rita", json={"permission": "push"}),
    "remove a collaborator": lambda me: me.delete(f"{REPO}/collaborators/rita"),
    "make a variable": lambda me: me.post(f"{REPO}/actions/variables", json={"name": "LEVEL", "value": "1"}),
    "change a variable": lambda me: me.patch(f"{REPO}/actions/variables/MODE", json={"value": "off"}),
    "delete a variable": lambda me: me.delete(f"{REPO}/actions/variables/MODE"),
    "change a hook": lambda me: me.patch(f"{REPO}/hooks/1", json={"events": ["push"], "active": False}),
    "ping a hook": lambda me: me.post(f"{REPO}/hooks/1/pings"),
    "redeliver": lambda me: me.post(f"{REPO}/hooks/1/deliveries/1/attempts"),
    "delete a hook": lambda me: me.delete(f"{REPO}/hooks/1"),
}


@pytest.mark.parametrize("write", WRITES)
def test_a_write_is_answered_as_github_describes_it(lived_in: World, write: str) -> None:
    answer = assert_conforms(WRITES[write](lived_in.ada))
    assert answer.status_code < 300, answer.text


REFUSED: dict[str, tuple[Send, int]] = {
    "an issue that is not there": (lambda me: me.get(f"{REPO}/issues/99"), 404),
    "an issue without a title": (lambda me: me.post(f"{REPO}/issues", json={"body": "x"}), 422),
    "a label twice": (lambda me: me.post(f"{REPO}/labels", json={"name": "BUG"}), 422),
    "a label that is not on": (lambda me: me.delete(f"{ISSUE}/labels/nothing"), 404),
    "a second parent": (lambda me: me.post(f"{REPO}/issues/2/sub_issues", json={"sub_issue_id": 3}), 422),
    "a bad hook": (lambda me: me.post(f"{REPO}/hooks", json={"config": {"url": "ftp://x"}}), 422),
    "a repository twice": (lambda me: me.post("/user/repos", json={"name": "Engine"}), 422),
    "an empty search": (lambda me: me.get("/search/issues?q="), 422),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_refusal_is_worded_as_github_describes_it(lived_in: World, what: str) -> None:
    send, status = REFUSED[what]
    assert assert_conforms(send(lived_in.ada)).status_code == status


def test_an_app_reads_itself_and_where_it_is_installed(lived_in: World) -> None:
    installation = lived_in.add_app("worker", repositories=["engine"], permissions={"issues": "read"})
    app = lived_in.app_client("worker")
    for path in ("/app", "/apps/worker", "/app/installations", "/app/installations/1", f"{REPO}/installation"):
        assert_conforms(app.get(path))
    assert_conforms(installation.get("/installation/repositories"))
    assert_conforms(app.post("/app/installations/1/access_tokens", json={}))
    assert_conforms(installation.delete("/installation/token"))
    assert installation.get(REPO).status_code == 401
