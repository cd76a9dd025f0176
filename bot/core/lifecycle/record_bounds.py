"""What a record may say at all, whoever wrote it: of its own project, its own branch, commits by their ids, and no lease for ever."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from bot.core.facts.record import Lease, Record
from bot.core.lifecycle.lease import branch_name

AGENTS = range(1, 11)
JOBS_WAIT = timedelta(minutes=150)
"""How long jobs may wait for runners and for each other, beyond what the run itself may take. A job that died is noticed before."""
LONGEST_GRANT = timedelta(minutes=300)
"""As the configuration allows it."""
LONGEST_LEASE = LONGEST_GRANT + JOBS_WAIT
_OID = re.compile(r"[0-9a-f]{40}")


def out_of_bounds(record: Record, number: int) -> str | None:
    """Why this cannot be the record of `number`, where it cannot."""
    if record.number != number:
        return f"says that it is of project {record.number}"
    if record.epoch < 0:
        return "has an epoch below zero"
    if record.branch is not None and not _is_own(record.branch, number):
        return f"names the branch {record.branch[:60]!r}, which is not of this project"
    if record.lease is not None and _length(record.lease) > LONGEST_LEASE:
        return f"has a lease until {record.lease.until:%Y-%m-%d %H:%M} UTC, longer than any may be"
    if any(run.spent < 0 for run in record.runs) or (record.lease is not None and record.lease.grant < 0):
        return "has a run that spent less than nothing"
    strange = next((oid for oid in _commits(record) if not _OID.fullmatch(oid)), None)
    return f"has {strange[:60]!r} where a commit belongs" if strange is not None else None


def _is_own(branch: str, number: int) -> bool:
    return any(branch == branch_name(agent, number) for agent in AGENTS)


def _length(lease: Lease) -> timedelta:
    return lease.until - max(lease.taken_at, lease.seen_at or lease.taken_at)


def _commits(record: Record) -> Iterator[str]:
    if record.lease is not None:
        yield record.lease.base
        yield from _there(record.lease.head)
    for run in record.runs:
        yield from _there(run.head, run.base, run.verdict.head if run.verdict is not None else None)
    for update in record.updates:
        yield from (update.before, update.after, update.base)


def _there(*commits: str | None) -> Iterator[str]:
    yield from (commit for commit in commits if commit is not None)
