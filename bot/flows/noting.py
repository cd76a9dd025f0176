"""Reacting to what people wrote on a pull request, and answering each note once, where it stands."""

from __future__ import annotations

from dataclasses import replace

from bot.core.decisions.effects import AcknowledgeNotes, AnswerNotes, ResolveThreads
from bot.core.evidence.notes import OwedAnswer, is_answered, unresolved_after
from bot.core.facts.project import Project, Pull
from bot.core.lifecycle.lease import Refused
from bot.flows.context import Context
from bot.flows.note_texts import comment_answer, resolves, thread_answer
from bot.flows.ref_updates import keeping_transcript, move, record_of
from bot.flows.refusals import final, given_up
from bot.ports import Change, GitHubError, RefState
from bot.ports.people import ThreadAnswer, ThreadRefusal

_MOST_ANSWERED = 500


def acknowledge(context: Context, effect: AcknowledgeNotes) -> str | None:
    """What GitHub would not take; a comment may have been deleted meanwhile."""
    return "; ".join(context.comments.react(effect.notes)) or None


def answer_notes(context: Context, project: Project, effect: AnswerNotes) -> RefState | Refused:
    """The answers first, then the request for another review, and only then nothing is owed any more: cut off in between, all of it
    may be done again.

    Raises `GitHubError` where another try may help. What GitHub refuses for good, on a locked conversation say, is owed no longer.
    """
    assert project.pull is not None
    refused: list[str] = []
    unresolved: frozenset[str] = frozenset()
    try:
        threads = _write(context, project.pull, effect)
        refused += [one.words for one in threads]
        unresolved = frozenset(one.thread for one in threads if one.resolving)
        if effect.reviewers:
            context.comments.request_reviews(effect.pull, effect.reviewers)
    except GitHubError as error:
        refused.append(final(error))

    def decide(state: RefState) -> Change | Refused:
        record = record_of(state, effect.number)
        new = tuple(owed.ref for owed in effect.owed if owed.ref not in record.answered)
        if not new:
            return Refused(reason="it was answered already")
        answered = (*record.answered, *new)[-_MOST_ANSWERED:]
        later = unresolved_after(record, (), unresolved, context.clock.now())
        after = replace(record, epoch=record.epoch + 1, answered=answered, unresolved=later)
        return keeping_transcript(context, after, f"Answered on #{effect.pull}{given_up(refused)}")

    return move(context, decide)


def resolve_threads(context: Context, effect: ResolveThreads) -> RefState | Refused:
    """Raises `GitHubError` where nobody knows what became of it: then it is as due as before."""
    asked = [ThreadAnswer(thread=thread, body=None, resolve=True) for thread in effect.threads]
    refused = context.comments.answer_threads(asked) if asked else ()

    def decide(state: RefState) -> Change | Refused:
        record = record_of(state, effect.number)
        later = unresolved_after(record, effect.due, {one.thread for one in refused}, context.clock.now())
        if later == record.unresolved:
            return Refused(reason="it was done already")
        words = f"Resolved threads on #{effect.pull}{given_up(one.words for one in refused)}"
        return keeping_transcript(context, replace(record, epoch=record.epoch + 1, unresolved=later), words)

    return move(context, decide)


def _write(context: Context, pull: Pull, effect: AnswerNotes) -> tuple[ThreadRefusal, ...]:
    there = [owed for owed in effect.owed if owed.note is not None]
    new = [owed for owed in there if not is_answered(owed.ref, pull, context.policy)]
    refused = context.comments.answer_threads([one for owed in there if (one := _in_thread(owed, is_new=owed in new)) is not None])
    if loose := [owed for owed in new if owed.note is not None and owed.note.thread is None]:
        context.comments.post(effect.pull, comment_answer(loose))
    return refused


def _in_thread(owed: OwedAnswer, *, is_new: bool) -> ThreadAnswer | None:
    if owed.note is None or owed.note.thread is None:
        return None
    return ThreadAnswer(thread=owed.note.thread, body=thread_answer(owed) if is_new else None, resolve=resolves(owed))
