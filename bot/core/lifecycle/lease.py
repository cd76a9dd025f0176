"""The moves of a lease: taken by one, renewed and released by its holder only, expired when it ended; and how it is told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.facts.policy import Policy
from bot.core.facts.record import IDEATION, Holder, Lease, Record, Run
from bot.core.roles.role import Role
from bot.core.runs.run import Ending


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A move that the record does not allow, and why; a normal outcome of a race."""

    reason: str


def branch_name(agent: int, number: int) -> str:
    return f"agent-{agent}/project-{number}"


def taken(record: Record, lease: Lease, now: datetime) -> Record | Refused:
    """The record once `lease` is taken: allowed where nobody holds one, or the last one has ended and was settled."""
    if record.lease is not None:
        holder = record.lease.holder
        if record.lease.held(now):
            return Refused(reason=f"agent {holder.agent} holds project {record.number} until {record.lease.until:%H:%M:%S} UTC")
        return Refused(reason=f"the ended lease of run {holder.run} is not settled yet")
    branch = record.branch
    if branch is None and record.number > IDEATION:
        branch = branch_name(lease.holder.agent, record.number)
    return replace(record, epoch=record.epoch + 1, lease=lease, branch=branch, archived=False)


def renewed(record: Record, holder: Holder, now: datetime, until: datetime, *, step: str = "", progress: int = 0) -> Record | Refused:
    """The record with a longer lease: only for the holder, and only while it runs. `step` and `progress` (percent) are for people."""
    lease = _own_lease(record, holder, now)
    if isinstance(lease, Refused):
        return lease
    longer = replace(lease, until=max(until, lease.until), seen_at=now, step=step, progress=progress)
    return replace(record, epoch=record.epoch + 1, lease=longer)


def released(record: Record, holder: Holder, run: Run, now: datetime, *, checkpoint: bool) -> Record | Refused:
    """The record once the holder hands in what its run came to; the lease ends with it."""
    lease = _own_lease(record, holder, now)
    if isinstance(lease, Refused):
        return lease
    return replace(record, epoch=record.epoch + 1, lease=None, runs=(*record.runs, replace(run, notes=lease.notes)), checkpoint=checkpoint)


def expired(record: Record, now: datetime, *, ended_job: str | None = None) -> Record | Refused:
    """The record once a run that stopped responding has expired: its whole grant counts as spent, and the project is free again.

    A lease that still runs is ended only where `ended_job`, which was seen to be over, is the one that it was taken for.
    """
    lease = record.lease
    if lease is None:
        return Refused(reason=f"nobody holds project {record.number}")
    if lease.held(now) and (lease.job is None or lease.job != ended_job):
        return Refused(reason=f"agent {lease.holder.agent} still holds project {record.number}")
    lost = Run(
        run=lease.holder.run,
        role=lease.role,
        agent=lease.holder.agent,
        cycle=lease.cycle,
        started_at=lease.taken_at,
        ended_at=now,
        ending=Ending.EXPIRED,
        job=lease.job,
        note=f"Agent {lease.holder.agent} stopped responding; its grant counts as spent",
        spent=lease.grant,
        notes=lease.notes,
        head=lease.head if lease.role is Role.REVIEW else None,
    )
    return replace(record, epoch=record.epoch + 1, lease=None, runs=(*record.runs, lost))


def _own_lease(record: Record, holder: Holder, now: datetime) -> Lease | Refused:
    lease = record.lease
    if lease is None:
        return Refused(reason=f"the lease of run {holder.run} was ended by somebody else")
    if lease.holder != holder:
        return Refused(reason=f"project {record.number} is held by run {lease.holder.run} now")
    if not lease.held(now):
        return Refused(reason=f"the lease of run {holder.run} ended at {lease.until:%H:%M:%S} UTC")
    return lease


_MISSED = 3
"""A holder renews its lease when half of it is left; with a third of it left and no renewal nobody is there any more."""


def at_work(lease: Lease, policy: Policy, now: datetime) -> str:
    """A job's lease is not renewed: GitHub says itself when that is over."""
    agent = f"agent {lease.holder.agent}"
    if lease.job is None and lease.until - now < policy.lease / _MISSED:
        return f"{agent} stopped responding at {lease.seen_at or lease.taken_at:%H:%M} UTC; its lease ends at {lease.until:%H:%M} UTC"
    return f"{agent} {'reviews' if lease.role is Role.REVIEW else 'works on'} it, cycle {lease.cycle} of {policy.cycles}"
