"""A repository's settings: its switches, its Actions, and its secrets, which only the hub can open."""

import base64
import json

import httpx
import pytest
from nacl.public import PublicKey, SealedBox

from bot.hub import seed
from bot.hub.actions import secrets
from tests.hub.conforms import assert_conforms, needs_description
from tests.hub.conftest import World

REPO = "/repos/ada/engine"
PERMISSIONS = f"{REPO}/actions/permissions"
SECRETS = f"{REPO}/actions/secrets"


def sealed(me: httpx.Client, value: str) -> dict[str, str]:
    """As https://docs.github.com/rest/guides/encrypting-secrets-for-the-rest-api says."""
    key = me.get(f"{SECRETS}/public-key").json()
    box = SealedBox(PublicKey(base64.b64decode(key["key"])))
    return {"encrypted_value": base64.b64encode(box.encrypt(value.encode())).decode(), "key_id": key["key_id"]}


@needs_description
def test_switches_of_a_repository_stay_as_they_were_set(world: World) -> None:
    wanted = {"allow_merge_commit": False, "delete_branch_on_merge": True, "allow_auto_merge": True, "allow_update_branch": True}

    changed = assert_conforms(world.ada.patch(REPO, json=wanted)).json()
    shown = assert_conforms(world.ada.get(REPO)).json()
    asked = {"query": '{ repository(owner: "ada", name: "engine") { autoMergeAllowed allowUpdateBranch } }'}

    assert {name: changed[name] for name in wanted} == wanted == {name: shown[name] for name in wanted}
    assert world.ada.post("/graphql", json=asked).json()["data"]["repository"] == {"autoMergeAllowed": True, "allowUpdateBranch": True}
    assert world.as_("will").patch(REPO, json=wanted).status_code == 404


@needs_description
def test_actions_are_allowed_and_their_token_narrowed(world: World) -> None:
    ada = world.ada
    assert assert_conforms(ada.get(PERMISSIONS)).json() == {"enabled": True, "allowed_actions": "all", "sha_pinning_required": False}
    assert assert_conforms(ada.put(PERMISSIONS, json={"enabled": True, "allowed_actions": "local_only"})).status_code == 204
    assert ada.get(PERMISSIONS).json()["allowed_actions"] == "local_only"
    assert ada.put(PERMISSIONS, json={"allowed_actions": "all"}).status_code == 422

    before = assert_conforms(ada.get(f"{PERMISSIONS}/workflow")).json()
    assert assert_conforms(ada.put(f"{PERMISSIONS}/workflow", json={"can_approve_pull_request_reviews": True})).status_code == 204
    after = ada.get(f"{PERMISSIONS}/workflow").json()

    assert before == {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": False}
    assert after == {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": True}
    assert ada.put(f"{PERMISSIONS}/workflow", json={"default_workflow_permissions": "all"}).status_code == 422
    assert world.as_("will").get(PERMISSIONS).status_code == 404
    assert world.add_app("worker").get(PERMISSIONS).status_code == 403


@needs_description
def test_how_long_artifacts_are_kept_is_told_and_set(world: World) -> None:
    at = f"{PERMISSIONS}/artifact-and-log-retention"

    assert assert_conforms(world.ada.get(at)).json() == {"days": 90, "maximum_allowed_days": 90}
    assert assert_conforms(world.ada.put(at, json={"days": 7})).status_code == 204
    assert world.ada.get(at).json()["days"] == 7
    assert world.ada.put(at, json={"days": 91}).status_code == 422
    assert world.as_("will").get(at).status_code == 404


def test_a_job_may_open_pull_requests_only_where_the_settings_say_so(world: World) -> None:
    world.push({"README.md": "# Engine\n"})
    world.push({"new.txt": "x"}, branch="feature", onto="main")
    token = seed.add_job_token(world.hub, "ada/engine", {"contents": "write", "pull_requests": "write"})
    job = world.client(f"Bearer {token}")
    wanted = {"title": "New", "head": "feature", "base": "main"}

    refused = job.post(f"{REPO}/pulls", json=wanted)
    world.ada.put(f"{PERMISSIONS}/workflow", json={"can_approve_pull_request_reviews": True})
    allowed = job.post(f"{REPO}/pulls", json=wanted)

    assert (refused.status_code, refused.json()["message"]) == (
        403,
        "GitHub Actions is not permitted to create or approve pull requests.",
    )
    assert (allowed.status_code, allowed.json()["user"]["login"]) == (201, "github-actions[bot]")
    narrow = world.client(f"Bearer {seed.add_job_token(world.hub, 'ada/engine')}")
    assert narrow.post(f"{REPO}/issues", json={"title": "x"}).status_code == 403


@needs_description
def test_a_secret_is_kept_sealed_and_never_shown(world: World) -> None:
    ada = world.ada
    first = assert_conforms(ada.put(f"{SECRETS}/bot_key", json=sealed(ada, "-----BEGIN KEY-----")))
    second = assert_conforms(ada.put(f"{SECRETS}/BOT_KEY", json=sealed(ada, "another")))
    listed = assert_conforms(ada.get(SECRETS))
    shown = assert_conforms(ada.get(f"{SECRETS}/BOT_KEY"))

    assert (first.status_code, second.status_code) == (201, 204)
    assert [secret["name"] for secret in listed.json()["secrets"]] == ["BOT_KEY"]
    assert set(shown.json()) == {"name", "created_at", "updated_at"}
    assert secrets.opened(world.hub, "ada/engine", "BOT_KEY") == "another"
    assert "another" not in json.dumps([tuple(row) for row in world.hub.db().execute("select * from secrets")])
    assert assert_conforms(ada.delete(f"{SECRETS}/bot_key")).status_code == 204
    assert ada.delete(f"{SECRETS}/bot_key").status_code == 404
    with pytest.raises(ValueError, match="has no secret BOT_KEY"):
        secrets.opened(world.hub, "ada/engine", "BOT_KEY")


def test_a_secret_that_cannot_be_opened_is_not_taken(world: World) -> None:
    good = sealed(world.ada, "x")
    for name, body in {
        "KEY": good | {"encrypted_value": "bm90IHNlYWxlZA=="},
        "KEY2": good | {"encrypted_value": "*"},
        "KEY3": good | {"key_id": "1"},
        "GITHUB_KEY": good,
        "1KEY": good,
        "KEY4": {"key_id": good["key_id"]},
    }.items():
        assert world.ada.put(f"{SECRETS}/{name}", json=body).status_code == 422, name
    assert world.ada.get(SECRETS).json()["total_count"] == 0


def test_only_who_may_write_knows_of_secrets(world: World) -> None:
    assert world.as_("rita").get(SECRETS).status_code == 403
    assert world.as_("will").get(SECRETS).status_code == 200
    assert world.add_app("worker").get(f"{SECRETS}/public-key").status_code == 403
    assert world.add_app("installer", {"secrets": "write", "metadata": "read"}).get(f"{SECRETS}/public-key").status_code == 200
    assert world.client().get(SECRETS).status_code == 401
