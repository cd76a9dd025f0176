"""The hub as a process of its own: a thread that ends takes it down, since it would wait for ever for what that thread does."""

import subprocess
from pathlib import Path

import pytest

from bot.hub.actions import sandbox
from bot.hub.serve import HubFailed, serving
from bot.hub.store import git
from bot.hub.store.hub import open_hub


def test_a_background_thread_that_ends_ends_the_hub_with_the_reason(tmp_path: Path) -> None:
    hub = open_hub(tmp_path / "hub")
    hub.db().execute("drop table deliveries")
    with pytest.raises(HubFailed, match="no such table: deliveries"), serving(hub) as served:
        served.wait()


def test_a_commit_is_checked_out_with_its_links_and_nothing_is_written_through_them(tmp_path: Path) -> None:
    """By git and not by `tarfile`, whose filters Python 3.11.0 to 3.11.3 do not have, and which refuses links that point outside."""
    away = tmp_path / "away"
    away.mkdir()
    tree = tmp_path / "tree"
    (tree / "deep").mkdir(parents=True)
    (tree / "deep" / "run.sh").write_text("echo hello\n")
    (tree / "deep" / "run.sh").chmod(0o755)
    (tree / "out").symlink_to(away)
    bare = git.init(tmp_path / "bare.git")
    for args in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "One"], ["push", "-q", str(bare), "main"]):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *args], cwd=tree, check=True)

    git.check_out(bare, "main", tmp_path / "there")

    assert (tmp_path / "there" / "deep" / "run.sh").read_text() == "echo hello\n"
    assert (tmp_path / "there" / "deep" / "run.sh").stat().st_mode & 0o111
    assert (tmp_path / "there" / "out").readlink() == away
    assert list(away.iterdir()) == []
    assert not hasattr(sandbox, "tarfile")
