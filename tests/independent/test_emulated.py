"""The whole life of a project on a GitHub that nobody here wrote, and where that one differs from GitHub."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from waitress.server import create_server

from bot.adapters.github.client import AppKey
from bot.adapters.github.limits import UNLIMITED
from bot.adapters.scripted import ScriptedModel
from bot.core.lifecycle.lease import Refused
from bot.entry.wiring import Settings, Wired, wire
from bot.flows.fleet import work
from bot.flows.ticking import tick
from tests.contract.schemas import GRAPHQL
from tests.independent.emulated.bridge import Bridge, bridged
from tests.independent.emulated.quirks import QUIRKS, Quirk
from tests.independent.tools import HOME, NODE, free_port
from tests.world import FILES, FULL_NAME, WallClock, judges, writes

START = Path(__file__).parent / "emulated" / "emulate.mjs"
KEEPER = {"contents": "write", "issues": "write", "pull_requests": "write", "checks": "read", "statuses": "read", "metadata": "read"}
CRITIC = KEEPER | {"checks": "write", "statuses": "write"}
ANN = "token of-ann"


@dataclass(frozen=True, kw_only=True)
class Place:
    bridge: Bridge
    url: str
    key: str

    def as_ann(self, method: str, path: str, body: Any = None) -> Any:
        answer = httpx.request(method, f"{self.url}{self.bridge.place}/{path}", json=body, headers={"Authorization": ANN}, timeout=30)
        assert answer.status_code < 400, answer.text
        return answer.json() if answer.content else None


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key = made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    apps = [
        {"app_id": number, "slug": slug, "name": slug, "private_key": key, "permissions": rights, "events": [],
         "installations": [{"installation_id": number + 10, "account": "garden", "repository_selection": "all"}]}
        for number, slug, rights in ((1, "keeper", KEEPER), (2, "critic", CRITIC))
    ]  # fmt: skip
    seed = {
        "tokens": {"of-ann": {"login": "ann", "scopes": ["repo"]}},
        "github": {
            "users": [{"login": "ann"}],
            "orgs": [{"login": "garden", "members": [{"login": "ann", "role": "admin"}]}],
            "repos": [{"owner": "garden", "name": "pots"}],
            "apps": apps,
        },
    }
    command = [str(NODE), "--input-type=module", "--eval", START.read_text(encoding="utf-8")]
    environment = {"PATH": "/usr/bin:/bin", "PORT": str(free_port())}
    with subprocess.Popen(command, cwd=HOME, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as node:
        assert node.stdin is not None
        assert node.stdout is not None
        node.stdin.write(json.dumps(seed) + "\n")
        node.stdin.flush()
        emulated = node.stdout.readline().strip().replace("localhost", "127.0.0.1")
        try:
            with httpx.Client(base_url=emulated, timeout=30) as client:
                bridge = Bridge(
                    emulated=client, bare=planted(tmp_path), repository=FULL_NAME, owner_token="of-ann", apps=("keeper", "critic")
                )
                server: Any = create_server(bridged(bridge, GRAPHQL), host="127.0.0.1", port=0, threads=8)
                Thread(target=server.run, daemon=True).start()
                yield Place(bridge=bridge, url=f"http://127.0.0.1:{server.effective_port}", key=key)
                server.close()
        finally:
            node.terminate()


@pytest.fixture
def transport() -> Iterator[httpx.HTTPTransport]:
    """Closed in the end, which the bot's own one is only with its process."""
    with httpx.HTTPTransport() as made:
        yield made


def planted(root: Path) -> Path:
    bare, seedling = root / "pots.git", root / "seedling"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(bare)], check=True)
    subprocess.run(["git", "-C", str(bare), "config", "http.receivepack", "true"], check=True)
    for path, text in FILES.items():
        (seedling / path).parent.mkdir(parents=True, exist_ok=True)
        (seedling / path).write_text(text)
    who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
    for args in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "Plant the garden"], ["push", "-q", str(bare), "main"]):
        subprocess.run(["git", *who, *args], cwd=seedling, check=True)
    return bare


def wired(place: Place, home: Path, model: ScriptedModel, transport: httpx.BaseTransport) -> Wired:
    keeper, critic = (AppKey(app_id=number, private_key=place.key) for number in (1, 2))
    settings = Settings(
        repository=FULL_NAME, worker=keeper, reviewer=critic, api_url=place.url, home=home, limits=UNLIMITED, transport=transport
    )
    return wire(settings, model=model, clock=WallClock())


@pytest.mark.skipif(not GRAPHQL.exists(), reason="GitHub's published schema is not here: `make references` fetches it")
@pytest.mark.timeout(900)
def test_an_issue_becomes_a_merged_pull_request(place: Place, tmp_path: Path, transport: httpx.HTTPTransport) -> None:
    model = ScriptedModel([
        writes("pots.py", "def count(): return 3\n"),
        judges(approve=False),
        writes("pots.py", "def count(): return 2\n"),
        judges(),
    ])  # fmt: skip
    here = wired(place, tmp_path / "home", model, transport)
    issue = place.as_ann("POST", "issues", {"title": "The second pot is not counted", "body": "- [ ] It works", "labels": ["agent:ready"]})

    for _ in range(14):
        done = tick(here.context)
        for started in done.started:
            assert not isinstance(work(here.context, started), Refused)
        for pull in place.as_ann("GET", "pulls"):
            place.as_ann(
                "POST",
                "check-runs",
                {"name": "unit tests", "head_sha": place.bridge.tip(pull["head"]["ref"]), "conclusion": "success", "status": "completed"},
            )
        if place.as_ann("GET", f"issues/{issue['number']}")["state"] == "closed":
            break
    tick(here.context)

    (pull,) = place.as_ann("GET", "pulls?state=all")
    shown = place.as_ann("GET", f"pulls/{pull['number']}")
    reviews = place.as_ann("GET", f"pulls/{pull['number']}/reviews")
    comments = place.as_ann("GET", f"issues/{issue['number']}/comments")
    assert shown["merged"], [one.summary for one in done.applied]
    assert shown["user"]["login"] == "keeper[bot]"
    assert [(one["user"]["login"], one["state"]) for one in reviews] == [("critic[bot]", "CHANGES_REQUESTED"), ("critic[bot]", "APPROVED")]
    assert place.bridge.git("show", "main:pots.py") == "def count(): return 2"
    (status,) = [one["body"] for one in comments if "groundskeeper:status" in one["body"]]
    assert "done" in status.lower()
    assert place.as_ann("GET", f"issues/{issue['number']}")["state"] == "closed"
    assert model.unused() == ()


@dataclass(frozen=True, kw_only=True)
class Direct:
    """`emulate` itself, with an issue and a pull request by ann."""

    client: httpx.Client
    place: str
    head: str
    as_app: dict[str, str]

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        url = path if path.startswith("//") else f"{self.place}/{path}".rstrip("/")
        return self.client.request(method, url.replace("//", "/", 1), json=body, headers={"Authorization": ANN, **headers})


@pytest.fixture
def direct(place: Place) -> Direct:
    bridge = place.bridge
    bridge.git("update-ref", "refs/heads/two", bridge.tip("main"))
    bridge.notice_pushes()
    main = bridge.theirs[bridge.tip("main")]
    tree = bridge.as_owner("GET", f"git/commits/{main}")["tree"]["sha"]
    head = bridge.as_owner("POST", "git/commits", {"message": "Two", "tree": tree, "parents": [main]})["sha"]
    bridge.as_owner("PATCH", "git/refs/heads/two", {"sha": head, "force": True})
    bridge.as_owner("POST", "issues", {"title": "It stands"})
    bridge.as_owner("POST", "issues/1/comments", {"body": "Still"})
    bridge.as_owner("POST", "pulls", {"title": "Two", "head": "two", "base": "main"})
    at = int(time.time())
    assertion = jwt.encode({"iat": at - 60, "exp": at + 500, "iss": "2"}, place.key, algorithm="RS256")
    return Direct(client=bridge.emulated, place=bridge.place, head=head, as_app={"Authorization": f"Bearer {assertion}"})


def _fractions(answer: httpx.Response) -> bool:
    told = answer.json()
    return "." in told["expires_at"] and len(told["repositories"][0]) == 5


def _stale_head(direct: Direct) -> bool:
    tree = direct.ask("GET", f"git/commits/{direct.head}").json()["tree"]["sha"]
    newer = direct.ask("POST", "git/commits", {"message": "Three", "tree": tree, "parents": [direct.head]}).json()["sha"]
    direct.ask("PATCH", "git/refs/heads/two", {"sha": newer})
    stays = direct.ask("GET", "pulls/2").json()["head"]["sha"] == direct.head
    return stays and direct.ask("PUT", "pulls/2/merge", {"sha": newer}).status_code == 422


SHOWN: dict[str, Callable[[Direct], bool]] = {
    "an app's account": lambda at: at.ask("GET", "//users/keeper%5Bbot%5D").status_code == 404,
    "GET issues/comments": lambda at: at.ask("GET", "issues/comments").status_code == 404,
    "an app's own installation": lambda at: at.ask("GET", "installation", **at.as_app).json()["app_slug"] == "keeper",
    "an installation's token": lambda at: _fractions(
        at.ask("POST", "//app/installations/12/access_tokens", {"repositories": ["pots"]}, **at.as_app)
    ),
    "clone_url": lambda at: at.client.get(at.ask("GET", "").json()["clone_url"] + "/info/refs?service=git-upload-pack").status_code == 404,
    "merge": _stale_head,
    "self-approval": lambda at: at.ask("POST", "pulls/2/reviews", {"event": "APPROVE", "body": "Fine"}).status_code < 300,
    "statuses": lambda at: at.ask("POST", f"statuses/{at.head}", {"state": "success"}).status_code == 404,
    "dependencies": lambda at: at.ask("GET", "issues/1/dependencies/blocked_by").status_code == 404,
    "GraphQL": lambda at: at.ask("POST", "//graphql", {"query": "{ viewer { login } }"}).status_code == 404,
    "unknown tokens": lambda at: at.ask("GET", "//user", Authorization="token of-nobody").status_code == 200,
}


@pytest.mark.parametrize("quirk", QUIRKS, ids=lambda quirk: quirk.name)
def test_each_quirk_is_there_or_the_table_is_too_long(direct: Direct, quirk: Quirk) -> None:
    assert SHOWN[quirk.name](direct), f"emulate does as GitHub does: {quirk.github}"
