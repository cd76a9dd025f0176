"""What the bot replies to people's orders: the same rows as the status comment."""

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
    """One comment for all replies below one issue, each answer beneath the line that it answers.

    Where the project stands is told once, beneath the first line that it answers: it is the same for all of them.
    """
    parts = ["\n".join(reply_mark(comment) for comment in dict.fromkeys(one.comment for one in replies))]
    told: PendingReply | None = None
    for one in replies:
        parts += [quoted(f"@{one.by}: {one.asked}"), one.text]
        if project is None or status is None or not one.explains:
            continue
        if told is None:
            parts.append("\n".join(f"- {name}: {value}" for name, value in explanation(project, status, policy)))
        elif not one.text:
            parts.append(f"As said above, to @\u200b{told.by}.")
        told = told or one
    return "\n\n".join(part for part in parts if part)


def explanation(project: Project, status: Status, policy: Policy) -> tuple[tuple[str, str], ...]:
    """Phase with reason and time, what comes next, who is at it, and what it has cost."""
    rows = dict(status_rows(project, status, policy))
    return tuple((name, rows[name]) for name in _EXPLAINED if name in rows)
