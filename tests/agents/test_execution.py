"""What the execution agent hands back, for each way in which a run can go."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from bot.adapters.scripted import Scene, ScriptedModel, Step, step
from bot.agents.run import run_brief
from bot.core.money.pricing import usd
from bot.core.roles.role import Role
from bot.core.runs.convention import Convention, Style
from bot.core.runs.conversation import Request, TextBlock, ToolResultBlock
from bot.core.runs.run import Ending, Finding, GateCommand, Grant
from tests.agents.harness import Harness, git

FIX = step("edit", do="replace", path="parser.py", old="[:-1]", new="")
FINISH = step("finish", report="Keep the last line\n\nChecked by hand.")
COMMIT = step("bash", command="git commit -qam 'Keep the last line'")
FIXED_CHECK = GateCommand(gate="test", command="! grep -n '\\[:-1\\]' parser.py")


def test_a_fix_comes_back_as_a_bundle_of_commits_on_the_base(harness: Harness, tmp_path: Path) -> None:
    bundle = harness.run(harness.brief(gates=(FIXED_CHECK,)), FIX, COMMIT, FINISH)

    assert bundle.ending is Ending.FINISHED
    assert bundle.report.startswith("Keep the last line")
    assert harness.log_of(bundle, tmp_path) == ["Keep the last line"]
    assert [(gate.gate, gate.passed) for gate in bundle.gates] == [("test", True)]
    assert bundle.spend.requests == bundle.steps == 3
    assert bundle.spend.money > 0


def test_what_was_left_uncommitted_is_committed_under_the_reports_first_line(harness: Harness, tmp_path: Path) -> None:
    bundle = harness.run(harness.brief(), FIX, FINISH)

    assert harness.log_of(bundle, tmp_path) == ["Keep the last line"]


def test_a_failing_gate_goes_back_to_the_model_which_mends_it(harness: Harness, tmp_path: Path) -> None:
    heard: list[str] = []

    def mend(request: Request) -> Step:
        block = request.messages[-1].blocks[-1]
        assert isinstance(block, ToolResultBlock)
        heard.append(block.content)
        return FIX

    note = step("edit", do="create", path="NOTES", new="x")
    bundle = harness.run(harness.brief(gates=(FIXED_CHECK,)), note, FINISH, mend, FINISH)

    assert "test gate failed" in heard[0]
    assert "[:-1]" in heard[0]
    assert bundle.ending is Ending.FINISHED
    assert len(harness.log_of(bundle, tmp_path)) == 2


def test_what_gates_leave_behind_is_no_part_of_the_work(harness: Harness, tmp_path: Path) -> None:
    litter = GateCommand(gate="build", command="echo x > built.txt; echo y >> parser.py")

    bundle = harness.run(harness.brief(gates=(litter,)), FIX, FINISH)

    harness.log_of(bundle, tmp_path)
    assert git(harness.path, "diff", "--name-only", harness.base, str(bundle.head)) == "parser.py"
    assert not (harness.path / "built.txt").exists()


def test_gates_run_in_their_order_and_stop_at_the_first_that_fails(harness: Harness) -> None:
    gates = tuple(GateCommand(gate=gate, command=command) for gate, command in [("build", "true"), ("test", "false"), ("lint", "true")])

    bundle = harness.run(harness.brief(gates=gates), FIX, FINISH, step("finish", report="No way found.", give_up=True))

    assert [(gate.gate, gate.passed) for gate in bundle.gates] == [("lint", True), ("test", False)]
    assert bundle.ending is Ending.GAVE_UP
    assert "No way found" in bundle.note


CONVENTIONAL = Convention(style=Style.CONVENTIONAL, capital=False, fronts=("fix", "feat"))


def test_the_title_fits_the_repository_and_is_sent_back_where_it_does_not(harness: Harness, tmp_path: Path) -> None:
    complaint = step("finish", report="Keep it", title="Parser loses the last line")
    titled = step("finish", report="Keep it", title="fix(parser): keep the last line")

    bundle = harness.run(harness.brief(convention=CONVENTIONAL), FIX, complaint, titled)

    assert bundle.title == "fix(parser): keep the last line"
    assert harness.log_of(bundle, tmp_path) == ["fix(parser): keep the last line"]
    assert "Titles here are Conventional Commits" in "".join(harness.saved)


def test_a_title_that_never_fits_costs_no_work(harness: Harness) -> None:
    names = step("finish", report="Keep it", title="Keep it as @bob wants, closes #3")

    bundle = harness.run(harness.brief(), FIX, names, names, names)

    assert (bundle.ending, bundle.title) == (Ending.FINISHED, "")


def test_no_change_at_all_is_a_failure(harness: Harness) -> None:
    bundle = harness.run(harness.brief(), FINISH)

    assert (bundle.ending, bundle.note) == (Ending.FAILED, "Nothing was changed.")
    assert bundle.git_bundle is None


def test_rework_without_a_new_commit_is_a_failure_too(harness: Harness) -> None:
    (harness.path / "parser.py").write_text("half\n")
    git(harness.path, "commit", "-qam", "Half of it")
    head = git(harness.path, "rev-parse", "HEAD")

    bundle = harness.run(harness.brief(head=head, cycle=2), FINISH)

    assert bundle.ending is Ending.FAILED


def test_findings_of_the_review_reach_the_model_with_their_ids(harness: Harness) -> None:
    def read_snapshot(request: Request) -> Step:
        opening = request.messages[0].blocks[0]
        assert isinstance(opening, TextBlock)
        assert "F1" in opening.text
        assert "parser.py:2) loses a line" in opening.text
        return FIX

    finding = Finding(source="review", text="loses a line", path="parser.py", line=2)
    assert harness.run(harness.brief(findings=(finding,)), read_snapshot, FINISH).ending is Ending.FINISHED


def test_work_in_progress_is_kept_when_the_steps_run_out(harness: Harness, tmp_path: Path) -> None:
    grant = Grant(money=usd(5), steps=1, time=timedelta(minutes=30))

    bundle = harness.run(harness.brief(grant=grant), FIX)

    assert bundle.ending is Ending.UNFINISHED
    assert harness.log_of(bundle, tmp_path) == ["Work in progress on #7"]
    assert bundle.transcript == harness.saved[-1]


def test_an_unfinished_run_goes_on_in_the_same_conversation(harness: Harness, tmp_path: Path) -> None:
    model = ScriptedModel([Scene(role=Role.EXECUTION, steps=(FIX, FINISH))])
    first = run_brief(harness.brief(grant=Grant(money=usd(5), steps=1, time=timedelta(minutes=30))), harness.ports(model))

    again = harness.brief(run="run-2", head=first.head, transcript=first.transcript)
    second = run_brief(again, harness.ports(model))

    assert second.ending is Ending.FINISHED
    assert second.steps == 1
    assert not model.unused()
    assert harness.log_of(second, tmp_path) == ["Work in progress on #7"]


def test_a_stop_keeps_the_work(harness: Harness, tmp_path: Path) -> None:
    harness.cancelled = lambda: len(harness.saved) >= 2

    bundle = harness.run(harness.brief(), FIX, FINISH, leftover=True)

    assert bundle.ending is Ending.STOPPED
    assert harness.log_of(bundle, tmp_path) == ["Work in progress on #7"]


def test_hooks_that_the_agent_plants_run_nowhere_but_in_the_sandbox(harness: Harness, tmp_path: Path) -> None:
    mark = tmp_path / "escaped"
    plant = step(
        "bash",
        command=f"for h in pre-commit post-commit post-checkout; do printf '#!/bin/sh\\ntouch {mark}\\n' > .git/hooks/$h;"
        " chmod +x .git/hooks/$h; done; git config core.fsmonitor 'touch escaped'; git config alias.bundle '!false'",
    )
    bundle = harness.run(harness.brief(), plant, FIX, FINISH)

    assert bundle.ending is Ending.FINISHED
    assert not harness.sandbox.isolating or not mark.exists()


def test_people_who_watch_see_commands_not_claims(harness: Harness) -> None:
    harness.run(harness.brief(gates=(FIXED_CHECK,)), FIX, COMMIT, FINISH)

    shown = [progress.doing for progress in harness.seen if not progress.doing.startswith("waits")]
    assert shown == [
        "edit: replace parser.py",
        "bash: git commit -qam 'Keep the last line'",
        "finish",
        "gate test: ! grep -n '\\[:-1\\]' parser.py",
    ]


def test_gates_do_not_see_what_is_in_no_commit(harness: Harness) -> None:
    """An ignored file, a hook or a running program of the workspace could make any gate pass."""
    gate = GateCommand(gate="test", command="test -e build.cache")
    prepare = step("bash", command="echo build.cache > .gitignore; echo good > build.cache; git add -A; git commit -qm 'Ignore the cache'")

    bundle = harness.run(harness.brief(gates=(gate,)), prepare, FINISH, step("finish", report="No way found.", give_up=True))

    assert [(gate.gate, gate.passed) for gate in bundle.gates] == [("test", False)]
