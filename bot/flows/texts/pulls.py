"""What stands on a pull request: its title, its body with a section for each cycle, the commit that it becomes, and reviews of it."""

from __future__ import annotations

import re

from bot.core.facts.project import Project
from bot.core.facts.record import Run
from bot.core.lifecycle.current import current_runs
from bot.core.markdown import subject
from bot.core.markdown.blocks import Block, bullets, comment, page, paragraph, quote, table
from bot.core.markdown.inline import Inline, code, line, prose
from bot.core.markdown.passages import passage
from bot.core.money.pricing import dollars
from bot.core.roles.role import Role
from bot.core.runs.criteria import criteria_of
from bot.core.runs.run import Ending, Verdict
from bot.flows.texts.parts import criteria_heading, finding_bullets, gate_table, model_of, where_checked

_BEGIN, _END = comment("groundskeeper:work"), comment("groundskeeper:work end")
_OURS = re.compile(rf"^{_BEGIN}$.*?^{_END}$", re.DOTALL | re.MULTILINE)
"""Marks count on lines of their own only: what a report says stands in a quote."""


def pull_title(project: Project) -> str:
    """What the agent that finished it first called it, in the repository's own convention; else what the issue is called."""
    given = next((run.title for run in _finished(project) if run.title), "")
    return given or subject.title(project.issue.title)


def commit_title(project: Project) -> str:
    """As the pull request is called now: people may have given it another title."""
    assert project.pull is not None
    return f"{subject.title(project.pull.title) or pull_title(project)} (#{project.pull.number})"


def pull_body(project: Project) -> str:
    """What the bot keeps current between two marks; what people write around them stays."""
    runs = _finished(project)
    criteria = criteria_of(project.issue.title, project.issue.body)
    return page(
        _BEGIN,
        Block(f"Closes #{project.number}"),
        *(_cycle(run) for run in reversed(runs)),
        page(criteria_heading(criteria), bullets(prose(criterion.text) for criterion in criteria)),
        _END,
    )


def body_to_write(project: Project, body: str) -> str | None:
    """The body of the pull request with the bot's part of it as it should be; None where it is so, or somebody took that part out."""
    there = body.replace("\r\n", "\n")
    ours = _OURS.search(there)
    if ours is None:
        return None
    wanted = f"{there[: ours.start()]}{pull_body(project)}{there[ours.end() :]}"
    return wanted if wanted.strip() != there.strip() else None


def _finished(project: Project) -> list[Run]:
    return [run for run in current_runs(project) if run.role is Role.EXECUTION and run.ending is Ending.FINISHED]


def _cycle(run: Run) -> Block:
    """What was asked, what was done (the agent's claim, marked as one), and how it was checked (observed)."""
    cost = f"{run.steps} steps, {run.requests} model requests, {dollars(run.spent)}"
    return page(
        Block(f"## Cycle {run.cycle}"),
        page(Block("Asked:"), finding_bullets(run.findings)) if run.findings else Block("Asked: what the issue says."),
        page(Block(f"Done, as agent {run.agent}, {model_of(run)}, reports:"), quote(passage(run.report))),
        page(Block(f"Checked {where_checked(run)}:"), gate_table(run.gates)),
        page(Block("**Weakens what judges it, unasked; a person decides:**"), bullets(prose(one) for one in run.weakened))
        if run.weakened
        else Block(),
        paragraph(line("Run {run}: {cost}.", run=code(run.run), cost=Inline(cost))),
    )


def review_body(verdict: Verdict, cycle: int, cycles: int, *, one_identity: bool, scripted: bool) -> str:
    rows = [(prose(one.criterion), Inline("met" if one.met else "**not met**"), prose(one.evidence)) for one in verdict.judgements]
    general = [finding for finding in verdict.findings if finding.path is None or finding.line is None]
    notes = [f"Judged: `{verdict.head[:12]}`, cycle {cycle} of {cycles}."]
    if one_identity:
        notes.append(
            "There is only one bot identity here, so this verdict is a comment and a check; GitHub lets nobody approve their own work."
        )
    if scripted:
        notes.append("The reviewer was a scripted model.")
    return page(
        Block("**Approved.**" if verdict.approved else "**Changes requested.**"),
        passage(verdict.summary),
        table(("criterion", "", "evidence"), rows),
        bullets(prose(finding.text) for finding in general),
        Block(" ".join(notes)),
    )


def line_comment(text: str) -> str:
    return passage(text)


def queued_merge_summary(pull: int) -> str:
    return (
        f"This is pull request #{pull}, which the reviewer approved, on top of what is merged before it. "
        "Whether they go together is for the other checks to say."
    )


def merge_message(project: Project, run: Run | None) -> str:
    cost = f"\n\nSpend: {dollars(project.record.spent)}." if run else ""
    return f"Closes #{project.number}{cost}"
