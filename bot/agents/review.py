"""The review agent: reads the merge result, judges each criterion by evidence, answers through one `verdict`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import Field

from bot.agents.brief import Prompt
from bot.agents.diff import Lines, commentable
from bot.agents.diff_tool import Reading
from bot.agents.loop import begin, converse
from bot.agents.run_ports import RunPorts
from bot.agents.tools import Finished, Input, ToolOutcome, ToolResult, ToolSpec, bash_tool
from bot.core.evidence.shown_diff import shown_diff
from bot.core.money.pricing import Price
from bot.core.runs.criteria import Criterion
from bot.core.runs.run import Brief, Bundle, Finding, Judgement, Verdict

READING = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*", "PYTHONDONTWRITEBYTECODE": "1"}


class JudgementInput(Input):
    criterion: Annotated[str | int, Field(description="C1, C2 …")]
    met: bool
    evidence: Annotated[str, Field(min_length=1, max_length=2000)]


class FindingInput(Input):
    text: Annotated[str, Field(min_length=1, max_length=4000)]
    path: str | None = None
    line: Annotated[int, Field(ge=1)] | None = None


class VerdictInput(Input):
    approve: bool
    summary: Annotated[str, Field(min_length=1, max_length=4000)]
    judgements: list[JudgementInput]
    findings: Annotated[tuple[FindingInput, ...], Field(max_length=50)] = ()


def review(brief: Brief, ports: RunPorts, prompt: Prompt, price: Price) -> Bundle:
    segment = begin(brief, ports, system=prompt.system, opening=prompt.opening, price=price)
    reading = Reading(shown_diff(brief.diff))
    bash = bash_tool(ports, writable=False, environment=READING, time_left=segment.time_left)
    segment.tools = (bash, *(() if reading.complete else (reading.tool(),)), verdict_tool(brief, reading))
    ended = converse(segment)
    verdict = ended.value if isinstance(ended.value, Verdict) else None
    return Bundle(
        run=brief.run,
        ending=ended.ending,
        note=f"Reviewed: {'approved' if verdict.approved else 'changes requested'}." if verdict else ended.note,
        report=verdict.summary if verdict else "",
        steps=ended.steps,
        spend=ended.spend,
        verdict=verdict,
        transcript=ended.transcript,
        resume_at=ended.resume_at,
    )


def verdict_tool(brief: Brief, reading: Reading) -> ToolSpec[VerdictInput]:
    lines = commentable(brief.diff)
    told_ranges = False

    def act(given: VerdictInput) -> ToolOutcome:
        nonlocal told_ranges
        judged = _judged(given.judgements, brief.criteria)
        if isinstance(judged, str):
            return ToolResult(text=judged, is_error=True)
        unmet = [f"C{number}" for number, judgement in enumerate(judged, start=1) if not judgement.met]
        if given.approve and unmet:
            return ToolResult(text=f"approve: cannot be true while {', '.join(unmet)} is not met.", is_error=True)
        if given.approve and (unseen := reading.unseen()) is not None:
            return ToolResult(text=f"approve: {unseen}.", is_error=True)
        if not given.approve and not unmet and not given.findings:
            return ToolResult(text="findings: changes are requested, so say what has to change.", is_error=True)
        wrong = _misplaced(given.findings, lines)
        if wrong and not told_ranges:
            told_ranges = True
            return ToolResult(text=wrong, is_error=True)
        verdict = Verdict(
            head=brief.head or brief.base,
            approved=given.approve,
            summary=given.summary,
            judgements=judged,
            findings=tuple(_placed(finding, lines) for finding in given.findings),
        )
        return Finished(value=verdict)

    return ToolSpec(
        name="verdict",
        description="End the review. One judgement a criterion; approve only if all are met. line: in the new file, inside the diff.",
        input=VerdictInput,
        act=act,
    )


def _judged(given: Sequence[JudgementInput], criteria: Sequence[Criterion]) -> tuple[Judgement, ...] | str:
    """In the criteria's order; or which are missing, unknown or judged twice."""
    keys = {f"C{number}": criterion for number, criterion in enumerate(criteria, start=1)}
    by_text = {criterion.text.casefold(): key for key, criterion in keys.items()}
    found: dict[str, JudgementInput] = {}
    wrong: list[str] = []
    for judgement in given:
        named = str(judgement.criterion).strip()
        key = by_text.get(named.casefold()) or (f"C{named}" if named.isdecimal() else named.upper())
        if key not in keys:
            wrong.append(f"there is no criterion {named!r}")
        elif key in found:
            wrong.append(f"{key} is judged twice")
        else:
            found[key] = judgement
    wrong += [f"{key} is not judged ({criterion.text})" for key, criterion in keys.items() if key not in found]
    if wrong:
        return f"judgements: {'; '.join(wrong)}."
    return tuple(Judgement(criterion=keys[key].text, met=found[key].met, evidence=found[key].evidence) for key in keys)


def _misplaced(findings: Sequence[FindingInput], lines: Mapping[str, Lines]) -> str | None:
    wrong = [(finding, finding.path) for finding in findings if finding.path and not _fits(finding, lines)]
    if not wrong:
        return None
    said = [
        f"{path}:{finding.line} is not in the diff"
        + (f" (there: lines {lines[path].ranges()})" if path in lines else f" (files there: {', '.join(list(lines)[:20])})")
        for finding, path in wrong
    ]
    return f"findings: {'; '.join(said)}. Put each on such a line, or leave line out."


def _fits(finding: FindingInput, lines: Mapping[str, Lines]) -> bool:
    there = lines.get(finding.path or "")
    return there is not None and (finding.line is None or there.holds(finding.line))


def _placed(finding: FindingInput, lines: Mapping[str, Lines]) -> Finding:
    """On its line where the diff has it; else on its file; else in words only, since GitHub refuses what lies outside the diff."""
    if finding.path is None:
        return Finding(source="review", text=finding.text)
    if finding.path not in lines:
        return Finding(source="review", text=f"{finding.path}{f':{finding.line}' if finding.line else ''}: {finding.text}")
    if finding.line is not None and not lines[finding.path].holds(finding.line):
        return Finding(source="review", text=f"(line {finding.line}) {finding.text}", path=finding.path)
    return Finding(source="review", text=finding.text, path=finding.path, line=finding.line)
