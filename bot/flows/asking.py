"""What `groundskeeper why` prints: where a project stands, from the same plan and in the same words as the answer to `/agent why`."""

from __future__ import annotations

from bot.core.obedience import project_at, why_no_project
from bot.core.trouble import UserError
from bot.flows.answers import explanation
from bot.flows.means import Means
from bot.flows.ticking import foresee


def why(means: Means, number: int) -> list[str]:
    """Lines for the terminal. Raises `UserError` for what is no project, saying why it is none."""
    seen = foresee(means, about={number})
    project = project_at(seen.snapshot, number)
    standing = seen.plan.standings.get(project.number) if project is not None else None
    reason = why_no_project(project, standing)
    if project is None or standing is None or reason is not None:
        raise UserError(f"#{number} is no project: {reason}. Put `agent:ready` on an open issue to make it one; that needs write access.")
    lines = [f"#{project.number} {' '.join(project.issue.title.split())}"]
    lines += [f"{name}: {value.replace('**', '')}" for name, value in explanation(project, standing, means.policy)]
    return lines
