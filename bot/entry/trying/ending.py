"""How a try ends: the diff, the verdict, the cost, and where the work is now."""

from __future__ import annotations

import re

from rich.console import Console
from rich.syntax import Syntax

from bot.core.lifecycle.phase import Phase
from bot.core.money.pricing import MicroUsd, dollars
from bot.core.roles.role import Role
from bot.core.runs.run import Ending, Verdict
from bot.entry.own_code import BRANCH, Checkout
from bot.entry.terminal import told
from bot.entry.trying.session import Outcome, spent_by_role

_LONGEST_DIFF = 400
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def tell(out: Console, checkout: Checkout, outcome: Outcome, cap: MicroUsd, *, scripted: bool) -> None:
    if outcome.has_branch:
        _diff(out, checkout)
    _verdict(out, outcome)
    _cost(out, outcome, cap, scripted=scripted)
    if not outcome.has_branch:
        out.print("No work was published, so there is no branch, and your repository is as it was.", soft_wrap=True)
        return
    out.print(f"The work is on branch [bold]{BRANCH}[/bold] of your repository. Nothing else of it was changed.", soft_wrap=True)
    out.print(f"  look at it    git switch {BRANCH}", markup=False)
    out.print(f"  take it       git merge {BRANCH}", markup=False)
    out.print(f"  drop it       git branch -D {BRANCH}", markup=False)


def _diff(out: Console, checkout: Checkout) -> None:
    lines = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", checkout.diff()).splitlines()
    out.rule("What it changes")
    shown = "\n".join(lines[:_LONGEST_DIFF])
    if out.is_terminal:
        out.print(Syntax(shown, "diff", theme="ansi_dark", background_color="default", word_wrap=True))
    else:
        out.print(shown, markup=False, soft_wrap=True)
    if len(lines) > _LONGEST_DIFF:
        out.print(f"… {len(lines) - _LONGEST_DIFF} lines more: git diff {checkout.head[:12]}...{BRANCH}", markup=False)


def _verdict(out: Console, outcome: Outcome) -> None:
    out.rule("What came of it")
    for run in outcome.runs:
        if run.role is Role.EXECUTION and run.gates and run is [one for one in outcome.runs if one.role is Role.EXECUTION][-1]:
            gates = ", ".join(f"{gate.gate} {'passed' if gate.passed else 'failed'}" for gate in run.gates)
            out.print(f"Gates in the sandbox: {gates}.", markup=False, soft_wrap=True)
    if (verdict := _last_verdict(outcome)) is not None:
        _judged(out, verdict)
    if outcome.approved:
        out.print(
            "Approved by the reviewer. The workflows of your repository did not run: merging is yours to decide.",
            style="green",
            soft_wrap=True,
        )
    elif outcome.interrupted:
        last = outcome.runs[-1].ending if outcome.runs else None
        kept = "The work so far is kept." if outcome.has_branch else "Nothing had been changed yet."
        review = " It was not reviewed to its end." if last is Ending.FINISHED or outcome.has_branch else ""
        out.print(f"Ended by Ctrl-C. {kept}{review}", style="yellow", soft_wrap=True)
    else:
        out.print(f"Not approved: {told(_why(outcome))}.", style="yellow", soft_wrap=True, markup=False)


def _why(outcome: Outcome) -> str:
    if outcome.error and outcome.status.phase in (Phase.WORKING, Phase.REVIEWING):
        return outcome.error.rstrip(".")
    return outcome.status.reason.rstrip(".")


def _last_verdict(outcome: Outcome) -> Verdict | None:
    return next((run.verdict for run in reversed(outcome.runs) if run.verdict is not None), None)


def _judged(out: Console, verdict: Verdict) -> None:
    said = "approves" if verdict.approved else "asks for changes"
    out.print(f"The reviewer {said}: {told(verdict.summary)}", markup=False, soft_wrap=True)
    for one in verdict.judgements:
        mark = "met    " if one.met else "not met"
        out.print(f"  {mark}  {told(one.criterion)}: {told(one.evidence)}", markup=False, soft_wrap=True, style="" if one.met else "yellow")
    for finding in verdict.findings:
        place = f"{finding.path}:{finding.line}: " if finding.path else ""
        out.print(f"  finding  {told(place + finding.text)}", markup=False, soft_wrap=True)


def _cost(out: Console, outcome: Outcome, cap: MicroUsd, *, scripted: bool) -> None:
    requests = sum(run.requests for run in outcome.runs)
    if scripted:
        out.print(
            f"The model was scripted: {requests} replies came from the scenario, and nothing was spent.", markup=False, soft_wrap=True
        )
        return
    parts = ", ".join(f"{role.value} {dollars(spent)}" for role, spent in spent_by_role(outcome.runs).items())
    out.print(
        f"Spent {dollars(outcome.spent)} of {dollars(cap)} in {requests} requests{f' ({parts})' if parts else ''}.",
        markup=False,
        soft_wrap=True,
    )
