"""Starting a run: lease and money in one push, then the brief that the agent is given."""

from __future__ import annotations

from bot.core.decisions.effects import StartRun
from bot.core.decisions.started_run import StartedRun
from bot.core.environment.telling import for_agents
from bot.core.evidence.acceptance import weakened_by
from bot.core.evidence.attempts import attempts_of
from bot.core.evidence.bound_verdict import criteria_digest
from bot.core.evidence.checks import red_on_base
from bot.core.evidence.hidden_characters import hidden_characters
from bot.core.evidence.notes import notes_to_review_by
from bot.core.evidence.verdict import earlier_findings, findings_of
from bot.core.facts.damage import shared_damage
from bot.core.facts.policy import Policy
from bot.core.facts.project import CheckState, Pausable, Project, Pull, Snapshot, pause_of
from bot.core.facts.record import Holder, Lease, Record
from bot.core.ideas.ideation import Validate, pending_proposal
from bot.core.lifecycle.current import current_pull, current_runs
from bot.core.lifecycle.lease import Refused, taken
from bot.core.money.ledger import Entry, EntryKind, Unaffordable, with_reservation
from bot.core.orders.labels import categories_of
from bot.core.roles.category import Category
from bot.core.roles.role import Role
from bot.core.runs.convention import SUBJECTS_READ, Convention, convention_of
from bot.core.runs.criteria import Criterion, criteria_of, visible
from bot.core.runs.note import Note
from bot.core.runs.run import Brief, CheckOutcome, Finding, GateCommand, Proposal
from bot.flows.context import Context
from bot.flows.discussion import discussion, guidance, said_of_proposals
from bot.flows.ref_updates import keeping_transcript, move, record_of
from bot.ports import Change, RefState


def is_unasked(project: Project) -> bool:
    """Whether nobody knows yet if another issue blocks it. Asked until its first run, whatever was said before; later it is carried on."""
    return not project.record.runs and project.issue.blockers is None


def begin(context: Context, snapshot: Snapshot, start: StartRun) -> StartedRun | Refused:
    """Takes the lease and reserves the grant in one atomic push, or says why not. Nothing was spent when refused."""
    if any(project.number == start.number and is_unasked(project) for project in snapshot.projects):
        return Refused(reason=f"nobody asked yet what blocks project {start.number}")
    nonce = context.new_id()
    run = f"{start.number or start.role.value}-{context.clock.now():%Y%m%d-%H%M%S}-{nonce[:6]}"
    holder = Holder(agent=start.agent, run=run, attempt=1, nonce=nonce)
    criteria = criteria_digest(_criteria_of(snapshot, start))

    def decide(state: RefState) -> Change | Refused:
        now = context.clock.now()
        if (broken := shared_damage(state.damage)) is not None:
            return Refused(reason=broken.said)
        if state.stop is not None:
            return Refused(reason=f"stopped by {state.stop.by}: {state.stop.reason}")
        if pause_of(state.pauses, Pausable.AGENT, str(start.agent)) is not None:
            return Refused(reason=f"agent {start.agent} was paused")
        record = record_of(state, start.number)
        if record.epoch != record_of_snapshot(snapshot, start.number):
            return Refused(reason=f"project {start.number} moved on since it was looked at")
        lease = Lease(
            holder=holder,
            role=start.role,
            taken_at=now,
            until=now + context.lease,
            job=context.job,
            grant=start.grant.money,
            cycle=start.cycle,
            base=start.base,
            head=start.head,
            criteria=criteria,
            notes=tuple(note.ref for note in start.notes),
        )
        after = taken(record, lease, now)
        if isinstance(after, Refused):
            return after
        entry = Entry(
            kind=EntryKind.RESERVE,
            at=now,
            run=run,
            project=start.number,
            role=start.role,
            agent=start.agent,
            amount=start.grant.money,
            note=start.reason,
        )
        ledger = with_reservation(state.ledger, entry, context.policy.caps)
        if isinstance(ledger, Unaffordable):
            return Refused(reason=f"{ledger.reason}; waits until {ledger.until:%Y-%m-%d %H:%M} UTC")
        message = f"Agent {start.agent} takes {'project ' + str(start.number) if start.number else 'ideation'} for {start.role.value}"
        return keeping_transcript(context, after, message, ledger=ledger)

    state = move(context, decide)
    if isinstance(state, Refused):
        return state
    record = record_of(state, start.number)
    return StartedRun(start=start, holder=holder, record=record, brief=_brief(context, snapshot, start, run, record))


def record_of_snapshot(snapshot: Snapshot, number: int) -> int:
    """The epoch that the decision was made on."""
    if number == 0:
        return snapshot.ideation.epoch
    return next((project.record.epoch for project in snapshot.projects if project.number == number), 0)


def _brief(context: Context, snapshot: Snapshot, start: StartRun, run: str, record: Record) -> Brief:
    policy = context.policy
    project = next((project for project in snapshot.projects if project.number == start.number), None)
    pull = current_pull(project) if project else None
    proposal = _pending(snapshot) if start.role is Role.VALIDATION else None
    diff = context.code.diff(start.base, start.head) if start.role is Role.REVIEW and start.head else ""
    return Brief(
        run=run,
        role=start.role,
        agent=start.agent,
        number=start.number,
        cycle=start.cycle,
        title=project.issue.title if project else (proposal.title if proposal else "Propose the next improvement"),
        body=visible(project.issue.body) if project else (proposal.description if proposal else ""),
        discussion=said_of_proposals(context, proposal, snapshot.titles) if proposal else discussion(context, project),
        notes=_notes(start, pull, policy),
        guidance=guidance(context, start.base),
        criteria=_criteria_of(snapshot, start),
        base=start.base,
        head=start.head,
        branch=record.branch or f"groundskeeper/{start.role.value}",
        findings=_findings(start, project, pull),
        checks=_outcomes(project, start.role),
        gates=_gates(context, start) if start.role is Role.EXECUTION else (),
        environment=(*for_agents(context.environments.read(start.base)), *_known_red(project, pull)),
        diff=diff,
        warnings=_warnings(project, start, diff),
        model=policy.models[start.role],
        grant=start.grant,
        persona=_persona(context, project) if start.role is Role.EXECUTION else None,
        category=_category(context, proposal.category if proposal else start.category),
        existing=tuple(title.title for title in snapshot.titles),
        proposal=proposal,
        transcript=context.refs.transcript(start.number) if start.goes_on else None,
        attempts=attempts_of(current_runs(project), start.role) if project and not start.goes_on else (),
        convention=convention_of(context.code.subjects(start.base, SUBJECTS_READ)) if start.role is Role.EXECUTION else Convention(),
    )


def _warnings(project: Project | None, start: StartRun, diff: str) -> tuple[str, ...]:
    if project is None or start.role is not Role.REVIEW or start.head is None:
        return ()
    return (*weakened_by(project, start.head), *hidden_characters(diff))


def _pending(snapshot: Snapshot) -> Proposal | None:
    pending = pending_proposal(snapshot.ideation)
    return pending.proposal if isinstance(pending, Validate) else None


def _criteria_of(snapshot: Snapshot, start: StartRun) -> tuple[Criterion, ...]:
    project = next((project for project in snapshot.projects if project.number == start.number), None)
    return _criteria(project, _pending(snapshot) if start.role is Role.VALIDATION else None)


def _criteria(project: Project | None, proposal: Proposal | None) -> tuple[Criterion, ...]:
    if project is not None:
        return criteria_of(project.issue.title, project.issue.body)
    return tuple(Criterion(text=text) for text in proposal.criteria) if proposal else ()


def _notes(start: StartRun, pull: Pull | None, policy: Policy) -> tuple[Note, ...]:
    return notes_to_review_by(pull, policy) if start.role is Role.REVIEW and pull is not None else start.notes


def _findings(start: StartRun, project: Project | None, pull: Pull | None) -> tuple[Finding, ...]:
    if project is None or pull is None:
        return ()
    if start.role is Role.REVIEW:
        return earlier_findings(project.record, current_runs(project), pull.head)
    return findings_of(project, pull, start.base)


def _outcomes(project: Project | None, role: Role) -> tuple[CheckOutcome, ...]:
    """For a rework without the failed checks, whose words are among its findings already."""
    if project is None or project.pull is None:
        return ()
    red = red_on_base(project, project.pull)
    checks = [
        CheckOutcome(
            name=f"{check.name} (on {project.pull.base}, too)" if check.name in red else check.name,
            passed=check.state is CheckState.SUCCESS,
            output=check.summary,
        )
        for check in project.pull.checks
        if check.state is not CheckState.PENDING and role is not Role.EXECUTION
    ]
    gates = [run.gates for run in project.record.runs if run.head == project.pull.head and run.gates][-1:]
    return (*checks, *(CheckOutcome(name=f"gate {g.gate}", passed=g.passed, output=g.output) for g in (gates[0] if gates else ())))


def _known_red(project: Project | None, pull: Pull | None) -> tuple[str, ...]:
    red = red_on_base(project, pull) if project and pull else ()
    if not red or pull is None:
        return ()
    return (f"Failing on {pull.base} already, which is not held against you unless you touch what they name: {', '.join(red)}.",)


def _gates(context: Context, start: StartRun) -> tuple[GateCommand, ...]:
    """The configured ones, or those that the base branch's own files show; never those of a head under work."""
    if context.policy.gates is not None:
        return context.policy.gates
    return context.environments.gates(start.base)


def _persona(context: Context, project: Project | None) -> str | None:
    """Whom the work is for, where it is an improvement in one category."""
    names = categories_of(project.issue.labels) if project else frozenset[str]()
    personas = [category.persona for category in context.policy.categories if category.name in names]
    return personas[0] if len(personas) == 1 else None


def _category(context: Context, name: str | None) -> Category | None:
    return next((category for category in context.policy.categories if category.name == name), None)
