"""Whether a verdict that was handed in is one on what was leased: that role, that head, those criteria, and no contradiction in itself."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from bot.core.facts.record import Lease
from bot.core.roles.role import Role
from bot.core.runs.criteria import Criterion
from bot.core.runs.run import Verdict


def criteria_digest(criteria: Sequence[Criterion]) -> str:
    """Of their texts in their order."""
    whole = "".join(f"{len(one.text)}:{one.text}" for one in criteria)
    return hashlib.sha256(whole.encode("utf-8", "replace")).hexdigest()[:32]


def why_unbound(verdict: Verdict, lease: Lease, criteria: Sequence[Criterion]) -> str | None:
    """`criteria` are those of the brief, which came by a file; the lease tells whether they are what the run was started with."""
    if verdict.head != (lease.head or lease.base):
        return f"is on {verdict.head[:10]}, and the run was given {(lease.head or lease.base)[:10]}"
    if lease.role is Role.VALIDATION:
        return None
    if lease.criteria and criteria_digest(criteria) != lease.criteria:
        return "is on other acceptance criteria than the run was started with"
    if tuple(one.criterion for one in verdict.judgements) != tuple(one.text for one in criteria):
        return "does not judge each acceptance criterion once"
    if verdict.approved and not all(one.met for one in verdict.judgements):
        return "approves although a criterion is not met"
    return None
