"""What the flows act with: every port, the owners' decisions, and who this process is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.core.policy import Policy
from bot.core.record import Holder
from bot.ports import Clock, Code, GitHubReads, GitHubWrites, Model, Refs, Sandbox


@dataclass(frozen=True, kw_only=True)
class Means:
    repository: str
    default_branch: str
    policy: Policy
    refs: Refs
    code: Code
    reads: GitHubReads
    writes: GitHubWrites
    model: Model
    sandbox: Sandbox
    clock: Clock
    prompts: Mapping[str, str]
    clerk: Holder
    """This process, as the one that writes to GitHub's API."""
    transcripts: Path
    """Where a run's transcript is saved at each step, so that a crash of this process can be looked into."""
    new_id: Callable[[], str]
    """Unguessable, never the same twice."""
    turn: threading.Lock = field(default_factory=threading.Lock)
    """Threads of one process move refs in turn; between processes git decides."""
