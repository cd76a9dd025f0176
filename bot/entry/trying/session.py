"""The try itself: a private hub with the person's commit on it, one issue, and the bot at work until there is a result or Ctrl-C."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from rich.console import Console

from bot.adapters.clock import ServerClock
from bot.adapters.github.board import GitHubBoardWriter
from bot.core.errors.user_errors import UserError
from bot.core.facts.policy import Ideation, Policy
from bot.core.facts.record import Run
from bot.core.lifecycle.phase import ENDED, PARKED, Phase
from bot.core.lifecycle.status import Status
from bot.core.money.ledger import Caps
from bot.core.money.pricing import ZERO, MicroUsd
from bot.core.roles.role import Role
from bot.entry.embedded import Embedded, embed
from bot.entry.local_hub import repository_name
from bot.entry.own_code import BRANCH, Checkout
from bot.entry.signals import Interruption, interruptible
from bot.entry.terminal import report
from bot.entry.trying.kept_layers import layers_of
from bot.entry.trying.live_view import watching
from bot.entry.trying.wish import Wish
from bot.entry.wiring import wire
from bot.flows.context import Context
from bot.flows.fleet import Interrupted, Watcher, keep_working
from bot.flows.ref_updates import record_of
from bot.flows.ticking import Tick
from bot.hub.serve import Served
from bot.hub.store.hub import Hub
from bot.ports import Model

_SHARES = {Role.EXECUTION: 2, Role.REVIEW: 4, Role.IDEATION: 4, Role.VALIDATION: 4}
"""A run may use this part of the cap at most, so that a review is never too dear for what execution left."""
_MOST_FAILED_TICKS = 5
_WORTH_WAITING = timedelta(minutes=1)
_UNSEEN = Status(phase=Phase.READY, reason="nothing was begun")


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What was agreed on before anything began."""

    checkout: Checkout
    wish: Wish
    model: Model
    model_name: str | None
    cap: MicroUsd


@dataclass(frozen=True, kw_only=True)
class Outcome:
    status: Status
    runs: tuple[Run, ...]
    has_branch: bool
    """Whether any work was published at all."""
    interrupted: bool
    error: str | None

    @property
    def approved(self) -> bool:
        return self.status.phase is Phase.APPROVED

    @property
    def spent(self) -> MicroUsd:
        return MicroUsd(sum(run.spent for run in self.runs))


def tried_policy(policy: Policy, cap: MicroUsd) -> Policy:
    """The repository's own, for one issue and one person who is watching: no ideas, no checks from elsewhere, nothing merged."""
    grants = {role: replace(grant, money=min(grant.money, MicroUsd(cap // _SHARES[role]))) for role, grant in policy.grants.items()}
    return replace(
        policy,
        agents=1,
        caps=Caps(daily=cap, monthly=cap),
        grants=grants,
        checks=(),
        checks_expected=False,
        merge=False,
        ideation=Ideation(enabled=False),
    )


def prepare(hub: Hub, served: Served, checkout: Checkout) -> Embedded:
    """Its workflows stay off: most need what only GitHub's runners have, and their failures would be no fault of the work."""
    embedded = embed(hub, f"try/{repository_name(checkout.root)}", person="you", private=True, default_branch=checkout.branch)
    embedded.ask(served, "PUT", "actions/permissions", {"enabled": False})
    checkout.copy_to(embedded.remote)
    return embedded


def carry_out(terms: Terms, served: Served, embedded: Embedded, home: Path, out: Console) -> Outcome:
    """Ends by itself: with a verdict, with what only a person can decide, at the cap, or soon after Ctrl-C with the work so far."""
    issue = embedded.ask(served, "POST", "issues", {"title": terms.wish.title, "body": terms.wish.body})
    number = int(issue["number"])
    embedded.ask(served, "POST", f"issues/{number}/labels", {"labels": ["agent:ready"]})
    with interruptible() as interruption:
        clock = ServerClock(sleep=interruption.sleep)
        settings = replace(embedded.settings(served, home=home, model=terms.model_name), layers=layers_of(terms.checkout.root))
        wired = wire(settings, model=terms.model, clock=clock)
        board = GitHubBoardWriter(connected=lambda: wired.worker, number=None, clock=clock)
        context = replace(wired.context, policy=tried_policy(wired.context.policy, terms.cap), board=board)
        shown = report(out, now=clock.now)
        interruption.at_work = shown.at_work
        guard = _Guard(served=served, context=context, number=number)
        with watching(out, shown.watcher, terms.cap, scripted=terms.model.scripted) as watcher:
            interrupted = _work(guard, watcher, interruption)
    state = context.refs.read()
    return Outcome(
        status=guard.status,
        runs=record_of(state, number).runs,
        has_branch=f"refs/heads/{BRANCH}" in state.tips,
        interrupted=interrupted,
        error=guard.broken,
    )


def _work(guard: _Guard, watcher: Watcher, interruption: Interruption) -> bool:
    """Whether it was interrupted. A run that did not hand in in time is told as an error: its work is lost."""
    try:
        keep_working(
            guard.context,
            until=guard.over,
            watcher=guard.listening(watcher),
            poll=timedelta(milliseconds=300),
            between=guard.look,
            interrupted=interruption.reason,
        )
    except Interrupted as ended:
        if ended.left:
            guard.broken = "The run under way did not hand in in time, and what it had not published before is lost."
            watcher.error(guard.broken)
        return True
    return False


@dataclass(kw_only=True)
class _Guard:
    """Says when it is enough, and sees to it that nothing goes on for ever."""

    served: Served
    context: Context
    number: int
    status: Status = _UNSEEN
    failed_ticks: int = 0
    broken: str | None = None

    def listening(self, watcher: Watcher) -> Watcher:
        def ticked(done: Tick) -> None:
            self.failed_ticks = 0
            self.status = done.plan.statuses[self.number]
            watcher.ticked(done)

        def error(text: str) -> None:
            self.failed_ticks += 1
            self.broken = text
            watcher.error(text)

        return replace(watcher, ticked=ticked, error=error)

    def look(self) -> None:
        """Between two ticks."""
        self.served.check()
        if self.failed_ticks >= _MOST_FAILED_TICKS:
            raise UserError(f"The try could not go on: {self.broken}")

    def over(self, done: Tick) -> bool:
        """Asked only while no run is under way: a lease that is still held then is of one that broke."""
        if self.status.phase is Phase.PAUSED and self.status.until is not None:
            return self.status.until - self.context.clock.now() > _WORTH_WAITING
        if self.status.phase in ENDED | PARKED | {Phase.APPROVED}:
            return self.status.next_step is None
        return any(project.number == self.number and project.record.lease is not None for project in done.snapshot.projects)


def spent_by_role(runs: tuple[Run, ...]) -> dict[Role, MicroUsd]:
    spent: dict[Role, MicroUsd] = {}
    for run in runs:
        spent[run.role] = MicroUsd(spent.get(run.role, ZERO) + run.spent)
    return spent
