"""What the bot answers to people who speak to it: the same rows as the status comment."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.facts.policy import Policy
from bot.core.facts.project import Project
from bot.core.lifecycle.status import Status
from bot.core.orders.project_orders import PendingReply
from bot.flows.texts import quoted, status_rows

_EXPLAINED = ("Phase", "Next", "Agent", "Priority", "Assigned", "Pull request", "Cycle", "Spend")


def reply_mark(comment: int) -> str:
    """Hidden in an answer: by it the bot knows that it has answered."""
    return f"<!-- groundskeeper:answer {comment} -->"


def reply_body(replies: Sequence[PendingReply], project: Project | None, status: Status | None, policy: Policy) -> str:
    """One comment for all that is owed below one issue; where the project stands is told once, at the end."""
    parts = ["\n".join(reply_mark(comment) for comment in dict.fromkeys(one.comment for one in replies))]
    parts += [f"{quoted(f'@{one.by}: {one.asked}')}\n\n{one.text}".strip() for one in replies]
    if project is not None and status is not None and any(one.explains for one in replies):
        parts.append("\n".join(f"- {name}: {value}" for name, value in explanation(project, status, policy)))
    return "\n\n".join(parts)


def explanation(project: Project, status: Status, policy: Policy) -> tuple[tuple[str, str], ...]:
    """Phase with reason and time, what comes next, who is at it, and what it has cost."""
    rows = dict(status_rows(project, status, policy))
    return tuple((name, rows[name]) for name in _EXPLAINED if name in rows)
