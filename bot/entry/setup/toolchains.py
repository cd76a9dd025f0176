"""The repository's own composite action for toolchains that runners lack or have in another version, read off its version files."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from pathlib import Path

from bot.entry.setup import files
from bot.entry.setup.step import Memory, State, Step

PATH = ".github/actions/groundskeeper-toolchains/action.yml"
_SETUPS = (
    ((".node-version", ".nvmrc"), "actions/setup-node@a0853c24544627f65ddf259abe73b1d18a591444 # v5.0.0", "node-version-file"),
    ((".python-version",), "actions/setup-python@e797f83bcb11b83ae66e0230d6156d7c80228e7c # v6.0.0", "python-version-file"),
    (("go.mod",), "actions/setup-go@44694675825211faa026b3c33043df3e48a5fa00 # v6.0.0", "go-version-file"),
)
_HEAD = """\
name: Toolchains for Groundskeeper's agents
description: >-
  Runs before the environment is prepared, on the runner and not in the sandbox; what it puts on the path, agents see read-only.
  Add what your project needs beside the runner's own: https://github.com/actions/runner-images

runs:
  using: composite
  steps:
"""
_WHY = "sets up what the version files name, before agents' environments are prepared; commit and push it"


def toolchains_text(checkout: Path) -> str | None:
    """None where no version file asks for anything."""
    steps = [
        f"    - uses: {action}\n      with:\n        {key}: {name}\n"
        for names, action, key in _SETUPS
        for name in names[:1] + tuple(other for other in names[1:] if not (checkout / names[0]).is_file())
        if (checkout / name).is_file()
    ]
    return _HEAD + "".join(steps) if steps else None


def toolchains_steps(checkout: Path, into: Path) -> tuple[Step, ...]:
    """None where nothing is wanted; one that is there already is the repository's, whatever it says."""
    text = toolchains_text(checkout)
    if text is None:
        return ()
    if files.read(into / PATH) is not None:
        return (Step(what=PATH, why="it is there, and yours", state=State.DONE),)
    return (Step(what=PATH, why=_WHY, state=State.TO_DO, do=partial(_written, into / PATH, text)),)


def removal_steps(checkout: Path, *, but_not: Collection[str] = ()) -> tuple[Step, ...]:
    text = files.read(checkout / PATH)
    return () if text is None or PATH in but_not else (files.removal(checkout, PATH, as_made=text == toolchains_text(checkout)),)


def _written(path: Path, text: str, memory: Memory) -> Memory:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return memory
