"""Apps that authenticate as GitHub Apps do, by libraries that nobody here wrote, against the hub: probot on Node.js and PyGithub."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from github import Auth, Github, GithubException, GithubIntegration

from bot.hub import seed
from bot.hub.serve import serving
from bot.hub.webhooks.deliveries import deliver_pending
from tests.independent.tools import HOME, NODE, free_port
from tests.world import FULL_NAME, WallClock, World, make_world

APP = Path(__file__).with_name("probot_app.mjs")
SECRET = "between the two"
PERMISSIONS = {"issues": "write", "pull_requests": "write", "checks": "write", "contents": "write", "metadata": "read"}


@dataclass(frozen=True, kw_only=True)
class Place:
    world: World
    url: str
    app: seed.NewApp
    installation: int


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    world = make_world(tmp_path, clock=WallClock(), files={".github/gardener.yml": "greeting: Welcome to the garden\n"})
    app = seed.add_app(world.hub, "gardener", owner="garden", permissions=PERMISSIONS)
    installation = seed.install_app(world.hub, app.id, "garden")
    with serving(world.hub, work=False, app=world.app) as served:
        yield Place(world=world, url=f"{served.url}/api/v3", app=app, installation=installation)
    world.hub.close()


@contextmanager
def probot(place: Place) -> Iterator[None]:
    """The app, listening to the hub's webhooks; it answers each only when its handlers are through."""
    port = free_port()
    environment = {
        "PORT": str(port),
        "LOG_LEVEL": "error",
        "APP_ID": str(place.app.id),
        "PRIVATE_KEY": place.app.private_key_pem,
        "BASE_URL": place.url,
        "SECRET": SECRET,
    }
    command = [str(NODE), "--input-type=module", "--eval", APP.read_text(encoding="utf-8")]
    with subprocess.Popen(
        command, cwd=HOME, env={"PATH": "/usr/bin:/bin", **environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as node:
        assert node.stdout is not None
        said = []
        for line in node.stdout:
            said.append(line)
            if line == "listening\n":
                break
        else:
            pytest.fail("".join(said))
        seed.add_app_hook(place.world.hub, place.app.id, f"http://127.0.0.1:{port}/api/github/webhooks", secret=SECRET)
        try:
            yield
        finally:
            node.terminate()
            said += node.stdout
    assert not [line for line in said if line.startswith(("ERROR", "WARN", "Error"))], "".join(said)


def test_a_probot_app_hears_of_an_issue_and_answers_as_its_configuration_says(place: Place) -> None:
    world = place.world
    with probot(place):
        number = world.open_issue("The second pot is not counted", labels=())

        deliver_pending(world.hub)

    (comment,) = world.api("ann", "GET", f"issues/{number}/comments")
    assert (comment["user"]["login"], comment["body"]) == ("gardener[bot]", "Welcome to the garden")
    assert comment["performed_via_github_app"]["slug"] == "gardener"
    assert [label["name"] for label in world.api("ann", "GET", f"issues/{number}")["labels"]] == ["triage"]
    (reaction,) = world.api("ann", "GET", f"issues/{number}/reactions")
    assert (reaction["user"]["login"], reaction["content"]) == ("gardener[bot]", "eyes")


def test_a_probot_app_sets_its_check_on_a_pull_request(place: Place) -> None:
    world = place.world
    head = world.git("rev-parse", "main")
    world.api("ann", "POST", "git/refs", json={"ref": "refs/heads/feature", "sha": head})
    text = base64.b64encode(b"Both pots\n").decode()
    world.api("ann", "PUT", "contents/notes.txt", json={"message": "Note both", "content": text, "branch": "feature"})
    with probot(place):
        pull = world.api("ann", "POST", "pulls", json={"title": "Count both", "head": "feature", "base": "main"})

        deliver_pending(world.hub)

    (check,) = world.api("ann", "GET", f"commits/{pull['head']['sha']}/check-runs")["check_runs"]
    assert (check["name"], check["conclusion"], check["output"]["summary"]) == ("gardener", "success", "notes.txt")
    assert check["app"]["slug"] == "gardener"


def test_pygithub_acts_as_an_installation_with_all_that_it_was_granted(place: Place) -> None:
    """It asks for its token with `"permissions": {}`, which means all."""
    number = place.world.open_issue("The second pot is not counted", labels=())
    auth = Auth.AppAuth(place.app.id, place.app.private_key_pem)
    with GithubIntegration(auth=auth, base_url=place.url) as integration:
        (installation,) = integration.get_installations()
        granted = integration.get_access_token(installation.id).permissions
    with Github(auth=auth.get_installation_auth(place.installation), base_url=place.url) as client:
        repository = client.get_repo(FULL_NAME)
        repository.get_issue(number).create_comment("From an app")
        repository.create_file("notes.txt", "Note", "one\n", branch="main")

    assert installation.id == place.installation
    assert granted == PERMISSIONS
    (comment,) = place.world.api("ann", "GET", f"issues/{number}/comments")
    assert comment["user"]["login"] == "gardener[bot]"
    assert place.world.git("show", "main:notes.txt") == "one"


def test_pygithub_may_not_more_than_it_asked_for(place: Place) -> None:
    auth = Auth.AppAuth(place.app.id, place.app.private_key_pem).get_installation_auth(place.installation, {"issues": "write"})
    with Github(auth=auth, base_url=place.url, retry=None) as client, pytest.raises(GithubException) as refused:
        client.get_repo(FULL_NAME).create_file("notes.txt", "Note", "one\n", branch="main")

    assert refused.value.status == 403
