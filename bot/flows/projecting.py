"""What people see of each project, compared with what stands there, so that nothing is written that is there already."""

from __future__ import annotations

from collections.abc import Mapping

from bot.core.facts.project import Comment, Project, Snapshot
from bot.core.lifecycle.status import Status
from bot.core.projections.board import row_of
from bot.core.projections.phase_labels import phase_label_change
from bot.core.projections.visibility import is_visible
from bot.flows.context import Context
from bot.flows.texts import STATUS_MARK, status_comment
from bot.ports.people import BoardRow, Projection


def projections(context: Context, snapshot: Snapshot, statuses: Mapping[int, Status]) -> tuple[Projection, ...]:
    """One for each project whose comment, label or row on the board does not say where it stands."""
    shown = [project for project in snapshot.projects if is_visible(project, statuses[project.number]) and not project.record.archived]
    rows = [
        BoardRow(number=one.number, node_id=one.issue.node_id, values=row_of(one, statuses[one.number], context.policy)) for one in shown
    ]
    missing = {row.number: row for row in context.board.missing(rows)}
    found = (_projection(context, project, statuses[project.number], missing.get(project.number)) for project in shown)
    return tuple(projection for projection in found if projection is not None)


def _projection(context: Context, project: Project, status: Status, row: BoardRow | None) -> Projection | None:
    comment = _status_comment(context, project)
    body = status_comment(project, status, context.policy)
    labels = phase_label_change(project.issue.labels, status.phase)
    same = comment is not None and comment.body.strip() == body.strip()
    if same and not labels.add and not labels.remove and row is None:
        return None
    return Projection(
        issue=project.issue, comment_id=comment.node_id if comment else None, body=None if same else body, labels=labels, row=row
    )


def _status_comment(context: Context, project: Project) -> Comment | None:
    comments = project.issue.comments
    found = _ours(context, comments)
    if found is None and project.issue.more_comments:
        found = _ours(context, context.reads.comments(project.number))
    return found


def _ours(context: Context, comments: tuple[Comment, ...]) -> Comment | None:
    own = context.policy.own_logins
    return next((comment for comment in comments if comment.author in own and comment.body.startswith(STATUS_MARK)), None)
