"""What a whole run held against GitHub's descriptions, added up over its processes and told at its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from hashlib import sha256

from tests.contract.allowed import ALLOWED
from tests.contract.schemas import GRAPHQL, OPENAPI, PUBLISHED, WEBHOOKS
from tests.contract.watching import Seen

Counts = dict[str, dict[str, int]]
"""By kind, then by what was counted; plain, so that it can go from a worker process to the one that tells."""


def counts(seen: Seen) -> Counts:
    return {
        "asked": dict(seen.asked),
        "answered": dict(seen.answered),
        "spoken": dict(seen.spoken),
        "documents": {sha256("\n".join(sorted(document)).encode()).hexdigest(): 1 for document in seen.documents},
        "told": dict(seen.told),
        "allowed": dict(seen.allowed),
    }


def together(parts: Iterable[Mapping[str, Mapping[str, int]]]) -> Counts:
    found: dict[str, Counter[str]] = {}
    for part in parts:
        for kind, counted in part.items():
            found.setdefault(kind, Counter()).update(counted)
    return {kind: dict(counted) for kind, counted in found.items()}


def unused(counted: Counts) -> list[str]:
    """Entries of the allow-list that nothing needed."""
    return [f"{one.fault}  ({one.why})" for one in ALLOWED if one.fault not in counted.get("allowed", {})]


def missing() -> list[str]:
    return [str(one.relative_to(PUBLISHED.parent)) for one in (OPENAPI, GRAPHQL, WEBHOOKS) if not one.exists()]


def lines(counted: Counts) -> list[str]:
    """For people: how much of what was judged. Each request, answer and payload counts, however often its like had come."""
    asked, answered, spoken, told, allowed = (counted.get(kind, {}) for kind in ("asked", "answered", "spoken", "told", "allowed"))
    documents = len(counted.get("documents", {}))
    of = {name.rpartition(" ")[0] for name in answered}
    return [
        f"requests of the bot   {sum(asked.values()):>6}  to {len(asked)} REST operations",
        f"answers of the hub    {sum(answered.values()):>6}  from {len(of)} REST operations, {len(answered)} with their statuses",
        f"GraphQL documents     {documents:>6}  different ones, with {sum(spoken.values())} root fields of {len(spoken)} kinds",
        f"webhook payloads      {sum(told.values()):>6}  of {len(told)} kinds",
        f"allowed differences   {len(allowed):>6}  of {len(ALLOWED)} entries needed",
    ]
