"""Writing down what people order, in one fenced push, and then replying to each of them once."""

from __future__ import annotations

from dataclasses import replace

from bot.core.decisions.effects import ExecuteOrder, PostReplies
from bot.core.decisions.order_handling import project_at
from bot.core.facts.project import Project, Snapshot, Stop
from bot.core.lifecycle.lease import Refused
from bot.core.orders.labels import LabelChange
from bot.core.orders.project_orders import after_replies, orders_after
from bot.flows.context import Context
from bot.flows.ref_updates import keeping_transcript, move, record_of
from bot.flows.refusals import final, given_up
from bot.flows.replies import reply_body, reply_mark
from bot.ports import Change, GitHubError, RefState
from bot.ports.people import Projection


def execute_order(context: Context, effect: ExecuteOrder) -> RefState | Refused:
    """The orders hold from this push on, whatever becomes of the answers. What was handled already is not handled again."""

    def decide(state: RefState) -> Change | Refused:
        record, now = record_of(state, effect.number), context.clock.now()
        busy = record.lease.holder.agent if record.lease is not None and record.lease.held(now) else None
        orders = orders_after(record.orders, effect.mentions, effect.context, now, busy=busy)
        if orders == record.orders:
            return Refused(reason="it was handled already")
        again = orders.retried != record.orders.retried
        after = replace(record, epoch=record.epoch + 1, orders=orders, archived=record.archived and not again)
        change = keeping_transcript(context, after, f"Order of @{effect.mentions[0].by} below #{effect.mentions[0].on}")
        stops = [reply for reply in orders.pending_replies if reply.stops and reply not in record.orders.pending_replies]
        if not stops or state.stop is not None:
            return change
        return replace(change, stop=Stop(by=f"@{stops[0].by}", at=now, reason=f"`/agent stop` below #{stops[0].on}"))

    return move(context, decide)


def post_replies(context: Context, snapshot: Snapshot, effect: PostReplies) -> RefState | Refused:
    """Labels first, then the comment, and only then are the replies noted as posted: cut off in between, all of it may be done again.

    Raises `GitHubError` where another try may help. What GitHub refuses for good, below a locked issue say, is given up.
    """
    project = project_at(snapshot, effect.on)
    since = min(reply.at for reply in effect.pending_replies)
    refused: list[str] = []
    try:
        if project is not None:
            _relabel(context, project, effect)
        written = context.comments.own_comments(effect.on, since)
        replies = [one for one in effect.pending_replies if not any(reply_mark(one.comment) in body for body in written)]
        if replies:
            context.comments.post(effect.on, reply_body(replies, project, effect.status, context.policy))
    except GitHubError as error:
        refused.append(final(error))
    comments = frozenset(one.comment for one in effect.pending_replies)

    def decide(state: RefState) -> Change | Refused:
        record = record_of(state, effect.number)
        after = replace(record, epoch=record.epoch + 1, orders=after_replies(record.orders, comments))
        if after.orders == record.orders:
            return Refused(reason="it was replied to already")
        return keeping_transcript(context, after, f"Answered below #{effect.on}{given_up(refused)}")

    return move(context, decide)


def _relabel(context: Context, project: Project, effect: PostReplies) -> None:
    """The last order about a label is the one that counts."""
    wanted: dict[str, bool] = {}
    for reply in effect.pending_replies:
        wanted |= dict.fromkeys(reply.remove, False) | dict.fromkeys(reply.add, True)
    add = frozenset(name for name, there in wanted.items() if there) - project.issue.labels
    remove = frozenset(name for name, there in wanted.items() if not there) & project.issue.labels
    if add or remove:
        change = LabelChange(add=add, remove=remove)
        context.writes.show([Projection(issue=project.issue, comment_id=None, body=None, labels=change, row=None)])
