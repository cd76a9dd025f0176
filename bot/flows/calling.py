"""Calling a person: one fresh comment with a mention, since an edit of the status comment notifies nobody; and their review asked for."""

from __future__ import annotations

from dataclasses import replace

from bot.core.decisions.effects import CallPerson
from bot.core.evidence.codeowners import PLACES, owners_of
from bot.core.facts.project import Project
from bot.core.lifecycle.current import current_runs
from bot.core.lifecycle.lease import Refused
from bot.core.markdown.blocks import Block, page, paragraph
from bot.core.markdown.blocks import comment as hidden
from bot.core.markdown.inline import Inline, prose
from bot.flows.context import Context
from bot.flows.ref_updates import keeping_transcript, move, record_of
from bot.flows.refusals import final, given_up
from bot.ports import Change, GitHubError, RefState

_MOST_CALLED = 5
_KEPT = 50


def call_person(context: Context, project: Project, effect: CallPerson) -> RefState | Refused:
    """The comment, then the request for a review, and only then it counts as called: cut off in between, all of it may be done again.

    Raises `GitHubError` where another try may help; where GitHub refuses for good nobody can be called.
    """
    who = (effect.who,) if effect.who is not None else _owners(context, project)
    on = effect.pull or effect.number
    refused: list[str] = []
    try:
        since = max(run.ended_at for run in project.record.runs) if project.record.runs else project.issue.created_at
        if not any(_mark(effect) in body for body in context.comments.own_comments(on, since)):
            context.comments.post(on, _body(effect, who, {effect.number, on}))
    except GitHubError as error:
        refused.append(final(error))
    if effect.pull is not None:
        refused += _ask_for_reviews(context, project, effect.pull, who)

    def decide(state: RefState) -> Change | Refused:
        record = record_of(state, effect.number)
        if effect.key in record.called:
            return Refused(reason="somebody was called already")
        after = replace(record, epoch=record.epoch + 1, called=(*record.called, effect.key)[-_KEPT:])
        return keeping_transcript(context, after, f"Call {', '.join(who) or 'nobody in particular'} below #{on}{given_up(refused)}")

    return move(context, decide)


def _ask_for_reviews(context: Context, project: Project, pull: int, who: tuple[str, ...]) -> list[str]:
    """What GitHub would not take. Teams by themselves, since an app may be refused them alone, and never of another organization."""
    people = [name for name in who if "/" not in name and project.pull is not None and name != project.pull.author]
    owner = context.repository.partition("/")[0].casefold()
    teams = [slug for name in who for organization, _, slug in [name.partition("/")] if slug and organization.casefold() == owner]
    refused: list[str] = []
    for logins, slugs in ((people, []), ([], teams)):
        try:
            if logins or slugs:
                context.comments.request_reviews(pull, logins, teams=slugs)
        except GitHubError as error:
            refused.append(final(error))
    return refused


def _owners(context: Context, project: Project) -> tuple[str, ...]:
    """Of what the work touched, by the base branch's own file."""
    base = context.refs.read().base
    contents = context.code.files(base, PLACES)
    text = next((contents[place] for place in PLACES if place in contents), "")
    paths = dict.fromkeys(path for run in current_runs(project) for path in run.paths)
    return tuple(name for name in owners_of(text, paths) if name not in context.policy.own_logins)[:_MOST_CALLED]


def _mark(effect: CallPerson) -> Block:
    return hidden(f"groundskeeper:call {effect.key}")


def _body(effect: CallPerson, who: tuple[str, ...], issues: set[int]) -> str:
    """The mention is alive, which nothing else that the bot writes is."""
    mention = Inline(" ".join(f"@{name}" for name in who))
    reason = prose(f"{effect.reason}.")  # it may be a model's or a stranger's words, in which nothing acts
    called = Inline(f"{mention} this needs a person: {reason}" if mention else f"This needs a person: {reason}")
    return page(_mark(effect), paragraph(called), paragraph(prose(effect.remedy, issues=issues)))
