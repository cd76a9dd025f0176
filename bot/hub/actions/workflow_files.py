"""Workflow files as git has them: which there are at a commit, and what starts them.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from bot.hub.store import git

FOLDER = ".github/workflows/"


def workflows(where: Path, sha: str) -> list[tuple[str, dict[Any, Any]]]:
    """Path and content of each; what is not YAML, or no mapping, starts nothing and is left out."""
    listed = git.run(where, "ls-tree", "--name-only", sha, FOLDER)
    found = []
    for path in listed.stdout.decode().splitlines():
        if path.endswith((".yml", ".yaml")):
            try:
                workflow = yaml.safe_load(git.read(where, "blob", f"{sha}:{path}"))
            except yaml.YAMLError:
                continue
            if isinstance(workflow, dict):
                found.append((path, workflow))
    return found


def triggers(workflow: Mapping[Any, Any]) -> dict[str, Mapping[str, Any]]:
    """The events that start it, each with what is said about it."""
    wanted = workflow.get("on", workflow.get(True, ()))  # YAML 1.1 reads a bare `on` as true
    if isinstance(wanted, str):
        return {wanted: {}}
    if isinstance(wanted, dict):
        return {str(event): about if isinstance(about, dict) else {} for event, about in wanted.items()}
    return {str(event): {} for event in wanted or ()}


def name_of(path: str, workflow: Mapping[Any, Any]) -> str:
    return str(workflow.get("name") or path)
