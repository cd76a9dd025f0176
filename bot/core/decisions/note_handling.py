"""What people wrote on pull requests, as part of the plan: what is acknowledged at once, and what is answered."""

from __future__ import annotations

from collections.abc import Set
from datetime import datetime

from bot.core.decisions.effects import AcknowledgeNotes, AnswerNotes, ResolveThreads
from bot.core.evidence.notes import outstanding_requests, owed_answers, pending_notes, threads_due, unseen
from bot.core.facts.policy import Policy
from bot.core.facts.project import Project, PullState, Snapshot


def notes_to_acknowledge(snapshot: Snapshot, policy: Policy) -> tuple[AcknowledgeNotes, ...]:
    """Whatever else holds the project up: who wrote sees at once that it was read."""
    found = []
    for project in snapshot.projects:
        if ids := unseen(project, policy):
            who = sorted({note.author for note in pending_notes(project, policy)})
            reason = f"{', '.join(f'@{name}' for name in who)} wrote on its pull request"
            found.append(AcknowledgeNotes(number=project.number, notes=ids, reason=reason))
    return tuple(found)


def notes_to_answer(snapshot: Snapshot, policy: Policy, *, busy: Set[int]) -> tuple[AnswerNotes, ...]:
    """Where this very plan moves a project's record otherwise (`busy`) the next look answers."""
    found = []
    for project in snapshot.projects:
        owed = owed_answers(project)
        if owed and project.pull is not None and project.number not in busy:
            reason = f"run {owed[-1].run.run} is done with what was written"
            found.append(
                AnswerNotes(
                    number=project.number, pull=project.pull.number, owed=owed, reviewers=_reviewers(project, policy), reason=reason
                )
            )
    return tuple(found)


def threads_to_resolve(snapshot: Snapshot, policy: Policy, now: datetime, *, busy: Set[int]) -> tuple[ResolveThreads, ...]:
    """Tried again a few times; a thread in which people went on is resolved with the answer to that."""
    found = []
    for project in snapshot.projects:
        due, pull = threads_due(project.record, now), project.pull
        if not due or pull is None or project.number in busy:
            continue
        still_open = {note.thread for note in pull.notes if not note.resolved} - {note.thread for note in pending_notes(project, policy)}
        threads = tuple(one for one in due if one in still_open)
        reason = "GitHub would not do it before"
        found.append(ResolveThreads(number=project.number, pull=pull.number, due=due, threads=threads, reason=reason))
    return tuple(found)


def _reviewers(project: Project, policy: Policy) -> tuple[str, ...]:
    """Those whose request for changes is on a head before this one."""
    pull = project.pull
    if pull is None or pull.state is not PullState.OPEN:
        return ()
    return tuple(review.author for review in outstanding_requests(pull, policy) if review.commit != pull.head)
