"""A run as data: the brief that goes in, the grant that bounds it, the bundle that comes out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from bot.core.money.pricing import ZERO, MicroUsd, Usage
from bot.core.roles.category import Category
from bot.core.roles.role import Role
from bot.core.runs.convention import Convention
from bot.core.runs.criteria import Criterion
from bot.core.runs.guidance import Guidance
from bot.core.runs.note import Note, NoteAnswer


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What one segment of a run may use; the run keeps inside it by itself."""

    money: MicroUsd
    steps: int
    time: timedelta


@dataclass(frozen=True, kw_only=True)
class GateCommand:
    """One command of a gate, run in the sandbox with `bash -c`; exit status 0 passes."""

    gate: str
    command: str
    timeout: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class GateResult:
    gate: str
    command: str
    passed: bool
    output: str
    """The tail of what it printed, for people and for the next attempt."""
    known: bool = False
    """Failed on the base already, in nothing that the work touches: told, and not held against it."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something to be changed: from a review, a failed check or a gate. `path` and `line` point into the head's tree."""

    source: str
    text: str
    path: str | None = None
    line: int | None = None


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """Whether one acceptance criterion is met, and what shows it."""

    criterion: str
    met: bool
    evidence: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The reviewer's answer, bound to one head commit."""

    head: str
    approved: bool
    summary: str
    judgements: tuple[Judgement, ...]
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Proposal:
    title: str
    description: str
    criteria: tuple[str, ...]
    approach: str
    evidence: str
    category: str


@dataclass(frozen=True, kw_only=True)
class CheckOutcome:
    """A check or gate as the reviewer is shown it."""

    name: str
    passed: bool
    output: str = ""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """An earlier run for the same that did not come through."""

    number: int
    note: str
    """What happened, as observed."""
    report: str
    """What its agent said that it did."""
    log: str
    """Of the gates that failed."""


@dataclass(frozen=True, kw_only=True)
class Brief:
    """All that a run is told. Texts from issues, comments and diffs in it are data, never instructions to the bot."""

    run: str
    role: Role
    agent: int
    number: int
    cycle: int
    title: str
    body: str
    discussion: tuple[str, ...]
    criteria: tuple[Criterion, ...]
    base: str
    """Commit on the default branch that the run starts from or the review compares with."""
    head: str | None
    """Commit to go on from (earlier work on the branch) or, for a review, the commit that is judged."""
    branch: str
    findings: tuple[Finding, ...] = ()
    """Execution: what is to be mended; review: what the last review asked for."""
    checks: tuple[CheckOutcome, ...] = ()
    gates: tuple[GateCommand, ...] = ()
    environment: tuple[str, ...] = ()
    """What was prepared and where it is found, in lines for the agent."""
    baseline: tuple[GateResult, ...] = ()
    """What the gates came to on the base itself; filled in by whoever carries the run out."""
    diff: str = ""
    """Review: the unified diff of the merge base to the head, made by trusted code."""
    warnings: tuple[str, ...] = ()
    """Review: what trusted code saw in the work that deserves a second look, a line each."""
    model: str
    grant: Grant
    persona: str | None = None
    category: Category | None = None
    existing: tuple[str, ...] = ()
    """Ideation: titles of open and closed issues, which must not be proposed again."""
    proposal: Proposal | None = None
    """Validation: what is to be judged."""
    transcript: str | None = None
    """The checkpoint of an unfinished segment, as `Bundle.transcript` had it."""
    notes: tuple[Note, ...] = ()
    """What people with write wrote on the pull request. Execution: what is not done yet; review: all that is not settled."""
    attempts: tuple[Attempt, ...] = ()
    """Those before this one, where it begins a new conversation."""
    guidance: tuple[Guidance, ...] = ()
    """What the repository says to whoever works in it, as it stands at the base."""
    convention: Convention = field(default_factory=Convention)
    """How commit subjects are worded here, for the title that the agent gives."""


class Ending(Enum):
    FINISHED = "finished"
    UNFINISHED = "unfinished"
    """The grant ran out; the transcript is the checkpoint."""
    STOPPED = "stopped"
    """Ended by an emergency stop, with its work kept."""
    LIMITED = "limited"
    """A usage limit of the model's vendor; `Bundle.resume_at` says until when, where that is known."""
    GAVE_UP = "gave up"
    """The agent says that it cannot be done, and why; a person decides."""
    FAILED = "failed"
    UNPREPARED = "unprepared"
    """The repository's environment could not be made: nothing was asked of a model, and nothing is before the base moves."""
    EXPIRED = "expired"
    """Never came back: its lease ended. The grant counts as spent."""
    REFUSED = "refused"
    """Trusted code would not publish it; a person decides."""


@dataclass(frozen=True, kw_only=True)
class Spend:
    """What the API reported for a run. `money` is the sum of each request's cost."""

    money: MicroUsd = ZERO
    requests: int = 0
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """All that a run hands back. It is untrusted until trusted code has checked it."""

    run: str
    ending: Ending
    note: str
    """One sentence of what happened, in the bot's words, from observed facts."""
    report: str = ""
    """What the agent says that it did; shown as its claim."""
    title: str = ""
    """For the pull request and its commit, in the repository's own convention; empty where the agent gave none that fits."""
    steps: int = 0
    spend: Spend = Spend()
    git_bundle: bytes | None = None
    head: str | None = None
    gates: tuple[GateResult, ...] = ()
    verdict: Verdict | None = None
    proposals: tuple[Proposal, ...] = ()
    answers: tuple[NoteAnswer, ...] = ()
    transcript: str | None = None
    resume_at: datetime | None = None
    scripted: bool = False
    """Whether a scenario was played instead of asking a model."""
    sandboxed: bool | None = None
    """Whether a sandbox without network stood between it and the machine; None where nobody noted it."""
