"""Runs and bundles as files, handed from one job to the next; what is read is checked before anything is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from bot.core.decisions.started_run import StartedRun
from bot.core.errors.user_errors import UserError
from bot.core.runs.run import Bundle

_LARGEST = 100_000_000
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Handoff:
    """A started run, and where it is to be carried out."""

    repository: str
    default_branch: str
    started: StartedRun


# As for the records in git: an unknown key means that two versions of the bot meet, and is refused.
_STRICT = ConfigDict(extra="forbid", ser_json_bytes="base64", val_json_bytes="base64")
_HANDOFF: TypeAdapter[Handoff | None] = TypeAdapter(Handoff | None, config=_STRICT)
_BUNDLE: TypeAdapter[Bundle | None] = TypeAdapter(Bundle | None, config=_STRICT)


def write_handoff(folder: Path, handoff: Handoff) -> Path:
    return _written(folder / f"{handoff.started.holder.run}.json", _HANDOFF.dump_json(handoff, indent=1))


def read_handoffs(folder: Path) -> tuple[Handoff, ...]:
    """All of a folder, by name. Raises `UserError`."""
    return tuple(read_handoff(path) for path in sorted(folder.glob("*.json")))


def read_handoff(path: Path) -> Handoff:
    """Raises `UserError` naming the file and what is wrong with it."""
    return _read(path, _HANDOFF)


def write_bundle(folder: Path, bundle: Bundle) -> Path:
    return _written(folder / f"{bundle.run}.json", _BUNDLE.dump_json(bundle))


def read_bundle(path: Path) -> Bundle:
    """Raises `UserError` naming the file and what is wrong with it."""
    return _read(path, _BUNDLE)


def _written(path: Path, data: bytes) -> Path:
    """In place only when whole: a job may be ended at any moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_bytes(data)
    part.rename(path)
    return path


def _read(path: Path, adapter: TypeAdapter[T | None]) -> T:
    try:
        if path.stat().st_size > _LARGEST:
            raise UserError(f"{path.name} has more than {_LARGEST:,} bytes; it is not read.")
        value = adapter.validate_json(path.read_bytes())
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}. Was the artifact of the job before downloaded?") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UserError(f"{path.name} is not what a job hands on ({place}: {first['msg']}).") from None
    if value is None:
        raise UserError(f"{path.name} is empty.")
    return value
