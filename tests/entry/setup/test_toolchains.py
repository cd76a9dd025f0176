"""The composite action that `init` writes for a repository's toolchains: where its files ask for one, and never over its own."""

from __future__ import annotations

from pathlib import Path

import yaml

from bot.entry.setup.step import Memory, State
from bot.entry.setup.toolchains import PATH, removal_steps, toolchains_steps, toolchains_text


def test_version_files_become_pinned_steps(tmp_path: Path) -> None:
    for name in (".nvmrc", ".node-version", "go.mod"):
        (tmp_path / name).write_text("1")

    text = toolchains_text(tmp_path)

    assert text is not None
    steps = yaml.safe_load(text)["runs"]["steps"]
    assert [step["with"] for step in steps] == [{"node-version-file": ".node-version"}, {"go-version-file": "go.mod"}]
    assert all(len(step["uses"].partition("@")[2]) == 40 for step in steps)


def test_nothing_is_written_where_nothing_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("x")

    assert toolchains_steps(tmp_path, tmp_path) == ()


def test_it_is_written_once_and_then_the_repositorys_own(tmp_path: Path) -> None:
    (tmp_path / ".python-version").write_text("3.12")
    (step,) = toolchains_steps(tmp_path, tmp_path)
    assert step.state is State.TO_DO
    assert step.do is not None
    step.do(Memory())

    (again,) = toolchains_steps(tmp_path, tmp_path)
    (removal,) = removal_steps(tmp_path)

    assert again.state is State.DONE
    assert removal.what == f"remove {PATH}"
    assert removal.state is State.TO_DO
