"""Prepared layers: made once, never spoilt by a run, never shared by a branch, bounded; and setup that sees no secret and has an end."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.environment.layers import Bounds
from bot.adapters.environment.preparing import SetupLimits
from bot.core.environment.configured import Wishes
from bot.core.environment.facts import Service
from bot.ports.environments import Prepared, Unprepared
from tests.environment.conftest import Repository

pytestmark = pytest.mark.sandboxed


def test_setup_runs_once_for_the_same_files_and_again_when_they_change(repository: Repository) -> None:
    repository.wishes = Wishes(setup=("date +%s%N > made",), files=("lock",))
    first = repository.commit({"lock": "1"})
    second = repository.commit({"README.md": "other words"})
    third = repository.commit({"lock": "2"})

    made = [repository.run(commit, "cat made")[0].output for commit in (first, first, second, third)]

    assert made[0] == made[1] == made[2] != made[3]


@pytest.mark.parametrize("folder", ["pots", "pots, pans"], ids=["mounted over", "copied"])
def test_what_a_run_does_to_its_environment_is_gone_in_the_next(tmp_path: Path, folder: str) -> None:
    """A mount's options cannot name a place with a comma in it; as on file systems without such mounts, a run gets a copy."""
    repository = Repository(root=tmp_path / folder)
    repository.wishes = Wishes(setup=("mkdir tools; echo good > tools/program; echo good > ~/settings",))
    base = repository.commit({"README.md": "x"})
    spoil = "echo bad > tools/program; echo bad > ~/settings; rm -r tools; mkdir tools; echo worse > tools/program; cat tools/program"

    spoilt, after = repository.run(base, spoil, "cat tools/program ~/settings")

    assert spoilt.output == "worse\n"
    assert after.output == "good\ngood\n"


def test_a_branchs_layer_is_never_the_bases_nor_another_commits_nor_another_repositorys(repository: Repository) -> None:
    repository.wishes = Wishes(setup=("cat word lock > made",), files=("lock",))
    base = repository.commit({"lock": "1", "word": "good"})
    branch = repository.commit({"lock": "2", "word": "poisoned"})
    assert repository.run(base, "cat made", head=branch)[0].output == "poisoned2"
    another = repository.commit({"word": "another"})  # with the same lockfile as the branch, and merged since

    assert repository.run(base, "cat made")[0].output == "good1"
    assert repository.run(base, "cat made", head=another)[0].output == "another2"
    assert repository.run(another, "cat made")[0].output == "another2"
    keys = {_prepared(repository, name, base, head).key for name in ("garden/pots", "garden/pans") for head in (base, branch, another)}
    assert len(keys) == 6


def test_work_that_leaves_the_lockfile_alone_shares_the_bases_layer(repository: Repository) -> None:
    repository.wishes = Wishes(setup=("cat word > made",), files=("lock",))
    base = repository.commit({"lock": "1", "word": "good"})
    repository.prepare(base)
    branch = repository.commit({"word": "poisoned"})

    assert repository.run(base, "cat made", head=branch)[0].output == "good"


def _prepared(repository: Repository, full_name: str, base: str, head: str) -> Prepared:
    with repository.environments(full_name=full_name).prepared(base, head=head) as prepared:
        assert isinstance(prepared, Prepared)
        return prepared


def test_setup_cannot_reach_the_layers_or_the_checkouts_repository_settings(repository: Repository) -> None:
    """A hook or setting left in `.git` would run in every later checkout; nothing of `.git` is kept."""
    hook = ".git/hooks/post-checkout"
    look = f"ls {repository.root} || true; mkdir -p .git/hooks; echo 'touch /workspace/hooked' > {hook}; chmod +x {hook}; touch made"
    repository.wishes = Wishes(setup=(f"({look}) > seen 2>&1",))
    base = repository.commit({"README.md": "x"})

    (outcome,) = repository.run(base, "cat seen; ls .git/hooks/post-checkout; git checkout -q HEAD~0; ls")

    assert "No such file or directory" in outcome.output.splitlines()[0]
    assert "hooked" not in outcome.output


def test_no_secret_of_ours_is_in_setups_environment(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANTHROPIC_API_KEY", "GITHUB_TOKEN", "GROUNDSKEEPER_WORKER_PRIVATE_KEY", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "very-secret")
    look = "env; cat /proc/*/environ; ls -A ~; cat ~/.npmrc ~/.netrc ~/.pypirc /etc/apt/auth.conf"
    repository.wishes = Wishes(setup=(f"({look}) > seen 2>&1 || true",))

    (outcome,) = repository.run(repository.commit({"README.md": "x"}), "cat seen")

    assert "HTTPS_PROXY=http://127.0.0.1:3128" in outcome.output
    assert "very-secret" not in outcome.output


def test_setup_that_never_ends_is_ended_and_told(repository: Repository) -> None:
    repository.wishes = Wishes(setup=("(setsid sleep 300 &) ; sleep 300",))
    repository.limits = replace(SetupLimits(), time=timedelta(seconds=2))

    unprepared = repository.prepare(repository.commit({"README.md": "x"}))

    assert isinstance(unprepared, Unprepared)
    assert "did not end within" in unprepared.why


def test_setup_that_fills_the_disk_is_ended_and_told(repository: Repository) -> None:
    repository.wishes = Wishes(setup=("for n in $(seq 400); do head -c 8000000 /dev/urandom > big$n; done",))
    repository.limits = replace(SetupLimits(), disk=64 * 1024**2)

    unprepared = repository.prepare(repository.commit({"README.md": "x"}))

    assert isinstance(unprepared, Unprepared)
    assert "filled more than 64 MB of the disk" in unprepared.why
    assert not list((repository.root / "workspaces").iterdir())


def test_a_layer_that_is_too_large_is_not_kept(repository: Repository) -> None:
    repository.wishes = Wishes(setup=("head -c 3000000 /dev/urandom > big",))
    repository.limits = replace(SetupLimits(), bounds=Bounds(one=1_000_000))

    unprepared = repository.prepare(repository.commit({"README.md": "x"}))

    assert isinstance(unprepared, Unprepared)
    assert unprepared.why == "The environment could not be kept: setup left 2 MB behind; 0 MB are the most that is kept."


def test_the_least_lately_used_layer_goes_when_all_are_too_large(repository: Repository) -> None:
    repository.wishes = Wishes(setup=("head -c 3000000 /dev/urandom > big",), files=("lock",))
    repository.limits = replace(SetupLimits(), bounds=Bounds(total=7_000_000))
    commits = [repository.commit({"lock": str(number)}) for number in range(3)]
    for place, commit in enumerate(commits):
        repository.prepare(commit)
        for kept in (repository.root / "layers").glob("*/layer.json"):
            if place < 2:
                os.utime(kept.parent, (1_000 * (place + 1), kept.stat().st_mtime))  # as if it had been long ago
    reused = [
        prepared.reused for commit in reversed(commits) for prepared in [repository.prepare(commit)] if isinstance(prepared, Prepared)
    ]

    assert reused == [True, True, False]


def test_a_tool_that_is_not_there_is_named_before_anything_runs(repository: Repository) -> None:
    base = repository.commit({"Cargo.toml": "[package]\nname='x'\n", "marker": ""})
    environments = repository.environments()
    bare = replace(environments, toolchains=replace(environments.toolchains, path=(), shown=()))

    with bare.prepared(base) as unprepared:
        assert isinstance(unprepared, Unprepared)

    assert unprepared.why == "`cargo` is needed for Cargo.toml and not on the path of the machine that agents work on: install it there."


def test_a_command_that_fails_is_named_with_its_last_words(repository: Repository) -> None:
    repository.wishes = Wishes(setup=("echo fetching; echo 'error: no matching distribution for pots==9' >&2; exit 1",))

    unprepared = repository.prepare(repository.commit({"README.md": "x"}))

    assert isinstance(unprepared, Unprepared)
    assert unprepared.why.endswith("saying “error: no matching distribution for pots==9”.")


def test_a_service_runs_beside_the_command_and_ends_with_it(repository: Repository) -> None:
    greeter = """
import socketserver

class Greeter(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.sendall(b"hello")

socketserver.TCPServer(("127.0.0.1", 7777), Greeter).serve_forever()
"""
    ask = "python3 -c 'import socket; print(socket.create_connection((\"127.0.0.1\", 7777)).recv(9).decode())'"
    repository.wishes = Wishes(setup=("touch made",), services=(Service(name="greeter", command="exec python3 greeter.py", ready=ask),))
    base = repository.commit({"greeter.py": greeter})

    first, second = repository.run(base, ask, f"{ask}; exit 3")

    assert (first.exit_code, first.output) == (0, "hello\n")
    assert (second.exit_code, second.output) == (3, "hello\n")


def test_a_service_that_does_not_start_says_so(repository: Repository) -> None:
    broken = Service(name="store", command="echo no disk; exit 1", ready="false", timeout=timedelta(seconds=0.3))
    repository.wishes = Wishes(setup=("touch made",), services=(broken,))

    (outcome,) = repository.run(repository.commit({"README.md": "x"}), "echo never")

    assert outcome.exit_code == 69
    assert outcome.output == "[the service store did not start]\nno disk\n"


def test_a_folder_beside_checkout_and_home_is_kept_and_copied_on_writing(repository: Repository) -> None:
    repository.wishes = Wishes(setup=("echo good > /opt/data/word",), writable=("/opt/data",))
    base = repository.commit({"README.md": "x"})

    first, second = repository.run(base, "cat /opt/data/word; echo bad > /opt/data/word", "cat /opt/data/word")

    assert (first.output, second.output) == ("good\n", "good\n")
