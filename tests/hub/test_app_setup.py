"""An app from its manifest to its first delivery, as an installer goes about it."""

import json

import jwt
import pytest

from bot.hub import seed
from bot.hub.rest.accounts import app_manifests
from bot.hub.webhooks import deliveries
from tests.hub.conforms import assert_conforms, needs_description
from tests.hub.conftest import World
from tests.hub.test_webhooks import Receiver

pytestmark = needs_description
MANIFEST = {
    "name": "Garden Keeper",
    "url": "https://keeper.example",
    "hook_attributes": {"url": "https://keeper.example/hook"},
    "default_permissions": {"issues": "write", "metadata": "read"},
    "default_events": ["issues"],
}


def test_a_manifest_becomes_an_app_whose_key_and_hook_work(world: World) -> None:
    code = app_manifests.agree(world.hub, "ada", MANIFEST)
    made = assert_conforms(world.client().post(f"/app-manifests/{code}/conversions")).json()
    at = int(world.clock().timestamp())
    app = world.client(f"Bearer {jwt.encode({'iat': at - 60, 'exp': at + 540, 'iss': made['client_id']}, made['pem'], algorithm='RS256')}")

    assert (made["slug"], made["name"], made["owner"]["login"]) == ("garden-keeper", "Garden Keeper", "ada")
    shown = assert_conforms(app.get("/app")).json()
    assert (shown["permissions"], shown["events"]) == (MANIFEST["default_permissions"], ["issues"])
    assert assert_conforms(app.get("/app/hook/config")).json() == {
        "url": "https://keeper.example/hook", "content_type": "json", "insecure_ssl": "0", "secret": "********",
    }  # fmt: skip
    seed.install_app(world.hub, made["id"], "ada")
    world.ada.post("/repos/ada/engine/issues", json={"title": "Leak"})
    receiver = Receiver(answers=[500])
    deliveries.deliver_pending(world.hub, receiver)
    (failed,) = assert_conforms(app.get("/app/hook/deliveries?status=failure")).json()
    assert_conforms(app.get(f"/app/hook/deliveries/{failed['id']}"))
    assert assert_conforms(app.post(f"/app/hook/deliveries/{failed['id']}/attempts")).status_code == 202
    deliveries.deliver_pending(world.hub, receiver)
    assert len({headers["X-GitHub-Delivery"] for headers, _ in receiver.got}) == 1
    assert [json.loads(body)["installation"]["id"] for _, body in receiver.got] == [1, 1]


def test_a_code_is_good_for_one_hour_and_one_conversion(world: World) -> None:
    code, late = (app_manifests.agree(world.hub, "ada", MANIFEST | {"name": name}) for name in ("One", "Two"))

    assert world.client().post(f"/app-manifests/{code}/conversions").status_code == 201
    assert assert_conforms(world.client().post(f"/app-manifests/{code}/conversions")).status_code == 404
    world.clock.forward(minutes=61)
    assert world.client().post(f"/app-manifests/{late}/conversions").status_code == 404
    with pytest.raises(ValueError, match="must have url"):
        app_manifests.agree(world.hub, "ada", {"name": "No address"})
    with pytest.raises(ValueError, match="is taken"):
        app_manifests.agree(world.hub, "ada", MANIFEST | {"name": "one"})


def test_only_the_app_itself_moves_its_hook(world: World) -> None:
    installed = world.add_app("worker")
    app = world.app_client("worker")
    absent = app.get("/app/hook/config").status_code
    seed.add_app_hook(world.hub, world.apps["worker"].id, "http://old.example/", secret=None)

    moved = assert_conforms(app.patch("/app/hook/config", json={"url": "http://new.example/", "secret": "s"})).json()

    assert absent == 404
    assert (moved["url"], moved["secret"]) == ("http://new.example/", "********")
    assert app.patch("/app/hook/config", json={"url": "gopher:"}).status_code == 422
    assert installed.patch("/app/hook/config", json={"url": "http://mine.example/"}).status_code == 401
    assert world.ada.get("/app/hook/config").status_code == 401
    world.ada.post("/repos/ada/engine/issues", json={"title": "Leak"})
    receiver = Receiver()
    deliveries.deliver_pending(world.hub, receiver)
    assert "X-Hub-Signature-256" in receiver.got[0][0]


def test_a_repositorys_hook_is_moved_by_who_administers_it(world: World) -> None:
    hook = f"/repos/ada/engine/hooks/{seed.add_hook(world.hub, 'ada/engine', 'http://old.example/', secret='s')}"

    moved = assert_conforms(world.ada.patch(f"{hook}/config", json={"url": "http://new.example/"})).json()

    assert moved == assert_conforms(world.ada.get(f"{hook}/config")).json()
    assert (moved["url"], moved["secret"]) == ("http://new.example/", "********")
    assert world.as_("will").patch(f"{hook}/config", json={"url": "http://mine.example/"}).status_code == 404
