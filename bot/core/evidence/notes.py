"""What people with write wrote on a pull request: which of it is work still, when that begins, and which answers are owed."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.core.facts.policy import Policy
from bot.core.facts.project import Project, Pull, PullState, Review, ReviewState
from bot.core.facts.record import Record, Run
from bot.core.orders.commands import is_mention
from bot.core.roles.role import Role
from bot.core.runs.criteria import visible
from bot.core.runs.note import Note, NoteRef, UnresolvedThread
from bot.core.runs.run import Ending

_MARK = "<!-- groundskeeper:note "
_MOST_REVIEWED = 30
_RESOLVED_AGAIN = (timedelta(minutes=5), timedelta(hours=1))
"""After a refusal, which may have been a missing permission that somebody gives meanwhile."""
WINDOW = timedelta(minutes=2)
"""How long the first note waits for others, so that what a person writes in one go becomes one run."""


@dataclass(frozen=True, kw_only=True)
class OwedAnswer:
    """A note that run `run` was given and finished with; `note` is None where it is not there any more."""

    ref: NoteRef
    run: Run
    note: Note | None


def answer_mark(ref: NoteRef) -> str:
    """Hidden in an answer: by it the bot knows, after a crash, that it has answered this text of this note."""
    whole = hashlib.sha256(f"{ref.note} {ref.digest}".encode()).hexdigest()
    return f"{_MARK}{whole[:16]} -->"


def peoples_notes(pull: Pull, policy: Policy) -> tuple[Note, ...]:
    """Of people with write, oldest first; orders to the bot are obeyed elsewhere, and what GitHub's page does not show is nobody's word."""
    return tuple(
        note
        for note in sorted(pull.notes, key=lambda note: (note.at, note.id))
        if note.may_write and note.author not in policy.own_logins and visible(note.text).strip() and not is_mention(note.text)
    )


def pending_notes(project: Project, policy: Policy) -> tuple[Note, ...]:
    """Those that no finished run was given as they read now; none where the pull request is over."""
    pull = project.pull
    if pull is None or pull.state is not PullState.OPEN or not pull.notes:
        return ()
    handled = {ref for run in _finished(project.record) for ref in run.notes}
    return tuple(replace(note, before=_before(note, pull, policy)) for note in _unsettled(pull, policy) if note.ref not in handled)


def notes_to_review_by(pull: Pull, policy: Policy) -> tuple[Note, ...]:
    """Done or not, so that the reviewer holds the work to them: of each thread the last one, with what was said before it."""
    unsettled = _unsettled(pull, policy)
    last = {note.thread: note.id for note in unsettled if note.thread is not None}
    kept = [note for note in unsettled if note.thread is None or last[note.thread] == note.id]
    return tuple(replace(note, before=_before(note, pull, policy)) for note in kept[-_MOST_REVIEWED:])


def _unsettled(pull: Pull, policy: Policy) -> tuple[Note, ...]:
    """A thread that people resolved is settled; one that the bot resolved is not, if somebody goes on in it."""
    answered = {note.thread for note in pull.notes if note.author in policy.own_logins and _MARK in note.text}
    return tuple(note for note in peoples_notes(pull, policy) if not note.resolved or note.thread in answered)


def _before(note: Note, pull: Pull, policy: Policy) -> tuple[str, ...]:
    if note.thread is None:
        return ()
    return tuple(
        f"@{one.author}: {visible(one.text).strip()}"
        for one in pull.notes
        if one.thread == note.thread and one.at < note.at and (one.may_write or one.author in policy.own_logins)
    )


def work_begins(notes: tuple[Note, ...]) -> datetime:
    return min(note.changed_at for note in notes) + WINDOW


def newest(notes: tuple[Note, ...]) -> datetime | None:
    """When people last said something that is not done yet: what failed before it is no reason against trying it."""
    return max((note.changed_at for note in notes), default=None)


def unseen(project: Project, policy: Policy) -> tuple[str, ...]:
    return tuple(note.id for note in pending_notes(project, policy) if not note.seen)


def owed_answers(project: Project) -> tuple[OwedAnswer, ...]:
    """By the newest run where a note was given to several."""
    pull, record = project.pull, project.record
    if pull is None:
        return ()
    there = {note.id: note for note in pull.notes}
    owed = {ref: run for run in _finished(record) for ref in run.notes if ref not in record.answered}
    return tuple(OwedAnswer(ref=ref, run=run, note=there.get(ref.note)) for ref, run in owed.items())


def is_answered(ref: NoteRef, pull: Pull, policy: Policy) -> bool:
    mark = answer_mark(ref)
    return any(note.author in policy.own_logins and mark in note.text for note in pull.notes)


def threads_due(record: Record, now: datetime) -> tuple[str, ...]:
    """Those that are to be tried again by now."""
    return tuple(one.thread for one in record.unresolved if now >= one.at + _RESOLVED_AGAIN[one.tries - 1])


def unresolved_after(record: Record, tried: Collection[str], refused: Collection[str], now: datetime) -> tuple[UnresolvedThread, ...]:
    """What is to be tried again after this try; what was refused too often is given up."""
    tries = {one.thread: one.tries for one in record.unresolved}
    again = [UnresolvedThread(thread=one, tries=tries.get(one, 0) + 1, at=now) for one in sorted(refused)]
    waiting = [one for one in record.unresolved if one.thread not in tried and one.thread not in refused]
    return (*waiting, *(one for one in again if one.tries <= len(_RESOLVED_AGAIN)))


def outstanding_requests(pull: Pull, policy: Policy) -> tuple[Review, ...]:
    """People's requests for changes that they have not lifted; comments do not lift one, as on GitHub."""
    last: dict[str, Review] = {}
    for review in pull.reviews:
        if review.may_write and review.author not in policy.own_logins and review.state is not ReviewState.COMMENTED:
            last[review.author] = review
    return tuple(review for review in last.values() if review.state is ReviewState.CHANGES_REQUESTED)


def _finished(record: Record) -> tuple[Run, ...]:
    return tuple(run for run in record.runs if run.role is Role.EXECUTION and run.ending is Ending.FINISHED and run.notes)
