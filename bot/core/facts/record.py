"""What a project's ref remembers: its fencing epoch, who may act now, and the runs so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from bot.core.money.pricing import ZERO, MicroUsd
from bot.core.orders.project_orders import Orders
from bot.core.roles.role import Role
from bot.core.runs.note import NoteAnswer, NoteRef, UnresolvedThread
from bot.core.runs.run import Ending, Finding, GateResult, Proposal, Verdict

IDEATION = 0
"""The number under which ideation keeps its record: no issue has it."""

WRITER_LOCK = -1
"""The number under which the right to write to GitHub's API keeps its record: one process at a time does."""

INBOX = -2
"""The number under which stands what was said to the bot where no project is."""


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Who holds a lease: unique to one attempt of one run, so that no two holders can be mistaken for each other."""

    agent: int
    run: str
    attempt: int
    nonce: str


@dataclass(frozen=True, kw_only=True)
class Lease:
    """The right to act on a project until a time; `grant` is reserved in the ledger under the run's id."""

    holder: Holder
    role: Role
    taken_at: datetime
    until: datetime
    grant: MicroUsd
    cycle: int
    base: str
    head: str | None = None
    job: str | None = None
    """The Actions run, as `<run id>/<attempt>`, that carries it out; while it is in progress the holder is alive."""
    seen_at: datetime | None = None
    """When its holder last said that it is at it; None before the first renewal."""
    criteria: str = ""
    """The digest of the acceptance criteria that this run was given; empty where none were bound."""
    notes: tuple[NoteRef, ...] = ()
    """What people wrote on the pull request that this run was given."""
    step: str = ""
    """What the holder was doing then, in one line."""
    progress: int = 0
    """Percent of the run's steps used by then."""

    def held(self, now: datetime) -> bool:
        return now < self.until


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run that ended, however it ended."""

    run: str
    role: Role
    agent: int
    cycle: int
    started_at: datetime
    ended_at: datetime
    ending: Ending
    note: str
    spent: MicroUsd = ZERO
    requests: int = 0
    steps: int = 0
    head: str | None = None
    report: str = ""
    title: str = ""
    gates: tuple[GateResult, ...] = ()
    findings: tuple[Finding, ...] = ()
    """What this run had been asked to mend."""
    verdict: Verdict | None = None
    proposals: tuple[Proposal, ...] = ()
    category: str | None = None
    resume_at: datetime | None = None
    scripted: bool = False
    paths: tuple[str, ...] = ()
    """What its commits touched."""
    notes: tuple[NoteRef, ...] = ()
    """As `Lease.notes`; a finished run is done with them."""
    answers: tuple[NoteAnswer, ...] = ()
    """What the agent says to them."""
    sandboxed: bool | None = None
    """As its bundle had it."""
    job: str | None = None
    """The Actions run that carried it out, as its lease had it."""
    base: str | None = None
    """The commit of the default branch that it was started on."""
    weakened: tuple[str, ...] = ()
    """What of the tests and of what runs them it weakened although the issue does not ask for it, a line each."""


@dataclass(frozen=True, kw_only=True)
class Update:
    """The base was merged into the branch, without a conflict and by trusted code. `before` is kept to go back to."""

    at: datetime
    before: str
    after: str
    base: str


@dataclass(frozen=True, kw_only=True)
class CommentCursor:
    """Which comments are still to be read: those made since `began`; `since` is where reading goes on."""

    began: datetime
    since: datetime


@dataclass(frozen=True, kw_only=True)
class Record:
    """The tip of `refs/groundskeeper/project/<n>`. `epoch` is the fencing token: each change of the ref raises it by one."""

    number: int
    epoch: int = 0
    lease: Lease | None = None
    runs: tuple[Run, ...] = ()
    branch: str | None = None
    checkpoint: bool = False
    """Whether a transcript to go on from stands beside this record."""
    archived: bool = False
    """Ended and shown as such: looked at again only when it is queued again."""
    updates: tuple[Update, ...] = ()
    title: str = ""
    """The issue's title when a run last handed in: to tell what similar work touched."""
    filed: tuple[str, ...] = ()
    """Ideation: validation runs whose proposal was made an issue."""
    answered: tuple[NoteRef, ...] = ()
    """Notes below which the answer stands."""
    unresolved: tuple[UnresolvedThread, ...] = ()
    """Threads that are to be resolved still: tried again, but not for ever."""
    called: tuple[str, ...] = ()
    """For what people were called already, by key."""
    orders: Orders = field(default_factory=Orders)
    cursor: CommentCursor | None = None
    """On the record of WRITER_LOCK only."""

    @property
    def spent(self) -> MicroUsd:
        return MicroUsd(sum(run.spent for run in self.runs))
