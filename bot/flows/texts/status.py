"""The one status comment of an issue, edited in place: two sentences, the criteria, and folded below them everything else."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.evidence.verdict import verdict_on
from bot.core.facts.policy import Policy
from bot.core.facts.project import Project
from bot.core.facts.record import Record, Run
from bot.core.lifecycle.current import current_pull
from bot.core.lifecycle.phase import Phase
from bot.core.lifecycle.status import Status
from bot.core.markdown.blocks import Block, code_block, comment, details, page, paragraph, table, tasks
from bot.core.markdown.inline import Inline, joined, line, link, prose
from bot.core.money.pricing import dollars
from bot.core.projections.summary import Summary, summary_of
from bot.core.roles.role import Role
from bot.core.runs.criteria import Criterion, criteria_of
from bot.core.runs.run import Ending, Judgement
from bot.flows.texts.parts import criteria_heading

STATUS_MARK = comment("groundskeeper:status")
_RUNS_SHOWN = 20
_HUNKS_SHOWN = 6_000


def status_comment(project: Project, status: Status, policy: Policy, *, web: str) -> str:
    """`web` is the address of the repository's pages, for links to what a run left."""
    record, summary = project.record, summary_of(project, status, policy)
    runs = len(record.runs)
    return page(
        STATUS_MARK,
        paragraph(two_sentences(summary)),
        _criteria(project) if not record.runs or record.runs[0].role is Role.EXECUTION else Block(),
        _conflict(project),
        both_views(record) if status.phase is Phase.NEEDS_HUMAN and record.runs else Block(),
        details(
            f"Details{f' and {runs} run' + ('s' if runs > 1 else '') if runs else ''}",
            table(("Groundskeeper", "now"), [(name, prose(value, issues=summary.refers_to)) for name, value in summary.facts]),
            _history(record.runs, web) if record.runs else Block(),
        ),
    )


def two_sentences(summary: Summary) -> Inline:
    """What it is doing or waiting for, and what the reader can do."""
    doing = prose(summary.doing, most=1_000, issues=summary.refers_to)
    you = prose(summary.you, issues=summary.refers_to)
    stop = "" if doing.endswith((".", "…")) else "."
    return line("**{phase}**: {doing}{stop} {you}", phase=summary.phase.value, doing=doing, stop=Inline(stop), you=you)


def _criteria(project: Project) -> Block:
    """Ticked by the verdict on this very head, with its evidence; one on another head ticks nothing."""
    criteria, pull = criteria_of(project.issue.title, project.issue.body), current_pull(project)
    verdict = verdict_on(project, pull.head) if pull is not None else None
    judged = {one.criterion: one for one in verdict.judgements} if verdict is not None else {}
    items = [_task(criterion, judged.get(criterion.text)) for criterion in criteria]
    return page(criteria_heading(criteria), tasks(items))


def _task(criterion: Criterion, judged: Judgement | None) -> tuple[bool, Inline]:
    words = prose(criterion.text)
    if judged is None:
        return False, words
    evidence = joined([Inline() if judged.met else Inline("**not met:**"), prose(judged.evidence, most=300)])
    return judged.met, joined([words, evidence], " – ")


def _conflict(project: Project) -> Block:
    if project.conflict is None or not project.conflict.hunks:
        return Block()
    return page(Block("What contradicts each other:"), code_block(project.conflict.hunks, most=_HUNKS_SHOWN))


def _history(runs: Sequence[Run], web: str) -> Block:
    head = ("ended", "role", "agent", "cycle", "ending", "spend", "what happened", "see")
    return table(head, [_row(run, web) for run in runs[-_RUNS_SHOWN:]])


def _row(run: Run, web: str) -> tuple[str | Inline, ...]:
    scripted = Inline("(scripted model)") if run.scripted else Inline()
    places = []
    if run.head is not None:
        places.append(link(run.head[:7], f"{web}/commit/{run.head}"))
    if run.job is not None:
        number, _, attempt = run.job.partition("/")
        places.append(link("log", f"{web}/actions/runs/{number}/attempts/{attempt or 1}"))
    note = joined([prose(run.note, most=300), scripted])
    when = f"{run.ended_at:%m-%d %H:%M}"
    return (when, run.role.value, str(run.agent), str(run.cycle), run.ending.value, Inline(dollars(run.spent)), note, joined(places))


def both_views(record: Record) -> Block:
    """What the last worker and the last reviewer say, side by side, for the person who decides."""
    worker = next((run for run in reversed(record.runs) if run.role is Role.EXECUTION and run.ending is Ending.FINISHED), None)
    reviewer = next((run for run in reversed(record.runs) if run.verdict is not None and run.role is Role.REVIEW), None)
    if worker is None or reviewer is None or reviewer.verdict is None:
        return paragraph(joined([Inline("What happened last:"), prose(record.runs[-1].note, most=1_000)]))
    verdict = reviewer.verdict
    unmet = [joined([prose(one.criterion, most=300), prose(one.evidence, most=300)], ": ") for one in verdict.judgements if not one.met]
    says = line("{summary} Not met: {unmet}.", summary=prose(verdict.summary, most=1_000), unmet=joined(unmet, "; ") or "nothing")
    agent = prose(worker.report, most=1_000) or Inline("(no report)")
    return page(Block("Both views:"), table(("the agent says", "the reviewer says"), [(agent, says)]))
