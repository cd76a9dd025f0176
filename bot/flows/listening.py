"""Hearing what people say to the bot: every comment since the last one that was heard, in the whole repository, by one request at most."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.commands import is_addressed
from bot.core.orders import Said
from bot.core.record import IDEATION, INBOX, TICK
from bot.flows.means import Means
from bot.flows.moving import record_of
from bot.ports import RefState
from bot.ports.people import Spoken

_OVERLAP = timedelta(minutes=2)
"""A comment may come into GitHub's list later than one that was made after it."""
_MANY = 50
"""So many comments behind the mark make it worth a push to move it."""


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What was said to the bot and not heard before; once that is written down, reading may go on from `until`."""

    said: tuple[Said, ...] = ()
    on_issues: frozenset[int] = frozenset()
    until: datetime | None = None
    wants_noting: bool = False
    """Whether it is worth taking the pen only to begin listening or to note `until`."""


def listen(means: Means, state: RefState, stirred: datetime | None) -> Heard:
    """Nothing that was said before the bot began to listen is obeyed, edited later or not."""
    listening = record_of(state, TICK).listening
    if listening is None:
        return Heard(wants_noting=True)
    spoken = means.talk.comments_since(listening.since, stirred=stirred)
    fresh = [one for one in spoken if one.at >= listening.began and _speaks_to_us(means, one) and not _was_heard(state, one)]
    said = tuple(
        Said(comment=one.comment, on=one.on, by=one.by, at=one.at, may_write=means.talk.may_write(one.by), body=one.body)
        for one in sorted(fresh, key=lambda one: one.comment)
    )
    ends = [one.changed_at for one in fresh] or [one.changed_at for one in spoken[-1:]]
    until = min(ends) - _OVERLAP if ends else None
    return Heard(
        said=said,
        on_issues=frozenset(one.on for one in fresh if not one.on_pull),
        until=until,
        wants_noting=not said and len(spoken) >= _MANY and until is not None and until > listening.since,
    )


def owed_an_answer(state: RefState) -> frozenset[int]:
    """Issues that must be looked at although they may be in play no more."""
    return frozenset(number for number, record in state.records.items() if number > IDEATION and record.orders.owed)


def _speaks_to_us(means: Means, one: Spoken) -> bool:
    """The bot's own words are never an order, whatever they quote."""
    return is_addressed(one.body) and one.by not in means.policy.own_logins


def _was_heard(state: RefState, one: Spoken) -> bool:
    """Looked for in every record: a place may have become a project, or a project's, since."""
    return any(record.orders.has_heard(one.comment) for number, record in state.records.items() if number > IDEATION or number == INBOX)
