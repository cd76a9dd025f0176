"""What the bot can do, as data: each effect names its project and carries its reason; `flows/applying.py` does them, in one match."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.evidence.notes import OwedAnswer
from bot.core.facts.record import INBOX
from bot.core.lifecycle.status import Status
from bot.core.orders.project_orders import Mention, OrderContext, PendingReply
from bot.core.roles.role import Role
from bot.core.runs.note import Note
from bot.core.runs.run import Grant, Verdict


@dataclass(frozen=True, kw_only=True)
class StartRun:
    """Take the lease, reserve the grant, and let the agent work."""

    number: int
    agent: int
    role: Role
    cycle: int
    grant: Grant
    base: str
    head: str | None
    category: str | None = None
    notes: tuple[Note, ...] = ()
    """What people wrote on the pull request that it is to do."""
    goes_on: bool = False
    """Whether it goes on with the conversation that is kept."""
    reason: str


@dataclass(frozen=True, kw_only=True)
class ExpireRun:
    """End a lease whose holder stopped responding; its grant counts as spent."""

    number: int
    reason: str
    ended_job: str | None = None
    """The lease's Actions run, where that was seen to be over."""


@dataclass(frozen=True, kw_only=True)
class OpenPull:
    number: int
    branch: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class PostVerdict:
    number: int
    pull: int
    verdict: Verdict
    reason: str


@dataclass(frozen=True, kw_only=True)
class Merge:
    """Merge with exactly the reviewed head."""

    number: int
    pull: int
    head: str
    reason: str
    by_queue: bool = False
    """Hand it to GitHub's merge queue, which merges it when its checks pass there too."""


@dataclass(frozen=True, kw_only=True)
class LeaveQueue:
    """Take a pull request out of GitHub's merge queue, since it is not to be merged any more."""

    number: int
    pull: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class ConfirmQueuedMerge:
    """Repeat an approval on the merge that GitHub's queue made of it, since its required checks must succeed there too."""

    number: int
    pull: int
    head: str
    """The queue's merge, not the pull request's head."""
    reason: str


@dataclass(frozen=True, kw_only=True)
class UpdateBranch:
    """Merge the base into the branch, where that goes without a conflict, so that the checks run on what would be merged."""

    number: int
    pull: int
    head: str
    base: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class CloseIssue:
    number: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class FileProposal:
    """Make an issue of a proposal that was found valid by run `run`."""

    run: str
    queue: bool
    reason: str


@dataclass(frozen=True, kw_only=True)
class Archive:
    """Remember that a project ended and was shown so; the last thing that is done for it."""

    number: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class Restore:
    """Look at an archived project again: its issue was reopened or queued again."""

    number: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class ExecuteOrder:
    """Write down what people ordered on one project, or, as number INBOX, where no project is; it holds from then on."""

    number: int
    mentions: tuple[Mention, ...]
    context: OrderContext
    reason: str


@dataclass(frozen=True, kw_only=True)
class PostReplies:
    """Write the pending replies below issue or pull request `on`, and change the labels that they are about."""

    number: int
    """Whose record has them."""
    on: int
    pending_replies: tuple[PendingReply, ...]
    status: Status | None
    """Where the project stands now."""
    reason: str


@dataclass(frozen=True, kw_only=True)
class AcknowledgeNotes:
    """Put 👀 on what people wrote on the pull request, so that they know that it was read."""

    number: int
    notes: tuple[str, ...]
    """Node ids."""
    reason: str


@dataclass(frozen=True, kw_only=True)
class AnswerNotes:
    """Answer below each note that a run was done with, resolve its thread, and ask those for a review again who had asked for changes."""

    number: int
    pull: int
    owed: tuple[OwedAnswer, ...]
    reviewers: tuple[str, ...] = ()
    reason: str


@dataclass(frozen=True, kw_only=True)
class ResolveThreads:
    """Try again to resolve threads that were answered, which GitHub refused before."""

    number: int
    pull: int
    due: tuple[str, ...]
    threads: tuple[str, ...]
    """Those of them that are still to be resolved: people may have done it, or have gone on in them."""
    reason: str


@dataclass(frozen=True, kw_only=True)
class CallPerson:
    """Write one fresh comment that mentions whoever is to decide, and ask them for a review where there is a pull request."""

    number: int
    pull: int | None
    """The open pull request, below which it is written; else the issue."""
    key: str
    """Of what is to be decided: for the same nobody is called twice."""
    who: str | None
    """Who queued it; None where that was no person with write, and the owners of the files are asked."""
    remedy: str
    """What decides it."""
    reason: str


Effect = (
    StartRun
    | ExpireRun
    | OpenPull
    | PostVerdict
    | Merge
    | LeaveQueue
    | ConfirmQueuedMerge
    | UpdateBranch
    | CloseIssue
    | FileProposal
    | Archive
    | Restore
    | ExecuteOrder
    | PostReplies
    | AcknowledgeNotes
    | AnswerNotes
    | ResolveThreads
    | CallPerson
)


def describe(effect: Effect) -> str:
    """One line for people, as `tick --dry-run` prints it."""
    match effect:
        case StartRun(number=number, agent=agent, role=role, cycle=cycle, category=category, reason=reason):
            if number:
                return f"start agent {agent} on {role.value} of project {number}, cycle {cycle}: {reason}"
            what = f"in category {category}" if role is Role.IDEATION else "of the proposal"
            return f"start agent {agent} on {role.value} {what}: {reason}"
        case ExpireRun(number=number, reason=reason):
            return f"expire the run of project {number}: {reason}"
        case OpenPull(number=number, branch=branch, reason=reason):
            return f"open the pull request of project {number} from {branch}: {reason}"
        case PostVerdict(number=number, pull=pull, verdict=verdict, reason=reason):
            return f"{'approve' if verdict.approved else 'request changes on'} pull request #{pull} of project {number}: {reason}"
        case Merge(number=number, pull=pull, head=head, reason=reason, by_queue=by_queue):
            return f"{'queue' if by_queue else 'merge'} pull request #{pull} of project {number} at {head[:8]}: {reason}"
        case LeaveQueue(number=number, pull=pull, reason=reason):
            return f"take pull request #{pull} of project {number} out of the merge queue: {reason}"
        case ConfirmQueuedMerge(number=number, pull=pull, head=head, reason=reason):
            return f"repeat the approval of pull request #{pull} of project {number} on the merge queue's {head[:8]}: {reason}"
        case UpdateBranch(number=number, base=base, reason=reason):
            return f"merge {base[:8]} into the branch of project {number}: {reason}"
        case CloseIssue(number=number, reason=reason):
            return f"close issue {number}: {reason}"
        case FileProposal(run=run, queue=queue, reason=reason):
            return f"file the proposal of run {run}{' and queue it' if queue else ''}: {reason}"
        case Archive(number=number, reason=reason):
            return f"archive project {number}: {reason}"
        case Restore(number=number, reason=reason):
            return f"restore project {number}: {reason}"
        case ExecuteOrder(number=number, mentions=mentions, reason=reason):
            where = "outside of projects" if number == INBOX else f"on project {number}"
            return f"carry out the orders in {len(mentions)} {'comment' if len(mentions) == 1 else 'comments'} {where}: {reason}"
        case AcknowledgeNotes(number=number, notes=notes, reason=reason):
            return f"react to {_notes(len(notes))} on project {number}: {reason}"
        case AnswerNotes(pull=pull, owed=owed, reason=reason):
            return f"answer {_notes(len(owed))} on pull request #{pull}: {reason}"
        case ResolveThreads(pull=pull, due=due, reason=reason):
            return f"resolve {'a thread' if len(due) == 1 else f'{len(due)} threads'} on pull request #{pull}: {reason}"
        case CallPerson(number=number, who=who, reason=reason):
            return f"call {f'@{who}' if who else 'the owners of the code'} for project {number}: {reason}"
        case PostReplies(on=on, pending_replies=replies, reason=reason):
            return f"reply to {len(replies)} {'comment' if len(replies) == 1 else 'comments'} below #{on}: {reason}"


def _notes(count: int) -> str:
    return "a note" if count == 1 else f"{count} notes"
