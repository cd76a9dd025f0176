"""What the repository's owners decided, in the form that the core works with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from bot.core.money.ledger import Caps
from bot.core.roles.category import Category
from bot.core.roles.role import Role
from bot.core.runs.run import GateCommand, Grant

REVIEW_CHECK = "groundskeeper/review"


class MergeMethod(Enum):
    MERGE = "merge"
    SQUASH = "squash"
    REBASE = "rebase"


class ProposalQueue(Enum):
    """What happens to a proposal that the review role found valid."""

    PERSON = "person"
    """It waits for somebody to add `agent:ready`."""
    VALIDATED = "validated"
    """It is queued at once."""


@dataclass(frozen=True, kw_only=True)
class Ideation:
    enabled: bool = True
    queue: ProposalQueue = ProposalQueue.PERSON
    most_open: int = 3
    """Open proposals that wait for a person, at which no further one is made."""
    pause: timedelta = timedelta(minutes=30)
    """Rest after an attempt that brought nothing, so that an idle repository costs next to nothing."""
    similarity: float = 80.0
    """rapidfuzz token-set score, 0–100, from which a proposal counts as a near-duplicate."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    agents: int = 1
    cycles: int = 3
    failures: int = 3
    """Runs that may fail in a row before a person is asked."""
    caps: Caps
    grants: dict[Role, Grant]
    models: dict[Role, str]
    lease: timedelta = timedelta(minutes=15)
    project_limit: timedelta = timedelta(hours=8)
    review_limit: timedelta = timedelta(hours=2)
    """How long a review of one head may take in all its segments; it may also cost twice its grant at most."""
    checks: tuple[str, ...] = ()
    """Names of the checks that must succeed on the head. Empty: at least one must be there, and all succeed."""
    check_apps: tuple[tuple[str, str], ...] = ()
    """Name of a check and the app that must report it; what another reports under that name counts for nothing."""
    checks_patience: timedelta = timedelta(minutes=30)
    """How long a head may stay without any check before a person is asked."""
    checks_expected: bool = True
    """False where nothing could report a check, as when the bot is tried on a private hub: gates and the reviewer judge alone there,
    and nothing is merged."""
    merge: bool = True
    merge_method: MergeMethod = MergeMethod.SQUASH
    up_to_date: bool = True
    """Whether the base is merged in, and everything checked on the result, before a pull request is merged."""
    keep_apart: bool = True
    """Whether work that will probably touch the same files waits for each other."""
    gates: tuple[GateCommand, ...] | None = None
    """None: detected from the repository."""
    ideation: Ideation = Ideation()
    categories: tuple[Category, ...] = ()
    worker: str
    """Login under which the bot pushes and opens pull requests."""
    reviewer: str | None
    """Login of the second identity; None where there is only one, and the verdict is then a check and a comment."""

    def __post_init__(self) -> None:
        assert self.checks_expected or not self.merge, "nothing is merged unchecked"

    @property
    def own_logins(self) -> frozenset[str]:
        return frozenset({self.worker} | ({self.reviewer} if self.reviewer else set()))

    @property
    def judge(self) -> str:
        """As whom the bot's own verdict is reported: an app by its slug."""
        return (self.reviewer or self.worker).removesuffix("[bot]")
