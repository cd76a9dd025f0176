"""Leases, ledger and stop as commits on custom refs, moved by one atomic push that is fenced by what was read."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC

from bot.adapters.git.process import Author, Mirror, NoAnswer, blobs, checked_oid
from bot.adapters.git.wire import StopFile, encoded, entries_from, record_from, stop_from
from bot.core.facts.project import Stop
from bot.core.facts.record import IDEATION, INBOX, WRITER_LOCK, Record
from bot.core.money.ledger import Entry, Ledger
from bot.ports import Change, GitError, Pauses, RefState, StartAgain

ROOT = "refs/groundskeeper/"
LEDGER, STOP = f"{ROOT}ledger", f"{ROOT}stop"
_LOST_WORDS = (
    "stale info",
    "cannot lock ref",
    "failed to update ref",
    "fetch first",
    "non-fast-forward",
    "reference already exists",
    "incorrect old value",
)
_NAMED = {IDEATION: f"{ROOT}ideation", WRITER_LOCK: f"{ROOT}writer-lock", INBOX: f"{ROOT}inbox"}
_TRIES = 3
_MONTHS_READ = 2


def ref_of(number: int) -> str:
    return _NAMED.get(number, f"{ROOT}project/{number}")


def _number_of(ref: str) -> int | None:
    for named, place in _NAMED.items():
        if ref == place:
            return named
    prefix, _, number = ref.rpartition("/")
    return int(number) if prefix == f"{ROOT}project" and number.isdecimal() and str(int(number)) == number else None


@dataclass(kw_only=True)
class GitRefs:
    """`Refs` over a mirror; `default_branch` is where the base is read."""

    mirror: Mirror
    default_branch: str
    pause: Callable[[float], None] = time.sleep
    """Seconds between tries of a push that got no clear answer."""
    _records: dict[str, Record] = field(default_factory=dict)
    _ledger: tuple[str, Ledger] = ("", Ledger())
    _stop: tuple[str, StopFile | None] = ("", None)

    def read(self) -> RefState:
        with self.mirror.lock:
            self.mirror.remote_git(
                "fetch", "--quiet", "--prune", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", self.mirror.remote,
                "+refs/heads/*:refs/heads/*", f"+{ROOT}*:{ROOT}*",
            )  # fmt: skip
            return self._state(
                _parsed(self.mirror.git("for-each-ref", "--format=%(objectname)\t%(refname)", "refs/heads", ROOT.rstrip("/")).text)
            )

    def _state(self, tips: Mapping[str, str]) -> RefState:
        base = tips.get(f"refs/heads/{self.default_branch}")
        if base is None:
            raise GitError(f"the repository has no branch {self.default_branch}; push a first commit to it")
        return RefState(
            tips=tips,
            base=base,
            records=self._read_records(tips),
            ledger=self._read_ledger(tips),
            stop=_stop_of(found := self._read_stop(tips)),
            pauses=found.pauses if found is not None else (),
        )

    def tips(self) -> Mapping[str, str]:
        return _parsed(self.mirror.remote_git("ls-remote", self.mirror.remote, f"{ROOT}*").text)

    def transcript(self, number: int) -> str | None:
        with self.mirror.lock:
            (found,) = blobs(self.mirror, [f"{ref_of(number)}:transcript.jsonl"])
        return found.decode("utf-8", "replace") if found is not None else None

    def push(self, seen: RefState, change: Change) -> RefState | None:
        with self.mirror.lock:
            moves = self._written(seen, change)
        if change.branch is not None:
            moves[f"refs/heads/{change.branch.branch}"] = checked_oid(change.branch.head)
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
                        return self._state({**seen.tips, **moves})
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
        if change.record is not None:
            files[ref_of(change.record.number)] = {"record.json": encoded(change.record, indent=1)}
            if change.transcript is not None:
                files[ref_of(change.record.number)]["transcript.jsonl"] = change.transcript.encode("utf-8", "replace")
        if change.ledger is not None and change.ledger != seen.ledger:
            files[LEDGER] = self._ledger_files(seen, change.ledger)
        if change.stop is not None:
            files[STOP] = {"stop.json": encoded(_stop_file(seen, change.stop))}
        if not files:
            return {}
        nonce = secrets.token_hex(8)
        stream = bytearray()
        for mark, (ref, contents) in enumerate(files.items(), 1):
            stream += _commit(mark, self.mirror.author, seen.tips.get(ref), _message(change, nonce), contents, keep=ref == LEDGER)
        made = self.mirror.git("fast-import", "--quiet", "--done", stdin=bytes(stream) + b"done\n").text.split()
        moves = dict(zip(files, made, strict=True))
        self._remember(seen, change, moves)
        return moves

    def _remember(self, seen: RefState, change: Change, moves: Mapping[str, str]) -> None:
        """What was just written need not be read from git again; it is kept as a reader would find it."""
        if change.record is not None:
            ref = ref_of(change.record.number)
            self._records[moves[ref]] = record_from(encoded(change.record), where=ref)
        if change.ledger is not None and LEDGER in moves:
            before = seen.ledger.entries
            added = entries_from(b"".join(encoded(entry) for entry in change.ledger.entries[len(before) :]), where=LEDGER)
            months = sorted({_month(entry) for entry in (*before, *added)})[-_MONTHS_READ:]
            self._ledger = (moves[LEDGER], Ledger(entries=tuple(entry for entry in (*before, *added) if _month(entry) in months)))

    def _ledger_files(self, seen: RefState, after: Ledger) -> dict[str, bytes]:
        before = seen.ledger.entries
        if after.entries[: len(before)] != before:
            raise GitError("the ledger is append-only; a change would have rewritten it")
        months: dict[str, list[Entry]] = {}
        for entry in after.entries[len(before) :]:
            months.setdefault(f"{_month(entry)}.jsonl", []).append(entry)
        tip = seen.tips.get(LEDGER)
        old = blobs(self.mirror, [f"{tip}:{name}" for name in months]) if tip else [None] * len(months)
        return {
            name: (was or b"") + b"".join(encoded(entry) for entry in entries)
            for was, (name, entries) in zip(old, months.items(), strict=True)
        }

    def _read_records(self, tips: Mapping[str, str]) -> dict[int, Record]:
        wanted = {number: (ref, oid) for ref, oid in tips.items() if (number := _number_of(ref)) is not None}
        fresh = [(ref, oid) for ref, oid in wanted.values() if oid not in self._records]
        for (ref, oid), data in zip(fresh, blobs(self.mirror, [f"{oid}:record.json" for _, oid in fresh]), strict=True):
            where = f"{ref} ({oid[:10]}), record.json"
            if data is None:
                raise GitError(f"{where} is missing. Put the ref back to its last good commit.")
            self._records[oid] = record_from(data, where=where)
        self._records = {oid: self._records[oid] for _, oid in wanted.values()}
        return {number: self._records[oid] for number, (_, oid) in wanted.items()}

    def _read_ledger(self, tips: Mapping[str, str]) -> Ledger:
        tip = tips.get(LEDGER, "")
        if self._ledger[0] != tip:
            names = sorted(self.mirror.git("ls-tree", "--name-only", tip).text.split())[-_MONTHS_READ:] if tip else []
            months = blobs(self.mirror, [f"{tip}:{name}" for name in names])
            parts = [entries_from(data or b"", where=f"{LEDGER} ({tip[:10]}), {name}") for name, data in zip(names, months, strict=True)]
            self._ledger = (tip, Ledger(entries=tuple(entry for part in parts for entry in part)))
        return self._ledger[1]

    def _read_stop(self, tips: Mapping[str, str]) -> StopFile | None:
        tip = tips.get(STOP, "")
        if self._stop[0] != tip:
            (data,) = blobs(self.mirror, [f"{tip}:stop.json"]) if tip else (None,)
            if tip and data is None:
                raise GitError(
                    f"{STOP} ({tip[:10]}) has no stop.json. Put the ref back to its last good commit, or run `groundskeeper stop`."
                )
            self._stop = (tip, stop_from(data, where=f"{STOP} ({tip[:10]})") if data is not None else None)
        return self._stop[1]


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


def _message(change: Change, nonce: str) -> str:
    body = [change.message, ""]
    if change.record is not None:
        body.append(f"epoch: {change.record.epoch}")
        if change.record.lease is not None:
            holder = change.record.lease.holder
            body.append(f"holder: agent {holder.agent}, run {holder.run}, attempt {holder.attempt}")
    return "\n".join([*body, f"nonce: {nonce}", ""])


def _commit(mark: int, author: Author, parent: str | None, message: str, files: Mapping[str, bytes], *, keep: bool) -> bytes:
    """One commit for `git fast-import`, which answers with its id; the ref that it needs for the making is gone at the end."""
    text = message.encode("utf-8", "replace")
    ref = f"refs/pending/{secrets.token_hex(8)}"
    out = bytearray(f"commit {ref}\nmark :{mark}\ncommitter {author.name} <{author.email}> {_stamp()}\n".encode())
    out += b"data %d\n%s\n" % (len(text), text)
    if parent:
        out += f"from {parent}\n".encode()
        if not keep:
            out += b"deleteall\n"
    for name, content in files.items():
        out += b"M 100644 inline %s\ndata %d\n%s\n" % (name.encode(), len(content), content)
    out += f"get-mark :{mark}\nreset {ref}\nfrom {'0' * 40}\n\n".encode()
    return bytes(out)


def _stamp() -> str:
    return f"{int(time.time())} +0000"
