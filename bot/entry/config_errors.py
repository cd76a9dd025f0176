"""What is wrong in a configuration file, in words that name the line, the key, what was expected and the nearest right one."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import annotated_types
import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

HOST = r"^(\*\.)?[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?$"
FOLDER = r"^/(opt|srv|data|var/lib|var/cache)(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$"
VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"
SERVICE = r"^[a-z][a-z0-9-]*$"
MEANT = {
    HOST: "a preset or a host, like `pypi` or `files.example.org`",
    FOLDER: "a folder below /opt, /srv, /data, /var/lib or /var/cache",
    VARIABLE: "a variable's name",
    SERVICE: "small letters, digits and `-`",
}
"""Patterns of texts, and what they mean to people."""
_UNKNOWN = "extra_forbidden"


def not_yaml(where: str, text: str, error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return f"{where}: this is not YAML: {error}. Mend it or remove the file."
    line = text.splitlines()[mark.line] if mark.line < len(text.splitlines()) else ""
    if "\t" in line[: len(line) - len(line.lstrip())] or line[mark.column : mark.column + 1] == "\t":
        return f"{where}, line {mark.line + 1}: a tab stands here, and YAML is indented with spaces only. Put two spaces in its place."
    return f"{where}, line {mark.line + 1}: this is not YAML: {getattr(error, 'problem', None) or error}. Mend the line or remove it."


def structural(where: str, root: yaml.Node | None) -> Iterator[str]:
    """Keys written twice, of which YAML would silently take the last, and aliases of whole blocks, which can grow without end."""
    seen: set[int] = set()
    waiting: list[tuple[yaml.Node, str]] = [(root, "")] if root is not None else []
    while waiting:
        node, path = waiting.pop()
        if isinstance(node, yaml.ScalarNode):
            continue
        if id(node) in seen:
            yield f"{where}: an alias of a whole block or list (of line {node.start_mark.line + 1}) is not taken; write it out."
            return
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += [(one, path) for one in node.value]
        elif isinstance(node, yaml.MappingNode):
            yield from _twice(where, node, path)
            waiting += [(value, f"{path}{key.value}.") for key, value in node.value]


def _twice(where: str, node: yaml.MappingNode, path: str) -> Iterator[str]:
    first: dict[str, int] = {}
    for key, _ in node.value:
        line = key.start_mark.line + 1
        if str(key.value) in first:
            yield f"{where}, line {line}: `{path}{key.value}` is written twice, first in line {first[str(key.value)]}. Remove one of them."
        first.setdefault(str(key.value), line)


def sentence(where: str, document: yaml.Node | None, error: Mapping[str, Any], model: type[BaseModel]) -> str:
    """One of pydantic's errors, as the person who wrote the file would want it told."""
    path: Sequence[str | int] = error["loc"]
    place, key = f"{where}, line {_line_of(document, path)}", ".".join(str(part) for part in path)
    if error["type"] == _UNKNOWN:
        return f"{place}: `{key}` is not a known key; {_nearest_key(path, model)}"
    field = _field(path, model)
    wanted = expected(field) if field is not None else str(error["msg"])
    if field is not None and isinstance(path[-1], int):
        wanted = "text" if item_of(field) is None else "keys below it"
    if error["type"] == "string_pattern_mismatch":
        wanted = MEANT.get(error["ctx"]["pattern"], wanted)
    if error["type"] == "missing":
        return f"{place}: `{key}` is missing; write {wanted} there."
    remedy = "" if error["type"] == "string_pattern_mismatch" else _remedy(field, error["input"], wanted)
    return f"{place}: `{key}`: expected {wanted}, found {_found(error['input'])}.{remedy}"


def expected(field: FieldInfo) -> str:
    """What may stand there, in plain words: `a whole number from 1 to 10`."""
    kind = _kind(field)
    choices = choices_of(field)
    if choices:
        return "one of " + ", ".join(f"`{choice}`" for choice in choices)
    if get_origin(kind) is list:
        item = item_of(field)
        return "a list of texts, like `[one, two]`" if item is None else f"a list of blocks, like `- {next(iter(item.model_fields))}: …`"
    if get_origin(kind) is dict:
        return "names with texts, like `NAME: value`"
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        name, first = next(iter(kind.model_fields.items()))
        example = first.default if first.default is not None else "…"
        return f"keys below it, like `{name}: {example}`"
    word = {bool: "`true` or `false`", int: "a whole number", float: "a number", str: "text"}[kind]
    return word + _bounds(field)


def choices_of(field: FieldInfo) -> tuple[str, ...]:
    kind = _kind(field)
    if get_origin(kind) is Literal:
        return tuple(str(choice) for choice in get_args(kind))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return tuple(str(one.value) for one in kind)
    return ()


def part_of(field: FieldInfo) -> type[BaseModel] | None:
    """The model of the block that stands at this key, where it is a block."""
    kind = _kind(field)
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def item_of(field: FieldInfo) -> type[BaseModel] | None:
    """The model of each block, where a list of blocks stands at this key."""
    kind = _kind(field)
    item = get_args(kind)[0] if get_origin(kind) is list else None
    return item if isinstance(item, type) and issubclass(item, BaseModel) else None


def _kind(field: FieldInfo) -> Any:
    """The annotation without its `| None`."""
    kind = field.annotation
    if get_origin(kind) in (Union, UnionType):
        return next(one for one in get_args(kind) if one is not type(None))
    return kind


def _bounds(field: FieldInfo) -> str:
    low = next((one for one in field.metadata if isinstance(one, annotated_types.Ge | annotated_types.Gt)), None)
    high = next((one for one in field.metadata if isinstance(one, annotated_types.Le)), None)
    if low is None or high is None:
        return ""
    if isinstance(low, annotated_types.Gt):
        return f" above {low.gt} and at most {high.le}"
    return f" from {low.ge} to {high.le}"


def _found(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return repr(value)
    if isinstance(value, dict):
        return "keys below it"
    return json.dumps(value, default=str)


def _remedy(field: FieldInfo | None, value: object, wanted: str) -> str:
    if field is None:
        return ""
    near = difflib.get_close_matches(str(value), choices_of(field), n=1, cutoff=0.6)
    if near:
        return f" Did you mean `{near[0]}`?"
    if value is None and part_of(field) is not None:
        return " Remove the line, or indent the keys that belong to it by two spaces."
    if wanted == "text" and isinstance(value, bool | int | float):
        return f' Put it in quotes: "{str(value).lower()}".'
    if isinstance(value, str) and (get_origin(_kind(field)) is list or _is_number(value)):
        return f" Write `[{value}]`." if get_origin(_kind(field)) is list else " Write it without quotes."
    return ""


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).removeprefix("-").isdigit()


def _nearest_key(path: Sequence[str | int], model: type[BaseModel]) -> str:
    name, known = str(path[-1]), list(_model_at(path[:-1], model).model_fields)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if near:
        return f"did you mean `{near[0]}`?"
    for above, field in model.model_fields.items():
        part = part_of(field)
        if len(path) == 1 and part is not None and name in part.model_fields:
            return f"it belongs below `{above}:`, indented by two spaces."
    return f"known here: {', '.join(known)}."


def _model_at(path: Sequence[str | int], model: type[BaseModel]) -> type[BaseModel]:
    for name in path:
        field = model.model_fields.get(str(name))
        model = model if field is None else part_of(field) or item_of(field) or model
    return model


def _field(path: Sequence[str | int], model: type[BaseModel]) -> FieldInfo | None:
    found: FieldInfo | None = None
    for name in path:
        if isinstance(name, str) and name in model.model_fields:
            found = model.model_fields[name]
            model = part_of(found) or item_of(found) or model
    return found


def _line_of(node: yaml.Node | None, path: Sequence[str | int]) -> int:
    """Where the deepest part of `path` that is written down stands."""
    line = 1
    for part in path:
        if isinstance(node, yaml.MappingNode):
            match = next(((key, value) for key, value in node.value if key.value == str(part)), None) or next(
                ((key, value) for key, value in node.value if key.tag != "tag:yaml.org,2002:str"), None
            )  # keys that are no text read otherwise than they are written
            if match is None:
                return line
            line, node = match[0].start_mark.line + 1, match[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line
