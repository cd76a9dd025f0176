"""What people ordered on a project by comment, and what the bot still owes them: which comments were heard, and the answers to write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.commands import HELP, Command, Line, Misunderstood, Verb, parsed
from bot.core.labels import HOLD, READY, priority_change

_HEARD_AT_MOST = 1000
_TOLD_AT_MOST = 100


@dataclass(frozen=True, kw_only=True)
class Order:
    by: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Assigned(Order):
    agent: int


@dataclass(frozen=True, kw_only=True)
class Owed:
    """An answer that is still to be written to comment `comment`, below issue or pull request `on`."""

    comment: int
    on: int
    by: str
    at: datetime
    asked: str
    said: str = ""
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
    heard: tuple[int, ...] = ()
    """Ids of the comments that were obeyed or refused, ascending: none is heard twice, edited or not."""
    owed: tuple[Owed, ...] = ()
    told: tuple[str, ...] = ()
    """Who was told already that this takes write access; nobody is told twice."""

    def has_heard(self, comment: int) -> bool:
        forgotten = len(self.heard) >= _HEARD_AT_MOST and comment < self.heard[0]
        return forgotten or comment in self.heard


@dataclass(frozen=True, kw_only=True)
class Said:
    """A comment that speaks to the bot. `on` is the issue or pull request below which it stands."""

    comment: int
    on: int
    by: str
    at: datetime
    may_write: bool
    body: str


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What an answer depends on, apart from the record."""

    labels: frozenset[str] = frozenset()
    open: bool = True
    no_project: str | None = None
    """Why the place of the comment is none of the bot's projects, where it is not."""
    over: str | None = None
    """Why the project is over, where it is."""
    agents: int = 1


def listened(orders: Orders, words: Sequence[Said], facts: Circumstances, now: datetime, *, busy: int | None) -> Orders:
    """The orders after `words`, oldest first, each heard once; `busy` is the agent at work on the project."""
    for one in sorted(words, key=lambda said: said.comment):
        if not orders.has_heard(one.comment):
            orders = _listened(orders, one, facts, now, busy)
            orders = replace(orders, heard=tuple(sorted((*orders.heard, one.comment)))[-_HEARD_AT_MOST:])
    return orders


def settled(orders: Orders, comments: frozenset[int]) -> Orders:
    """Once the answers to `comments` are written."""
    return replace(orders, owed=tuple(owed for owed in orders.owed if owed.comment not in comments))


def why_paused(orders: Orders) -> str | None:
    """Why people do not want the project to go on, where they said so by comment."""
    if orders.held is not None:
        return f"@{orders.held.by} wrote `/agent hold`; `/agent resume` lets it go on"
    if orders.skipped is not None:
        return f"out of the queue: @{orders.skipped.by} wrote `/agent skip`; `/agent resume` or `/agent retry` puts it back"
    return None


def _listened(orders: Orders, one: Said, facts: Circumstances, now: datetime, busy: int | None) -> Orders:
    lines = parsed(one.body)
    if not lines:  # edited meanwhile
        return orders
    if not one.may_write:
        if one.by in orders.told:
            return orders
        words = "Only people with write access can tell me what to do here; one of them can write the same."
        told = replace(orders, told=(*orders.told, one.by)[-_TOLD_AT_MOST:])
        return _owing(told, replace(_owed(one, lines[0]), said=words))
    for line in lines:
        orders = _taken(orders, line.meant, _owed(one, line), Order(by=one.by, at=now), facts, busy)
    return orders


def _owed(one: Said, line: Line) -> Owed:
    return Owed(comment=one.comment, on=one.on, by=one.by, at=one.at, asked=line.asked)


def _taken(orders: Orders, meant: Command | Misunderstood, owed: Owed, order: Order, facts: Circumstances, busy: int | None) -> Orders:
    if isinstance(meant, Misunderstood):
        return _owing(orders, replace(owed, said=meant.hint))
    if meant.verb is Verb.HELP:
        return _owing(orders, replace(owed, said=HELP))
    if meant.verb is Verb.STOP:
        words = "Everything is stopped: agents at work end within 30 seconds and keep what they did. `groundskeeper start` lets all go on."
        return _owing(orders, replace(owed, said=words, stops=True))
    if facts.no_project is not None:
        return _owing(orders, replace(owed, said=f"#{owed.on} is no project of mine: {facts.no_project}."))
    if facts.over is not None and meant.verb not in (Verb.WHY, Verb.STATUS, Verb.RETRY, Verb.PRIORITY):
        return _owing(orders, replace(owed, said=f"Nothing to do: it is over ({facts.over}). `{READY}`, put on again, queues it again."))
    return _obeyed(orders, meant, owed, order, facts, busy)


def _obeyed(orders: Orders, command: Command, owed: Owed, order: Order, facts: Circumstances, busy: int | None) -> Orders:
    by, at = order.by, order.at
    match command.verb:
        case Verb.HOLD:
            after = f" Agent {busy} finishes its run first; `/agent stop` would end that of every agent now." if busy else ""
            words = f"On hold until somebody writes `/agent resume`.{after}"
            return _owing(replace(orders, held=order), replace(owed, said=words))
        case Verb.RESUME:
            label = (HOLD,) if HOLD in facts.labels else ()
            held_up = orders.held is not None or orders.skipped is not None or bool(label)
            free = replace(orders, held=None, skipped=None)
            return _owing(free, replace(owed, said="It goes on." if held_up else "Nobody held it.", explains=True, remove=label))
        case Verb.RETRY:
            return _retried(orders, owed, order, facts, busy)
        case Verb.SKIP:
            words = "Out of the queue until somebody writes `/agent resume` or `/agent retry`."
            after = f" Agent {busy} finishes its run first." if busy else ""
            return _owing(replace(orders, skipped=order), replace(owed, said=words + after))
        case Verb.ASSIGN:
            assert command.agent is not None
            if command.agent > facts.agents:
                there = "there is agent 1" if facts.agents == 1 else f"there are agents 1 to {facts.agents}"
                return _owing(orders, replace(owed, said=f"There is no agent {command.agent}; {there} (`agents:` says how many)."))
            assigned = replace(orders, assigned=Assigned(by=by, at=at, agent=command.agent))
            return _owing(assigned, replace(owed, said=f"From its next run on, only agent {command.agent} takes it."))
        case Verb.UNASSIGN:
            words = "Any agent may take it again." if orders.assigned is not None else "It was assigned to nobody; any agent may take it."
            return _owing(replace(orders, assigned=None), replace(owed, said=words))
        case Verb.PRIORITY:
            assert command.priority is not None
            change = priority_change(command.priority)
            words = f"Its priority is {command.priority.name.casefold()} now."
            return _owing(orders, replace(owed, said=words, add=tuple(sorted(change.add)), remove=tuple(sorted(change.remove))))
        case Verb.WHY | Verb.STATUS | Verb.STOP | Verb.HELP:
            return _owing(orders, replace(owed, explains=True))


def _retried(orders: Orders, owed: Owed, order: Order, facts: Circumstances, busy: int | None) -> Orders:
    if busy is not None:
        return _owing(
            orders,
            replace(owed, said=f"Agent {busy} is at work on it; what it does would count no more. Write it again when that run has ended."),
        )
    if not facts.open:
        return _owing(orders, replace(owed, said=f"The issue is closed; reopen it and put `{READY}` on it, which gives it a fresh start."))
    if READY not in facts.labels:
        return _owing(orders, replace(owed, said=f"It is not queued; put `{READY}` on it, which gives it a fresh start, too."))
    fresh = replace(orders, held=None, skipped=None, retried=order)
    label = (HOLD,) if HOLD in facts.labels else ()
    return _owing(fresh, replace(owed, said="A fresh start: earlier runs and cycles count no more.", explains=True, remove=label))


def _owing(orders: Orders, owed: Owed) -> Orders:
    return replace(orders, owed=(*orders.owed, owed))
