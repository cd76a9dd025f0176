"""What people see of each project, compared with what stands there, so that nothing is written that is there already."""

from __future__ import annotations

from collections.abc import Mapping

from bot.core.labels import healed
from bot.core.plan import is_visible
from bot.core.project import Comment, Project, Snapshot
from bot.core.standing import Standing
from bot.flows.means import Means
from bot.flows.texts import STATUS_MARK, board_fields, status_comment
from bot.ports import Projection


def projections(means: Means, snapshot: Snapshot, standings: Mapping[int, Standing]) -> tuple[Projection, ...]:
    """One for each project whose comment or label does not say where it stands."""
    found = (
        _projection(means, snapshot, project, standings[project.number])
        for project in snapshot.projects
        if is_visible(project, standings[project.number]) and not project.record.over
    )
    return tuple(projection for projection in found if projection is not None)


def _projection(means: Means, snapshot: Snapshot, project: Project, standing: Standing) -> Projection | None:
    comment = _status_comment(means, project)
    body = status_comment(project, standing, means.policy)
    labels = healed(project.issue.labels, standing.phase)
    same = comment is not None and comment.body.strip() == body.strip()
    if same and not labels.add and not labels.remove:
        return None
    return Projection(
        issue=project.issue,
        comment_id=comment.node_id if comment else None,
        body=None if same else body,
        labels=labels,
        board=board_fields(project, standing),
        board_item=snapshot.board.get(project.number),
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
