"""Branches and their protection: shown and set as GitHub does, and held against merges, pushes and ref changes alike."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.hub import seed
from bot.hub.changes import checks
from bot.hub.serve import serving
from tests.hub.conforms import assert_conforms, needs_description
from tests.hub.conftest import World

REPO = "/repos/ada/engine"
RULE = f"{REPO}/branches/main/protection"
CHECKED: dict[str, Any] = {
    "required_status_checks": {"strict": False, "contexts": ["tests"]},
    "enforce_admins": True,
    "required_pull_request_reviews": None,
    "restrictions": None,
}


@pytest.fixture
def guarded(world: World) -> World:
    world.push({"README.md": "# Engine\n"})
    assert world.ada.put(RULE, json=CHECKED).status_code == 200
    return world


def a_pull(world: World, branch: str = "feature") -> tuple[int, str]:
    sha = world.push({f"{branch}.txt": "new\n"}, branch=branch, onto="main")
    made = world.ada.post(f"{REPO}/pulls", json={"title": "New", "head": branch, "base": "main"})
    assert made.status_code == 201, made.text
    return made.json()["number"], sha


def merge(world: World, number: int, who: str = "ada", **more: str) -> httpx.Response:
    return world.as_(who).put(f"{REPO}/pulls/{number}/merge", json=more)


@needs_description
def test_rules_are_set_shown_and_taken_away_as_github_describes_them(world: World) -> None:
    ada = world.ada
    world.push({"README.md": "# Engine\n"})
    world.push({"x.txt": "x"}, branch="topic/one", onto="main")
    absent = assert_conforms(ada.get(RULE))
    whole = CHECKED | {
        "required_status_checks": {"strict": True, "checks": [{"context": "tests", "app_id": -1}, {"context": "review", "app_id": 7}]},
        "required_pull_request_reviews": {"dismiss_stale_reviews": True, "required_approving_review_count": 2},
        "required_linear_history": True,
        "allow_force_pushes": None,
    }
    made = assert_conforms(ada.put(RULE, json=whole)).json()
    shown = assert_conforms(ada.get(RULE)).json()
    listed = assert_conforms(ada.get(f"{REPO}/branches")).json()

    assert (absent.status_code, absent.json()["message"]) == (404, "Branch not protected")
    assert made == shown
    assert shown["required_status_checks"]["checks"] == [{"context": "tests", "app_id": None}, {"context": "review", "app_id": 7}]
    assert shown["required_pull_request_reviews"]["required_approving_review_count"] == 2
    assert shown["required_linear_history"] == {"enabled": True}
    assert "restrictions" not in shown
    assert {one["name"]: one["protected"] for one in listed} == {"main": True, "topic/one": False}
    assert [one["name"] for one in ada.get(f"{REPO}/branches?protected=true").json()] == ["main"]
    for part in ("required_status_checks", "required_pull_request_reviews", "enforce_admins"):
        assert_conforms(ada.get(f"{RULE}/{part}"))
    narrowed = assert_conforms(ada.patch(f"{RULE}/required_status_checks", json={"contexts": ["lint"]})).json()
    assert (narrowed["contexts"], narrowed["strict"]) == (["lint"], True)
    assert_conforms(ada.post(f"{RULE}/enforce_admins"))
    assert assert_conforms(ada.delete(f"{RULE}/enforce_admins")).status_code == 204
    assert ada.get(f"{RULE}/enforce_admins").json()["enabled"] is False
    assert assert_conforms(ada.delete(RULE)).status_code == 204
    assert ada.get(f"{REPO}/branches/main").json()["protected"] is False


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "required_status_checks"),
        (CHECKED | {"lock_branch": True}, "lock_branch"),
        (CHECKED | {"restrictions": {"users": ["will"], "teams": []}}, "Validation Failed"),
        (CHECKED | {"required_pull_request_reviews": {"required_approving_review_count": 7}}, "between 0 and 6"),
    ],
)
def test_a_rule_that_is_not_whole_or_not_known_changes_nothing(guarded: World, body: dict[str, Any], says: str) -> None:
    before = guarded.ada.get(RULE).json()

    refused = guarded.ada.put(RULE, json=body)

    assert refused.status_code == 422
    assert says in refused.text
    assert guarded.ada.get(RULE).json() == before


def test_only_administrators_and_apps_with_the_right_meet_the_rules(guarded: World) -> None:
    worker = guarded.add_app("worker")
    installer = guarded.add_app("installer", {"administration": "write", "metadata": "read"})

    assert guarded.as_("will").get(RULE).status_code == 404
    assert worker.put(RULE, json=CHECKED).status_code == 403
    assert installer.put(RULE, json=CHECKED).status_code == 200
    assert guarded.ada.put(f"{REPO}/branches/nowhere/protection", json=CHECKED).status_code == 404


def test_a_merge_waits_for_the_check_on_the_head(guarded: World) -> None:
    number, sha = a_pull(guarded)
    missing = merge(guarded, number)
    checks.report(guarded.hub, "ada/engine", sha, "tests", "failure")
    red = merge(guarded, number)
    checks.report(guarded.hub, "ada/engine", sha, "tests", "success")
    green = merge(guarded, number, sha=sha)

    assert (missing.status_code, missing.json()["message"]) == (405, 'Required status check "tests" is expected.')
    assert (red.status_code, red.json()["message"]) == (405, 'Required status check "tests" is failing.')
    assert green.status_code == 200


def test_a_check_that_is_bound_to_an_app_counts_from_no_other(guarded: World) -> None:
    number, sha = a_pull(guarded)
    reviewer = guarded.add_app("reviewer")
    bound = {"strict": False, "checks": [{"context": "review", "app_id": guarded.apps["reviewer"].id}]}
    assert guarded.ada.put(RULE, json=CHECKED | {"required_status_checks": bound}).status_code == 200

    guarded.ada.post(f"{REPO}/statuses/{sha}", json={"state": "success", "context": "review"})
    checks.report(guarded.hub, "ada/engine", sha, "review", "success")
    forged = merge(guarded, number)
    reviewer.post(f"{REPO}/check-runs", json={"name": "review", "head_sha": sha, "conclusion": "success"})
    honest = merge(guarded, number)

    assert (forged.status_code, honest.status_code) == (405, 200)


def test_administrators_are_exempt_only_where_the_rule_says_so(guarded: World) -> None:
    number, _ = a_pull(guarded)

    assert merge(guarded, number).status_code == 405
    guarded.ada.delete(f"{RULE}/enforce_admins")
    assert merge(guarded, number, who="will").status_code == 405
    assert merge(guarded, number).status_code == 200


def test_strict_and_linear_rules_are_held(guarded: World) -> None:
    rule = CHECKED | {"required_status_checks": {"strict": True, "contexts": []}, "required_linear_history": True}
    assert guarded.ada.put(RULE, json=rule).status_code == 200
    number, _ = a_pull(guarded)
    guarded.push({"other.txt": "moved on"})

    late = merge(guarded, number, merge_method="squash")
    current, _ = a_pull(guarded, "second")
    crossing = merge(guarded, current)

    assert (late.status_code, late.json()["message"]) == (405, "Head branch is out of date with the base branch.")
    assert crossing.status_code == 405
    assert merge(guarded, current, merge_method="squash").status_code == 200


def test_an_open_conversation_blocks_where_it_must_be_resolved(guarded: World) -> None:
    rule = CHECKED | {"required_status_checks": None, "required_conversation_resolution": True}
    assert guarded.ada.put(RULE, json=rule).status_code == 200
    number, _ = a_pull(guarded)
    remark = {"event": "COMMENT", "body": "One thing", "comments": [{"path": "feature.txt", "line": 1, "side": "RIGHT", "body": "Why?"}]}
    assert guarded.as_("will").post(f"{REPO}/pulls/{number}/reviews", json=remark).status_code == 200

    blocked = merge(guarded, number)
    with guarded.hub.write() as db:
        db.execute("update review_comments set resolved = 1")

    assert blocked.status_code == 405
    assert merge(guarded, number).status_code == 200


def test_restrictions_name_who_may_push_or_merge(world: World) -> None:
    seed.add_organization(world.hub, "guild")
    world.repository = seed.add_repository(world.hub, "guild", "press")
    for login, role in (("ada", "admin"), ("will", "write")):
        seed.set_role(world.hub, "guild/press", login, role)
    world.push({"README.md": "# Press\n"})
    tip = world.push({"feature.txt": "x"}, branch="feature", onto="main")
    rule = "/repos/guild/press/branches/main/protection"
    only = CHECKED | {"required_status_checks": None, "restrictions": {"users": ["ada", "nobody"], "teams": [], "apps": []}}
    shown = world.ada.put(rule, json=only).json()

    refused = world.as_("will").patch("/repos/guild/press/git/refs/heads/main", json={"sha": tip})

    assert [person["login"] for person in shown["restrictions"]["users"]] == ["ada"]
    assert refused.status_code == 422
    assert "not authorized to push" in refused.json()["message"]
    assert world.ada.patch("/repos/guild/press/git/refs/heads/main", json={"sha": tip}).status_code == 200


def test_refs_of_a_guarded_branch_move_by_the_rules_over_every_door(guarded: World) -> None:
    ada = guarded.ada
    base = ada.get(f"{REPO}/git/ref/heads/main").json()["object"]["sha"]
    ahead = guarded.push({"ahead.txt": "x"}, branch="ahead", onto="main")
    node = ada.get(REPO).json()["node_id"]
    change = "mutation($input: UpdateRefsInput!) { updateRefs(input: $input) { clientMutationId } }"
    moved = {"repositoryId": node, "refUpdates": [{"name": "refs/heads/main", "beforeOid": base, "afterOid": ahead}]}

    by_rest = ada.patch(f"{REPO}/git/refs/heads/main", json={"sha": ahead})
    by_graphql = ada.post("/graphql", json={"query": change, "variables": {"input": moved}}).json()
    checks.report(guarded.hub, "ada/engine", ahead, "tests", "success")

    assert (by_rest.status_code, by_rest.json()["message"]) == (422, 'Required status check "tests" is expected.')
    assert by_graphql["errors"][0]["message"] == 'Required status check "tests" is expected.'
    assert ada.patch(f"{REPO}/git/refs/heads/main", json={"sha": ahead}).status_code == 200
    assert ada.patch(f"{REPO}/git/refs/heads/main", json={"sha": base, "force": True}).json()["message"] == (
        "Cannot force-push to this branch"
    )


@pytest.fixture
def address(guarded: World) -> Iterator[str]:
    """The repository's address for git, with will's token in it."""
    guarded.as_("will")
    with serving(guarded.hub, work=False) as served:
        yield f"http://x-access-token:{guarded.tokens['will']}@{served.url.removeprefix('http://')}/ada/engine.git"


def git(where: Path, *arguments: str, fails: bool = False) -> str:
    who = [f"GIT_{role}_{part}" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")]
    env = {"PATH": os.defpath, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_TERMINAL_PROMPT": "0"} | dict.fromkeys(who, "will")
    done = subprocess.run(["git", *arguments], cwd=where, capture_output=True, text=True, check=False, env=env)
    assert (done.returncode != 0) is fails, done.stderr
    return done.stdout + done.stderr


def test_a_push_to_a_guarded_branch_is_declined_until_its_checks_are_green(guarded: World, address: str, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", address, "work")
    work = tmp_path / "work"
    git(work, "commit", "-q", "--allow-empty", "-m", "Straight to main")
    head = git(work, "rev-parse", "HEAD").strip()

    refused = git(work, "push", "origin", "HEAD:main", "HEAD:refs/heads/beside", fails=True)
    checks.report(guarded.hub, "ada/engine", head, "tests", "success")
    git(work, "push", "-q", "origin", "HEAD:main")
    git(work, "commit", "-q", "--amend", "--allow-empty", "-m", "Rewritten")
    rewritten = git(work, "rev-parse", "HEAD").strip()
    checks.report(guarded.hub, "ada/engine", rewritten, "tests", "success")
    forced = git(work, "push", "--force", "origin", "HEAD:main", fails=True)
    seed.protect(guarded.hub, "ada/engine", "beside", required_checks=["tests"])
    deleted = git(work, "push", "origin", ":beside", fails=True)

    assert "GH006: Protected branch update failed for refs/heads/main." in refused
    assert 'Required status check "tests" is expected.' in refused
    assert "HEAD -> main (protected branch hook declined)" in refused
    assert "HEAD -> beside" in refused
    assert git(tmp_path, "ls-remote", address, "refs/heads/beside").startswith(head)
    assert "Cannot force-push to this branch" in forced
    assert "(protected branch hook declined)" in forced
    assert "Cannot delete this branch" in deleted
