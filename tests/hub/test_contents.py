"""Files written over REST, commits and comparisons, and branches brought up to their base."""

import base64

import pytest

from bot.hub import seed
from tests.hub.conforms import assert_conforms, needs_description
from tests.hub.conftest import WORKER, World

pytestmark = needs_description
REPO = "/repos/ada/engine"
FILE = f"{REPO}/contents/docs/oil.md"


def text(words: str) -> str:
    return base64.b64encode(words.encode()).decode()


@pytest.fixture
def planted(world: World) -> World:
    world.push({"README.md": "# Engine\n"})
    return world


def test_a_file_is_made_replaced_and_removed_each_by_a_commit(planted: World) -> None:
    ada = planted.ada
    made = assert_conforms(ada.put(FILE, json={"message": "Say how to oil", "content": text("Oil.\n")}))
    sha = made.json()["content"]["sha"]
    changed = assert_conforms(ada.put(FILE, json={"message": "Say more", "content": text("Oil it.\n"), "sha": sha}))
    shown = assert_conforms(ada.get(FILE)).json()
    folder = assert_conforms(ada.get(f"{REPO}/contents/docs")).json()
    listed = ada.get(f"{REPO}/contents/").json()
    removed = assert_conforms(ada.request("DELETE", FILE, json={"message": "Unsay", "sha": shown["sha"]}))

    assert [made.status_code, changed.status_code, removed.status_code] == [201, 200, 200]
    assert (made.json()["commit"]["message"], made.json()["commit"]["author"]["name"]) == ("Say how to oil", "Ada")
    assert base64.b64decode(shown["content"]) == b"Oil it.\n"
    assert [(entry["name"], entry["type"]) for entry in listed] == [("README.md", "file"), ("docs", "dir")]
    assert [entry["path"] for entry in folder] == ["docs/oil.md"]
    assert [entry["name"] for entry in ada.get(f"{REPO}/contents").json()] == ["README.md"]
    assert removed.json()["content"] is None
    assert ada.get(FILE).status_code == 404
    assert [commit["commit"]["message"] for commit in ada.get(f"{REPO}/commits?per_page=3").json()] == [
        "Unsay",
        "Say more",
        "Say how to oil",
    ]


def test_a_write_that_does_not_know_what_it_replaces_changes_nothing(planted: World) -> None:
    ada, readme = planted.ada, f"{REPO}/contents/README.md"
    body = {"message": "Overwrite", "content": text("gone")}
    answers = {
        "no sha": ada.put(readme, json=body),
        "another's sha": ada.put(readme, json=body | {"sha": "0" * 40}),
        "no branch": ada.put(FILE, json=body | {"branch": "absent"}),
        "no path": ada.put(f"{REPO}/contents/.git/config", json=body),
        "no right": planted.as_("rita").put(FILE, json=body),
    }

    assert {what: answer.status_code for what, answer in answers.items()} == {
        "no sha": 422, "another's sha": 409, "no branch": 404, "no path": 422, "no right": 403,
    }  # fmt: skip
    assert '"sha" wasn\'t supplied' in answers["no sha"].json()["message"]
    assert len(ada.get(f"{REPO}/commits").json()) == 1


def test_a_guarded_branch_and_workflow_files_are_not_written_past_their_guards(planted: World) -> None:
    seed.protect(planted.hub, "ada/engine", "main", required_approvals=1)
    workflow = f"{REPO}/contents/.github/workflows/ci.yml"
    body = {"message": "Slip in", "content": text("on: push\n")}
    planted.push({"a": "b"}, branch="side", onto="main")

    guarded = planted.ada.put(FILE, json=body)
    plain = planted.add_app("plain").put(workflow, json=body | {"branch": "side"})
    trusted = planted.add_app("trusted", permissions=WORKER | {"workflows": "write"}).put(workflow, json=body | {"branch": "side"})

    assert (guarded.status_code, "Changes must be made through a pull request." in guarded.json()["message"]) == (409, True)
    assert (plain.status_code, trusted.status_code) == (403, 201)


def test_the_first_file_of_an_empty_repository_makes_its_branch(world: World) -> None:
    assert world.ada.put(FILE, json={"message": "Begin", "content": text("x")}).status_code == 201
    assert [one["commit"]["message"] for one in world.ada.get(f"{REPO}/commits").json()] == ["Begin"]


def test_commits_and_comparisons_tell_what_changed(planted: World) -> None:
    ada = planted.ada
    side = planted.push({"side.txt": "a\nb\n"}, branch="side", onto="main", message="Go aside")
    planted.push({"README.md": "# The engine\n"}, message="Rename")

    commit = assert_conforms(ada.get(f"{REPO}/commits/side")).json()
    apart = assert_conforms(ada.get(f"{REPO}/compare/main...side")).json()
    same = assert_conforms(ada.get(f"{REPO}/compare/main...main")).json()

    assert (commit["sha"], commit["stats"]) == (side, {"total": 2, "additions": 2, "deletions": 0})
    assert (apart["status"], apart["ahead_by"], apart["behind_by"]) == ("diverged", 1, 1)
    assert [one["commit"]["message"] for one in apart["commits"]] == ["Go aside"]
    assert [file["filename"] for file in apart["files"]] == ["side.txt"]
    assert (same["status"], same["files"]) == ("identical", [])
    assert assert_conforms(ada.get(f"{REPO}/compare/main...absent")).status_code == 404
    assert assert_conforms(ada.get(f"{REPO}/commits/absent")).status_code == 422
    assert ada.get(f"{REPO}/commits/side", headers={"Accept": "application/vnd.github.sha"}).text == side
    assert ada.get(f"{REPO}/commits/side/check-runs").json()["total_count"] == 0


def test_a_pull_request_is_brought_up_to_its_base_only_from_the_head_that_was_seen(planted: World) -> None:
    ada = planted.ada
    head = planted.push({"side.txt": "a"}, branch="side", onto="main")
    ada.post(f"{REPO}/pulls", json={"title": "Aside", "head": "side", "base": "main"})
    update = f"{REPO}/pulls/1/update-branch"
    early = assert_conforms(ada.put(update, json={}))
    base = planted.push({"README.md": "# The engine\n"})

    stale = assert_conforms(ada.put(update, json={"expected_head_sha": base}))
    done = assert_conforms(ada.put(update, json={"expected_head_sha": head}))
    pull = ada.get(f"{REPO}/pulls/1").json()

    assert (early.status_code, early.json()["message"]) == (422, "There are no new commits on the base branch.")
    assert (stale.status_code, stale.json()["message"]) == (422, "expected head sha didn't match current head ref.")
    assert done.status_code == 202
    merged = ada.get(f"{REPO}/commits/{pull['head']['sha']}").json()
    assert [parent["sha"] for parent in merged["parents"]] == [head, base]
    assert merged["commit"]["message"] == "Merge branch 'main' into side"
