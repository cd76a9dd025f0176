"""What people see of each project, compared with what stands there, so that nothing is written that is there already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.core.facts.project import Comment, Project, PullState, Snapshot
from bot.core.lifecycle.current import current_pull
from bot.core.lifecycle.status import Status
from bot.core.projections.board import row_of
from bot.core.projections.bot_labels import bot_label_change
from bot.core.projections.visibility import is_visible
from bot.flows.context import Context
from bot.flows.texts.pulls import body_to_write
from bot.flows.texts.status import STATUS_MARK, status_comment
from bot.ports.people import BoardRow, Projection, PullText


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
    body = status_comment(project, status, context.policy, web=context.web)
    labels = bot_label_change(project, status)
    same = comment is not None and comment.body.strip() == body.strip()
    if not same and project.record.epoch == 0:  # by its label alone is it known that it has a comment, which may not be written this time
        labels = replace(labels, remove=frozenset())
    pull = _pull_text(context, project)
    if same and not labels.add and not labels.remove and row is None and pull is None:
        return None
    return Projection(
        issue=project.issue,
        comment_id=comment.node_id if comment else None,
        body=None if same else body,
        labels=labels,
        row=row,
        pull=pull,
    )


def _pull_text(context: Context, project: Project) -> PullText | None:
    """The bot's part of its own pull request, while that is open, kept current with each cycle."""
    pull = current_pull(project)
    if pull is None or pull.state is not PullState.OPEN or pull.author not in context.policy.own_logins:
        return None
    body = body_to_write(project, pull.body)
    return PullText(node_id=pull.node_id, body=body) if body is not None else None


def _status_comment(context: Context, project: Project) -> Comment | None:
    comments = project.issue.comments
    found = _ours(context, comments)
    if found is None and project.issue.more_comments:
        found = _ours(context, context.reads.comments(project.number))
    return found


def _ours(context: Context, comments: tuple[Comment, ...]) -> Comment | None:
    own = context.policy.own_logins
    return next((comment for comment in comments if comment.author in own and comment.body.startswith(STATUS_MARK)), None)
