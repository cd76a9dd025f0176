"""People's orders as part of the plan: whose record takes them down, which replies are due, and which agent may take what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace

from bot.core.decisions.effects import ExecuteOrder, PostReplies, Restore
from bot.core.facts.policy import Policy
from bot.core.facts.project import Pausable, Project, Snapshot
from bot.core.facts.record import INBOX
from bot.core.lifecycle.phase import ENDED, Phase
from bot.core.lifecycle.status import Status
from bot.core.orders.labels import categories_of
from bot.core.orders.project_orders import Mention, OrderContext, PendingReply

_REPLIES_AT_ONCE = 10


def orders_to_execute(snapshot: Snapshot, statuses: Mapping[int, Status], policy: Policy) -> tuple[ExecuteOrder, ...]:
    """One effect a place, oldest place first, with all orders that were given there."""
    places: dict[int, list[Mention]] = {}
    for mention in snapshot.mentions:
        places.setdefault(mention.on, []).append(mention)
    return tuple(_execute_order(project_at(snapshot, on), on, tuple(mentions), statuses, policy) for on, mentions in places.items())


def project_at(snapshot: Snapshot, on: int) -> Project | None:
    """The project whose issue or pull request has this number."""
    return next((one for one in snapshot.projects if one.number == on or (one.pull is not None and one.pull.number == on)), None)


def why_no_project(project: Project | None, status: Status | None) -> str | None:
    """Why an issue or pull request is no project, where it is none: nobody who may queue it did, and nothing was ever done for it."""
    if project is None or status is None:
        return "it is no issue that I work on, nor the pull request of one"
    if project.record.epoch:
        return None
    queued = project.issue.queued
    by_a_stranger = status.phase is Phase.NEEDS_HUMAN and queued is not None and not queued.may_write
    return status.reason if by_a_stranger or status.phase in (Phase.CANCELLED, Phase.PROPOSED) else None


def _execute_order(
    project: Project | None, on: int, mentions: tuple[Mention, ...], statuses: Mapping[int, Status], policy: Policy
) -> ExecuteOrder:
    status = statuses[project.number] if project is not None else None
    no_project = why_no_project(project, status)
    first = mentions[0]
    reason = f"@{first.by} said something to the bot below #{on}"
    context = OrderContext(
        labels=project.issue.labels if project is not None else frozenset(),
        no_project=no_project,
        open=project is not None and project.issue.open,
        over=status.reason if status is not None and status.phase in ENDED else None,
        agents=policy.agents,
    )
    home = project.number if project is not None and no_project is None else INBOX
    return ExecuteOrder(number=home, mentions=mentions, context=context, reason=reason)


def without_steps(statuses: dict[int, Status], first: Iterable[ExecuteOrder | Restore]) -> dict[int, Status]:
    """Nothing else is done for a project whose record these move, such as by orders not yet written down; the next look follows at once."""
    addressed = {effect.number for effect in first}
    return {number: replace(status, next_step=None) if number in addressed else status for number, status in statuses.items()}


def replies_to_post(snapshot: Snapshot, statuses: Mapping[int, Status], *, starting: Set[int] = frozenset()) -> tuple[PostReplies, ...]:
    """The replies to people's orders, one comment a place. While all is stopped only who stopped it is answered.

    Where a run is just starting the next look answers: it knows where the project stands then, and each moves the same record.
    """
    found = []
    stopped = snapshot.stop is not None
    for record in (snapshot.inbox, *(project.record for project in snapshot.projects if project.number not in starting)):
        places: dict[int, list[PendingReply]] = {}
        for reply in (one for one in record.orders.pending_replies if one.stops or not stopped):
            places.setdefault(reply.on, []).append(reply)
        for on, replies in places.items():
            found.append(
                PostReplies(
                    number=record.number,
                    on=on,
                    pending_replies=_first(replies),
                    status=statuses.get(record.number),
                    reason=f"@{replies[0].by} wrote “{replies[0].asked}”",
                )
            )
    return tuple(found)


def _first(replies: list[PendingReply]) -> tuple[PendingReply, ...]:
    """As many comments as fit into one answer, each with all of its lines."""
    comments = list(dict.fromkeys(one.comment for one in replies))[:_REPLIES_AT_ONCE]
    return tuple(one for one in replies if one.comment in comments)


@dataclass(frozen=True, kw_only=True)
class NoAgent:
    """What a project waits for that no free agent may take, and what a person can do about it."""

    reason: str
    remedy: str = ""


def category_pause(project: Project, snapshot: Snapshot) -> NoAgent | None:
    """Why nothing new is begun on it, where people paused what it is an improvement in."""
    if not snapshot.pauses:
        return None
    paused = snapshot.paused(Pausable.CATEGORY)
    names = sorted(categories_of(project.issue.labels) & paused.keys())
    if not names:
        return None
    pause = paused[names[0]]
    return NoAgent(
        reason=f"category {names[0]} is paused by {pause.by}: {pause.reason}",
        remedy=f"Start the category again, or take `category:{names[0]}` off.",
    )


def eligible_agents(free: tuple[int, ...], project: Project, snapshot: Snapshot, policy: Policy, place: int) -> tuple[int, ...] | NoAgent:
    """The free agents that may take the project, or what it waits for."""
    assigned = project.record.orders.assigned
    if assigned is None and free:
        return free
    paused = snapshot.paused(Pausable.AGENT) if snapshot.pauses else {}
    if assigned is None:
        paused_agents = [f"agent {name} is paused by {pause.by}" for name, pause in sorted(paused.items())]
        remedy = f"`groundskeeper start --agent {next(iter(paused))}` lets a paused agent work again." if paused else ""
        return NoAgent(reason=", ".join(["waits for a free agent", f"{place} before it", *paused_agents]), remedy=remedy)
    if assigned.agent in free:
        return (assigned.agent,)
    waits = f"waits for agent {assigned.agent}, to whom @{assigned.by} assigned it"
    if assigned.agent > policy.agents:
        there = f"there are {policy.agents}" if policy.agents > 1 else "there is one"
        return NoAgent(reason=f"{waits}, and {there}", remedy=_UNASSIGN)
    if (pause := paused.get(str(assigned.agent))) is not None:
        return NoAgent(reason=f"{waits} and who is paused by {pause.by}", remedy=_UNASSIGN)
    return NoAgent(reason=f"{waits} and who is at other work", remedy=_UNASSIGN)


_UNASSIGN = "`/agent unassign` lets any agent take it."
