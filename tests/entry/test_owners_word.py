"""What a repository says does not loosen a machine, and keys do not stay where others can read them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.core.errors.user_errors import UserError
from bot.entry.environments import UNPROTECTED, isolated


def test_no_sandbox_needs_the_word_of_the_machines_owner_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(UNPROTECTED, raising=False)
    with pytest.raises(UserError, match=f"set {UNPROTECTED}=1"):
        isolated("none", scripted=False)

    monkeypatch.setenv(UNPROTECTED, "1")
    assert not isolated("none", scripted=False)


def test_a_scripted_model_runs_what_its_owner_wrote(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(UNPROTECTED, raising=False)
    assert not isolated("none", scripted=True)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="Linux shows a process's first environment there")
def test_a_key_is_in_nothing_that_others_can_read_of_the_process() -> None:
    script = (
        "from bot.entry.keys import forget_keys\n"
        "import os, subprocess\n"
        "forget_keys()\n"
        "print(open('/proc/self/environ').read(), dict(os.environ), subprocess.run(['env'], capture_output=True, text=True).stdout)"
    )
    environment = {
        **os.environ,
        "ANTHROPIC_API_KEY": "only-for-the-model",
        "GROUNDSKEEPER_WORKER_TOKEN": "only-for-git",
        "KEPT": "stays-here",
    }

    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True, timeout=60)

    assert "only-for-the-model" not in done.stdout
    assert "only-for-git" not in done.stdout
    assert done.stdout.count("stays-here") == 3
