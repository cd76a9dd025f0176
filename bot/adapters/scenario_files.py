"""Scenario files: the scenes that a scripted model plays, as people write them in YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from bot.adapters.scripted import Scene, Step
from bot.core.errors.model_errors import ModelErrorKind
from bot.core.errors.user_errors import UserError
from bot.core.money.pricing import Usage
from bot.core.roles.role import Role


def read_scenario(path: Path) -> tuple[Scene, ...]:
    """Raises `UserError` naming the scene and the key that is wrong."""
    try:
        listed = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            raise UserError(f"{path}: there is no such file. docs/scenarios.md has a scenario to begin with.") from None
        raise UserError(f"{path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}: {getattr(error, 'problem', '')}" if mark is not None else str(error)
        raise UserError(f"{path.name} is not YAML: {' '.join(place.split())}") from None
    if not isinstance(listed, list):
        raise UserError(f"{path.name} must be a list of scenes.")
    return tuple(_scene(entry, f"{path.name}, scene {number}") for number, entry in enumerate(listed, start=1))


def _scene(entry: Any, place: str) -> Scene:
    known = {"role", "project", "title", "cycle", "any_number", "steps"}
    if not isinstance(entry, dict) or not {"role", "steps"} <= entry.keys() or entry.keys() - known:
        raise UserError(f"{place}: needs role and steps, and may have {', '.join(sorted(known - {'role', 'steps'}))}.")
    try:
        role = Role(entry["role"])
    except ValueError:
        raise UserError(f"{place}: there is no role {entry['role']!r}.") from None
    steps = tuple(_step(each, f"{place}, step {number}") for number, each in enumerate(entry["steps"], start=1))
    return Scene(
        role=role,
        steps=steps,
        project=entry.get("project"),
        title=entry.get("title"),
        cycle=entry.get("cycle"),
        any_number=bool(entry.get("any_number")),
    )


def _step(entry: Any, place: str) -> Step:
    if not isinstance(entry, dict):
        raise UserError(f"{place}: must be a mapping of a tool's name to its input.")
    rest = {key: value for key, value in entry.items() if key not in {"say", "calls", "error", "usage"}}
    calls = [*rest.items(), *(item for each in entry.get("calls", ()) for item in each.items())]
    wrong = next((name for name, given in calls if not isinstance(given, dict)), None)
    if wrong is not None:
        raise UserError(f"{place}: the input of {wrong} must be a mapping.")
    try:
        failure = ModelErrorKind[str(entry["error"]).upper().replace(" ", "_")] if "error" in entry else None
        usage = Usage(**entry["usage"]) if "usage" in entry else None
    except (KeyError, TypeError) as error:
        raise UserError(f"{place}: {error} is not known.") from None
    return Step(say=entry.get("say", ""), calls=tuple(calls), error=failure, usage=usage)
