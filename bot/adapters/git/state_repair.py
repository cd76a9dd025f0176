"""Putting a damaged ref right: what stands there is read as it is, and signed anew once a person has looked at it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bot.adapters.git.objects import files_of, objects
from bot.adapters.git.refs import GitRefs
from bot.adapters.git.signing import Position
from bot.adapters.git.state_commits import Draft, commit_all
from bot.adapters.git.state_reading import LEDGER_REF, SEQUENCES, STOP_REF, Value, content_of, is_month
from bot.adapters.git.wire import StopFile, encoded
from bot.core.facts.damage import Damage
from bot.core.facts.record import Record
from bot.core.money.ledger import Ledger, settled
from bot.core.money.pricing import dollars
from bot.ports import GitError, RefState

_LOOKED_BACK = 200
_ANEW = 10_000
"""A repair begins to count anew from the next multiple: above whatever another process may have seen of the ref."""
_FILES = frozenset({"record.json", "transcript.jsonl", "stop.json", SEQUENCES})
_EMPTY_STOP = "nobody could read whether everything was stopped; `groundskeeper start` lets it go on"


@dataclass(frozen=True, kw_only=True)
class Repair:
    """What one damaged ref would become. `source` is the commit that it is read from, None where nothing of it can be read."""

    damage: Damage
    value: Value
    source: str | None
    stands: str
    """What the ref says as it stands, in a line."""
    becomes: str
    sequence: int = 0
    """How often the ref had been moved when the bot wrote that."""

    @property
    def lines(self) -> tuple[str, ...]:
        return (self.damage.said, f"  it says: {self.stands}", f"  it would become: {self.becomes}")


def repair_of(refs: GitRefs, seen: RefState, damage: Damage, *, as_it_stands: bool, now: datetime) -> Repair:
    """By itself the bot's own last state, where the ref's history still has it; else, or where it is asked for, what stands there."""
    ref, tip = damage.ref, seen.tips.get(damage.ref)
    there = _value(refs, ref, tip) if tip is not None else "it is gone"
    stands = there if isinstance(there, str) else said(there, now)
    own = None if as_it_stands else _last_signed(refs, ref, tip)
    if own is not None:
        commit, value, sequence = own
        becomes = stands if commit == tip else f"what the bot itself wrote last, {commit[:10]}: {said(value, now)}"
        return Repair(damage=damage, value=value, source=commit, stands=stands, becomes=becomes, sequence=sequence)
    if not isinstance(there, str):
        return Repair(damage=damage, value=there, source=tip, stands=stands, becomes="exactly that, signed")
    empty = _empty(damage, now)
    return Repair(damage=damage, value=empty, source=None, stands=stands, becomes=said(empty, now))


def repaired(refs: GitRefs, seen: RefState, repairs: Sequence[Repair]) -> RefState | None:
    """All of them in one push; None where a ref moved meanwhile. Raises `GitError`."""
    if refs.signer is None:
        raise GitError("this process has no key to sign the bot's state with")
    after = {one.damage.ref: (max(refs.furthest(one.damage.ref, seen), one.sequence) // _ANEW + 1) * _ANEW for one in repairs}
    ledger, stop = (after.get(ref) or refs.furthest(ref, seen) for ref in (LEDGER_REF, STOP_REF))
    with refs.mirror.lock:
        drafts = [_draft(refs, one, Position(sequence=after[one.damage.ref], ledger=ledger, stop=stop)) for one in repairs]
        moves = commit_all(refs.mirror, refs.signer, drafts)
    return refs.move(seen, moves)


def said(value: Value, now: datetime) -> str:
    """In one line, for whoever has to decide whether that can be true."""
    match value:
        case Record():
            runs = ", ".join(
                f"{run.role.value} {run.ending.value}{_verdict(run.verdict is not None and run.verdict.approved)}" for run in value.runs
            )
            lease = f"agent {value.lease.holder.agent} until {value.lease.until:%Y-%m-%d %H:%M} UTC" if value.lease else "nobody"
            return (
                f"held by {lease}, branch {value.branch or 'none'}, {len(value.runs)} runs ({runs or 'none'}), {dollars(value.spent)} spent"
            )
        case Ledger():
            month = settled(value, now.replace(day=1, hour=0, minute=0, second=0, microsecond=0))
            return f"{len(value.entries)} entries of the last two months, {dollars(month)} settled in this one"
        case StopFile():
            return (
                f"{'stopped' if value.stopped else 'not stopped'} by {value.by}: {value.reason or 'no reason'}; {len(value.pauses)} pauses"
            )


def _verdict(approved: bool) -> str:
    return ", approved" if approved else ""


def _empty(damage: Damage, now: datetime) -> Value:
    if damage.ref == LEDGER_REF:
        return Ledger()
    if damage.ref == STOP_REF:
        return StopFile(stopped=True, by="groundskeeper repair", at=now.astimezone(UTC), reason=_EMPTY_STOP)
    return Record(number=damage.number)


def _value(refs: GitRefs, ref: str, commit: str) -> Value | str:
    (content,) = objects(refs.mirror, [content_of(ref, commit)])
    return refs.reader.value_of(ref, commit, content)


def _last_signed(refs: GitRefs, ref: str, tip: str | None) -> tuple[str, Value, int] | None:
    if tip is None:
        return None
    listed = refs.mirror.git("rev-list", f"--max-count={_LOOKED_BACK}", tip, check=False)
    commits = listed.text.split() if listed.code == 0 else []
    for commit, found in zip(commits, objects(refs.mirror, commits), strict=True):
        place = refs.reader.place_of(ref, found)
        if not isinstance(place, str) and not isinstance(value := _value(refs, ref, commit), str):
            return commit, value, place.sequence
    return None


def _draft(refs: GitRefs, repair: Repair, place: Position) -> Draft:
    ref, value = repair.damage.ref, repair.value
    files: dict[str, bytes] = {}
    kept: dict[str, str] = {}
    match value:
        case Record():
            transcript = _transcript(refs, repair.source) if value.checkpoint else None
            epoch = max(value.epoch, place.sequence) + 1
            files["record.json"] = encoded(replace(value, epoch=epoch, checkpoint=transcript is not None), indent=1)
            files |= {"transcript.jsonl": transcript} if transcript is not None else {}
        case Ledger():
            kept = _months(refs, repair.source)
        case StopFile():
            files["stop.json"] = encoded(value)
    message = f"Repair {ref}: {repair.damage.why}\n\nnonce: {secrets.token_hex(8)}\n"
    parent = repair.source if _holds_only_state(refs, repair.source) else None
    return Draft(ref=ref, parent=parent, message=message, place=place, files=files, kept=kept)


def _holds_only_state(refs: GitRefs, commit: str | None) -> bool:
    """On anything else nothing is built: taking somebody's workflow file away again is a change that GitHub refuses to most apps."""
    listed = refs.mirror.git("ls-tree", "--name-only", commit, check=False) if commit is not None else None
    return listed is not None and listed.code == 0 and all(name in _FILES or is_month(name) for name in listed.text.splitlines())


def _transcript(refs: GitRefs, commit: str | None) -> bytes | None:
    (found,) = objects(refs.mirror, [f"{commit}:transcript.jsonl"])
    return found.content if found is not None else None


def _months(refs: GitRefs, commit: str | None) -> dict[str, str]:
    (tree,) = objects(refs.mirror, [content_of(LEDGER_REF, commit)]) if commit is not None else (None,)
    files = files_of(tree.content) if tree is not None and tree.content is not None else {}
    return {name: oid for name, oid in files.items() if is_month(name)}
