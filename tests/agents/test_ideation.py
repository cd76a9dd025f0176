"""Ideas and their judgement, each through one tool."""

from __future__ import annotations

from bot.adapters.scripted import Step, step
from bot.core.roles.category import Category
from bot.core.roles.role import Role
from bot.core.runs.conversation import Request, TextBlock
from bot.core.runs.run import Ending, Proposal
from tests.agents.harness import Harness
from tests.agents.test_loop import expecting

CATEGORY = Category(
    name="testing",
    title="Tests",
    summary="What is not shown to work.",
    persona="testing",
    signals=(),
    evidence=("a mutant that survives",),
    excludes=("coverage for its own sake",),
    applies_when=(),
    prompt="Break the code and see which tests notice.",
)
IDEA = {
    "title": "Test the parser with an empty text",
    "description": "Nothing shows what lines('') gives.",
    "criteria": ["A test calls lines('')"],
    "approach": "One test.",
    "evidence": "parser.py has no test at all.",
}
PROPOSAL = Proposal(title="T", description="d", criteria=("old one",), approach="a", evidence="e", category="testing")


def test_a_proposal_comes_back_in_its_category(harness: Harness) -> None:
    bundle = harness.run(harness.brief(Role.IDEATION, category=CATEGORY), step("bash", command="ls"), step("propose", **IDEA))

    assert bundle.ending is Ending.FINISHED
    assert [(proposal.title, proposal.category) for proposal in bundle.proposals] == [(IDEA["title"], "testing")]


def test_the_idea_finder_is_told_its_category_and_what_exists(harness: Harness) -> None:
    def read_snapshot(request: Request) -> Step:
        opening = request.messages[0].blocks[0]
        assert isinstance(opening, TextBlock)
        assert all(
            words in opening.text for words in ("Break the code", "a mutant that survives", "coverage for its own sake", "An old idea")
        )
        return step("nothing_left", reason="all tested")

    bundle = harness.run(harness.brief(Role.IDEATION, category=CATEGORY, existing=("An old idea",)), read_snapshot)

    assert (bundle.ending, bundle.proposals) == (Ending.FINISHED, ())
    assert "all tested" in bundle.note


def test_a_proposal_needs_one_to_eight_criteria(harness: Harness) -> None:
    wrong = step("propose", **{**IDEA, "criteria": []})

    bundle = harness.run(harness.brief(Role.IDEATION, category=CATEGORY), wrong, expecting("criteria", step("propose", **IDEA)))

    assert len(bundle.proposals) == 1


def test_a_judgement_is_bound_to_the_base_and_may_correct_the_criteria(harness: Harness) -> None:
    judge = step("judge", valid=True, reasons=["it holds"], criteria=["A test calls lines('')"])

    bundle = harness.run(harness.brief(Role.VALIDATION, proposal=PROPOSAL), judge)

    assert bundle.verdict is not None
    assert (bundle.verdict.head, bundle.verdict.approved) == (harness.base, True)
    assert bundle.proposals[0].criteria == ("A test calls lines('')",)


def test_a_proposal_may_be_found_not_worth_doing(harness: Harness) -> None:
    bundle = harness.run(harness.brief(Role.VALIDATION, proposal=PROPOSAL), step("judge", valid=False, reasons=["it is there already"]))

    assert bundle.verdict is not None
    assert not bundle.verdict.approved
    assert "it is there already" in bundle.report
