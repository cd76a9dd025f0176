"""The page of this machine that brings an app's keys: only what was begun here is taken, once, and not for ever waited for."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator

import httpx
import pytest

from bot.core.errors.user_errors import UserError
from bot.entry.setup.app_manifest import Registration, registering
from bot.entry.setup.apps import AppRole
from bot.entry.setup.target import Target, open_target
from bot.hub.rest.accounts import app_manifests
from bot.hub.web import faults
from tests.entry.setup.conftest import Site


@pytest.fixture
def target(site: Site) -> Iterator[Target]:
    target = open_target(site.checkout, repository=None, token=site.tokens["ann"], api_url=site.url, pause=0)
    yield target
    target.close()


def begun_on(page: Registration) -> tuple[str, str, dict[str, object]]:
    """Where the callback is, the state, and the manifest that GitHub is sent."""
    shown = httpx.get(page.url).text
    manifest = json.loads(html.unescape(re.findall(r'name=manifest value="([^"]*)"', shown)[0]))
    state = re.findall(r"settings/apps/new\?state=([\w-]+)", html.unescape(shown))[0]
    return str(manifest["redirect_url"]), state, manifest


def test_the_code_is_changed_for_the_key_and_the_person_goes_on_to_install(site: Site, target: Target) -> None:
    with registering(AppRole.WORKER, target) as page:
        callback, state, manifest = begun_on(page)
        code = app_manifests.agree(site.hub, "garden", manifest)
        answer = httpx.get(callback, params={"code": code, "state": state})
        again = httpx.get(callback, params={"code": code, "state": state})
        made = page.wait(5)

    assert callback.startswith("http://127.0.0.1:")
    assert manifest["public"] is False
    assert "hook_attributes" not in manifest
    assert made.private_key.startswith("-----BEGIN")
    assert made.private_key not in repr(made)
    number = site.get("/repos/garden/pots")["id"]
    assert f"/apps/{made.slug}/installations/new/permissions?" in answer.headers["Location"]
    assert answer.headers["Location"].endswith(f"repository_ids%5B%5D={number}")
    assert again.status_code == 400


def test_what_was_not_begun_here_is_refused_and_the_waiting_goes_on(site: Site, target: Target) -> None:
    with registering(AppRole.WORKER, target) as page:
        callback, state, manifest = begun_on(page)
        code = app_manifests.agree(site.hub, "garden", manifest)

        forged = [httpx.get(callback, params={"code": code, "state": one}).status_code for one in ("", "x", state[:-1], "é")]
        rebound = httpx.get(callback, params={"code": code, "state": state}, headers={"Host": "evil.example"}).status_code
        wrong = httpx.get(callback, params={"code": "../../user", "state": state}).status_code
        guessed = httpx.get(callback.replace("/callback", "/")).status_code
        with pytest.raises(UserError, match="nobody agreed on GitHub's page within 0 minutes"):
            page.wait(0.01)
        right = httpx.get(callback, params={"code": code, "state": state}).status_code

    assert forged == [403] * 4
    assert (rebound, wrong, guessed, right) == (421, 400, 404, 303)
    with pytest.raises(httpx.ConnectError):
        httpx.get(callback)


def test_a_code_that_github_does_not_take_is_told(site: Site, target: Target) -> None:
    with registering(AppRole.REVIEWER, target) as page:
        callback, state, _ = begun_on(page)
        faults.fail_next(site.hub, "POST", "/conversions", 502)
        shown = httpx.get(callback, params={"code": "abc", "state": state})

        with pytest.raises(UserError, match=r"GitHub did not give the app's keys \(it says 502\)"):
            page.wait(5)
    assert shown.status_code == 502
