"""`.github/groundskeeper.yml` as `init` writes it: every option with meaning and default, made from `Config` so that it cannot drift."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from enum import Enum
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bot.core.errors.user_errors import UserError
from bot.entry.config import Config, parse
from bot.entry.config_errors import expected, item_of, part_of

_WIDTH = 110
_HEAD = """\
How Groundskeeper works in this repository. Every option is here with its default; what is left out keeps it.
What is wrong in this file is told with its line as soon as the bot reads it; `groundskeeper doctor` tells it before."""


def config_text(config: Config, *, schema: str) -> str:
    """The whole file. `schema` is where editors find the JSON Schema: an address, or a path from the file."""
    lines = [f"# yaml-language-server: $schema={schema}", *_comment(_HEAD)]
    for name, field in Config.model_fields.items():
        lines += ["", *_option(name, field, getattr(config, name))]
    return "\n".join(lines) + "\n"


def as_written(text: str, *, schema: str) -> Config | None:
    """What the file says, if `init` wrote it and nobody changed anything since but the number of agents and the board; else None."""
    try:
        found = parse(text)
    except UserError:
        return None
    untouched = Config(agents=found.agents, board=found.board)
    return found if config_text(untouched, schema=schema) == text else None


def _option(name: str, field: FieldInfo, value: Any) -> Iterator[str]:
    part = part_of(field)
    meaning = field.description or ""
    if part is None:
        yield from _comment(f"{meaning} ({expected(field)})" if " " in expected(field) and not _told(field) else meaning)
        yield f"{name}: {_yaml(value)}"
        item = item_of(field)
        if item is not None:
            each = [
                line
                for key, one in item.model_fields.items()
                for line in _option(key, one, one.default if not one.is_required() else "text")
            ]
            yield from (f"# {line}".rstrip() for line in ("one of them has:", *_indented(each)))
        return
    yield from _comment(meaning)
    inner = [line for key, one in part.model_fields.items() for line in _option(key, one, getattr(value, key, one.default))]
    if value is None:
        yield from (f"# {line}".rstrip() for line in (f"{name}:", *_indented(inner)))
    else:
        yield f"{name}:"
        yield from _indented(inner)


def _told(field: FieldInfo) -> bool:
    """Texts need no word on what may be written; closed sets say it in their description or by their default."""
    return expected(field) in ("text", "a list of texts, like `[one, two]`") or "`" in (field.description or "")


def _indented(lines: list[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _comment(text: str) -> list[str]:
    return [f"# {line}" for paragraph in text.splitlines() for line in textwrap.wrap(paragraph, _WIDTH)]


def _yaml(value: Any) -> str:
    plain = value.value if isinstance(value, Enum) else value
    assert not isinstance(plain, BaseModel)
    return yaml.safe_dump(plain, default_flow_style=True, width=1000).removesuffix("...\n").strip()
