"""`devcontainer.json`: the commands that its life cycle runs once, its environment, and Debian packages of its features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.core.environment.facts import Environment, Tree
from bot.core.environment.presets import hosts_of
from bot.core.environment.reading import table

PATHS = (".devcontainer/devcontainer.json", ".devcontainer.json")
_ONCE = ("onCreateCommand", "updateContentCommand", "postCreateCommand")
"""https://containers.dev/implementors/json_reference/#lifecycle-scripts: those that run when the container is made, in this order."""


def devcontainer(tree: Tree) -> Environment | None:
    path = next((path for path in PATHS if tree.has(path)), None)
    told = tree.parsed.get(path or "")
    if path is None or not isinstance(told, dict):
        return None
    commands = tuple(command for key in _ONCE for command in _commands(told.get(key)))
    packages = _packages(table(told, "features"))
    if not commands and not packages:
        return None
    variables = {
        key: str(value)
        for part in ("containerEnv", "remoteEnv")
        for key, value in table(told, part).items()
        if isinstance(value, str) and "${" not in value
    }
    return Environment(
        setup=commands,
        packages=packages,
        network=hosts_of(["debian"]) if packages else (),
        files=(path,),
        variables=variables,
        sources=(path,),
    )


def _commands(told: object) -> tuple[str, ...]:
    """A line for a shell, one program with its arguments, or several of either by name."""
    if isinstance(told, str):
        return (told,) if told.strip() else ()
    if isinstance(told, list) and told and all(isinstance(one, str) for one in told):
        return (" ".join("'" + one.replace("'", "'\\''") + "'" for one in told),)
    if isinstance(told, dict):
        return tuple(command for one in told.values() for command in _commands(one))
    return ()


def _packages(features: Mapping[str, Any]) -> tuple[str, ...]:
    """https://github.com/rocker-org/devcontainer-features: the common feature that installs packages of the system."""
    named = [
        table(given).get("packages") for feature, given in features.items() if "/apt-packages" in feature or "/apt-get-packages" in feature
    ]
    return tuple(word for one in named if isinstance(one, str) for word in one.replace(",", " ").split())
