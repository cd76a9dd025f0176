"""What the bot can do, as data: each effect names its project and carries its reason; `flows/apply.py` does them, in one match."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.orders import Circumstances, Owed, Said
from bot.core.record import INBOX
from bot.core.roles import Role
from bot.core.run import Grant, Verdict
from bot.core.standing import Standing


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
    reason: str


@dataclass(frozen=True, kw_only=True)
class WriteOff:
    """End a lease whose holder was not heard of again; its grant counts as spent."""

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
class Vouch:
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
class Retire:
    """Remember that a project ended and was shown so; the last thing that is done for it."""

    number: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class Revive:
    """Look at a project again that was put away: its issue was reopened or queued again."""

    number: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class Obey:
    """Write down what people said to the bot about one project, or, as number INBOX, where no project is; it holds from then on."""

    number: int
    words: tuple[Said, ...]
    facts: Circumstances
    reason: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Write the answers that are owed below issue or pull request `on`, and change the labels that they are about."""

    number: int
    """Whose record owes them."""
    on: int
    owed: tuple[Owed, ...]
    standing: Standing | None
    """Where the project stands now."""
    reason: str


Effect = (
    StartRun
    | WriteOff
    | OpenPull
    | PostVerdict
    | Merge
    | LeaveQueue
    | Vouch
    | UpdateBranch
    | CloseIssue
    | FileProposal
    | Retire
    | Revive
    | Obey
    | Answer
)


def describe(effect: Effect) -> str:
    """One line for people, as `tick --dry-run` prints it."""
    match effect:
        case StartRun(number=number, agent=agent, role=role, cycle=cycle, category=category, reason=reason):
            if number:
                return f"start agent {agent} on {role.value} of project {number}, cycle {cycle}: {reason}"
            what = f"in category {category}" if role is Role.IDEATION else "of the proposal"
            return f"start agent {agent} on {role.value} {what}: {reason}"
        case WriteOff(number=number, reason=reason):
            return f"write off the lost run of project {number}: {reason}"
        case OpenPull(number=number, branch=branch, reason=reason):
            return f"open the pull request of project {number} from {branch}: {reason}"
        case PostVerdict(number=number, pull=pull, verdict=verdict, reason=reason):
            return f"{'approve' if verdict.approved else 'request changes on'} pull request #{pull} of project {number}: {reason}"
        case Merge(number=number, pull=pull, head=head, reason=reason, by_queue=by_queue):
            return f"{'queue' if by_queue else 'merge'} pull request #{pull} of project {number} at {head[:8]}: {reason}"
        case LeaveQueue(number=number, pull=pull, reason=reason):
            return f"take pull request #{pull} of project {number} out of the merge queue: {reason}"
        case Vouch(number=number, pull=pull, head=head, reason=reason):
            return f"repeat the approval of pull request #{pull} of project {number} on the merge queue's {head[:8]}: {reason}"
        case UpdateBranch(number=number, base=base, reason=reason):
            return f"merge {base[:8]} into the branch of project {number}: {reason}"
        case CloseIssue(number=number, reason=reason):
            return f"close issue {number}: {reason}"
        case FileProposal(run=run, queue=queue, reason=reason):
            return f"file the proposal of run {run}{' and queue it' if queue else ''}: {reason}"
        case Retire(number=number, reason=reason):
            return f"put project {number} away: {reason}"
        case Revive(number=number, reason=reason):
            return f"look at project {number} again: {reason}"
        case Obey(number=number, words=words, reason=reason):
            where = "outside of projects" if number == INBOX else f"on project {number}"
            return f"hear {len(words)} {'word' if len(words) == 1 else 'words'} {where}: {reason}"
        case Answer(on=on, owed=owed, reason=reason):
            return f"answer {len(owed)} {'comment' if len(owed) == 1 else 'comments'} below #{on}: {reason}"
