"""Publishing what a run handed back: checked by trusted code, then branch, lease and ledger in one atomic, fenced push."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.core.decisions.started_run import StartedRun
from bot.core.evidence.bound_verdict import why_unbound
from bot.core.evidence.protected_paths import protected
from bot.core.evidence.weakening import said, unasked, weakenings
from bot.core.facts.record import IDEATION, Run
from bot.core.ideas.ideation import repeated
from bot.core.lifecycle.lease import Refused, released
from bot.core.money.ledger import Entry, EntryKind, with_settlement
from bot.core.roles.role import Role
from bot.core.runs.convention import unfit
from bot.core.runs.run import Bundle, Ending, Proposal
from bot.core.secrets.detection import redacted, told, without_secrets
from bot.flows.context import Context
from bot.flows.ref_updates import move, record_of
from bot.ports import Admitted, BranchMove, Change, GitError, RefState

_MOST_PATHS = 200
_MOST_ANSWERS = 50
_MOST_WEAKENINGS = 20


def publish(context: Context, started: StartedRun, bundle: Bundle) -> Run | Refused:
    """The run as it was recorded; refused where the lease was lost meanwhile: then nothing at all was moved."""
    bundle = without_secrets(bundle)
    run = _checked(context, started, bundle)
    number, branch = started.start.number, started.record.branch

    def decide(state: RefState) -> Change | Refused:
        now = context.clock.now()
        recorded = replace(run, ended_at=now)
        keeps = recorded.head is not None and started.start.role is Role.EXECUTION and branch is not None
        tip = state.tips.get(f"refs/heads/{branch}")
        if keeps and tip != started.start.head:
            recorded = replace(
                recorded, ending=Ending.FAILED, head=None, note="Somebody pushed to the branch meanwhile; their commits were kept, not ours"
            )
            keeps = False
        checkpoint = bundle.transcript is not None and recorded.ending in (
            Ending.UNFINISHED,
            Ending.STOPPED,
            Ending.LIMITED,
            Ending.UNPREPARED,
        )
        after = released(record_of(state, number), started.holder, recorded, now, checkpoint=checkpoint)
        if isinstance(after, Refused):
            return after
        after = replace(after, title=redacted(started.brief.title)) if number > IDEATION else after
        return Change(
            message=f"Agent {started.start.agent} hands in {started.start.role.value}: {recorded.ending.value}",
            record=after,
            ledger=with_settlement(state.ledger, _settlement(started, bundle, now)),
            branch=BranchMove(branch=branch, head=recorded.head) if keeps and branch and recorded.head and recorded.head != tip else None,
            transcript=bundle.transcript if checkpoint else None,
        )

    moved = move(context, decide)
    return moved if isinstance(moved, Refused) else record_of(moved, number).runs[-1]


def _settlement(started: StartedRun, bundle: Bundle, now: datetime) -> Entry:
    return Entry(
        kind=EntryKind.SETTLE,
        at=now,
        run=started.holder.run,
        project=started.start.number,
        role=started.start.role,
        agent=started.start.agent,
        amount=bundle.spend.money,
        requests=bundle.spend.requests,
        note=bundle.ending.value,
    )


def _checked(context: Context, started: StartedRun, bundle: Bundle) -> Run:
    """The bundle as a run, once trusted code has looked at it; what may not be published is an ending with its reason."""
    ending, note, head = bundle.ending, bundle.note, None
    paths: tuple[str, ...] = ()
    weakened: tuple[str, ...] = ()
    proposals = bundle.proposals
    if started.start.role is Role.EXECUTION and bundle.git_bundle is not None and bundle.head is not None:
        ending, note, admitted = _admitted(context, started, bundle)
        if admitted is not None:
            head, paths, weakened = admitted.head, admitted.paths[:_MOST_PATHS], _weakened(started, admitted)
    elif started.start.role is not Role.EXECUTION:
        head = started.start.head or started.start.base
    elif ending is Ending.FINISHED:
        ending, note, head = _unchanged(started)
    if started.start.role is Role.IDEATION and proposals:
        proposals, note = _fresh(context, proposals, note)
    now = context.clock.now()
    lease = started.record.lease
    verdict = bundle.verdict if started.start.role in (Role.REVIEW, Role.VALIDATION) else None
    unbound = why_unbound(verdict, lease, started.brief.criteria) if verdict is not None and lease is not None else None
    if unbound is not None:
        verdict, ending, note = None, Ending.FAILED, f"The verdict that was handed in {unbound}; it counts for nothing"
    return Run(
        run=started.holder.run,
        role=started.start.role,
        agent=started.start.agent,
        cycle=started.start.cycle,
        started_at=lease.taken_at if lease else now,
        ended_at=now,
        ending=ending,
        note=note,
        spent=bundle.spend.money,
        requests=bundle.spend.requests,
        steps=bundle.steps,
        head=head,
        report=bundle.report,
        title=bundle.title if bundle.title and unfit(bundle.title) is None else "",
        gates=bundle.gates,
        findings=started.brief.findings if started.start.role is Role.EXECUTION else (),
        verdict=verdict,
        proposals=proposals,
        category=started.start.category,
        resume_at=bundle.resume_at,
        scripted=bundle.scripted,
        paths=paths,
        answers=bundle.answers[:_MOST_ANSWERS],
        sandboxed=bundle.sandboxed,
        job=lease.job if lease else None,
        base=started.start.base,
        weakened=weakened,
    )


def _unchanged(started: StartedRun) -> tuple[Ending, str, str | None]:
    """A run without a commit has finished only where people's notes asked for no more than an answer."""
    if started.record.lease is None or not started.record.lease.notes or started.start.head is None:
        return Ending.FAILED, "Nothing was changed.", None
    return Ending.FINISHED, "Answered without changing anything.", started.start.head


def _admitted(context: Context, started: StartedRun, bundle: Bundle) -> tuple[Ending, str, Admitted | None]:
    assert bundle.git_bundle is not None
    assert bundle.head is not None
    try:
        admitted = context.code.admit(
            bundle.git_bundle,
            base=started.start.head or started.start.base,
            head=bundle.head,
            known=started.start.base,
            agent=started.start.agent,
        )
    except (GitError, OSError) as trouble:  # the lease is given back and the spend settled, whatever it was
        return Ending.FAILED, f"What the run handed back could not be looked through: {trouble}", None
    if isinstance(admitted, str):
        return Ending.FAILED, f"What the run handed back was not accepted: {admitted}", None
    if admitted.secrets:
        where = f"It would make secrets public ({told(admitted.secrets)}); nothing was published. Take them out, and make them anew"
        return Ending.REFUSED, f"{where} if they are real", None
    guarded = protected(admitted.paths)
    if guarded:
        return Ending.REFUSED, f"It changes {', '.join(guarded[:5])}, which only a person may do; nothing was published", None
    return bundle.ending, bundle.note, admitted


def _weakened(started: StartedRun, admitted: Admitted) -> tuple[str, ...]:
    found = unasked(weakenings(admitted.judging), f"{started.brief.title}\n{started.brief.body}")
    more = [f"and {len(found) - _MOST_WEAKENINGS} more"] if len(found) > _MOST_WEAKENINGS else []
    return (*(redacted(said(one)) for one in found[:_MOST_WEAKENINGS]), *more)


def _fresh(context: Context, proposals: tuple[Proposal, ...], note: str) -> tuple[tuple[Proposal, ...], str]:
    """Only proposals that repeat nothing; what was refused is said in the note."""
    titles = context.reads.titles()
    refused: list[str] = []
    kept: list[Proposal] = []
    for proposal in proposals:
        old = repeated(proposal, titles, context.policy.ideation.similarity)
        if old is None:
            kept.append(proposal)
        else:
            refused.append(f"refused “{proposal.title}”: it repeats #{old.number} ({'open' if old.open else 'closed'})")
    return tuple(kept), "; ".join([note, *refused]) if refused else note
