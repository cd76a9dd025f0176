"""Ideation's own rules: when it may start, with which category, what repeats an older idea, and what becomes of a proposal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rapidfuzz import fuzz

from bot.core.facts.policy import Policy, ProposalQueue
from bot.core.facts.project import Pausable, Snapshot, Title
from bot.core.facts.record import Record, Run
from bot.core.roles.category import Category, least_recently_used
from bot.core.roles.role import Role
from bot.core.runs.run import Ending, Proposal


@dataclass(frozen=True, kw_only=True)
class Ideate:
    category: Category
    reason: str


@dataclass(frozen=True, kw_only=True)
class Validate:
    proposal: Proposal
    reason: str


@dataclass(frozen=True, kw_only=True)
class FileValidProposal:
    run: str
    proposal: Proposal
    queue: bool
    reason: str


@dataclass(frozen=True, kw_only=True)
class Idle:
    """Nothing to do for ideation, and why; `until` where a time is known."""

    reason: str
    until: datetime | None = None


Idea = Ideate | Validate | FileValidProposal | Idle


def repeated(proposal: Proposal, titles: tuple[Title, ...], limit: float) -> Title | None:
    """The issue, open or closed, whose title says nearly the same; the likeliest where there are several."""
    scored = [(fuzz.token_set_ratio(proposal.title.casefold(), title.title.casefold()), title) for title in titles]
    best = max(scored, key=lambda pair: pair[0], default=None)
    return best[1] if best is not None and best[0] >= limit else None


def alike(proposal: Proposal, titles: tuple[Title, ...], most: int) -> tuple[Title, ...]:
    """Closed proposals, the likest first: what people said when they closed them is worth knowing before another one is made of it."""
    closed = [title for title in titles if title.proposed and not title.open]
    scored = [(fuzz.token_set_ratio(proposal.title.casefold(), title.title.casefold()), title) for title in closed]
    return tuple(title for _, title in sorted(scored, key=lambda pair: -pair[0])[:most])


def next_idea(snapshot: Snapshot, policy: Policy, now: datetime) -> Idea:
    """What ideation wants, given that nothing is queued or under way."""
    record = snapshot.ideation
    pending = pending_proposal(record)
    if pending is not None:
        return pending if isinstance(pending, Validate) else _filing(pending, policy)
    if not policy.ideation.enabled:
        return Idle(reason="ideation is switched off")
    waiting = sum(title.open and title.proposed for title in snapshot.titles)
    if waiting >= policy.ideation.most_open:
        return Idle(reason=f"{waiting} proposals wait for a person; at most {policy.ideation.most_open} may")
    unproductive = record.runs[-1] if record.runs and not _was_productive(record, record.runs[-1]) else None
    if unproductive is not None and now < unproductive.ended_at + policy.ideation.pause:
        return Idle(reason=f"the last attempt brought nothing ({unproductive.note})", until=unproductive.ended_at + policy.ideation.pause)
    tried_here = {run.category for run in record.runs if run.role is Role.IDEATION and run.head == snapshot.base and not run.proposals}
    paused = snapshot.paused(Pausable.CATEGORY)
    left = [category for category in policy.categories if category.name not in tried_here and category.name not in paused]
    used = {run.category: run.ended_at for run in record.runs if run.role is Role.IDEATION and run.category}
    category = least_recently_used(left, used)
    if category is None:
        but = f", but for what is paused: {', '.join(sorted(paused))}" if paused else ""
        return Idle(reason=f"every enabled category was tried on this commit and nothing is left to propose{but}")
    return Ideate(category=category, reason=f"nothing is queued; {category.title} was used least recently")


def pending_proposal(record: Record) -> Validate | FileValidProposal | None:
    """The newest proposal that is not settled yet: it waits for its validation, or for its issue."""
    for index in range(len(record.runs) - 1, -1, -1):
        run = record.runs[index]
        if run.role is Role.VALIDATION and run.ending is Ending.FINISHED:
            proposal = run.proposals[0] if run.proposals else _proposal_before(record.runs[:index])  # with the validator's criteria
            if run.verdict is None or not run.verdict.approved or proposal is None or run.run in record.filed:
                return None
            return FileValidProposal(run=run.run, proposal=proposal, queue=False, reason="the review role found it valid")
        if run.role is Role.IDEATION and run.ending is Ending.FINISHED:
            if not run.proposals or _validations_failed(record.runs[index + 1 :]):
                return None
            return Validate(proposal=run.proposals[0], reason="a proposal is judged before it is filed")
    return None


def _filing(pending: FileValidProposal, policy: Policy) -> FileValidProposal:
    queue = policy.ideation.queue is ProposalQueue.VALIDATED
    return FileValidProposal(run=pending.run, proposal=pending.proposal, queue=queue, reason=pending.reason)


def _proposal_before(runs: tuple[Run, ...]) -> Proposal | None:
    return next((run.proposals[0] for run in reversed(runs) if run.role is Role.IDEATION and run.proposals), None)


def _validations_failed(runs: tuple[Run, ...]) -> bool:
    return sum(run.role is Role.VALIDATION for run in runs) >= 3


def _was_productive(record: Record, run: Run) -> bool:
    return bool(run.run in record.filed or (run.role is Role.IDEATION and run.proposals))
