"""Every Protocol through which the inside reaches the outside: GitHub reads and writes, Refs, Workspace, Model, Sandbox, Clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Protocol

from bot.core.evidence.weakening import FileChange
from bot.core.facts.damage import Damage
from bot.core.facts.policy import MergeMethod
from bot.core.facts.project import Comment, Conflict, ForeignPull, Issue, Pause, Pull, Stop, Title
from bot.core.facts.record import Record
from bot.core.money.ledger import Ledger
from bot.core.money.pricing import Price
from bot.core.orders.labels import Label
from bot.core.runs.conversation import Reply, Request
from bot.core.secrets.detection import Secret
from bot.ports.people import Projection


class Clock(Protocol):
    def now(self) -> datetime:
        """The time that decisions use, aware, UTC: GitHub's own where it is known."""

    def wait(self, duration: timedelta) -> None: ...


class Model(Protocol):
    def price(self, model: str) -> Price:
        """Raises `ModelError` (UNPRICED) where the price is not known: nothing may be sent to such a model."""

    def reply(self, request: Request, *, cancelled: Callable[[], bool]) -> Reply:
        """One answer. Raises `ModelError`; gives up within seconds, as CANCELLED, when `cancelled()` turns true."""

    @property
    def scripted(self) -> bool:
        """True for a model that plays a scenario file; said wherever its work is shown."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a command in the sandbox did. `exit_code` is None when it was killed at its time limit or by cancellation."""

    exit_code: int | None
    output: str
    """Standard output and error as they came, cut in the middle past the sandbox's output limit."""
    timed_out: bool = False


class Sandbox(Protocol):
    def run(
        self,
        command: Sequence[str],
        *,
        workspace: Path,
        writable: bool = True,
        timeout: timedelta,
        stdin: bytes = b"",
        environment: Mapping[str, str] = {},
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Outcome:
        """Runs with `workspace` as the only writable place (read-only when not `writable`), seen there as /workspace,
        no network, no inherited environment; the whole process group is killed at the limit."""

    @property
    def isolating(self) -> bool:
        """False where nothing separates the command from this machine."""


class Workspace(Protocol):
    """A checkout for one run, in a directory that only the sandbox works in."""

    @property
    def path(self) -> Path:
        """Mounted as /workspace in the sandbox; the repository is the directory itself."""

    def close(self) -> None: ...


@dataclass(frozen=True, kw_only=True)
class RefState:
    """All refs that decisions need, as one fetch saw them; `tips` are the oids that a change must find unchanged."""

    tips: Mapping[str, str]
    """Full ref name to commit, for `refs/heads/*` and `refs/groundskeeper/*`."""
    base: str
    records: Mapping[int, Record]
    ledger: Ledger
    stop: Stop | None
    pauses: tuple[Pause, ...] = ()
    damage: tuple[Damage, ...] = ()
    """Refs that do not prove themselves: nothing of what they say is in the rest."""
    sequences: Mapping[str, int] = field(default_factory=dict)
    """Full ref name to how often it was moved, as far as anything tells."""


@dataclass(frozen=True, kw_only=True)
class BranchMove:
    """`head` must be in the local repository already: admitted from a bundle, or read from GitHub."""

    branch: str
    head: str


@dataclass(frozen=True, kw_only=True)
class Change:
    """What one atomic push changes; absent parts stay as they are. `message` is for `git log` on the ref."""

    message: str
    record: Record | None = None
    ledger: Ledger | None = None
    stop: Stop | StartAgain | Pauses | None = None
    branch: BranchMove | None = None
    transcript: str | None = None
    """Stored beside `record`; None drops the one that was there."""


@dataclass(frozen=True, kw_only=True)
class StartAgain:
    by: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Pauses:
    """All that are paused from now on; a stop stays as it is."""

    by: str
    at: datetime
    all: tuple[Pause, ...]


class Refs(Protocol):
    def read(self) -> RefState:
        """Fetches what changed and reads it. A ref that is malformed or not the bot's own writing is damage in the answer, and stops
        nothing else. Raises `GitError` when the remote cannot be reached."""

    def tips(self) -> Mapping[str, str]:
        """The refs as they are now, cheaply (`ls-remote`, nothing fetched): asked before every side effect."""

    def push(self, seen: RefState, change: Change) -> RefState | None:
        """All of `change` or nothing, only where each ref touched still stands as in `seen`: the refs as the push left them, or None
        where one had moved and nothing was changed. What it did not touch is as in `seen`, so that whoever watches for a stop sees it.
        A push whose answer was lost is settled by reading the ref. Raises `GitError` when not even that is possible."""

    def transcript(self, number: int) -> str | None: ...


class GitError(Exception):
    """git could not do it, with its own words; credentials taken out."""


@dataclass(frozen=True, kw_only=True)
class Admitted:
    """A bundle whose commits are in the local repository now; not yet pushed anywhere."""

    head: str
    paths: tuple[str, ...]
    """Every path that differs between base and head, and every path touched on the way."""
    commits: int
    secrets: tuple[Secret, ...] = ()
    """Where its commits would make one public, on the way too. Such commits were looked at and left out of the repository."""
    judging: tuple[FileChange, ...] = ()
    """Of the files that judge work (tests, and what runs them): as they stand where the branch left the default one, and at the head."""


class Code(Protocol):
    """What trusted code reads and admits of the repository's content. Apart from Refs, since a run has this and no right to move a ref."""

    def files(self, commit: str, paths: Sequence[str]) -> Mapping[str, str]:
        """The text of those that are there, read from git objects, never from a checkout."""

    def listing(self, commit: str) -> tuple[str, ...]: ...

    def subjects(self, commit: str, most: int) -> tuple[str, ...]:
        """Of the newest commits up to this one, merges left out."""

    def diff(self, base: str, head: str) -> str:
        """Unified diff from the merge base of the two to `head`."""

    def merged(self, base: str, head: str) -> str | Conflict:
        """A commit whose tree is the merge of the two; made locally, on no branch."""

    def updated(self, head: str, base: str, message: str) -> str | Conflict:
        """A commit that merges `base` into `head`, with `head` as its first parent; made locally, on no branch."""

    def contains(self, ancestor: str, descendant: str) -> bool: ...

    def workspace(
        self, commit: str, *, branch: str | None, author: str, beside: str | None = None, restored: Sequence[str] = ()
    ) -> Workspace:
        """A clone with `commit` checked out (on `branch`, or detached), no origin; `restored` are files as the commit `beside` has them."""

    def admit(self, bundle: bytes, *, base: str, head: str, known: str | None = None, agent: int | None = None) -> Admitted | str:
        """Takes a bundle's commits in after checking them (fsck, `head` there and descending from `base`); or why not.

        What `known`, a commit of the default branch, has already is nothing that the bundle brings. The commits are made anew as
        the worker's own, whoever they said they were of, and name the agent in a trailer: so the head is another one.
        """


@dataclass(frozen=True, kw_only=True)
class View:
    """Open issues that are queued or proposed and those asked for, with blockers where `blockers` found some lately; pulls of branches."""

    issues: Mapping[int, Issue]
    pulls: Mapping[str, Pull]
    """By branch; the newest of each that the bot opened into the default branch, or that was merged there."""
    foreign: Mapping[str, tuple[ForeignPull, ...]] = field(default_factory=dict)
    merge_queue: bool = False
    """Whether the default branch is merged into by GitHub's own queue."""
    last_activity: datetime | None = None
    """When any issue or pull request of the repository last changed in a way that may have been a comment; None where none did."""


class GitHubReads(Protocol):
    """Raises `GitHubError`."""

    def view(self, in_play: Mapping[int, str | None]) -> View:
        """GitHub as it is now. `in_play` (number to branch of projects with a record) is in full: comments, pull, checks, reviews."""

    def blockers(self, number: int) -> tuple[int, ...]:
        """Open issues that block this one, by GitHub's own dependencies."""

    def ended(self, jobs: Set[str]) -> frozenset[str]:
        """Those of these Actions runs (`<run id>/<attempt>`) that are over or gone. One that cannot be seen counts as alive."""

    def titles(self) -> tuple[Title, ...]:
        """Every issue, open and closed, by title: for ideation."""

    def comments(self, number: int) -> tuple[Comment, ...]:
        """All of them: where `Issue.more_comments` says that the newest were not enough."""


@dataclass(frozen=True, kw_only=True)
class ReviewComment:
    path: str
    line: int
    body: str


class Merged(Enum):
    DONE = "done"
    HEAD_MOVED = "head moved"
    NOT_NOW = "not now"
    """GitHub says that it cannot be merged as it stands, or that the base just moved; look again."""


@dataclass(frozen=True, kw_only=True)
class MergeAnswer:
    merged: Merged
    words: str = ""


class GitHubWrites(Protocol):
    """Raises `GitHubError`. Every write that makes something is preceded by the caller's look whether it is there already."""

    def open_pull(self, *, branch: str, base: str, title: str, body: str) -> int:
        """The number of the new pull request, or of the open one that the branch has already."""

    def review(self, *, pull: int, head: str, approve: bool | None, body: str, comments: Sequence[ReviewComment]) -> None:
        """As the reviewer, bound to `head`; `approve` None posts it as a comment (one identity only)."""

    def check(self, *, head: str, name: str, success: bool, title: str, summary: str) -> None:
        """As the reviewer's app, or as a commit status where the reviewer is no app."""

    def merge(self, *, pull: int, head: str, method: MergeMethod, title: str, message: str) -> MergeAnswer: ...

    def enqueue(self, *, pull: str, head: str) -> MergeAnswer:
        """Into GitHub's merge queue, by node id and only at exactly `head`; one that is in it already stays."""

    def dequeue(self, *, pull: str) -> None:
        """Out of GitHub's merge queue, by node id; one that is not in it stays out."""

    def open_issue(self, *, title: str, body: str, labels: Sequence[str], mark: str) -> int:
        """The number of the new issue, or of the open or closed one whose body has `mark` already."""

    def add_labels(self, number: int, labels: Sequence[str]) -> None: ...

    def close_issue(self, number: int) -> None: ...

    def show(self, projections: Sequence[Projection]) -> None:
        """All of them in as few requests as possible (aliased mutations)."""

    def ensure_labels(self, labels: Sequence[Label]) -> tuple[str, ...]:
        """Makes those that are missing, never changes one; the names of those made."""


class GitHubErrorKind(Enum):
    LIMITED = "rate limited"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    """No permission, or GitHub says that the request is wrong; the words say which."""
    GONE = "not found"


class GitHubError(Exception):
    """A call that did not do what was asked, in GitHub's own words; `resume_at` where GitHub says when to come again."""

    def __init__(self, kind: GitHubErrorKind, message: str, *, resume_at: datetime | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.resume_at = resume_at
