"""The phases that a project goes through, and every allowed change between them with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Phase(Enum):
    PROPOSED = "proposed"
    READY = "ready"
    WORKING = "working"
    REVIEWING = "reviewing"
    REWORK = "rework"
    APPROVED = "approved"
    MERGING = "merging"
    DONE = "done"
    BLOCKED = "blocked"
    PAUSED = "paused"
    NEEDS_HUMAN = "needs-human"
    CANCELLED = "cancelled"


ENDED = frozenset({Phase.DONE, Phase.CANCELLED})
PARKED = frozenset({Phase.BLOCKED, Phase.PAUSED, Phase.NEEDS_HUMAN})


@dataclass(frozen=True, kw_only=True)
class Move:
    before: Phase
    after: Phase
    reason: str


def _moves(before: Phase, *steps: tuple[Phase, str]) -> tuple[Move, ...]:
    return tuple(Move(before=before, after=after, reason=reason) for after, reason in steps)


MOVES: tuple[Move, ...] = (
    *_moves(Phase.PROPOSED, (Phase.READY, "somebody with write, or a valid proposal itself, queues it")),
    *_moves(Phase.READY, (Phase.WORKING, "an agent takes the lease")),
    *_moves(
        Phase.WORKING,
        (Phase.REVIEWING, "the work is published and a pull request opened"),
        (Phase.READY, "the run ended before it was finished"),
        (Phase.REWORK, "a rework ended before it was finished"),
    ),
    *_moves(
        Phase.REVIEWING,
        (Phase.REWORK, "a check failed or changes were requested"),
        (Phase.APPROVED, "the reviewer approved this head"),
        (Phase.MERGING, "approved, and nothing stands in the way"),
    ),
    *_moves(Phase.REWORK, (Phase.WORKING, "an agent takes the lease again"), (Phase.REVIEWING, "somebody pushed a new head")),
    *_moves(
        Phase.APPROVED,
        (Phase.MERGING, "GitHub says that it can be merged"),
        (Phase.REVIEWING, "a new head needs a new verdict"),
        (Phase.REWORK, "a person asked for changes"),
    ),
    *_moves(
        Phase.MERGING,
        (Phase.DONE, "merged with the reviewed head"),
        (Phase.APPROVED, "GitHub says not yet"),
        (Phase.REVIEWING, "the head moved"),
        (Phase.REWORK, "a check failed on second sight"),
    ),
    *(
        Move(before=before, after=parked, reason=reason)
        for before in Phase
        if before not in ENDED
        for parked, reason in (
            (Phase.BLOCKED, "another issue must be closed first"),
            (Phase.PAUSED, "budget, usage limit, stop or a person"),
            (Phase.NEEDS_HUMAN, "cycles used up, conflict, protected file or stuck"),
            (Phase.CANCELLED, "a person closed it or took the label off"),
            (Phase.DONE, "merged by a person"),
        )
        if before is not parked and not (before is Phase.MERGING and parked is Phase.DONE)
    ),
    *(
        Move(before=parked, after=after, reason="what stood in the way is gone")
        for parked in (Phase.BLOCKED, Phase.PAUSED, Phase.NEEDS_HUMAN)
        for after in (Phase.READY, Phase.WORKING, Phase.REVIEWING, Phase.REWORK, Phase.APPROVED, Phase.MERGING, Phase.PROPOSED)
    ),
    *_moves(Phase.CANCELLED, (Phase.READY, "a person queues it again"), (Phase.PROPOSED, "a person reopens the proposal")),
    *_moves(Phase.DONE, (Phase.READY, "a person reopens and queues it again")),
)
