"""Prompts and categories as they ship: beside the package in a checkout, inside it once installed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from bot.core.errors.user_errors import UserError
from bot.core.roles.category import Category
from bot.core.roles.role import Role

_PACKAGE = Path(__file__).resolve().parent.parent
_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's where there is one: it reads all categories in the time in which Python reads two, and each process reads them."""


def _folder(name: str) -> Path:
    for place in (_PACKAGE / name, _PACKAGE.parent / name):
        if place.is_dir():
            return place
    raise UserError(f"The folder {name}/ is missing from this installation; install the package again.")


def load_workflow() -> str:
    """The workflow that runs the bot in a repository: beside the package once installed, where GitHub looks for it in a checkout."""
    for place in (_PACKAGE / "workflows", _PACKAGE.parent / ".github" / "workflows"):
        if (file := place / "groundskeeper.yml").is_file():
            return file.read_text(encoding="utf-8")
    raise UserError("The file workflows/groundskeeper.yml is missing from this installation; install the package again.")


def load_prompts() -> Mapping[str, str]:
    folder = _folder("prompts")
    return {role.value: (folder / f"{role.value}.md").read_text(encoding="utf-8") for role in Role if role is not Role.WRITER}


def load_categories() -> tuple[Category, ...]:
    """All of them, in their numbers' order. Raises `UserError` naming file and key."""
    return tuple(_category(path) for path in sorted(_folder("categories").glob("[0-9][0-9]-*.md")))


def _category(path: Path) -> Category:
    parts = path.read_text(encoding="utf-8").split("---\n", 2)
    front = yaml.load(parts[1], Loader=_LOADER) if len(parts) == 3 and parts[0] == "" else None  # noqa: S506, both loaders are safe
    if not isinstance(front, dict):
        raise UserError(f"categories/{path.name}: expected front matter between two lines of ---.")
    return Category(
        name=_text(path, front, "name"),
        title=_text(path, front, "title"),
        summary=_text(path, front, "summary"),
        persona=_text(path, front, "persona"),
        signals=_texts(path, front, "signals"),
        evidence=_texts(path, front, "evidence"),
        excludes=_texts(path, front, "not"),
        applies_when=_texts(path, front, "applies_when"),
        prompt=parts[2].strip(),
    )


def _text(path: Path, front: Mapping[str, Any], key: str) -> str:
    value = front.get(key)
    if not isinstance(value, str) or not value.strip():
        raise UserError(f"categories/{path.name}: `{key}` must be a line of text, found {value!r}.")
    return value.strip()


def _texts(path: Path, front: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = front.get(key)
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise UserError(f"categories/{path.name}: `{key}` must be a list of texts, found {value!r}.")
    return tuple(value)
