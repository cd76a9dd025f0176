"""What tools that we did not write ask a GitHub for, beside what the bot asks."""

import base64
import subprocess
from pathlib import Path

import pytest

from bot.hub import seed
from bot.hub.app import create_app
from bot.hub.serve import serving
from tests.contract.watching import watched
from tests.hub.conforms import assert_conforms, needs_description
from tests.hub.conftest import WORKER, World

pytestmark = needs_description
REPO = "/repos/ada/engine"


def test_a_token_asked_for_with_no_permissions_named_has_all_that_were_granted(world: World) -> None:
    worker = world.add_app("worker", permissions=WORKER | {"issues": "write"})
    installation = world.app_client("worker").get("/app/installations").json()[0]["id"]

    made = world.app_client("worker").post(f"/app/installations/{installation}/access_tokens", json={"permissions": {}})

    assert made.json()["permissions"] == WORKER
    assert world.client(f"Bearer {made.json()['token']}").post(f"{REPO}/issues", json={"title": "It stands"}).status_code == 201
    assert worker.get(REPO).status_code == 200


@pytest.mark.parametrize("pair", ["{}:", "{}:x-oauth-basic", "x-access-token:{}", "ada:{}"])
def test_git_takes_a_token_in_each_place_of_an_address(world: World, tmp_path: Path, pair: str) -> None:
    world.push({"README.md": "# Engine\n"})
    token = seed.add_token(world.hub, "ada")
    with serving(world.hub, work=False, app=watched(create_app(world.hub), world.hub)) as served:
        remote = f"http://{pair.format(token)}@{served.url.removeprefix('http://')}/ada/engine.git"
        told = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(tmp_path), "GIT_ASKPASS": "true"}
        done = subprocess.run(
            ["git", "push", "-q", remote, "main:refs/heads/copy"],
            cwd=world.repository,
            env=told,
            capture_output=True,
            text=True,
            check=False,
        )

    assert done.returncode == 0, done.stderr
    assert world.ada.get(f"{REPO}/branches/copy").status_code == 200


def test_a_pair_without_a_token_is_nobody(world: World) -> None:
    for pair in ("ada:", "ada:x-oauth-basic", ":", "x-access-token:nonsense"):
        answer = world.client(f"Basic {base64.b64encode(pair.encode()).decode()}").get("/user")
        assert answer.status_code == 401


def test_a_persons_token_tells_its_scopes_and_an_installations_has_none(world: World) -> None:
    worker = world.add_app("worker")

    assert "repo" in world.ada.get(REPO).headers["X-OAuth-Scopes"].split(", ")
    assert "X-OAuth-Scopes" not in worker.get(REPO).headers
    assert "X-OAuth-Scopes" not in world.client().get(REPO).headers


def test_the_root_of_the_api_tells_where_things_are(world: World) -> None:
    shown = assert_conforms(world.ada.get("/api/v3/")).json()

    assert shown["repository_url"].endswith("/api/v3/repos/{owner}/{repo}")


def test_what_is_below_a_commit_is_not_taken_for_its_name(world: World) -> None:
    head = world.push({"README.md": "# Engine\n"})
    world.push({"README.md": "# A better engine\n"}, branch="better", onto="main")
    worker = world.add_app("worker")
    for name, conclusion in (("lint", "success"), ("tests", "failure")):
        worker.post(f"{REPO}/check-runs", json={"name": name, "head_sha": head, "conclusion": conclusion})
    for state in ("pending", "success"):
        world.ada.post(f"{REPO}/statuses/{head}", json={"state": state, "context": "deploy"})
    number = world.ada.post(f"{REPO}/pulls", json={"title": "Better", "head": "better", "base": "main"}).json()["number"]

    (suite,) = assert_conforms(world.ada.get(f"{REPO}/commits/main/check-suites")).json()["check_suites"]
    alone = assert_conforms(world.ada.get(f"{REPO}/check-suites/{suite['id']}")).json()
    runs = assert_conforms(world.ada.get(f"{REPO}/check-suites/{suite['id']}/check-runs")).json()["check_runs"]
    statuses = assert_conforms(world.ada.get(f"{REPO}/commits/{head}/statuses")).json()
    pulls = assert_conforms(world.ada.get(f"{REPO}/commits/better/pulls")).json()

    assert (suite["head_sha"], suite["status"], suite["conclusion"], suite["app"]["slug"]) == (head, "completed", "failure", "worker")
    assert alone["id"] == suite["id"]
    assert {run["name"] for run in runs} == {"lint", "tests"}
    assert [(one["state"], one["context"], one["creator"]["login"]) for one in statuses] == [
        ("success", "deploy", "ada"), ("pending", "deploy", "ada"),
    ]  # fmt: skip
    assert [pull["number"] for pull in pulls] == [number]
    assert world.ada.get(f"{REPO}/commits/main/check-suites?app_id=99").json()["total_count"] == 0
    assert world.ada.get(f"{REPO}/commits/main/pulls").json() == []
    assert world.ada.get(f"{REPO}/commits/main/comments").status_code == 404


def test_what_an_app_writes_is_marked_as_done_by_way_of_it(world: World) -> None:
    worker = world.add_app("worker")
    issue = assert_conforms(worker.post(f"{REPO}/issues", json={"title": "It stands"})).json()
    comment = assert_conforms(worker.post(f"{REPO}/issues/1/comments", json={"body": "Oiled"})).json()
    mine = world.ada.post(f"{REPO}/issues/1/comments", json={"body": "Thanks"}).json()

    assert issue["performed_via_github_app"]["slug"] == "worker"
    assert comment["performed_via_github_app"]["slug"] == "worker"
    assert mine["performed_via_github_app"] is None
