"""Leases, ledger and stop as commits on custom refs, moved by one atomic push that is fenced by what was read."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC

from bot.adapters.git.objects import files_of, objects
from bot.adapters.git.process import Mirror, NoAnswer, checked_oid
from bot.adapters.git.signing import Position, Signer
from bot.adapters.git.state_commits import Draft, commit_all, message_of
from bot.adapters.git.state_reading import (
    LEDGER_REF,
    MONTHS_READ,
    ROOT,
    SEQUENCES,
    STOP_REF,
    Standing,
    StateReader,
    damage_from,
    damage_in,
    is_set_back,
    noted_sequences,
    number_of,
    ref_of,
    seen_by_others,
    went_back,
)
from bot.adapters.git.wire import StopFile, encoded, entries_from, record_from
from bot.core.facts.damage import Damage
from bot.core.facts.project import Stop
from bot.core.facts.record import WRITER_LOCK, Record
from bot.core.money.ledger import Entry, Ledger
from bot.ports import Change, GitError, Pauses, RefState, StartAgain

_LOST_WORDS = (
    "stale info",
    "cannot lock ref",
    "failed to update ref",
    "fetch first",
    "non-fast-forward",
    "reference already exists",
    "incorrect old value",
)
_TRIES = 3


@dataclass(kw_only=True)
class GitRefs:
    """`Refs` over a mirror; `default_branch` is where the base is read. Without a signer nothing of the state can be written."""

    mirror: Mirror
    default_branch: str
    signer: Signer | None = None
    pause: Callable[[float], None] = time.sleep
    """Seconds between tries of a push that got no clear answer, and before refs that seem to have gone back are looked at again."""
    _furthest: dict[str, int] = field(default_factory=dict)
    """How often each ref was moved, as far as this process ever saw."""
    _set_back: tuple[Damage, ...] = ()
    """What the last look found set back, so that the next one does not look again and again."""

    def __post_init__(self) -> None:
        self.reader = StateReader(mirror=self.mirror, signer=self.signer)

    def read(self) -> RefState:
        with self.mirror.lock:
            for attempt in range(_TRIES):
                state = self._fetched()
                back = self._gone_back(state)
                back += tuple(one for one in state.damage if is_set_back(one))
                if back == self._set_back or attempt == _TRIES - 1:
                    break
                self.pause(2.0**attempt / 4)  # another push may be half seen, and a replica of the server's be behind
            self._set_back = back
            for ref, sequence in state.sequences.items():
                self._furthest[ref] = max(self._furthest.get(ref, 0), sequence)
            return _damaged_too(state, back)

    def _fetched(self) -> RefState:
        self.mirror.remote_git(
            "fetch", "--quiet", "--prune", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", self.mirror.remote,
            "+refs/heads/*:refs/heads/*", f"+{ROOT}*:{ROOT}*",
        )  # fmt: skip
        return self._state(
            _parsed(self.mirror.git("for-each-ref", "--format=%(objectname)\t%(refname)", "refs/heads", ROOT.rstrip("/")).text)
        )

    def furthest(self, ref: str, seen: RefState) -> int:
        """How often it was moved, by anything that this process knows."""
        return max(seen.sequences.get(ref, 0), self._furthest.get(ref, 0))

    def _gone_back(self, state: RefState) -> tuple[Damage, ...]:
        known = {one.ref for one in state.damage}
        back = {ref: (state.sequences.get(ref, 0), most) for ref, most in self._furthest.items() if ref not in known}
        return damage_from({ref: went_back(now, most) for ref, (now, most) in back.items() if now < most})

    def _state(self, tips: Mapping[str, str]) -> RefState:
        base = tips.get(f"refs/heads/{self.default_branch}")
        if base is None:
            raise GitError(f"the repository has no branch {self.default_branch}; push a first commit to it")
        standing = self.reader.look(tips)
        damage = damage_in(standing)
        broken = {one.ref for one in damage}
        values = {ref: one.value for ref, one in standing.items() if ref not in broken}
        ledger, stop = values.get(LEDGER_REF), values.get(STOP_REF)
        return RefState(
            tips=tips,
            base=base,
            records={number: one for ref, one in values.items() if isinstance(one, Record) and (number := number_of(ref)) is not None},
            ledger=ledger if isinstance(ledger, Ledger) else Ledger(),
            stop=_stop_of(stop) if isinstance(stop, StopFile) else None,
            pauses=stop.pauses if isinstance(stop, StopFile) else (),
            damage=damage,
            sequences=_sequences(standing),
        )

    def tips(self) -> Mapping[str, str]:
        return _parsed(self.mirror.remote_git("ls-remote", self.mirror.remote, f"{ROOT}*").text)

    def transcript(self, number: int) -> str | None:
        ref = ref_of(number)
        with self.mirror.lock:
            commit, found = objects(self.mirror, [ref, f"{ref}:transcript.jsonl"])
        if found is None or found.content is None or isinstance(self.reader.place_of(ref, commit), str):
            return None
        return found.content.decode("utf-8", "replace")

    def push(self, seen: RefState, change: Change) -> RefState | None:
        with self.mirror.lock:
            moves = self._written(seen, change)
        if change.branch is not None:
            moves[f"refs/heads/{change.branch.branch}"] = checked_oid(change.branch.head)
        return self.move(seen, moves)

    def move(self, seen: RefState, moves: Mapping[str, str]) -> RefState | None:
        """Each ref to a commit that is in the mirror, all or nothing; as `push` answers."""
        if not moves:
            return seen  # without a refspec git would push whatever it is configured to
        leases = [f"--force-with-lease={ref}:{seen.tips.get(ref, '')}" for ref in moves]
        specs = [f"{oid}:{ref}" for ref, oid in moves.items()]
        words = ""
        for attempt in range(_TRIES):
            if attempt:
                self.pause(2.0**attempt / 4)
            try:
                done = self.mirror.remote_git(
                    "push", "--atomic", "--porcelain", "--no-verify", "--quiet", *leases, self.mirror.remote, *specs, check=False
                )
            except NoAnswer as error:
                words = str(error)
            else:
                if done.code == 0:
                    with self.mirror.lock:
                        return _damaged_too(self._state({**seen.tips, **moves}), seen.damage, except_for=moves)
                words = f"{done.text}\n{done.err}"
            settled = self._settled(seen, moves, words)
            if settled is not None:
                return self.read() if settled else None  # read, since others may have gone on from it
        raise GitError(f"git push got no clear answer after {_TRIES} tries, and nothing was moved: {words.strip()[-300:]}")

    def _settled(self, seen: RefState, moves: Mapping[str, str], words: str) -> bool | None:
        """Whether a failed or unanswered push was done after all, by looking; None: nothing has changed, try again.

        The push is atomic, so one of our own unique commits that stands there, or has been built on, means that all of it was done.
        A branch's head proves that only where nothing else was to move: somebody else may have pushed the same one.
        """
        now = _parsed(self.mirror.remote_git("ls-remote", self.mirror.remote, *moves).text)
        if all(now.get(ref) == oid for ref, oid in moves.items()):
            return True
        if any(self._arrived(now.get(ref), ref, oid) for ref, oid in moves.items() if ref.startswith(ROOT)):
            return True
        if any(now.get(ref, "") != seen.tips.get(ref, "") for ref in moves) or any(word in words for word in _LOST_WORDS):
            return False
        if "[remote rejected]" in words:
            said = next(line for line in words.splitlines() if "[remote rejected]" in line)
            raise GitError(f"the push was refused and nothing was moved: {said.split(chr(9))[-1]}. The worker needs `contents: write`.")
        return None

    def _arrived(self, tip: str | None, ref: str, oid: str) -> bool:
        """Whether our commit stands there, or somebody built on it already."""
        if tip is None or tip == oid:
            return tip == oid
        with self.mirror.lock:
            self.mirror.remote_git(
                "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", self.mirror.remote, f"+{ref}:{ref}", check=False
            )
            return self.mirror.git("merge-base", "--is-ancestor", oid, tip, check=False).code == 0

    def _written(self, seen: RefState, change: Change) -> dict[str, str]:
        """The commits of a change, made in one `git fast-import`; each unique, so that two racers never push the same one."""
        files: dict[str, dict[str, bytes]] = {}
        kept: dict[str, str] = {}
        if change.record is not None:
            files[ref_of(change.record.number)] = {"record.json": encoded(change.record, indent=1)}
            if change.record.number == WRITER_LOCK:
                files[ref_of(WRITER_LOCK)][SEQUENCES] = noted_sequences(seen.sequences)
            if change.transcript is not None:
                files[ref_of(change.record.number)]["transcript.jsonl"] = change.transcript.encode("utf-8", "replace")
        if change.ledger is not None and change.ledger != seen.ledger:
            files[LEDGER_REF], kept = self._ledger_files(seen, change.ledger)
        if change.stop is not None:
            files[STOP_REF] = {"stop.json": encoded(_stop_file(seen, change.stop))}
        if not files:
            return {}
        if broken := next((one for one in seen.damage if one.ref in files), None):
            raise GitError(broken.said)
        if self.signer is None:
            raise GitError("this process has no key to sign the bot's state with, so it writes none")
        sequences = {**seen.sequences, **{ref: seen.sequences.get(ref, 0) + 1 for ref in files}}
        message = message_of(change, secrets.token_hex(8))
        drafts = [
            Draft(
                ref=ref,
                parent=seen.tips.get(ref),
                message=message,
                place=Position(sequence=sequences[ref], ledger=sequences.get(LEDGER_REF, 0), stop=sequences.get(STOP_REF, 0)),
                files=contents,
                kept=kept if ref == LEDGER_REF else {},
            )
            for ref, contents in files.items()
        ]
        moves = commit_all(self.mirror, self.signer, drafts)
        self._remember(seen, change, {draft.ref: draft.place for draft in drafts}, moves)
        return moves

    def _remember(self, seen: RefState, change: Change, places: Mapping[str, Position], moves: Mapping[str, str]) -> None:
        """What was just written need not be read from git again; it is kept as a reader would find it."""
        if change.record is not None:
            ref = ref_of(change.record.number)
            record = record_from(encoded(change.record), where=ref)
            others = dict(seen.sequences) if change.record.number == WRITER_LOCK else {}
            self.reader.remember(ref, Standing(oid=moves[ref], value=record, place=places[ref], others=others))
        if change.ledger is not None and LEDGER_REF in moves:
            before = seen.ledger.entries
            added = entries_from(b"".join(encoded(entry) for entry in change.ledger.entries[len(before) :]), where=LEDGER_REF)
            months = sorted({_month(entry) for entry in (*before, *added)})[-MONTHS_READ:]
            ledger = Ledger(entries=tuple(entry for entry in (*before, *added) if _month(entry) in months))
            self.reader.remember(LEDGER_REF, Standing(oid=moves[LEDGER_REF], value=ledger, place=places[LEDGER_REF]))

    def _ledger_files(self, seen: RefState, after: Ledger) -> tuple[dict[str, bytes], dict[str, str]]:
        """Of the months that change their new content, and of all the ids as they are."""
        before = seen.ledger.entries
        if after.entries[: len(before)] != before:
            raise GitError("the ledger is append-only; a change would have rewritten it")
        months: dict[str, list[Entry]] = {}
        for entry in after.entries[len(before) :]:
            months.setdefault(f"{_month(entry)}.jsonl", []).append(entry)
        tip = seen.tips.get(LEDGER_REF)
        tree, *old = objects(self.mirror, [f"{tip}^{{tree}}", *(f"{tip}:{name}" for name in months)]) if tip else [None] * (len(months) + 1)
        contents = [one.content or b"" if one is not None else b"" for one in old]
        files = {
            name: was + b"".join(encoded(entry) for entry in entries) for was, (name, entries) in zip(contents, months.items(), strict=True)
        }
        return files, files_of(tree.content) if tree is not None and tree.content is not None else {}


def _sequences(standing: Mapping[str, Standing]) -> dict[str, int]:
    found = {ref: one.place.sequence for ref, one in standing.items() if one.why is None}
    for ref, seen in seen_by_others(standing).items():
        found[ref] = max(found.get(ref, 0), seen)
    return found


def _damaged_too(state: RefState, damage: tuple[Damage, ...], *, except_for: Mapping[str, str] = {}) -> RefState:
    """With what was found before too; a record that is damaged is none."""
    known = {one.ref for one in state.damage} | except_for.keys()
    more = tuple(one for one in damage if one.ref not in known)
    if not more:
        return state
    broken = {one.number for one in more}
    records = {number: record for number, record in state.records.items() if number not in broken}
    return replace(state, records=records, damage=tuple(sorted((*state.damage, *more), key=lambda one: one.number)))


def _month(entry: Entry) -> str:
    return f"{entry.at.astimezone(UTC):%Y-%m}"


def _parsed(lines: str) -> dict[str, str]:
    return {ref: oid for oid, ref in (line.split("\t", 1) for line in lines.splitlines() if "\t" in line)}


def _stop_of(file: StopFile | None) -> Stop | None:
    return Stop(by=file.by, at=file.at, reason=file.reason) if file is not None and file.stopped else None


def _stop_file(seen: RefState, change: Stop | StartAgain | Pauses) -> StopFile:
    match change:
        case Stop(by=by, at=at, reason=reason):
            return StopFile(stopped=True, by=by, at=at, reason=reason, pauses=seen.pauses)
        case StartAgain(by=by, at=at):
            return StopFile(stopped=False, by=by, at=at, pauses=seen.pauses)
        case Pauses(all=pauses) if seen.stop is not None:
            return StopFile(stopped=True, by=seen.stop.by, at=seen.stop.at, reason=seen.stop.reason, pauses=pauses)
        case Pauses(by=by, at=at, all=pauses):
            return StopFile(stopped=False, by=by, at=at, pauses=pauses)
