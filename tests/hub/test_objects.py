"""Blobs, trees and commits made one by one over REST, as tools that change many files at once do."""

import base64

import pytest

from tests.hub.conforms import assert_conforms, needs_description
from tests.hub.conftest import World

pytestmark = needs_description
GIT = "/repos/ada/engine/git"


@pytest.fixture
def planted(world: World) -> World:
    world.push({"README.md": "# Engine\n", "docs/oil.txt": "Oil.\n", "docs/old.txt": "Old.\n"})
    return world


def test_a_commit_of_several_files_is_made_and_a_branch_moved_to_it(planted: World) -> None:
    ada = planted.ada
    head = ada.get(f"{GIT}/ref/heads/main").json()["object"]["sha"]
    base = assert_conforms(ada.get(f"{GIT}/commits/{head}")).json()["tree"]["sha"]
    blob = assert_conforms(ada.post(f"{GIT}/blobs", json={"content": base64.b64encode(b"\x00\x01").decode(), "encoding": "base64"}))
    tree = assert_conforms(
        ada.post(
            f"{GIT}/trees",
            json={
                "base_tree": base,
                "tree": [
                    {"path": "docs/oil.txt", "mode": "100644", "type": "blob", "content": "Oil it.\n"},
                    {"path": "docs/old.txt", "mode": "100644", "type": "blob", "sha": None},
                    {"path": "bin/start", "mode": "100755", "type": "blob", "sha": blob.json()["sha"]},
                    {"path": "copy", "mode": "040000", "type": "tree", "sha": base},
                ],
            },
        )
    )
    assert tree.status_code == 201, tree.text
    person = {"name": "Grace", "email": "grace@example.org", "date": "2026-03-02T10:00:00Z"}
    made = assert_conforms(
        ada.post(f"{GIT}/commits", json={"message": "Oil it", "tree": tree.json()["sha"], "parents": [head], "author": person})
    ).json()
    moved = assert_conforms(ada.patch(f"{GIT}/refs/heads/main", json={"sha": made["sha"]}))
    whole = assert_conforms(ada.get(f"{GIT}/trees/main?recursive=1")).json()

    assert moved.status_code == 200
    assert made["author"]["name"] == "Grace"
    assert {entry["path"]: entry["mode"] for entry in whole["tree"] if entry["type"] == "blob"} == {
        "README.md": "100644", "bin/start": "100755", "docs/oil.txt": "100644",
        "copy/README.md": "100644", "copy/docs/oil.txt": "100644", "copy/docs/old.txt": "100644",
    }  # fmt: skip
    assert whole["truncated"] is False
    assert base64.b64decode(ada.get(f"{GIT}/blobs/{blob.json()['sha']}").json()["content"]) == b"\x00\x01"
    assert ada.get("/repos/ada/engine/contents/docs/oil.txt").json()["size"] == 8


def test_what_is_not_there_or_not_allowed(planted: World) -> None:
    ada, none = planted.ada, "0" * 39 + "1"

    for path in (f"blobs/{none}", f"trees/{none}", f"commits/{none}"):
        assert assert_conforms(ada.get(f"{GIT}/{path}")).status_code == 404
    for entry in (
        {"path": "../a", "mode": "100644", "content": "x"},
        {"path": "a", "mode": "777", "content": "x"},
        {"path": "a", "sha": none},
    ):
        assert ada.post(f"{GIT}/trees", json={"tree": [entry]}).status_code == 422
    assert ada.post(f"{GIT}/commits", json={"message": "No", "tree": none}).status_code == 422
    assert planted.as_("rita").post(f"{GIT}/blobs", json={"content": "x"}).status_code == 403
    worker = planted.add_app("worker")
    workflow = {"path": ".github/workflows/ci.yml", "mode": "100644", "content": "on: push\n"}
    assert worker.post(f"{GIT}/trees", json={"tree": [workflow]}).status_code == 403


def test_a_blob_as_it_is(planted: World) -> None:
    (entry,) = [one for one in planted.ada.get(f"{GIT}/trees/main").json()["tree"] if one["path"] == "README.md"]

    raw = planted.ada.get(f"{GIT}/blobs/{entry['sha']}", headers={"Accept": "application/vnd.github.raw+json"})

    assert raw.text == "# Engine\n"
