"""The execution agent: works on the issue in the sandbox, commits, passes the gates, hands its commits out as a bundle."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import Field

from bot.agents import commits
from bot.agents.brief import Prompt
from bot.agents.edit_tool import edit_tool
from bot.agents.gates import run_gates
from bot.agents.loop import begin, converse
from bot.agents.note_answers import Answers, answers_to
from bot.agents.run_ports import RunPorts
from bot.agents.segment import Segment, SegmentResult
from bot.agents.tools import Finished, GaveUp, Input, ToolOutcome, ToolResult, ToolSpec, bash_tool
from bot.core.markdown.words import one_line, shortened
from bot.core.money.pricing import Price
from bot.core.runs.convention import refusal
from bot.core.runs.note import NoteAnswer
from bot.core.runs.run import Brief, Bundle, Ending, GateResult


class FinishInput(Input):
    report: Annotated[str, Field(min_length=1, max_length=8000, description="what was done, how it was checked")]
    title: Annotated[str, Field(max_length=300, description="of the pull request and its commit: what the change does")] = ""
    give_up: bool = False
    answers: Answers = ()


@dataclass(frozen=True, kw_only=True)
class Unchanged:
    report: str


@dataclass(frozen=True, kw_only=True)
class Changed:
    report: str
    title: str


_TITLES_ASKED = 2
"""So often a title is sent back; the work is not lost for its sake."""


@dataclass
class _Gates:
    """The last results, kept for the bundle however the run ends."""

    results: tuple[GateResult, ...] = ()
    answers: tuple[NoteAnswer, ...] = ()
    """What the agent says to people's notes."""
    titles_refused: int = 0

    @property
    def failing(self) -> GateResult | None:
        return next((result for result in self.results if not (result.passed or result.known)), None)


def execute(brief: Brief, ports: RunPorts, prompt: Prompt, price: Price) -> Bundle:
    commits.prepare(brief, ports)
    gates = _Gates()
    segment = begin(brief, ports, system=prompt.system, opening=prompt.opening, going_on=prompt.going_on, price=price)
    environment = commits.environment_for(brief)
    segment.tools = (
        bash_tool(ports, writable=True, environment=environment, time_left=segment.time_left),
        edit_tool(ports.workspace.path),
        _finish_tool(segment, gates),
    )
    return _bundle(brief, ports, converse(segment), gates)


def _finish_tool(segment: Segment, gates: _Gates) -> ToolSpec[FinishInput]:
    brief, ports = segment.brief, segment.ports

    def act(given: FinishInput) -> ToolOutcome:
        if given.give_up:
            return GaveUp(why=shortened(one_line(given.report), 500))
        answers = answers_to(brief.notes, given.answers)
        if isinstance(answers, str):
            return ToolResult(text=f"Not finished: {answers}", is_error=True)
        gates.answers = answers
        unfit = refusal(given.title, brief.convention) if given.title else None
        if unfit is not None and gates.titles_refused < _TITLES_ASKED:
            gates.titles_refused += 1
            return ToolResult(text=f"Not finished: {unfit}", is_error=True)
        title = given.title if unfit is None else ""
        try:
            commits.commit_rest(brief, ports, title or _subject(given.report))
            if not commits.commits_since(brief, ports, _start(brief)):
                return Finished(value=Unchanged(report=given.report))
            carried = commits.work(brief, ports)
        except commits.GitFailed as failed:
            return ToolResult(text=f"git could not do its part: {failed}", is_error=True)
        refused = _judge(segment, gates, carried) if brief.gates else None
        if refused is not None:
            return ToolResult(text=f"Not finished: {refused}", is_error=True)
        if failing := gates.failing:
            return ToolResult(text=f"Not finished: the {failing.gate} gate failed.\n$ {failing.command}\n{failing.output}", is_error=True)
        return Finished(value=Changed(report=given.report, title=title))

    return ToolSpec(name="finish", description="End the task; runs the gates first.", input=FinishInput, act=act)


def _judge(segment: Segment, gates: _Gates, carried: commits.Work) -> str | None:
    """Runs the gates on the commits as they would be published; in the workspace they could pass by what is in no commit."""
    brief, ports = segment.brief, segment.ports
    with ports.fresh(carried.bundle or b"", carried.head) as fresh:
        if isinstance(fresh, str):
            return fresh
        gates.results = run_gates(
            brief.gates,
            fresh.sandbox,
            fresh.workspace.path,
            baseline=brief.baseline,
            paths=fresh.paths,
            environment=commits.environment_for(brief),
            time_left=segment.time_left,
            cancelled=ports.cancelled,
            say=segment.say,
        )
    return None


def _start(brief: Brief) -> str:
    """Commits after this are this run's; a run that goes on from its own checkpoint counts from the base."""
    return brief.base if brief.transcript is not None or brief.head is None else brief.head


def _subject(report: str) -> str:
    first = " ".join(next((line for line in report.splitlines() if line.strip()), "").lstrip("#*- ").split())
    return shortened(first, 71)


def _bundle(brief: Brief, ports: RunPorts, ended: SegmentResult, gates: _Gates) -> Bundle:
    bundle = Bundle(
        run=brief.run,
        ending=ended.ending,
        note=ended.note,
        steps=ended.steps,
        spend=ended.spend,
        gates=gates.results,
        answers=gates.answers,
        transcript=ended.transcript,
        resume_at=ended.resume_at,
    )
    match ended.ending:
        case Ending.FINISHED if isinstance(ended.value, Unchanged) and gates.answers:
            return replace(bundle, note="Answered without changing anything.", report=ended.value.report)
        case Ending.FINISHED if isinstance(ended.value, Unchanged):
            return replace(bundle, ending=Ending.FAILED, note="Nothing was changed.", report=ended.value.report, transcript=None)
        case Ending.FINISHED if isinstance(ended.value, Changed):
            bundle = replace(bundle, report=ended.value.report, title=ended.value.title, note=_said_of(brief, gates))
        case Ending.UNFINISHED if gates.failing is not None:
            bundle = replace(bundle, note=f"{bundle.note} The {gates.failing.gate} gate still fails.")
        case _:
            pass
    try:
        if ended.ending is not Ending.FINISHED:
            commits.commit_rest(brief, ports, f"Work in progress on #{brief.number}")
        carried = commits.work(brief, ports)
    except commits.GitFailed as failed:
        return replace(bundle, ending=Ending.FAILED, note=f"The commits could not be read out of the sandbox: {failed}")
    return replace(bundle, git_bundle=carried.bundle, head=carried.head if carried.bundle is not None else None)


def _said_of(brief: Brief, gates: _Gates) -> str:
    if not brief.gates:
        return "Finished; the repository names no gates."
    passed = ", ".join(result.gate for result in gates.results if result.passed)
    known = ", ".join(result.gate for result in gates.results if result.known)
    return f"Finished; gates passed: {passed or 'none'}{f'; failing on the base already: {known}' if known else ''}."
