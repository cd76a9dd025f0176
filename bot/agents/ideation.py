"""The ideation agent finds one improvement in a category; validation judges it before anybody is asked to read it."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from bot.agents.brief import Prompt
from bot.agents.loop import begin, converse
from bot.agents.review import READING
from bot.agents.run_ports import RunPorts
from bot.agents.segment import SegmentResult
from bot.agents.tools import Finished, Input, ToolOutcome, ToolSpec, bash_tool
from bot.core.money.pricing import Price
from bot.core.runs.run import Brief, Bundle, Proposal, Verdict

_Line = Annotated[str, Field(min_length=3, max_length=300)]
_Prose = Annotated[str, Field(min_length=1, max_length=6000)]
_Criteria = Annotated[list[_Line], Field(min_length=1, max_length=8)]


class ProposeInput(Input):
    title: Annotated[str, Field(min_length=8, max_length=120)]
    description: _Prose
    criteria: _Criteria
    approach: _Prose
    evidence: Annotated[_Prose, Field(description="what you saw or measured, with paths and figures")]


class NothingLeftInput(Input):
    reason: Annotated[str, Field(min_length=1, max_length=1000)]


class JudgeInput(Input):
    valid: bool
    reasons: Annotated[list[str], Field(min_length=1, max_length=10)]
    criteria: Annotated[_Criteria | None, Field(description="better ones, where those given will not do")] = None


def ideate(brief: Brief, ports: RunPorts, prompt: Prompt, price: Price) -> Bundle:
    category = brief.category.name if brief.category else ""

    def propose(given: ProposeInput) -> ToolOutcome:
        proposal = Proposal(
            title=" ".join(given.title.split()),
            description=given.description,
            criteria=tuple(" ".join(criterion.split()) for criterion in given.criteria),
            approach=given.approach,
            evidence=given.evidence,
            category=category,
        )
        return Finished(value=proposal)

    tools = (
        ToolSpec(name="propose", description="End with the one improvement.", input=ProposeInput, act=propose),
        ToolSpec(
            name="nothing_left",
            description="End without one.",
            input=NothingLeftInput,
            act=lambda given: Finished(value=given.reason),
        ),
    )
    ended = _read_and_answer(brief, ports, prompt, price, tools)
    match ended.value:
        case Proposal() as proposal:
            return replace(_bundle(brief, ended), note=f"Proposed: {proposal.title}", proposals=(proposal,))
        case str(reason):
            return replace(_bundle(brief, ended), note=f"Nothing left to propose: {reason}", report=reason)
        case _:
            return _bundle(brief, ended)


def validate(brief: Brief, ports: RunPorts, prompt: Prompt, price: Price) -> Bundle:
    """The verdict is bound to the base that was looked at; the proposal comes back with its criteria corrected where need be."""
    spec = ToolSpec(name="judge", description="End with your judgement.", input=JudgeInput, act=lambda given: Finished(value=given))
    ended = _read_and_answer(brief, ports, prompt, price, (spec,))
    bundle = _bundle(brief, ended)
    if not isinstance(ended.value, JudgeInput) or brief.proposal is None:
        return bundle
    given = ended.value
    proposal = replace(brief.proposal, criteria=tuple(given.criteria)) if given.criteria else brief.proposal
    summary = "\n".join(f"- {reason}" for reason in given.reasons)
    return replace(
        bundle,
        note="The proposal was found valid." if given.valid else "The proposal was found not worth doing.",
        report=summary,
        verdict=Verdict(head=brief.base, approved=given.valid, summary=summary, judgements=()),
        proposals=(proposal,),
    )


def _read_and_answer(
    brief: Brief,
    ports: RunPorts,
    prompt: Prompt,
    price: Price,
    answers: tuple[ToolSpec[ProposeInput] | ToolSpec[NothingLeftInput] | ToolSpec[JudgeInput], ...],
) -> SegmentResult:
    segment = begin(brief, ports, system=prompt.system, opening=prompt.opening, price=price)
    segment.tools = (bash_tool(ports, writable=False, environment=READING, time_left=segment.time_left), *answers)
    return converse(segment)


def _bundle(brief: Brief, ended: SegmentResult) -> Bundle:
    return Bundle(
        run=brief.run,
        ending=ended.ending,
        note=ended.note,
        steps=ended.steps,
        spend=ended.spend,
        transcript=ended.transcript,
        resume_at=ended.resume_at,
    )
