"""What several texts have in common: criteria, findings, gates, and how work was checked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.core.facts.record import Run
from bot.core.markdown.blocks import Block, bullets, table
from bot.core.markdown.inline import Inline, code, joined, line, prose
from bot.core.runs.criteria import Criterion
from bot.core.runs.run import Finding, GateResult

_DERIVED = "Acceptance criteria (derived: the issue has no checklist; write one to say it better):"


def criteria_heading(criteria: Sequence[Criterion]) -> Block:
    return Block(_DERIVED if any(criterion.derived for criterion in criteria) else "Acceptance criteria:")


def gate_table(gates: Iterable[GateResult]) -> Block:
    rows = [(prose(gate.gate), code(gate.command, most=300), _result(gate)) for gate in gates]
    return table(("gate", "command", "result"), rows) if rows else Block("No gate is configured, and none was detected.")


def _result(gate: GateResult) -> Inline:
    if gate.passed:
        return Inline("passed")
    return Inline("failed, as on the base already" if gate.known else "**failed**")


def finding_bullets(findings: Sequence[Finding], *, most: int = 10) -> Block:
    shown = [joined([line("{source}", source=one.source), _place(one), prose(one.text, most=300)], " – ") for one in findings[:most]]
    more = [Inline(f"and {len(findings) - most} more")] if len(findings) > most else []
    return bullets([*shown, *more])


def _place(finding: Finding) -> Inline:
    if finding.path is None:
        return Inline()
    return code(finding.path if finding.line is None else f"{finding.path}:{finding.line}")


def model_of(run: Run) -> str:
    return "a scripted model" if run.scripted else "a model"


def where_checked(run: Run) -> str:
    """Only what is known of the run itself."""
    match run.sandboxed:
        case True:
            return "in the sandbox (bubblewrap), without network"
        case False:
            return "without a sandbox, on a machine with network"
        case None:
            return "before publishing"
