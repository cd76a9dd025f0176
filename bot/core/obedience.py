"""What people said to the bot, as part of the plan: whose record takes it down, what is answered, and which agent may take what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import replace

from bot.core.effects import Answer, Obey, Revive
from bot.core.orders import Circumstances, Owed, Said
from bot.core.phase import ENDED, Phase
from bot.core.policy import Policy
from bot.core.project import Pausable, Project, Snapshot
from bot.core.record import INBOX
from bot.core.standing import Standing

_ANSWERED_AT_ONCE = 10


def heard(snapshot: Snapshot, standings: Mapping[int, Standing], policy: Policy) -> tuple[Obey, ...]:
    """One effect a place, oldest place first, with all that was said there."""
    places: dict[int, list[Said]] = {}
    for said in snapshot.said:
        places.setdefault(said.on, []).append(said)
    return tuple(_obey(project_at(snapshot, on), on, tuple(words), standings, policy) for on, words in places.items())


def project_at(snapshot: Snapshot, on: int) -> Project | None:
    """The project whose issue or pull request has this number."""
    return next((one for one in snapshot.projects if one.number == on or (one.pull is not None and one.pull.number == on)), None)


def why_no_project(project: Project | None, standing: Standing | None) -> str | None:
    """Why an issue or pull request is no project, where it is none: nobody who may queue it did, and nothing was ever done for it."""
    if project is None or standing is None:
        return "it is no issue that I work on, nor the pull request of one"
    if project.record.epoch:
        return None
    queued = project.issue.queued
    by_a_stranger = standing.phase is Phase.NEEDS_HUMAN and queued is not None and not queued.may_write
    return standing.reason if by_a_stranger or standing.phase in (Phase.CANCELLED, Phase.PROPOSED) else None


def _obey(project: Project | None, on: int, words: tuple[Said, ...], standings: Mapping[int, Standing], policy: Policy) -> Obey:
    standing = standings[project.number] if project is not None else None
    no_project = why_no_project(project, standing)
    first = words[0]
    reason = f"@{first.by} said something to the bot below #{on}"
    facts = Circumstances(
        labels=project.issue.labels if project is not None else frozenset(),
        no_project=no_project,
        open=project is not None and project.issue.open,
        over=standing.reason if standing is not None and standing.phase in ENDED else None,
        agents=policy.agents,
    )
    home = project.number if project is not None and no_project is None else INBOX
    return Obey(number=home, words=words, facts=facts, reason=reason)


def unmoved(standings: dict[int, Standing], first: Iterable[Obey | Revive]) -> dict[int, Standing]:
    """Nothing else is done for a project whose record these move, such as by orders not yet written down; the next look follows at once."""
    addressed = {effect.number for effect in first}
    return {number: replace(standing, want=None) if number in addressed else standing for number, standing in standings.items()}


def answers(snapshot: Snapshot, standings: Mapping[int, Standing], *, starting: Set[int] = frozenset()) -> tuple[Answer, ...]:
    """What is owed to people who spoke to the bot, one comment a place. While all is stopped only who stopped it is answered.

    Where a run is just starting the next look answers: it knows where the project stands then, and each moves the same record.
    """
    found = []
    stopped = snapshot.stop is not None
    for record in (snapshot.inbox, *(project.record for project in snapshot.projects if project.number not in starting)):
        places: dict[int, list[Owed]] = {}
        for owed in (one for one in record.orders.owed if one.stops or not stopped):
            places.setdefault(owed.on, []).append(owed)
        for on, all_owed in places.items():
            found.append(
                Answer(
                    number=record.number,
                    on=on,
                    owed=_first(all_owed),
                    standing=standings.get(record.number),
                    reason=f"@{all_owed[0].by} wrote “{all_owed[0].asked}”",
                )
            )
    return tuple(found)


def _first(owed: list[Owed]) -> tuple[Owed, ...]:
    """As many comments as fit into one answer, each with all of its lines."""
    comments = list(dict.fromkeys(one.comment for one in owed))[:_ANSWERED_AT_ONCE]
    return tuple(one for one in owed if one.comment in comments)


def at_agents(free: tuple[int, ...], project: Project, snapshot: Snapshot, policy: Policy, place: int) -> tuple[int, ...] | str:
    """The free agents that may take the project, or what it waits for."""
    assigned = project.record.orders.assigned
    if assigned is None and free:
        return free
    paused = snapshot.paused(Pausable.AGENT) if snapshot.pauses else {}
    if assigned is None:
        resting = [f"agent {name} is paused by {pause.by}" for name, pause in sorted(paused.items())]
        return ", ".join(["waits for a free agent", f"{place} before it", *resting])
    if assigned.agent in free:
        return (assigned.agent,)
    words = f"waits for agent {assigned.agent}, to whom @{assigned.by} assigned it"
    if assigned.agent > policy.agents:
        there = f"there are {policy.agents}" if policy.agents > 1 else "there is one"
        return f"{words}, and {there}; `/agent unassign` frees it"
    if (pause := paused.get(str(assigned.agent))) is not None:
        return f"{words} and who is paused by {pause.by}"
    return f"{words} and who is at other work"
