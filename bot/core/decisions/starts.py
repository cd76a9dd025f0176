"""What a run is started with: role, cycle, grant, the notes that it is to do, and the conversation that it goes on with."""

from __future__ import annotations

from bot.core.decisions.effects import StartRun
from bot.core.evidence.notes import pending_notes
from bot.core.facts.policy import Policy
from bot.core.facts.project import Project, Snapshot
from bot.core.facts.record import IDEATION
from bot.core.lifecycle.checkpoint import review_left, run_to_go_on
from bot.core.lifecycle.current import current_pull, current_runs, cycles_used, fresh_since
from bot.core.lifecycle.status import NextStep, Status
from bot.core.roles.role import Role


def start_of(project: Project, status: Status, snapshot: Snapshot, policy: Policy, agent: int) -> StartRun:
    """What the run is for, what it may use, and which conversation it goes on with."""
    role = Role.REVIEW if status.next_step is NextStep.REVIEW else Role.EXECUTION
    pull, grant, used = current_pull(project), policy.grants[role], cycles_used(project)
    head = pull.head if pull is not None else project.branch_head
    notes = pending_notes(project, policy) if role is Role.EXECUTION else ()
    resumed = run_to_go_on(project.record, role, head=head, since=fresh_since(project))
    cycle = used if role is Role.REVIEW or notes else min(policy.cycles, used + 1)
    left = review_left(project, current_runs(project), head, policy) if role is Role.REVIEW and head is not None else None
    return StartRun(
        number=project.number,
        agent=agent,
        role=role,
        cycle=resumed.cycle if resumed is not None else max(1, cycle),
        grant=left.within(grant) if left is not None else grant,
        base=snapshot.base,
        head=head,
        notes=notes,
        goes_on=resumed is not None,
        reason="goes on from its checkpoint" if resumed is not None else status.reason,
    )


def idea_run(snapshot: Snapshot, policy: Policy, role: Role, agent: int, category: str | None, reason: str) -> StartRun:
    """An idea is looked for anew each time; the judgement of one goes on."""
    return StartRun(
        number=IDEATION,
        agent=agent,
        role=role,
        cycle=1,
        grant=policy.grants[role],
        base=snapshot.base,
        head=None,
        category=category,
        goes_on=role is Role.VALIDATION and run_to_go_on(snapshot.ideation, role) is not None,
        reason=reason,
    )
