"""While the package is built: notes its commit, so that what is installed knows which Groundskeeper workflows shall run."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NOTE = "bot/built_from.json"
_GITHUB = re.compile(r"(?:https://|git@|ssh://git@)(?:[^@/]*@)?github\.com[/:](?P<repository>[\w-]+/[\w.-]+?)(?:\.git)?/?\Z")


class NoteTheCommit(BuildHookInterface):  # type: ignore[type-arg, misc]
    """Nothing is noted of a tree with changes that no commit has, nor of a clone of elsewhere than github.com."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        if version == "editable" or (root / NOTE).exists():  # a source distribution has it from its own making
            return
        found = commit_of(root)
        if found is None:
            self.app.display_warning("no commit is noted: this is no clean clone of a repository on github.com")
            return
        note = Path(self.directory) / "built_from.json"
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(json.dumps(found), encoding="utf-8")
        build_data["force_include"][str(note)] = NOTE


def commit_of(root: Path) -> dict[str, str] | None:
    if not (root / ".git").exists():
        return None
    said = {name: _git(root, *args) for name, args in _ASKED.items()}
    origin = _GITHUB.match(said["origin"] or "")
    if origin is None or not said["commit"] or said["changes"] != "":
        return None
    return {"repository": origin["repository"], "commit": said["commit"]}


_ASKED = {
    "commit": ("rev-parse", "HEAD"),
    "origin": ("remote", "get-url", "origin"),
    "changes": ("status", "--porcelain", "--untracked-files=no"),
}


def _git(root: Path, *args: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", str(root), *args], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
