"""Apps as a person makes and installs them with a browser: two buttons, and only their own page can press them."""

import html
import json
import re

import httpx

from tests.hub.conftest import World

PLACE = "/settings/apps/new?state=abc"
MANIFEST = {
    "name": "Garden Keeper",
    "url": "https://keeper.example",
    "redirect_url": "http://127.0.0.1:9/callback",
    "default_permissions": {"issues": "write"},
}


def browser(world: World, login: str | None) -> httpx.Client:
    client = httpx.Client(transport=world.transport, base_url="http://127.0.0.1", headers={"Accept": "text/html"})
    if login:
        world.as_(login)
        assert client.post("/login", data={"token": world.tokens[login]}).status_code == 302
    return client


def fields_of(page: str) -> dict[str, str]:
    return {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', page)}


def test_a_person_makes_an_app_and_installs_it_on_one_repository(world: World) -> None:
    ada = browser(world, "ada")
    shown = ada.post(PLACE, data={"manifest": json.dumps(MANIFEST)})
    fields = fields_of(shown.text)
    made = ada.post("/settings/apps/manifest", data=fields, headers={"Origin": "http://127.0.0.1"})
    code, state = re.fullmatch(r"http://127\.0\.0\.1:9/callback\?code=(\w+)&state=(\w+)", made.headers["Location"]).groups()  # type: ignore[union-attr]
    slug = world.client().post(f"/app-manifests/{code}/conversions").json()["slug"]
    number = world.ada.get("/repos/ada/engine").json()["id"]
    page = ada.get(f"/apps/{slug}/installations/new/permissions?repository_ids[]={number}").text
    chosen = {"repository_ids[]": str(number), "csrf": fields_of(page)["csrf"]}
    done = ada.post(f"/apps/{slug}/installations", data=chosen, headers={"Origin": "http://127.0.0.1"})

    assert "form-action 'self' http://127.0.0.1:9" in shown.headers["Content-Security-Policy"]
    assert state == "abc"
    assert f'value="{number}" checked' in page
    assert "Garden Keeper is installed" in ada.get(done.headers["Location"]).text


def test_nobody_else_presses_the_buttons(world: World) -> None:
    fields = {"manifest": json.dumps(MANIFEST), "name": "Mine", "owner": "ada"}
    ours = {"Origin": "http://127.0.0.1"}

    assert browser(world, None).post(PLACE, data=fields).headers["Location"] == "/login"
    assert browser(world, None).post("/settings/apps/manifest", data=fields, headers=ours).status_code == 403
    for login, origin, status in (("ada", "http://evil.example", 403), ("will", ours["Origin"], 404)):
        signed_in = browser(world, login)
        own = fields_of(signed_in.post(PLACE, data=fields).text)["csrf"]
        answer = signed_in.post("/settings/apps/manifest", data={**fields, "csrf": own}, headers={"Origin": origin})
        assert answer.status_code == status
    assert browser(world, "ada").post("/settings/apps/manifest", data=fields, headers=ours).status_code == 403
    assert browser(world, None).post("/login", data={"token": "ghp_wrong"}).status_code == 403
    assert world.hub.db().execute("select count(*) from manifest_codes").fetchone()[0] == 0
