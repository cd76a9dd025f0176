"""What the flows act with: every port, the owners' decisions, and who this process is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from bot.core.facts.policy import Policy
from bot.core.facts.record import Holder
from bot.ports import Clock, Code, GitHubReads, GitHubWrites, Model, Refs
from bot.ports.environments import Environments
from bot.ports.people import BoardWriter, Comments


@dataclass(frozen=True, kw_only=True)
class RunContext:
    """What a run is carried out with. Nothing in it can write to GitHub's API; `refs` may be unable to push, too."""

    refs: Refs
    code: Code
    model: Model
    environments: Environments
    clock: Clock
    prompts: Mapping[str, str]
    lease: timedelta
    """How long a lease is taken or renewed for."""
    renews: bool = True
    """False where another sees to it that the lease lasts: a job's lease is as long as the job may take."""
    transcripts: Path
    """Where a run's transcript is saved at each step, so that a crash of this process can be looked into."""
    turn: threading.Lock = field(default_factory=threading.Lock)
    """Threads of one process move refs in turn; between processes git decides."""


@dataclass(frozen=True, kw_only=True)
class Context(RunContext):
    repository: str
    default_branch: str
    web: str
    """The address of the repository's pages."""
    policy: Policy
    reads: GitHubReads
    writes: GitHubWrites
    comments: Comments
    board: BoardWriter
    writer: Holder
    """This process, as the one that writes to GitHub's API."""
    former_writers: frozenset[Holder] = frozenset()
    """Processes of the same home that are gone for certain: what they still hold is this one's to take over."""
    new_id: Callable[[], str]
    """Unguessable, never the same twice."""
    job: str | None = None
    """The Actions run, as `<run id>/<attempt>`, whose jobs will carry out what is started here; None where threads of this process do."""
