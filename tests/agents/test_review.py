"""A verdict is taken only when it judges every criterion and points where GitHub lets a comment stand."""

from __future__ import annotations

import pytest

from bot.adapters.scripted import Step, step
from bot.core.roles.role import Role
from bot.core.runs.conversation import Request, TextBlock, ToolResultBlock
from bot.core.runs.run import Brief, Ending, Finding
from tests.agents.harness import Harness
from tests.agents.test_loop import expecting

DIFF = """diff --git a/parser.py b/parser.py
index 1..2 100644
--- a/parser.py
+++ b/parser.py
@@ -10,3 +10,4 @@ def lines(text):
 one
-two
+two and
+a half
 three
"""
MET = [{"criterion": "C1", "met": True, "evidence": "read it"}, {"criterion": 2, "met": True, "evidence": "ran it"}]
UNMET = [MET[0], {"criterion": "A test shows it", "met": False, "evidence": "there is none"}]


def verdict(**over: object) -> Step:
    return step("verdict", **{"approve": True, "summary": "Good.", "judgements": MET, **over})


def review_of(harness: Harness, **over: object) -> Brief:
    return harness.brief(Role.REVIEW, head=harness.base, diff=DIFF, **over)


def test_an_approval_is_bound_to_the_head_and_names_each_criterion(harness: Harness) -> None:
    bundle = harness.run(review_of(harness), verdict())

    assert bundle.ending is Ending.FINISHED
    assert bundle.verdict is not None
    assert (bundle.verdict.head, bundle.verdict.approved) == (harness.base, True)
    assert [judgement.criterion for judgement in bundle.verdict.judgements] == ["The last line is kept", "A test shows it"]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (verdict(judgements=MET[:1]), "C2 is not judged (A test shows it)"),
        (verdict(judgements=[*MET, {"criterion": "C9", "met": True, "evidence": "x"}]), "no criterion 'C9'"),
        (verdict(judgements=[*MET, MET[0]]), "C1 is judged twice"),
        (verdict(judgements=UNMET), "approve: cannot be true while C2 is not met"),
        (verdict(approve=False), "say what has to change"),
        (verdict(judgements=[MET[0], {"criterion": "C2", "met": True, "evidence": ""}]), "judgements.1.evidence"),
        (verdict(findings=[{"text": "t", "path": "parser.py", "line": 99}]), "lines 10-13"),
        (verdict(findings=[{"text": "t", "path": "other.py", "line": 1}]), "files there: parser.py"),
    ],
)
def test_a_verdict_that_does_not_hold_together_is_sent_back(harness: Harness, wrong: Step, told: str) -> None:
    bundle = harness.run(review_of(harness), wrong, expecting(told, verdict()))

    assert bundle.verdict is not None
    assert bundle.verdict.approved


def test_findings_keep_their_line_when_the_diff_has_it(harness: Harness) -> None:
    asked = verdict(approve=False, judgements=UNMET, findings=[{"text": "loses one", "path": "parser.py", "line": 12}])

    bundle = harness.run(review_of(harness), asked)

    assert bundle.verdict is not None
    assert bundle.verdict.findings == (Finding(source="review", text="loses one", path="parser.py", line=12),)


def test_a_finding_that_stays_outside_the_diff_moves_to_the_file_or_into_words(harness: Harness) -> None:
    ports = [{"text": "far off", "path": "parser.py", "line": 99}, {"text": "elsewhere", "path": "other.py", "line": 1}]
    insisting = verdict(findings=ports)

    bundle = harness.run(review_of(harness), insisting, insisting)

    assert bundle.verdict is not None
    assert [(finding.path, finding.line, finding.text) for finding in bundle.verdict.findings] == [
        ("parser.py", None, "(line 99) far off"),
        (None, None, "other.py:1: elsewhere"),
    ]


def test_the_reviewer_can_read_and_run_but_not_write(harness: Harness) -> None:
    if not harness.sandbox.isolating:
        pytest.skip("bubblewrap is not available here, and nothing else makes the tree read-only")
    tries = step("bash", command="cat parser.py; echo x > parser.py")

    harness.run(review_of(harness), tries, expecting("Read-only file system", verdict()))

    assert "[:-1]" in (harness.path / "parser.py").read_text()


def test_a_later_cycle_asks_for_the_delta_only(harness: Harness) -> None:
    def read_snapshot(request: Request) -> Step:
        opening = request.messages[0].blocks[0]
        assert isinstance(opening, TextBlock)
        assert "Look only at whether the earlier findings are resolved" in opening.text
        assert "loses one" in opening.text
        return verdict()

    harness.run(review_of(harness, cycle=2, findings=(Finding(source="review", text="loses one"),)), read_snapshot)


def test_a_stopped_review_gives_no_verdict(harness: Harness) -> None:
    harness.cancelled = lambda: True

    bundle = harness.run(review_of(harness), verdict(), leftover=True)

    assert (bundle.ending, bundle.verdict) == (Ending.STOPPED, None)


def test_a_tool_result_that_is_an_error_says_so_to_the_model(harness: Harness) -> None:
    def read_snapshot(request: Request) -> Step:
        result = request.messages[-1].blocks[0]
        assert isinstance(result, ToolResultBlock)
        assert result.is_error
        assert "[exit status 3]" in result.content
        return verdict()

    harness.run(review_of(harness), step("bash", command="exit 3"), read_snapshot)


def _large(path: str, lines: int) -> str:
    body = "".join(f"+{'x' * 70}{number}\n" for number in range(lines))
    return f"diff --git a/{path} b/{path}\nindex 1..2 100644\n--- a/{path}\n+++ b/{path}\n@@ -0,0 +1,{lines} @@\n{body}"


def test_nobody_approves_what_was_not_shown_until_it_is_read(harness: Harness) -> None:
    brief = harness.brief(Role.REVIEW, head=harness.base, diff=_large("large.py", 900) + DIFF)

    bundle = harness.run(
        brief,
        verdict(),
        expecting(
            "approve: you have not seen all of it. Read with the diff tool: large.py (part 4, 5)", step("diff", path="large.py", part=4)
        ),
        expecting("[large.py, part 4 of 5]", verdict()),
        expecting("large.py (part 5)", step("diff", path="large.py", part=5)),
        expecting("[large.py, part 5 of 5]", verdict()),
    )

    assert bundle.verdict is not None
    assert bundle.verdict.approved


def test_changes_can_be_asked_for_without_reading_all(harness: Harness) -> None:
    brief = harness.brief(Role.REVIEW, head=harness.base, diff=_large("large.py", 900))

    bundle = harness.run(brief, verdict(approve=False, findings=[{"text": "Too large"}]))

    assert bundle.verdict is not None
    assert not bundle.verdict.approved


def test_a_file_that_cannot_be_shown_at_all_cannot_be_approved(harness: Harness) -> None:
    brief = harness.brief(Role.REVIEW, head=harness.base, diff=f"# not shown, too large: huge.py\n{DIFF}")

    told = "these files are too large to be shown to anybody here: huge.py"
    bundle = harness.run(brief, verdict(), expecting(told, verdict(approve=False, findings=[{"text": "Make it smaller"}])))

    assert bundle.verdict is not None
    assert not bundle.verdict.approved


def test_the_reviewer_is_told_what_a_program_saw(harness: Harness) -> None:
    told = "a.py:3 has U+202E RIGHT-TO-LEFT OVERRIDE"
    brief = review_of(harness, warnings=(told,))

    def opening(request: Request) -> Step:
        assert any(told in block.text for message in request.messages for block in message.blocks if isinstance(block, TextBlock))
        return verdict()

    harness.run(brief, opening)
