"""Which Groundskeeper a repository's workflow runs, and that it can only be one commit."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from bot.core.errors.user_errors import UserError
from bot.entry.setup import settings
from bot.entry.setup.source import Source, by_checkout, by_direct_url, by_note, folder_of, named_source, pinned, unpinned
from bot.entry.texts import load_workflow

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def test_pinning_can_be_taken_back_wherever_it_pointed() -> None:
    shipped = load_workflow()
    plain = Source(repository="keepers/groundskeeper", commit=COMMIT)
    told = Source(repository="fork/groundskeeper", commit=COMMIT, version="0.1.0")

    assert f"uses: fork/groundskeeper/.github/actions/install@{COMMIT} # 0.1.0\n" in pinned(shipped, told)
    assert unpinned(pinned(shipped, told)) == unpinned(pinned(shipped, plain)) == shipped
    assert unpinned(pinned(shipped, plain).replace(COMMIT, "main")) != shipped


def test_what_pip_wrote_down_is_read() -> None:
    given = {"url": "https://github.com/keepers/groundskeeper.git", "vcs_info": {"vcs": "git", "commit_id": COMMIT}}

    assert by_direct_url(json.dumps(given), version="0.1.0") == Source(repository="keepers/groundskeeper", commit=COMMIT, version="0.1.0")
    for other in (None, "", "{", json.dumps({"url": "file:///here", "dir_info": {"editable": True}})):
        assert by_direct_url(other, version="0.1.0") is None


def test_a_package_that_was_installed_from_a_folder_knows_which() -> None:
    assert folder_of(json.dumps({"url": "file:///home/ann/my%20tools", "dir_info": {}})) == Path("/home/ann/my tools")
    for other in (None, "{", json.dumps({"url": "file:///a.whl", "archive_info": {}})):
        assert folder_of(other) is None


def test_a_checkout_is_known_by_its_remote_and_head(tmp_path: Path) -> None:
    def git(*args: str) -> str:
        who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
        return subprocess.run(["git", "-C", str(tmp_path), *who, *args], check=True, capture_output=True, text=True).stdout.strip()

    assert by_checkout(tmp_path) is None
    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "First")
    git("remote", "add", "origin", "https://example.org/keepers/groundskeeper")
    elsewhere = by_checkout(tmp_path)
    git("remote", "set-url", "origin", "git@github.com:keepers/groundskeeper.git")

    assert elsewhere is None
    assert by_checkout(tmp_path) == Source(repository="keepers/groundskeeper", commit=git("rev-parse", "HEAD"))


@pytest.mark.parametrize("wrong", ["keepers/groundskeeper", f"keepers@{COMMIT}", f"keepers/groundskeeper@{COMMIT[:7]}", "a/b@v1", ""])
def test_only_whole_commits_are_taken(wrong: str) -> None:
    with pytest.raises(UserError, match="expected OWNER/NAME@COMMIT with all 40 digits"):
        named_source(wrong)


def test_init_knows_every_secret_and_variable_that_the_workflow_reads() -> None:
    assert set(re.findall(r"secrets\.(\w+)", load_workflow())) == {*settings.SECRETS, settings.BOARD_TOKEN}
    assert set(re.findall(r"vars\.(\w+)", load_workflow())) == set(settings.VARIABLES)


def test_what_was_noted_when_the_package_was_built_is_read() -> None:
    note = json.dumps({"repository": "keepers/groundskeeper", "commit": COMMIT})

    assert by_note(note, version="0.2.0") == Source(repository="keepers/groundskeeper", commit=COMMIT, version="0.2.0")
    for other in (
        None,
        "",
        "[]",
        "{",
        json.dumps({"repository": "keepers/groundskeeper", "commit": "main"}),
        json.dumps({"commit": COMMIT}),
    ):
        assert by_note(other, version="0.2.0") is None


def test_the_newest_released_entry_of_the_changelog_is_this_version() -> None:
    root = Path(__file__).resolve().parents[3]
    version = re.findall(r'^version = "(.+)"$', (root / "pyproject.toml").read_text(), re.MULTILINE)

    entries = re.findall(r"^## (.+)$", (root / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert [one for one in entries if one != "Unreleased"][:1] == version
    assert "Unreleased" not in entries[1:]
