"""Records, ledger lines and stops as JSON in git; what does not fit is refused with its place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config

from bot.core.ledger import Entry
from bot.core.record import Record
from bot.ports import GitTrouble


@with_config(ConfigDict(extra="forbid"))
@dataclass(frozen=True, kw_only=True)
class StopFile:
    stopped: bool
    by: str
    at: datetime
    reason: str = ""


_RECORD = TypeAdapter(Record)
_ENTRY = TypeAdapter(Entry)
_STOP = TypeAdapter(StopFile)
T = TypeVar("T")


def encoded(value: Record | Entry | StopFile, *, indent: int | None = None) -> bytes:
    match value:
        case Record():
            return _RECORD.dump_json(value, indent=indent) + b"\n"
        case Entry():
            return _ENTRY.dump_json(value, indent=indent) + b"\n"
        case StopFile():
            return _STOP.dump_json(value, indent=indent) + b"\n"


def record_from(data: bytes, *, where: str) -> Record:
    return _decoded(_RECORD, data, where)


def stop_from(data: bytes, *, where: str) -> StopFile:
    return _decoded(_STOP, data, where)


def entries_from(data: bytes, *, where: str) -> tuple[Entry, ...]:
    return tuple(_decoded(_ENTRY, line, f"{where}, line {number}") for number, line in enumerate(data.splitlines(), 1) if line.strip())


def _decoded(adapter: TypeAdapter[T], data: bytes, where: str) -> T:
    try:
        return adapter.validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise GitTrouble(
            f"{where} is not what it should be ({place}: {first['msg']}). Somebody else wrote it; put the ref back to its last good commit."
        ) from None
