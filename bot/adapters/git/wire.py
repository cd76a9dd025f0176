"""Records, ledger lines and stops as JSON in git; what does not fit is refused with its place."""

from __future__ import annotations

import json
from dataclasses import dataclass, is_dataclass
from datetime import datetime
from typing import TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from bot.core.facts.project import Pause
from bot.core.facts.record import Record
from bot.core.money.ledger import Entry
from bot.ports import GitError


@dataclass(frozen=True, kw_only=True)
class StopFile:
    stopped: bool
    by: str
    at: datetime
    reason: str = ""
    pauses: tuple[Pause, ...] = ()


# A key that this version does not know is refused: writing the record back without it would lose what a newer one put there.
# pydantic takes a config for plain dataclasses only where they are a part of the type; it then holds for what is inside them too.
_STRICT = ConfigDict(extra="forbid")
_RECORD: TypeAdapter[Record | None] = TypeAdapter(Record | None, config=_STRICT)
_ENTRY: TypeAdapter[Entry | None] = TypeAdapter(Entry | None, config=_STRICT)
_STOP: TypeAdapter[StopFile | None] = TypeAdapter(StopFile | None, config=_STRICT)
T = TypeVar("T")


def encoded(value: Record | Entry | StopFile, *, indent: int | None = None) -> bytes:
    match value:
        case Record():
            data = _RECORD.dump_python(value, mode="json")
        case Entry():
            data = _ENTRY.dump_python(value, mode="json")
        case StopFile():
            data = _STOP.dump_python(value, mode="json")
    # Half a surrogate pair, as a model may write one, is no UTF-8; a run must not be lost for it.
    return json.dumps(data, indent=indent, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def record_from(data: bytes, *, where: str) -> Record:
    return _decoded(_RECORD, data, where)


def stop_from(data: bytes, *, where: str) -> StopFile:
    return _decoded(_STOP, data, where)


def entries_from(data: bytes, *, where: str) -> tuple[Entry, ...]:
    return tuple(_decoded(_ENTRY, line, f"{where}, line {number}") for number, line in enumerate(data.split(b"\n"), 1) if line.strip())


def _decoded(adapter: TypeAdapter[T | None], data: bytes, where: str) -> T:
    try:
        value = adapter.validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise GitError(f"{where} is not what it should be ({place}: {first['msg']})") from None
    if value is None:
        raise GitError(f"{where} is empty")
    if not _all_zoned(value):
        raise GitError(f"{where} has a time without a zone")
    return value


def _all_zoned(value: object) -> bool:
    """A naive time compares with no other, and would only come to light in the middle of a decision."""
    if isinstance(value, datetime):
        return value.tzinfo is not None
    if isinstance(value, tuple):
        return all(_all_zoned(part) for part in value)
    if is_dataclass(value):
        return all(_all_zoned(part) for part in vars(value).values())
    return True
