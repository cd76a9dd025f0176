"""What people are told of a project, wherever they ask: two sentences, and the facts behind them. In plain words, backticks for code."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.evidence.checks import red_on_base
from bot.core.facts.policy import REVIEW_CHECK, Policy
from bot.core.facts.project import CheckState, Project
from bot.core.facts.record import Record
from bot.core.lifecycle.current import current_pull, cycles_used
from bot.core.lifecycle.phase import Phase
from bot.core.lifecycle.status import NextStep, Status
from bot.core.money.pricing import dollars
from bot.core.orders.labels import READY, Priority, both_priorities, priority_of
from bot.core.roles.role import Role

_EXPLAINED = ("Agent", "Priority", "Assigned", "Pull request", "Cycle", "Spend")
_CHECKED = {CheckState.SUCCESS: "passed", CheckState.FAILURE: "failed", CheckState.PENDING: "runs"}


@dataclass(frozen=True, kw_only=True)
class Summary:
    phase: Phase
    doing: str
    """What it is doing or waiting for, as a sentence without its end."""
    you: str
    """What a person can do."""
    facts: tuple[tuple[str, str], ...]
    refers_to: frozenset[int]
    """Issues and pull requests that may be linked where they are named."""

    @property
    def explained(self) -> tuple[tuple[str, str], ...]:
        """For whoever asks: the sentences and the facts that belong to them, by name."""
        known = dict(self.facts)
        told = (("Phase", f"{self.phase.value}: {self.doing}"), ("Next", self.you))
        return (*told, *((name, known[name]) for name in _EXPLAINED if name in known))


def summary_of(project: Project, status: Status, policy: Policy) -> Summary:
    pull = current_pull(project)
    return Summary(
        phase=status.phase,
        doing=status.reason,
        you=_next(project, status),
        facts=_facts(project, policy),
        refers_to=status.refers_to | ({pull.number} if pull else set()),
    )


def _next(project: Project, status: Status) -> str:
    """From the very facts that the reason is made of, so that it contradicts none of them."""
    nothing, lease = "Nothing is needed from you", project.record.lease
    until = f"{status.until:%Y-%m-%d %H:%M} UTC" if status.until else ""
    if status.remedy:
        return f"{status.remedy} It goes on by itself at {until}." if until else status.remedy
    if until:
        return f"{nothing}; it goes on by itself at {until}."
    if status.phase is Phase.DONE:
        return f"For more, reopen the issue and put `{READY}` on it again."
    if lease is not None and status.next_step is None:
        return f"{nothing}; `/agent hold` keeps it from going on after this run."
    if status.next_step in (NextStep.EXECUTE, NextStep.REVIEW):
        who = "the reviewer" if status.next_step is NextStep.REVIEW else "an agent"
        return f"{nothing}; {who} takes it as soon as one is free."
    if status.next_step is NextStep.MERGE:
        return f"{nothing}; it is merged with exactly this head."
    return f"{nothing}."


def _facts(project: Project, policy: Policy) -> tuple[tuple[str, str], ...]:
    record, pull = project.record, current_pull(project)
    executing = record.lease is not None and record.lease.role is Role.EXECUTION
    red = red_on_base(project, pull) if pull else ()
    checks = [
        f"{check.name} {_CHECKED[check.state]}{f', as on {pull.base}' if check.name in red else ''}"
        for check in (pull.checks if pull else ())
        if pull and check.name != REVIEW_CHECK
    ]
    return (
        ("Agent", _agent(record)),
        *_wishes(project),
        ("Branch", f"`{record.branch}`" if record.branch else "none yet"),
        ("Pull request", f"#{pull.number}" if pull else "none yet"),
        ("Cycle", f"{min(policy.cycles, max(1, cycles_used(project) + executing))} of {policy.cycles}"),
        ("Gates", _gates(record)),
        ("Checks", ", ".join(checks) or "none yet"),
        ("Spend", f"{dollars(record.spent)} in {sum(run.requests for run in record.runs)} model requests"),
        ("Worked", _worked(record)),
    )


def _agent(record: Record) -> str:
    lease = record.lease
    if lease is None:
        return "none at the moment"
    since = f"agent {lease.holder.agent}, since {lease.taken_at:%Y-%m-%d %H:%M} UTC"
    if lease.seen_at is None:
        return since
    doing = f", {lease.progress} % of its steps: {lease.step}" if lease.step else ""
    return f"{since}; last seen at {lease.seen_at:%H:%M} UTC{doing}"


def _wishes(project: Project) -> tuple[tuple[str, str], ...]:
    """What people asked for beside the work itself, where they did."""
    labels, assigned = project.issue.labels, project.record.orders.assigned
    priority = priority_of(labels)
    rows = []
    if both_priorities(labels):
        rows.append(("Priority", "high: both `priority:high` and `priority:low` are on it, and the higher one counts"))
    elif priority is not Priority.NORMAL:
        rows.append(("Priority", priority.name.lower()))
    if assigned is not None:
        rows.append(("Assigned", f"to agent {assigned.agent}, by @{assigned.by}"))
    return tuple(rows)


def _gates(record: Record) -> str:
    gates = next((run.gates for run in reversed(record.runs) if run.gates), ())
    return ", ".join(f"{gate.gate} {'passed' if gate.passed else 'failed'}" for gate in gates) or "none yet"


def _worked(record: Record) -> str:
    seconds = round(sum((run.ended_at - run.started_at).total_seconds() for run in record.runs))
    return f"{seconds // 60} min {seconds % 60} s in {len(record.runs)} runs" if record.runs else "not yet"
