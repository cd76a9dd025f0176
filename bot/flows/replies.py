"""What the bot answers to people who speak to it, in the same words as the status comment."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.facts.policy import Policy
from bot.core.facts.project import Project
from bot.core.lifecycle.status import Status
from bot.core.markdown.blocks import Block, bullets, page, paragraph, quote
from bot.core.markdown.blocks import comment as hidden
from bot.core.markdown.inline import line, plain, prose
from bot.core.orders.project_orders import PendingReply
from bot.core.projections.summary import summary_of


def reply_mark(comment: int) -> str:
    """Hidden in an answer: by it the bot knows that it has answered."""
    return hidden(f"groundskeeper:answer {comment}")


def reply_body(replies: Sequence[PendingReply], project: Project | None, status: Status | None, policy: Policy) -> str:
    """One comment for all that is owed below one issue; where the project stands is told once, at the end."""
    marks = Block("\n".join(reply_mark(comment) for comment in dict.fromkeys(one.comment for one in replies)))
    told = [page(quote(paragraph(plain(f"@{one.by}: {one.asked}"))), paragraph(prose(one.text, issues={one.on}))) for one in replies]
    if project is None or status is None or not any(one.explains for one in replies):
        return page(marks, *told)
    summary = summary_of(project, status, policy)
    rows = [line("{name}: {value}", name=name, value=prose(value, issues=summary.refers_to)) for name, value in summary.explained]
    return page(marks, *told, bullets(rows))


def explanation(project: Project, status: Status, policy: Policy) -> tuple[tuple[str, str], ...]:
    """Phase with its reason, what a person can do, who is at it, and what it has cost; in plain words."""
    return summary_of(project, status, policy).explained
