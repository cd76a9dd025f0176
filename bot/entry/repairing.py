"""`repair`: what stands on refs of the bot's that do not prove themselves, and signing it anew after a person's yes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.adapters.git.state_repair import Repair, repair_of, repaired
from bot.core.errors.user_errors import UserError
from bot.entry.wiring import Wired
from bot.ports import RefState

_TRIES = 3


@dataclass(frozen=True, kw_only=True)
class Asked:
    number: int | None = None
    everything: bool = False
    as_it_stands: bool = False


def repair(wired: Wired, asked: Asked, *, say: Callable[[str], None], agreed: Callable[[int], bool]) -> bool:
    """Shows all that is asked for, and signs it where `agreed` to so many; whether nothing that was asked for is damaged any more.

    Raises `GitError`, and `UserError` for a project that is not damaged.
    """
    for _ in range(_TRIES):
        seen = wired.refs.read()
        repairs = _repairs(wired, seen, asked)
        if not repairs:
            say("Every ref of the bot's proves itself; there is nothing to repair.")
            return True
        for line in (line for one in repairs for line in one.lines):
            say(line)
        if asked.number is None and not asked.everything:
            say("Nothing was changed. `groundskeeper repair NUMBER` repairs one project, `groundskeeper repair --all` everything.")
            return False
        if not agreed(len(repairs)):
            say("Nothing was changed.")
            return False
        if repaired(wired.refs, seen, repairs) is not None:
            say(f"Repaired and signed: {', '.join(one.damage.ref for one in repairs)}.")
            return True
        say("Somebody moved one of them meanwhile; this is how they stand now:")
    raise UserError("The refs kept moving. Stop the bot (`groundskeeper stop`), and repair them then.")


def _repairs(wired: Wired, seen: RefState, asked: Asked) -> tuple[Repair, ...]:
    damage = [one for one in seen.damage if asked.number in (None, one.number)]
    if asked.number is not None and not damage and asked.number in seen.records:
        raise UserError(f"Project {asked.number} needs no repair: its ref proves itself.")
    now = wired.context.clock.now()
    return tuple(repair_of(wired.refs, seen, one, as_it_stands=asked.as_it_stands, now=now) for one in damage)
