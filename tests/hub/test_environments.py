"""Environments: which branches' jobs are given their secrets, and that a secret of one is no secret of the repository."""

import base64
from typing import Any

import pytest
from nacl.public import PublicKey, SealedBox

from bot.hub.actions import secrets
from tests.hub.conforms import assert_conforms, needs_description
from tests.hub.conftest import World

HERE = "/repos/ada/engine/environments/keeper"
BRANCHES = f"{HERE}/deployment-branch-policies"
CUSTOM = {"deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True}}


def sealed(world: World, place: str, value: str) -> dict[str, Any]:
    key = assert_conforms(world.ada.get(f"{place}/public-key")).json()
    box = SealedBox(PublicKey(base64.b64decode(key["key"])))
    return {"encrypted_value": base64.b64encode(box.encrypt(value.encode())).decode(), "key_id": key["key_id"]}


@needs_description
def test_a_secret_of_an_environment_is_for_its_branches_jobs_alone(world: World) -> None:
    ada = world.ada
    assert assert_conforms(ada.put(HERE, json=CUSTOM)).json()["deployment_branch_policy"] == CUSTOM["deployment_branch_policy"]
    made = assert_conforms(ada.post(BRANCHES, json={"name": "main"})).json()
    assert assert_conforms(ada.put(f"{HERE}/secrets/KEY", json=sealed(world, f"{HERE}/secrets", "deep"))).status_code == 201
    ada.put("/repos/ada/engine/actions/secrets/KEY", json=sealed(world, "/repos/ada/engine/actions/secrets", "shallow"))

    def given(environment: str | None, ref: str) -> str:
        return secrets.given_to_job(world.hub, "ada/engine", environment, ref=ref)["KEY"]

    assert given("keeper", "refs/heads/main") == "deep"
    assert given(None, "refs/heads/main") == given("other", "refs/heads/main") == "shallow"
    for ref in ("refs/heads/mine", "refs/pull/1/merge"):
        with pytest.raises(ValueError, match="is not allowed to deploy to keeper"):
            given("keeper", ref)
    assert assert_conforms(ada.get(BRANCHES)).json()["branch_policies"] == [made]
    assert ada.post(BRANCHES, json={"name": "main"}).status_code == 303
    assert [one["name"] for one in assert_conforms(ada.get("/repos/ada/engine/environments")).json()["environments"]] == ["keeper"]
    assert [one["name"] for one in assert_conforms(ada.get(f"{HERE}/secrets")).json()["secrets"]] == ["KEY"]
    assert assert_conforms(ada.get(f"{HERE}/secrets/KEY")).json()["name"] == "KEY"
    assert_conforms(ada.get(HERE))
    assert assert_conforms(ada.delete(f"{HERE}/secrets/KEY")).status_code == 204
    assert given("keeper", "refs/heads/main") == "shallow"
    assert assert_conforms(ada.delete(f"{BRANCHES}/{made['id']}")).status_code == 204
    assert assert_conforms(ada.delete(HERE)).status_code == 204
    assert assert_conforms(ada.get(HERE)).status_code == 404


def test_who_does_not_administer_makes_none_and_what_contradicts_itself_is_refused(world: World) -> None:
    both = {"deployment_branch_policy": {"protected_branches": True, "custom_branch_policies": True}}

    assert world.as_("will").put(HERE, json=CUSTOM).status_code == 404
    assert world.ada.put(HERE, json=both).status_code == 422
    assert world.ada.put(HERE, json={}).status_code == 200
    assert world.ada.post(BRANCHES, json={"name": "main"}).status_code == 404, "without custom policies there is no such list"
    wrong = sealed(world, "/repos/ada/engine/actions/secrets", "for another key")
    assert world.ada.put(f"{HERE}/secrets/KEY", json=wrong).status_code == 422
