"""What the scripted agents do about a foreign bug: their commands are real, and they go by what the commands say."""

from __future__ import annotations

from bot.adapters.scripted import Line, Scene, Step, step
from bot.core.roles.role import Role
from bot.core.runs.conversation import Request, ToolResultBlock
from tests.foreign.cases import Case
from tests.foreign.running import reproduction_command, suite_command


def scenes(case: Case) -> tuple[Scene, Scene]:
    return _execution(case), _review(case)


def _execution(case: Case) -> Scene:
    paths = " ".join([*(edit.path for edit in case.edits), case.test_path])
    return Scene(
        role=Role.EXECUTION,
        title=case.title,
        steps=(
            Step(say="I see it first.", calls=(("bash", {"command": reproduction_command(case)}),)),
            _mending(case),
            step("bash", command=f"set -e\n{reproduction_command(case)}git add -- {paths}\ngit commit -qm '{case.commit}'"),
            step("finish", report=f"{case.commit}. What the issue shows no longer happens, and a test sees to it."),
        ),
    )


def _mending(case: Case) -> Line:
    def mend(request: Request) -> Step:
        if not _failed(request):
            return step("finish", give_up="The bug does not show itself here.")
        edits = tuple(("edit", {"do": "replace", "path": edit.path, "old": edit.old, "new": edit.new}) for edit in case.edits)
        test = ("edit", {"do": "create", "path": case.test_path, "new": case.test_code})
        return Step(say="It is as the issue says.", calls=(*edits, test))

    return mend


def _review(case: Case) -> Scene:
    def judge(request: Request) -> Step:
        good = not _failed(request)
        judgements = [
            {"criterion": f"C{place}", "met": good, "evidence": evidence if good else "The program of the issue fails."}
            for place, evidence in enumerate(case.evidence, start=1)
        ]
        summary = "The bug is gone and the package's tests pass." if good else "The bug is still there."
        return step("verdict", approve=good, summary=summary, judgements=judgements, findings=[])

    read_snapshot = step("bash", command=f"set -e\n{reproduction_command(case)}{suite_command(case)}")
    return Scene(role=Role.REVIEW, title=case.title, steps=(read_snapshot, judge))


def _failed(request: Request) -> bool:
    """Whether the last command did."""
    return any(isinstance(block, ToolResultBlock) and block.is_error for block in request.messages[-1].blocks)
