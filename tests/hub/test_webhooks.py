"""What a receiver of webhooks sees."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from bot.hub import seed
from bot.hub.webhooks import deliveries
from tests.hub.conftest import World

REPO = "/repos/ada/engine"


@dataclass
class Receiver:
    """Answers what it is told to and keeps what it was sent."""

    answers: list[int] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def __call__(self, _url: str, headers: Any, body: bytes) -> int:
        self.got.append((dict(headers), body))
        return self.answers.pop(0) if self.answers else 202

    @property
    def told(self) -> list[tuple[str, str | None]]:
        return [(headers["X-GitHub-Event"], json.loads(body).get("action")) for headers, body in self.got]


def test_a_delivery_is_signed_over_its_very_bytes(world: World) -> None:
    # https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
    seed.add_hook(world.hub, "ada/engine", "http://bot.example/", secret="It's a Secret to Everybody")
    world.ada.post(f"{REPO}/issues", json={"title": "Läuft nicht"})
    receiver = Receiver()
    deliveries.deliver_pending(world.hub, receiver)
    headers, body = receiver.got[0]
    signature = hmac.new(b"It's a Secret to Everybody", body, hashlib.sha256).hexdigest()
    assert headers["X-Hub-Signature-256"] == f"sha256={signature}"
    assert headers["User-Agent"].startswith("GitHub-Hookshot/")


def test_what_is_done_to_an_issue_is_told_with_the_whole_issue(world: World) -> None:
    seed.add_hook(world.hub, "ada/engine", "http://bot.example/", secret=None, events=["issues", "issue_comment", "label"])
    ada = world.ada
    ada.post(f"{REPO}/labels", json={"name": "bug"})
    ada.post(f"{REPO}/issues", json={"title": "Leak"})
    ada.post(f"{REPO}/issues/1/labels", json={"labels": ["bug"]})
    ada.post(f"{REPO}/issues/1/comments", json={"body": "Indeed"})
    ada.patch(f"{REPO}/issues/comments/1", json={"body": "Yes"})
    ada.patch(f"{REPO}/issues/1", json={"title": "Big leak", "state": "closed"})
    receiver = Receiver()
    deliveries.deliver_pending(world.hub, receiver)
    assert receiver.told == [
        ("label", "created"),
        ("issues", "opened"),
        ("issues", "labeled"),
        ("issue_comment", "created"),
        ("issue_comment", "edited"),
        ("issues", "edited"),
        ("issues", "closed"),
    ]
    labeled, edited = json.loads(receiver.got[2][1]), json.loads(receiver.got[5][1])
    assert (labeled["label"]["name"], labeled["issue"]["labels"][0]["name"], labeled["sender"]["login"]) == ("bug", "bug", "ada")
    assert labeled["repository"]["full_name"] == "ada/engine"
    assert edited["changes"] == {"title": {"from": "Leak"}}


def test_a_hook_hears_only_the_events_that_it_asked_for(world: World) -> None:
    seed.add_hook(world.hub, "ada/engine", "http://bot.example/", secret=None, events=["push"])
    world.ada.post(f"{REPO}/issues", json={"title": "Leak"})
    assert deliveries.deliver_pending(world.hub, Receiver()) == 0


def test_a_failed_delivery_is_not_tried_again_until_somebody_asks_and_keeps_its_guid(world: World) -> None:
    # https://docs.github.com/webhooks/using-webhooks/handling-failed-webhook-deliveries
    hook = seed.add_hook(world.hub, "ada/engine", "http://bot.example/", secret=None)
    world.ada.post(f"{REPO}/issues", json={"title": "Leak"})
    receiver = Receiver(answers=[500])
    assert deliveries.deliver_pending(world.hub, receiver) == 1
    assert deliveries.deliver_pending(world.hub, receiver) == 0
    failed = world.ada.get(f"{REPO}/hooks/{hook}/deliveries?status=failure").json()
    assert [(item["status_code"], item["redelivery"]) for item in failed] == [(500, False)]
    assert world.ada.post(f"{REPO}/hooks/{hook}/deliveries/{failed[0]['id']}/attempts").status_code == 202
    deliveries.deliver_pending(world.hub, receiver)
    first, second = (headers["X-GitHub-Delivery"] for headers, _ in receiver.got)
    assert first == second
    newest = world.ada.get(f"{REPO}/hooks/{hook}/deliveries").json()[0]
    assert (newest["status"], newest["redelivery"]) == ("OK", True)


def test_an_apps_hook_hears_of_the_repositories_that_it_is_installed_on_and_names_the_installation(world: World) -> None:
    world.add_app("worker")
    seed.add_user(world.hub, "zoe")
    seed.add_repository(world.hub, "zoe", "other")
    seed.add_app_hook(world.hub, world.apps["worker"].id, "http://bot.example/", secret="s")
    world.ada.post(f"{REPO}/issues", json={"title": "Leak"})
    world.as_("zoe").post("/repos/zoe/other/issues", json={"title": "Elsewhere"})
    receiver = Receiver()
    deliveries.deliver_pending(world.hub, receiver)
    assert [json.loads(body)["issue"]["title"] for _, body in receiver.got] == ["Leak"]
    assert json.loads(receiver.got[0][1])["installation"]["id"] == 1
    listed = world.app_client("worker").get("/app/hook/deliveries").json()
    assert [(item["event"], item["installation_id"]) for item in listed] == [("issues", 1)]


@contextmanager
def _listening(status: int) -> Iterator[tuple[str, list[str]]]:
    heard: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            heard.append(self.headers["X-GitHub-Event"])
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Silence."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", heard
        finally:
            server.shutdown()
            thread.join()


def test_a_new_hook_is_pinged_over_real_http(world: World) -> None:
    with _listening(204) as (url, heard):
        made = world.ada.post(f"{REPO}/hooks", json={"config": {"url": url, "content_type": "json"}, "events": ["issues"]})
        deliveries.deliver_pending(world.hub)
    assert heard == ["ping"]
    assert world.ada.get(f"{REPO}/hooks/{made.json()['id']}").json()["last_response"]["code"] == 204


def test_a_receiver_that_is_not_there_counts_as_failed(world: World) -> None:
    hook = seed.add_hook(world.hub, "ada/engine", "http://127.0.0.1:9/", secret=None)
    world.ada.post(f"{REPO}/issues", json={"title": "Leak"})
    deliveries.deliver_pending(world.hub)
    assert [item["status_code"] for item in world.ada.get(f"{REPO}/hooks/{hook}/deliveries").json()] == [0]
