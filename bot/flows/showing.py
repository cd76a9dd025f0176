"""What people see of each project, compared with what stands there, so that nothing is written that is there already."""

from __future__ import annotations

from collections.abc import Mapping

from bot.core.board import row_of
from bot.core.labels import healed
from bot.core.plan import is_visible
from bot.core.project import Comment, Project, Snapshot
from bot.core.standing import Standing
from bot.flows.means import Means
from bot.flows.texts import STATUS_MARK, status_comment
from bot.ports.people import BoardRow, Projection


def projections(means: Means, snapshot: Snapshot, standings: Mapping[int, Standing]) -> tuple[Projection, ...]:
    """One for each project whose comment, label or row on the board does not say where it stands."""
    shown = [project for project in snapshot.projects if is_visible(project, standings[project.number]) and not project.record.over]
    rows = [
        BoardRow(number=one.number, node_id=one.issue.node_id, values=row_of(one, standings[one.number], means.policy)) for one in shown
    ]
    missing = {row.number: row for row in means.screen.missing(rows)}
    found = (_projection(means, project, standings[project.number], missing.get(project.number)) for project in shown)
    return tuple(projection for projection in found if projection is not None)


def _projection(means: Means, project: Project, standing: Standing, row: BoardRow | None) -> Projection | None:
    comment = _status_comment(means, project)
    body = status_comment(project, standing, means.policy)
    labels = healed(project.issue.labels, standing.phase)
    same = comment is not None and comment.body.strip() == body.strip()
    if same and not labels.add and not labels.remove and row is None:
        return None
    return Projection(
        issue=project.issue, comment_id=comment.node_id if comment else None, body=None if same else body, labels=labels, row=row
    )


def _status_comment(means: Means, project: Project) -> Comment | None:
    comments = project.issue.comments
    found = _ours(means, comments)
    if found is None and project.issue.more_comments:
        found = _ours(means, means.reads.comments(project.number))
    return found


def _ours(means: Means, comments: tuple[Comment, ...]) -> Comment | None:
    own = means.policy.own_logins
    return next((comment for comment in comments if comment.author in own and comment.body.startswith(STATUS_MARK)), None)
