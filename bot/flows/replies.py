"""What the bot replies to people's orders, in the same words as the status comment."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.facts.policy import Policy
from bot.core.facts.project import Project
from bot.core.lifecycle.status import Status
from bot.core.markdown.blocks import Block, bullets, page, paragraph, quote
from bot.core.markdown.blocks import comment as hidden
from bot.core.markdown.inline import line, plain, prose
from bot.core.markdown.passages import passage
from bot.core.orders.project_orders import PendingReply
from bot.core.projections.summary import Summary, summary_of


def reply_mark(comment: int) -> str:
    """Hidden in an answer: by it the bot knows that it has answered."""
    return hidden(f"groundskeeper:answer {comment}")


def reply_body(replies: Sequence[PendingReply], project: Project | None, status: Status | None, policy: Policy) -> str:
    """One comment for all replies below one issue, each answer beneath the line that it answers.

    Where the project stands is told once, beneath the first line that it answers: it is the same for all of them.
    """
    parts = [Block("\n".join(reply_mark(comment) for comment in dict.fromkeys(one.comment for one in replies)))]
    told: PendingReply | None = None
    for one in replies:
        parts += [quote(paragraph(plain(f"@{one.by}: {one.asked}"))), _answer(one)]
        if project is None or status is None or not one.explains:
            continue
        if told is None:
            parts.append(_explained(summary_of(project, status, policy)))
        elif not one.text:
            parts.append(paragraph(line("As said above, to {who}.", who=f"@{told.by}")))
        told = told or one
    return page(*parts)


def _answer(reply: PendingReply) -> Block:
    return passage(reply.text, issues={reply.on})


def _explained(summary: Summary) -> Block:
    return bullets(line("{name}: {value}", name=name, value=prose(value, issues=summary.refers_to)) for name, value in summary.explained)


def explanation(project: Project, status: Status, policy: Policy) -> tuple[tuple[str, str], ...]:
    """Phase with its reason, what a person can do, who is at it, and what it has cost; in plain words."""
    return summary_of(project, status, policy).explained
