"""What people wrote and what the repository says of itself, as a brief carries them: read when the run starts, never from its head."""

from __future__ import annotations

from bot.core.facts.project import Comment, Project, Title
from bot.core.ideas.ideation import alike
from bot.core.orders.commands import is_mention
from bot.core.runs.criteria import visible
from bot.core.runs.guidance import ROOT, Guidance, guidance_of, guidance_paths
from bot.core.runs.run import Proposal
from bot.flows.context import Context

_LONGEST = 30_000
"""Characters of all comments together; the newest are kept."""
_PROPOSALS_READ = 5


def discussion(context: Context, project: Project | None) -> tuple[str, ...]:
    """What people with write, and the asker, wrote below the issue, but not to the bot; strangers' comments are not passed on.

    An asker without write access is heard only with what stood there when it was queued: as for title and body, somebody has read that.
    """
    if project is None or project.issue.queued is None:
        return ()
    issue, queued = project.issue, project.issue.queued
    comments = context.reads.comments(project.number) if issue.more_comments else issue.comments

    def counts(one: Comment) -> bool:
        if is_mention(one.body) or one.author in context.policy.own_logins:
            return False
        return (one.author == issue.author and one.changed_at <= queued.at) or context.comments.may_write(one.author)

    return newest([f"@{one.author}: {visible(one.body)}" for one in comments if counts(one)])


def said_of_proposals(context: Context, proposal: Proposal, titles: tuple[Title, ...]) -> tuple[str, ...]:
    """What people with write said below closed proposals that are like this one."""
    said: list[str] = []
    for title in alike(proposal, titles, _PROPOSALS_READ):
        said += [
            f"@{one.author} on “{title.title}” (closed): {visible(one.body)}"
            for one in context.reads.comments(title.number)
            if one.author not in context.policy.own_logins and not is_mention(one.body) and context.comments.may_write(one.author)
        ]
    return newest(said)


def newest(said: list[str]) -> tuple[str, ...]:
    """As many of the last ones as fit, and a word on how many were left out."""
    kept: list[str] = []
    room = _LONGEST
    for one in reversed(said):
        room -= len(one)
        if room < 0 and kept:
            return (f"({len(said) - len(kept)} older comments are left out)", *reversed(kept))
        kept.append(one)
    return tuple(reversed(kept))


def guidance(context: Context, base: str) -> tuple[Guidance, ...]:
    """From the base commit: what a branch under work says of how to work counts for nothing."""
    paths = guidance_paths(context.code.listing(base))
    return guidance_of(paths, context.code.files(base, [path for path in paths if path in ROOT])) if paths else ()
