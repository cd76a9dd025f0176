"""The folder of a process: git does not see it, and who comes after a process that died goes on where that one was."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bot.core.facts.record import Holder
from bot.entry.home import claim_home, ensure_home

ROOT = Path(__file__).resolve().parents[2]


def writer(run: str) -> Holder:
    return Holder(agent=0, run=run, attempt=1, nonce=f"nonce of {run}")


def claimed_elsewhere(home: Path, run: str, *, then: str = "") -> str:
    """By another process, which prints whom it found there."""
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from bot.core.facts.record import Holder; from bot.entry.home import claim_home\n"
        "writer = Holder(agent=0, run=sys.argv[2], attempt=1, nonce=f'nonce of {sys.argv[2]}')\n"
        f"print(sorted(one.run for one in claim_home(Path(sys.argv[1]), writer)), flush=True)\n{then}"
    )
    command = [sys.executable, "-c", code, str(home), run]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()


@pytest.mark.parametrize("name", [".groundskeeper", "elsewhere"])
def test_a_home_ignores_itself(tmp_path: Path, name: str) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (ensure_home(tmp_path / name) / "mirror.git").mkdir()
    (tmp_path / name / "mirror.git" / "HEAD").write_text("ref: refs/heads/main\n")

    seen = subprocess.run(["git", "status", "--porcelain", "-uall"], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert seen.stdout == ""


def test_a_home_of_an_older_version_ignores_itself_from_now_on(tmp_path: Path) -> None:
    (tmp_path / ".groundskeeper" / "mirror.git").mkdir(parents=True)
    assert (ensure_home(tmp_path / ".groundskeeper") / ".gitignore").read_text() == "*\n"


def test_a_folder_of_others_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / ".gitignore").write_text("!kept\n")

    ensure_home(tmp_path)
    ensure_home(tmp_path / "own")

    assert not (tmp_path / ".gitignore").exists()
    assert (tmp_path / "own" / ".gitignore").read_text() == "!kept\n"


def test_who_comes_after_knows_all_who_are_gone(tmp_path: Path) -> None:
    assert claimed_elsewhere(tmp_path, "one") == "[]"
    assert claimed_elsewhere(tmp_path, "two", then="os.kill(os.getpid(), signal.SIGKILL)") == "['one']"
    assert claimed_elsewhere(tmp_path, "three") == "['one', 'two']"


def test_while_one_lives_nobody_takes_it_for_gone(tmp_path: Path) -> None:
    assert claim_home(tmp_path, writer("here")) == frozenset()
    assert claimed_elsewhere(tmp_path, "there") == "[]"
    assert claimed_elsewhere(tmp_path, "there again") == "[]"


def test_what_cannot_be_read_is_nobody(tmp_path: Path) -> None:
    (tmp_path / "processes.json").write_text('[{"run": "cut o')
    assert claim_home(tmp_path, writer("here")) == frozenset()
