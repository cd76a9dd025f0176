"""What people ordered on a project by comment, which comments were handled, and the replies still to be written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.orders.commands import HELP, Command, ParsedLine, UnknownOrder, Verb, parsed
from bot.core.orders.labels import HOLD, READY, priority_change

_MOST_HANDLED = 1000
_MOST_TOLD = 100


@dataclass(frozen=True, kw_only=True)
class Order:
    by: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Assigned(Order):
    agent: int


@dataclass(frozen=True, kw_only=True)
class PendingReply:
    """A reply that is still to be posted to comment `comment`, below issue or pull request `on`."""

    comment: int
    on: int
    by: str
    at: datetime
    asked: str
    text: str = ""
    explains: bool = False
    """Whether it tells where the project stands, as of when it is written."""
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    """Labels, people's own, that the order is about."""
    stops: bool = False
    """Whether it was the order to stop everything: the only one that is answered while all is stopped."""


@dataclass(frozen=True, kw_only=True)
class Orders:
    held: Order | None = None
    skipped: Order | None = None
    retried: Order | None = None
    assigned: Assigned | None = None
    handled: tuple[int, ...] = ()
    """Ids of the comments that were carried out or refused, ascending: none is handled twice, edited or not."""
    pending_replies: tuple[PendingReply, ...] = ()
    told: tuple[str, ...] = ()
    """Who was told already that this takes write access; nobody is told twice."""

    def has_handled(self, comment: int) -> bool:
        forgotten = len(self.handled) >= _MOST_HANDLED and comment < self.handled[0]
        return forgotten or comment in self.handled


@dataclass(frozen=True, kw_only=True)
class Mention:
    """A comment that speaks to the bot. `on` is the issue or pull request below which it stands."""

    comment: int
    on: int
    by: str
    at: datetime
    may_write: bool
    body: str


@dataclass(frozen=True, kw_only=True)
class OrderContext:
    """What an answer depends on, apart from the record."""

    labels: frozenset[str] = frozenset()
    open: bool = True
    no_project: str | None = None
    """Why the place of the comment is none of the bot's projects, where it is not."""
    over: str | None = None
    """Why the project is over, where it is."""
    agents: int = 1


def orders_after(orders: Orders, mentions: Sequence[Mention], context: OrderContext, now: datetime, *, busy: int | None) -> Orders:
    """The orders after `mentions`, oldest first, each handled once; `busy` is the agent at work on the project."""
    for one in sorted(mentions, key=lambda mention: mention.comment):
        if not orders.has_handled(one.comment):
            orders = _after_mention(orders, one, context, now, busy)
            orders = replace(orders, handled=tuple(sorted((*orders.handled, one.comment)))[-_MOST_HANDLED:])
    return orders


def after_replies(orders: Orders, comments: frozenset[int]) -> Orders:
    """Once the replies to `comments` are posted."""
    return replace(orders, pending_replies=tuple(reply for reply in orders.pending_replies if reply.comment not in comments))


def why_paused(orders: Orders) -> str | None:
    """Why people do not want the project to go on, where they said so by comment."""
    if orders.held is not None:
        return f"@{orders.held.by} wrote `/agent hold`"
    if orders.skipped is not None:
        return f"out of the queue: @{orders.skipped.by} wrote `/agent skip`"
    return None


def _after_mention(orders: Orders, one: Mention, context: OrderContext, now: datetime, busy: int | None) -> Orders:
    lines = parsed(one.body)
    if not lines:  # edited meanwhile
        return orders
    if not one.may_write:
        if one.by in orders.told:
            return orders
        words = "Only people with write access can tell me what to do here; one of them can write the same."
        told = replace(orders, told=(*orders.told, one.by)[-_MOST_TOLD:])
        return _with_reply(told, replace(_reply_to(one, lines[0]), text=words))
    for line in lines:
        orders = _after_line(orders, line.meant, _reply_to(one, line), Order(by=one.by, at=now), context, busy)
    return orders


def _reply_to(one: Mention, line: ParsedLine) -> PendingReply:
    return PendingReply(comment=one.comment, on=one.on, by=one.by, at=one.at, asked=line.asked)


def _after_line(
    orders: Orders, meant: Command | UnknownOrder, reply: PendingReply, order: Order, context: OrderContext, busy: int | None
) -> Orders:
    if isinstance(meant, UnknownOrder):
        return _with_reply(orders, replace(reply, text=meant.hint))
    if meant.verb is Verb.HELP:
        return _with_reply(orders, replace(reply, text=HELP))
    if meant.verb is Verb.STOP:
        words = "Everything is stopped: agents at work end within 30 seconds and keep what they did. `groundskeeper start` lets all go on."
        return _with_reply(orders, replace(reply, text=words, stops=True))
    if context.no_project is not None:
        return _with_reply(orders, replace(reply, text=f"#{reply.on} is no project of mine: {context.no_project}."))
    if context.over is not None and meant.verb not in (Verb.WHY, Verb.STATUS, Verb.RETRY, Verb.PRIORITY):
        return _with_reply(
            orders, replace(reply, text=f"Nothing to do: it is over ({context.over}). `{READY}`, put on again, queues it again.")
        )
    return _executed(orders, meant, reply, order, context, busy)


def _executed(orders: Orders, command: Command, reply: PendingReply, order: Order, context: OrderContext, busy: int | None) -> Orders:
    by, at = order.by, order.at
    match command.verb:
        case Verb.HOLD:
            after = f" Agent {busy} finishes its run first; `/agent stop` would end that of every agent now." if busy else ""
            words = f"On hold until somebody writes `/agent resume`.{after}"
            return _with_reply(replace(orders, held=order), replace(reply, text=words))
        case Verb.RESUME:
            label = (HOLD,) if HOLD in context.labels else ()
            held_up = orders.held is not None or orders.skipped is not None or bool(label)
            free = replace(orders, held=None, skipped=None)
            return _with_reply(free, replace(reply, text="It goes on." if held_up else "Nobody held it.", explains=True, remove=label))
        case Verb.RETRY:
            return _retried(orders, reply, order, context, busy)
        case Verb.SKIP:
            words = "Out of the queue until somebody writes `/agent resume` or `/agent retry`."
            after = f" Agent {busy} finishes its run first." if busy else ""
            return _with_reply(replace(orders, skipped=order), replace(reply, text=words + after))
        case Verb.ASSIGN:
            assert command.agent is not None
            if command.agent > context.agents:
                there = "there is agent 1" if context.agents == 1 else f"there are agents 1 to {context.agents}"
                return _with_reply(orders, replace(reply, text=f"There is no agent {command.agent}; {there} (`agents:` says how many)."))
            assigned = replace(orders, assigned=Assigned(by=by, at=at, agent=command.agent))
            return _with_reply(assigned, replace(reply, text=f"From its next run on, only agent {command.agent} takes it."))
        case Verb.UNASSIGN:
            words = "Any agent may take it again." if orders.assigned is not None else "It was assigned to nobody; any agent may take it."
            return _with_reply(replace(orders, assigned=None), replace(reply, text=words))
        case Verb.PRIORITY:
            assert command.priority is not None
            change = priority_change(command.priority)
            words = f"Its priority is {command.priority.name.casefold()} now."
            return _with_reply(orders, replace(reply, text=words, add=tuple(sorted(change.add)), remove=tuple(sorted(change.remove))))
        case Verb.WHY | Verb.STATUS | Verb.STOP | Verb.HELP:
            return _with_reply(orders, replace(reply, explains=True))


def _retried(orders: Orders, reply: PendingReply, order: Order, context: OrderContext, busy: int | None) -> Orders:
    if busy is not None:
        return _with_reply(
            orders,
            replace(
                reply, text=f"Agent {busy} is at work on it; what it does would count no more. Write it again when that run has ended."
            ),
        )
    if not context.open:
        return _with_reply(
            orders, replace(reply, text=f"The issue is closed; reopen it and put `{READY}` on it, which gives it a fresh start.")
        )
    if READY not in context.labels:
        return _with_reply(orders, replace(reply, text=f"It is not queued; put `{READY}` on it, which gives it a fresh start, too."))
    fresh = replace(orders, held=None, skipped=None, retried=order)
    label = (HOLD,) if HOLD in context.labels else ()
    return _with_reply(fresh, replace(reply, text="A fresh start: earlier runs and cycles count no more.", explains=True, remove=label))


def _with_reply(orders: Orders, reply: PendingReply) -> Orders:
    return replace(orders, pending_replies=(*orders.pending_replies, reply))
