"""The facts about a repository and its projects as they were read once: the snapshot that all decisions are made on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from bot.core.facts.damage import Damage
from bot.core.facts.record import INBOX, Record
from bot.core.money.ledger import Ledger
from bot.core.orders.project_orders import Mention
from bot.core.runs.note import Note


@dataclass(frozen=True, kw_only=True)
class Act:
    """Something that a person or bot did, with whether the permission API gives them write."""

    by: str
    at: datetime
    may_write: bool


@dataclass(frozen=True, kw_only=True)
class Comment:
    node_id: str
    author: str
    body: str
    at: datetime
    changed_at: datetime
    """When its text became what it is."""
    may_write: bool = False


@dataclass(frozen=True, kw_only=True)
class Issue:
    number: int
    node_id: str
    title: str
    body: str
    open: bool
    author: str
    labels: frozenset[str]
    created_at: datetime
    queued: Act | None = None
    """Who put `agent:ready` on last; None where nobody did."""
    edits: tuple[Act, ...] = ()
    """Edits of title and body that are known, oldest first."""
    comments: tuple[Comment, ...] = ()
    """The newest ones; read only for projects in play."""
    more_comments: bool = False
    """Whether there are comments that were not read."""
    blockers: tuple[int, ...] | None = None
    """Open issues that this one is blocked by; None where nobody asked, which costs a request and is done for those that would start."""


class PullState(Enum):
    OPEN = "open"
    CLOSED = "closed"
    MERGED = "merged"


class Mergeable(Enum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    """GitHub has not computed it yet."""


class CheckState(Enum):
    PENDING = "pending"
    SUCCESS = "success"
    FAILURE = "failure"


@dataclass(frozen=True, kw_only=True)
class Check:
    """A check run or commit status on the pull request's head. Neutral and skipped count as success, as GitHub has it."""

    name: str
    state: CheckState
    summary: str = ""
    url: str = ""
    reporter: str = ""
    """The app, by its slug, or the account that reported it; empty where the server does not tell."""


class ReviewState(Enum):
    APPROVED = "approved"
    CHANGES_REQUESTED = "changes_requested"
    COMMENTED = "commented"
    DISMISSED = "dismissed"


@dataclass(frozen=True, kw_only=True)
class Review:
    author: str
    state: ReviewState
    commit: str
    body: str
    at: datetime
    may_write: bool = False
    """Whether the permission API gives the author write; a review of somebody without it changes nothing."""


@dataclass(frozen=True, kw_only=True)
class QueueRemoval:
    """That a pull request left GitHub's merge queue without being merged."""

    at: datetime
    by: str
    manual: bool
    """Taken out by somebody; otherwise the queue itself gave it up."""
    words: str
    """The queue's own, such as `failed_checks`."""
    checks: tuple[Check, ...] = ()
    """On the merge that the queue had tried."""


@dataclass(frozen=True, kw_only=True)
class Pull:
    number: int
    node_id: str
    state: PullState
    branch: str
    head: str
    base: str
    author: str
    mergeable: Mergeable
    created_at: datetime
    title: str = ""
    body: str = ""
    closed_at: datetime | None = None
    checks: tuple[Check, ...] = ()
    base_checks: tuple[Check, ...] = ()
    """On the tip of the branch that it is to be merged into."""
    reviews: tuple[Review, ...] = ()
    """Oldest first."""
    notes: tuple[Note, ...] = ()
    """What was written on it, by whomever: comments, comments on lines, words of reviews that do not approve."""
    blocked: bool = False
    """Whether GitHub lets nobody merge it by its own rules for the base, whatever its checks say; it is not asked where it has a queue."""
    queue_place: int | None = None
    """Its place in GitHub's merge queue, None where it is not in it."""
    queue_head: str | None = None
    """The queue's own merge of it with what waits before it, which the required checks are asked about too; None until there is one."""
    queue_checks: tuple[Check, ...] = ()
    """On `queue_head`."""
    removal: QueueRemoval | None = None
    """How it left the merge queue last."""


@dataclass(frozen=True, kw_only=True)
class ForeignPull:
    """An open pull request from a project's branch that is not the project's: of somebody else, or into another branch.

    What the bot says of its branch's head, by a check, would be said of this one too.
    """

    number: int
    author: str
    base: str

    @property
    def said(self) -> str:
        return f"pull request #{self.number}, which @{self.author} opened from this project's branch into {self.base}, is none of the bot's"

    @property
    def remedy(self) -> str:
        return f"Close #{self.number}, or take it from another branch; the bot opens its own."


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """Paths on which a merge fails, and the places themselves, with git's conflict marks."""

    paths: tuple[str, ...]
    hunks: str = ""


@dataclass(frozen=True, kw_only=True)
class Project:
    """One queued issue with all that is known about it."""

    issue: Issue
    pull: Pull | None = None
    record: Record
    foreign: tuple[ForeignPull, ...] = ()
    branch_head: str | None = None
    """Where the project's branch stands, None where it is not there."""
    behind: bool = False
    """Whether the pull request's head lacks commits of the base."""
    conflict: Conflict | None = None
    """Where the pull request's head and the base contradict each other."""
    landed: bool = False
    """Whether the base has all that the branch has, where no pull request is open."""
    damage: Damage | None = None
    """What its ref has become, where that does not prove itself: then `record` is an empty one."""
    job_over: bool = False
    """Whether the Actions run that its lease was taken for has ended: nobody will hand anything in."""

    @property
    def number(self) -> int:
        return self.issue.number


@dataclass(frozen=True, kw_only=True)
class Stop:
    by: str
    at: datetime
    reason: str


class Pausable(Enum):
    """What can be paused by itself while all else goes on."""

    AGENT = "agent"
    CATEGORY = "category"


@dataclass(frozen=True, kw_only=True)
class Pause:
    what: Pausable
    name: str
    """An agent's number, or a category's name."""
    by: str
    at: datetime
    reason: str


def pause_of(pauses: Iterable[Pause], what: Pausable, name: str) -> Pause | None:
    return next((pause for pause in pauses if (pause.what, pause.name) == (what, name)), None)


@dataclass(frozen=True, kw_only=True)
class Title:
    """An issue as ideation sees it: what it must not propose again."""

    number: int
    title: str
    open: bool
    proposed: bool
    """Whether it carries `agent:proposed`."""


@dataclass(frozen=True, kw_only=True)
class PastWork:
    """A project that ended, by its title, and the files that it touched."""

    title: str
    paths: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    repository: str
    default_branch: str
    base: str
    """Tip of the default branch."""
    projects: tuple[Project, ...]
    ideation: Record
    ideation_job_over: bool = False
    """The same as `Project.job_over`."""
    ledger: Ledger
    stop: Stop | None = None
    pauses: tuple[Pause, ...] = ()
    merge_queue: bool = False
    """Whether GitHub merges into the default branch by a queue of its own."""
    titles: tuple[Title, ...] = ()
    listing: frozenset[str] = frozenset()
    """Every file at the base."""
    past: tuple[PastWork, ...] = ()
    mentions: tuple[Mention, ...] = ()
    """Comments to the bot that it has not handled yet, oldest first."""
    inbox: Record = field(default_factory=lambda: Record(number=INBOX))
    damage: tuple[Damage, ...] = ()
    """Of every ref of the bot's that does not prove itself."""

    def paused(self, what: Pausable) -> dict[str, Pause]:
        return {pause.name: pause for pause in self.pauses if pause.what is what}
