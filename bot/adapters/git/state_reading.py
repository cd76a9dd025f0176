"""What stands on the bot's own refs: read in one go, believed only where the signature fits, and told as damage where it does not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bot.adapters.git.objects import Found, files_of, objects
from bot.adapters.git.process import Mirror
from bot.adapters.git.signing import Position, Signer
from bot.adapters.git.wire import StopFile, entries_from, record_from, stop_from
from bot.core.facts.damage import LEDGER, STOP, Damage
from bot.core.facts.record import IDEATION, INBOX, WRITER_LOCK, Record
from bot.core.lifecycle.record_bounds import out_of_bounds
from bot.core.money.ledger import Ledger
from bot.ports import GitError

ROOT = "refs/groundskeeper/"
LEDGER_REF, STOP_REF = f"{ROOT}ledger", f"{ROOT}stop"
_NAMED = {
    IDEATION: f"{ROOT}ideation",
    WRITER_LOCK: f"{ROOT}writer-lock",
    INBOX: f"{ROOT}inbox",
    LEDGER: LEDGER_REF,
    STOP: STOP_REF,
}
_MONTH = re.compile(r"\d{4}-\d{2}\.jsonl")
MONTHS_READ = 2
SEQUENCES = "sequences"
"""Beside the writer lock's record: a line for each ref, with how often it had been moved."""
_LARGEST_RECORD = 16_000_000
_UNKNOWN = Position()
Value = Record | Ledger | StopFile


def ref_of(number: int) -> str:
    return _NAMED.get(number, f"{ROOT}project/{number}")


def number_of(ref: str) -> int | None:
    """None for what is none of the bot's refs, such as a number that is not written plainly."""
    for named, place in _NAMED.items():
        if ref == place:
            return named
    prefix, _, number = ref.rpartition("/")
    return int(number) if prefix == f"{ROOT}project" and re.fullmatch(r"[1-9][0-9]{0,11}", number) else None


def file_of(ref: str) -> str:
    return "stop.json" if ref == STOP_REF else "record.json"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One ref at one commit: its value and place; or why it is not believed."""

    oid: str
    value: Value | None = None
    place: Position = _UNKNOWN
    others: Mapping[str, int] = field(default_factory=dict)
    """How often other refs had been moved when this was written: the writer lock's holder notes what it sees of all."""
    why: str | None = None


@dataclass(kw_only=True)
class StateReader:
    """Without a signer nothing can be verified: then all that can be read is taken as it is, by who may push nothing anyway."""

    mirror: Mirror
    signer: Signer | None
    _standing: dict[str, Standing] = field(default_factory=dict)

    def look(self, tips: Mapping[str, str]) -> Mapping[str, Standing]:
        wanted = {ref: oid for ref, oid in tips.items() if number_of(ref) is not None}
        fresh = [(ref, oid) for ref, oid in wanted.items() if (known := self._standing.get(ref)) is None or known.oid != oid]
        names = [name for ref, oid in fresh for name in (oid, content_of(ref, oid), *_noted(ref, oid))]
        found = iter(objects(self.mirror, names, largest=_LARGEST_RECORD))
        read = {ref: self._read(ref, oid, next(found), next(found), *(next(found) for _ in _noted(ref, oid))) for ref, oid in fresh}
        self._standing = {ref: read.get(ref) or self._standing[ref] for ref in wanted}
        return self._standing

    def remember(self, ref: str, standing: Standing) -> None:
        """What was just written need not be read from git again."""
        self._standing[ref] = standing

    def place_of(self, ref: str, commit: Found | None) -> Position | str:
        if commit is None or commit.kind != "commit" or commit.content is None:
            return "is no commit"
        return self.signer.verified(ref, commit.content) if self.signer is not None else Position()

    def value_of(self, ref: str, oid: str, content: Found | None) -> Value | str:
        """What the ref says, whoever wrote it; or why it says nothing."""
        if content is None or content.content is None:
            return f"({oid[:10]}) has no {file_of(ref)} of a size that could be"
        try:
            return self._parsed(ref, oid, content.content)
        except GitError as error:
            return str(error).removeprefix(f"{ref} ")

    def _read(self, ref: str, oid: str, commit: Found | None, content: Found | None, noted: Found | None = None) -> Standing:
        place = self.place_of(ref, commit)
        if isinstance(place, str):
            return Standing(oid=oid, why=place)
        value = self.value_of(ref, oid, content)
        if isinstance(value, str):
            return Standing(oid=oid, why=value)
        believed = self.signer is not None and noted is not None and noted.content is not None
        others = sequences_from(noted.content or b"") if believed and noted is not None else {}
        return Standing(oid=oid, value=value, place=place, others=others)

    def _parsed(self, ref: str, oid: str, content: bytes) -> Value | str:
        if ref == LEDGER_REF:
            return self._ledger(oid, content)
        where = f"{ref} ({oid[:10]}), {file_of(ref)}"
        if ref == STOP_REF:
            return stop_from(content, where=where)
        record, number = record_from(content, where=where), number_of(ref)
        return (out_of_bounds(record, number) if number is not None else None) or record

    def _ledger(self, oid: str, tree: bytes) -> Ledger | str:
        months = {name: blob for name, blob in files_of(tree).items() if is_month(name)}
        names = sorted(months)[-MONTHS_READ:]
        found = objects(self.mirror, [months[name] for name in names])
        if any(one is None or one.content is None for one in found):
            return "has a month that is too large to be one"
        parts = [
            entries_from(one.content or b"", where=f"{LEDGER_REF} ({oid[:10]}), {name}")
            for name, one in zip(names, found, strict=True)
            if one is not None
        ]
        return Ledger(entries=tuple(entry for part in parts for entry in part))


def is_month(name: str) -> bool:
    return _MONTH.fullmatch(name) is not None


def content_of(ref: str, oid: str) -> str:
    """By what name git knows what a commit on this ref says."""
    return f"{oid}^{{tree}}" if ref == LEDGER_REF else f"{oid}:{file_of(ref)}"


def _noted(ref: str, oid: str) -> tuple[str, ...]:
    return (f"{oid}:{SEQUENCES}",) if ref == _NAMED[WRITER_LOCK] else ()


def sequences_from(data: bytes) -> dict[str, int]:
    """Only ever of a commit that proves itself."""
    lines = (line.split(" ") for line in data.decode("utf-8", "replace").splitlines())
    return {parts[0]: int(parts[1]) for parts in lines if len(parts) == 2 and parts[1].isdecimal()}


def noted_sequences(sequences: Mapping[str, int]) -> bytes:
    return "".join(f"{ref} {sequence}\n" for ref, sequence in sorted(sequences.items())).encode()


def damage_in(standing: Mapping[str, Standing]) -> tuple[Damage, ...]:
    """Refs that are not believed, and those that another ref has seen further on than they say they are."""
    return damage_from({**set_back(standing), **{ref: one.why for ref, one in standing.items() if one.why is not None}})


def set_back(standing: Mapping[str, Standing]) -> dict[str, str]:
    now = {ref: one.place.sequence for ref, one in standing.items()}
    return {ref: went_back(now.get(ref, 0), seen) for ref, seen in seen_by_others(standing).items() if now.get(ref, 0) < seen}


def damage_from(found: Mapping[str, str]) -> tuple[Damage, ...]:
    told = [Damage(number=number, ref=ref, why=why) for ref, why in found.items() if (number := number_of(ref)) is not None]
    return tuple(sorted(told, key=lambda one: one.number))


def went_back(now: int, seen: int) -> str:
    return f"was set back: it stands at its move {now}, and {seen} were seen" if now else f"is gone, after {seen} moves"


def is_set_back(damage: Damage) -> bool:
    """Which another look may find otherwise, as where half of a push was seen."""
    return damage.why.startswith(("was set back", "is gone"))


def seen_by_others(standing: Mapping[str, Standing]) -> dict[str, int]:
    """How far each ref was, by the others' word; what nobody ever saw is left out."""
    believed = [one for one in standing.values() if one.why is None]
    found = {LEDGER_REF: _most(one.place.ledger for one in believed), STOP_REF: _most(one.place.stop for one in believed)}
    for one in believed:
        for ref, sequence in one.others.items():
            found[ref] = max(found.get(ref, 0), sequence)
    return {ref: sequence for ref, sequence in found.items() if sequence}


def _most(numbers: Iterable[int]) -> int:
    return max(numbers, default=0)
