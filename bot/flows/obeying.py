"""Writing down what people order, in one fenced push, and then answering each of them once."""

from __future__ import annotations

from dataclasses import replace

from bot.core.effects import Answer, Obey
from bot.core.labels import LabelChange
from bot.core.lease import Refused
from bot.core.obedience import project_at
from bot.core.orders import listened, settled
from bot.core.project import Project, Snapshot, Stop
from bot.flows.answers import answer_body, answer_mark
from bot.flows.means import Means
from bot.flows.moving import keeping_its_conversation, move, record_of
from bot.ports import Change, GitHubTrouble, GitHubTroubleKind, RefState
from bot.ports.people import Projection


def obey(means: Means, effect: Obey) -> RefState | Refused:
    """The orders hold from this push on, whatever becomes of the answers. What was heard already is not heard again."""

    def decide(state: RefState) -> Change | Refused:
        record, now = record_of(state, effect.number), means.clock.now()
        busy = record.lease.holder.agent if record.lease is not None and record.lease.held(now) else None
        orders = listened(record.orders, effect.words, effect.facts, now, busy=busy)
        if orders == record.orders:
            return Refused(reason="it was heard already")
        again = orders.retried != record.orders.retried
        after = replace(record, epoch=record.epoch + 1, orders=orders, over=record.over and not again)
        change = keeping_its_conversation(means, after, f"Hear @{effect.words[0].by} below #{effect.words[0].on}")
        stops = [owed for owed in orders.owed if owed.stops and owed not in record.orders.owed]
        if not stops or state.stop is not None:
            return change
        return replace(change, stop=Stop(by=f"@{stops[0].by}", at=now, reason=f"`/agent stop` below #{stops[0].on}"))

    return move(means, decide)


def answer(means: Means, snapshot: Snapshot, effect: Answer) -> RefState | Refused:
    """Labels first, then the comment, and only then is nothing owed any more: cut off in between, all of it may be done again.

    Raises `GitHubTrouble` where another try may help. What GitHub refuses for good, below a locked issue say, is owed no longer.
    """
    project = project_at(snapshot, effect.on)
    since = min(owed.at for owed in effect.owed)
    words = ""
    try:
        if project is not None:
            _relabel(means, project, effect)
        written = means.talk.own_words(effect.on, since)
        owed = [one for one in effect.owed if not any(answer_mark(one.comment) in body for body in written)]
        if owed:
            means.talk.say(effect.on, answer_body(owed, project, effect.standing, means.policy))
    except GitHubTrouble as trouble:
        if trouble.kind not in (GitHubTroubleKind.REFUSED, GitHubTroubleKind.GONE):
            raise
        words = f" (GitHub would not take the answer: {trouble})"
    comments = frozenset(one.comment for one in effect.owed)

    def decide(state: RefState) -> Change | Refused:
        record = record_of(state, effect.number)
        after = replace(record, epoch=record.epoch + 1, orders=settled(record.orders, comments))
        if after.orders == record.orders:
            return Refused(reason="it was answered already")
        return keeping_its_conversation(means, after, f"Answered below #{effect.on}{words}")

    return move(means, decide)


def _relabel(means: Means, project: Project, effect: Answer) -> None:
    """The last order about a label is the one that counts."""
    wanted: dict[str, bool] = {}
    for owed in effect.owed:
        wanted |= dict.fromkeys(owed.remove, False) | dict.fromkeys(owed.add, True)
    add = frozenset(name for name, there in wanted.items() if there) - project.issue.labels
    remove = frozenset(name for name, there in wanted.items() if not there) & project.issue.labels
    if add or remove:
        change = LabelChange(add=add, remove=remove)
        means.writes.show([Projection(issue=project.issue, comment_id=None, body=None, labels=change, row=None)])
