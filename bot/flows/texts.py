"""All words that people read on GitHub: the status comment, pull requests, reviews, proposals. Made from facts only."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.facts.policy import REVIEW_CHECK, Policy
from bot.core.facts.project import CheckState, Project
from bot.core.facts.record import Record, Run
from bot.core.ideas.ideation import FileValidProposal
from bot.core.lifecycle.phase import Phase
from bot.core.lifecycle.status import Status, current_pull, cycles_used
from bot.core.money.pricing import dollars
from bot.core.orders.labels import Priority, both_priorities, priority_of
from bot.core.roles.role import Role
from bot.core.runs.criteria import Criterion, criteria_of
from bot.core.runs.run import Ending, Verdict

STATUS_MARK = "<!-- groundskeeper:status -->"
_LONG = 4_000

_NEXT = {
    Phase.PROPOSED: "Waits for a person.",
    Phase.READY: "An agent takes it as soon as one is free.",
    Phase.WORKING: "When the agent is done, its gates run and a pull request is opened.",
    Phase.REVIEWING: "Once the checks are green, the reviewer judges it, criterion by criterion.",
    Phase.REWORK: "An agent works on what was found.",
    Phase.APPROVED: "It is merged as soon as nothing stands in the way.",
    Phase.MERGING: "It is merged with exactly the reviewed head.",
    Phase.DONE: "Nothing; it is done.",
    Phase.BLOCKED: "It goes on by itself when those are closed.",
    Phase.PAUSED: "It goes on by itself when the reason is gone.",
    Phase.NEEDS_HUMAN: "A person decides. Put `agent:ready` on again to give it a fresh start.",
    Phase.CANCELLED: "Nothing, unless somebody puts `agent:ready` on again.",
}


def quoted(text: str) -> str:
    """Text from outside, shown so that it cannot close its own frame, mention people or run as markup."""
    safe = text[:_LONG].replace("`", "ʼ").replace("<!--", "<!- -")
    return "\n".join(f"> {line}" for line in safe.replace("@", "@\u200b").splitlines()) or "> –"


def code_block(text: str) -> str:
    fence = "`" * max(3, _longest_run(text, "`") + 1)
    return f"{fence}\n{text[-_LONG:]}\n{fence}"


def _longest_run(text: str, mark: str) -> int:
    longest = current = 0
    for char in text:
        current = current + 1 if char == mark else 0
        longest = max(longest, current)
    return longest


def status_comment(project: Project, status: Status, policy: Policy) -> str:
    """The one comment an issue, edited in place: phase, agent, branch, cycle, gates, spend, time, and what happens next."""
    record = project.record
    rows = status_rows(project, status, policy)
    table = "\n".join(["| Groundskeeper | status |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])
    parts = [STATUS_MARK, table]
    if not record.runs or record.runs[0].role is Role.EXECUTION:
        parts.append(_criteria(criteria_of(project.issue.title, project.issue.body)))
    if project.conflict is not None and project.conflict.hunks:
        parts.append(f"What contradicts each other:\n\n{code_block(project.conflict.hunks)}")
    if status.phase is Phase.NEEDS_HUMAN and record.runs:
        parts.append(both_views(record))
    if record.runs:
        parts.append(_history(record.runs))
    return "\n\n".join(parts)


def status_rows(project: Project, status: Status, policy: Policy) -> tuple[tuple[str, str], ...]:
    """Name and value of each, as the status comment, the answers to `/agent why` and the command line all say it."""
    record, pull = project.record, current_pull(project)
    until = f" It goes on by itself at {status.until:%Y-%m-%d %H:%M} UTC." if status.until else ""
    lease = record.lease
    return (
        ("Phase", f"**{status.phase.value}**: {_cell(status.reason, most=1_000)}.{until}"),
        ("Agent", _agent(record)),
        *_wishes(project),
        ("Branch", f"`{record.branch}`" if record.branch else "none yet"),
        ("Pull request", f"#{pull.number}" if pull else "none yet"),
        ("Cycle", f"{max(1, cycles_used(project) + (1 if lease and lease.role is Role.EXECUTION else 0))} of {policy.cycles}"),
        ("Gates", _gates(record)),
        (
            "Checks",
            ", ".join(f"{_cell(c.name)} {_word(c.state)}" for c in pull.checks if c.name != REVIEW_CHECK)
            if pull and pull.checks
            else "none yet",
        ),
        ("Spend", f"{dollars(record.spent)} in {sum(run.requests for run in record.runs)} model requests"),
        ("Worked", _worked(record)),
        ("Next", _NEXT[status.phase]),
    )


def _agent(record: Record) -> str:
    lease = record.lease
    if lease is None:
        return "none at the moment"
    since = f"agent {lease.holder.agent}, since {lease.taken_at:%Y-%m-%d %H:%M} UTC"
    if lease.seen_at is None:
        return since
    doing = f", {lease.progress} % of its steps: {_cell(lease.step)}" if lease.step else ""
    return f"{since}; last seen at {lease.seen_at:%H:%M} UTC{doing}"


def _wishes(project: Project) -> tuple[tuple[str, str], ...]:
    """What people asked for beside the work itself, where they did."""
    labels, assigned = project.issue.labels, project.record.orders.assigned
    priority = priority_of(labels)
    rows = []
    if both_priorities(labels):
        rows.append(("Priority", "high: both `priority:high` and `priority:low` are on it, and the higher one counts"))
    elif priority is not Priority.NORMAL:
        rows.append(("Priority", priority.name.lower()))
    if assigned is not None:
        rows.append(("Assigned", f"to agent {assigned.agent}, by @\u200b{assigned.by}"))
    return tuple(rows)


def _word(state: CheckState) -> str:
    return {CheckState.SUCCESS: "passed", CheckState.FAILURE: "failed", CheckState.PENDING: "runs"}[state]


def _gates(record: Record) -> str:
    gates = next((run.gates for run in reversed(record.runs) if run.gates), ())
    return ", ".join(f"{gate.gate} {'passed' if gate.passed else 'failed'}" for gate in gates) or "none yet"


def _worked(record: Record) -> str:
    seconds = round(sum((run.ended_at - run.started_at).total_seconds() for run in record.runs))
    return f"{seconds // 60} min {seconds % 60} s in {len(record.runs)} runs" if record.runs else "not yet"


def _criteria(criteria: tuple[Criterion, ...]) -> str:
    derived = any(criterion.derived for criterion in criteria)
    head = "Acceptance criteria (derived: the issue has no checklist; write one to say it better)" if derived else "Acceptance criteria"
    return "\n".join([f"{head}:", *(f"{place}. {criterion.text}" for place, criterion in enumerate(criteria, 1))])


def _history(runs: Sequence[Run]) -> str:
    lines = [
        f"| {run.ended_at:%m-%d %H:%M} | {run.role.value} | {run.agent} | {run.cycle} | {run.ending.value} | {dollars(run.spent)} "
        f"| {_cell(run.note)}{' (scripted model)' if run.scripted else ''} |"
        for run in runs[-20:]
    ]
    head = "| ended | role | agent | cycle | ending | spend | what happened |\n|---|---|---|---|---|---|---|"
    return f"<details><summary>{len(runs)} runs</summary>\n\n{head}\n" + "\n".join(lines) + "\n\n</details>"


def _cell(text: str, *, most: int = 300) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;").replace("@", "@\u200b")[:most]


def both_views(record: Record) -> str:
    """What the last worker and the last reviewer say, side by side, for the person who decides."""
    worker = next((run for run in reversed(record.runs) if run.role is Role.EXECUTION and run.ending is Ending.FINISHED), None)
    reviewer = next((run for run in reversed(record.runs) if run.verdict is not None and run.role is Role.REVIEW), None)
    if worker is None or reviewer is None or reviewer.verdict is None:
        return f"What happened last: {_cell(record.runs[-1].note)}"
    not_met = (
        "; ".join(f"{_cell(j.criterion)}: {_cell(j.evidence)}" for j in reviewer.verdict.judgements if not j.met) or "all criteria met"
    )
    return (
        "Both views:\n\n| the agent says | the reviewer says |\n|---|---|\n"
        f"| {_cell(worker.report) or '(no report)'} | {_cell(reviewer.verdict.summary)} Not met: {not_met} |"
    )


def queued_merge_summary(pull: int) -> str:
    return (
        f"This is pull request #{pull}, which the reviewer approved, on top of what is merged before it. "
        "Whether they go together is for the other checks to say."
    )


def pull_title(project: Project) -> str:
    return " ".join(project.issue.title.split())[:200]


def pull_body(project: Project, run: Run) -> str:
    """What was done (the agent's claim, marked as one), how it was checked (observed), and what it closes."""
    gates = [f"| {gate.gate} | `{_cell(gate.command)}` | {'passed' if gate.passed else '**failed**'} |" for gate in run.gates]
    checked = (
        "\n".join(["| gate | command | result |", "|---|---|---|", *gates]) if gates else "No gate is configured, and none was detected."
    )
    who = "a scripted model" if run.scripted else "a model"
    return "\n\n".join(
        [
            f"Closes #{project.number}",
            f"## What was done\nAgent {run.agent}, {who}, reports:\n\n{quoted(run.report)}",
            f"## How it was checked\nBefore publishing, in the sandbox without network:\n\n{checked}",
            _criteria(criteria_of(project.issue.title, project.issue.body)),
            f"Run `{run.run}`: {run.steps} steps, {run.requests} model requests, {dollars(run.spent)}.",
        ]
    )


def review_body(verdict: Verdict, cycle: int, cycles: int, *, one_identity: bool, scripted: bool) -> str:
    word = "Approved" if verdict.approved else "Changes requested"
    rows = [f"| {_cell(j.criterion)} | {'met' if j.met else '**not met**'} | {_cell(j.evidence)} |" for j in verdict.judgements]
    table = "\n".join(["| criterion | | evidence |", "|---|---|---|", *rows])
    general = "\n".join(f"- {_cell(finding.text)}" for finding in verdict.findings if finding.path is None or finding.line is None)
    notes = [f"Judged: `{verdict.head[:12]}`, cycle {cycle} of {cycles}."]
    if one_identity:
        notes.append(
            "There is only one bot identity here, so this verdict is a comment and a check; GitHub lets nobody approve their own work."
        )
    if scripted:
        notes.append("The reviewer was a scripted model.")
    return "\n\n".join(part for part in [f"**{word}.** {_plain(verdict.summary)}", table, general, " ".join(notes)] if part)


def _plain(text: str) -> str:
    return text[:_LONG].replace("<", "&lt;").replace("@", "@\u200b")


def line_comment(text: str) -> str:
    return _plain(text)


def merge_message(project: Project, run: Run | None) -> str:
    cost = f"\n\nSpend: {dollars(project.record.spent)}." if run else ""
    return f"Closes #{project.number}{cost}"


def proposal_mark(run: str) -> str:
    return f"<!-- groundskeeper:proposal {run} -->"


def proposal_body(filing: FileValidProposal) -> str:
    proposal = filing.proposal
    criteria = "\n".join(f"- [ ] {text}" for text in proposal.criteria)
    return "\n\n".join(
        [
            proposal_mark(filing.run),
            _plain(proposal.description),
            f"## Acceptance criteria\n{criteria}",
            f"## Approach\n{_plain(proposal.approach)}",
            f"## Evidence\n{_plain(proposal.evidence)}",
            f"Category: {proposal.category}. Proposed by the bot and found valid by its review role.",
        ]
    )
