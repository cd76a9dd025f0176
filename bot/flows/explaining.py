"""What `groundskeeper why` prints: where a project stands, from the same plan and in the same words as the answer to `/agent why`."""

from __future__ import annotations

from bot.core.decisions.order_handling import project_at, why_no_project
from bot.core.errors.user_errors import UserError
from bot.flows.context import Context
from bot.flows.replies import explanation
from bot.flows.ticking import dry_run


def why(context: Context, number: int) -> list[str]:
    """Lines for the terminal. Raises `UserError` for what is no project, saying why it is none."""
    seen = dry_run(context, about={number})
    project = project_at(seen.snapshot, number)
    status = seen.plan.statuses.get(project.number) if project is not None else None
    reason = why_no_project(project, status)
    if project is None or status is None or reason is not None:
        raise UserError(f"#{number} is no project: {reason}. Put `agent:ready` on an open issue to make it one; that needs write access.")
    lines = [f"#{project.number} {' '.join(project.issue.title.split())}"]
    lines += [f"{name}: {value}" for name, value in explanation(project, status, context.policy)]
    return lines
