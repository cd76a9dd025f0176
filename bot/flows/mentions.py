"""Comments that speak to the bot: all since the last one that was read, in the whole repository, by one request at most."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.facts.record import IDEATION, INBOX, WRITER_LOCK
from bot.core.orders.commands import is_mention
from bot.core.orders.project_orders import Mention
from bot.flows.context import Context
from bot.flows.ref_updates import record_of
from bot.ports import RefState
from bot.ports.people import IssueComment

_OVERLAP = timedelta(minutes=2)
"""A comment may come into GitHub's list later than one that was made after it."""
_MANY = 50
"""So many comments behind the mark make it worth a push to move it."""


@dataclass(frozen=True, kw_only=True)
class NewMentions:
    """Comments to the bot that were not handled before; once they are written down, reading may go on from `until`."""

    mentions: tuple[Mention, ...] = ()
    on_issues: frozenset[int] = frozenset()
    until: datetime | None = None
    wants_saving: bool = False
    """Whether it is worth taking the writer lock only to begin or move the comment cursor."""


def read_mentions(context: Context, state: RefState, last_activity: datetime | None) -> NewMentions:
    """Nothing that was written before the cursor began is carried out, edited later or not."""
    cursor = record_of(state, WRITER_LOCK).cursor
    if cursor is None:
        return NewMentions(wants_saving=True)
    comments = context.comments.comments_since(cursor.since, last_activity=last_activity)
    fresh = [one for one in comments if one.at >= cursor.began and _is_mention(context, one) and not _was_handled(state, one)]
    mentions = tuple(
        Mention(comment=one.comment, on=one.on, by=one.by, at=one.at, may_write=context.comments.may_write(one.by), body=one.body)
        for one in sorted(fresh, key=lambda one: one.comment)
    )
    ends = [one.changed_at for one in fresh] or [one.changed_at for one in comments[-1:]]
    until = min(ends) - _OVERLAP if ends else None
    return NewMentions(
        mentions=mentions,
        on_issues=frozenset(one.on for one in fresh if not one.on_pull),
        until=until,
        wants_saving=not mentions and len(comments) >= _MANY and until is not None and until > cursor.since,
    )


def with_pending_replies(state: RefState) -> frozenset[int]:
    """Issues that must be looked at although they may be in play no more."""
    return frozenset(number for number, record in state.records.items() if number > IDEATION and record.orders.pending_replies)


def _is_mention(context: Context, one: IssueComment) -> bool:
    """The bot's own words are never an order, whatever they quote."""
    return is_mention(one.body) and one.by not in context.policy.own_logins


def _was_handled(state: RefState, one: IssueComment) -> bool:
    """Looked for in every record: a place may have become a project, or a project's, since."""
    return any(record.orders.has_handled(one.comment) for number, record in state.records.items() if number > IDEATION or number == INBOX)
