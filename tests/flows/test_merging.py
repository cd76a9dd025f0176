"""Merging well: one order, the base merged in and checked before merging, conflicts resolved or shown, nobody's commits lost."""

from __future__ import annotations

import subprocess
from itertools import pairwise
from pathlib import Path

from bot.core.lifecycle.phase import Phase
from bot.core.roles.role import Role
from bot.hub.changes import checks
from tests.world import FULL_NAME, Scene, World, a_world, judges, step, writes

FOUR = "agents: 4\nbudget: {daily: 100, monthly: 1000, run: 1, review: 1}\ngates: {test: 'true'}\nideation: {enabled: false}\n"


def resolves(command: str, **scene: object) -> Scene:
    """An execution that merges the base in as it is told, and settles the conflict with `command`."""
    merge = step("bash", command=f"git merge refs/groundskeeper/base; {command} && git add -A && git commit -qm 'Merge main'")
    return Scene(role=Role.EXECUTION, steps=(merge, step("finish", report="Both sides are kept")), **scene)  # type: ignore[arg-type]


def clone(world: World, branch: str) -> Path:
    place = world.root / f"clone-{branch.replace('/', '-')}-{len(list(world.root.iterdir()))}"
    subprocess.run(["git", "clone", "-q", "-b", branch, str(world.bare), str(place)], check=True, capture_output=True)
    return place


def person_pushes(world: World, branch: str, path: str, text: str) -> str:
    place = clone(world, branch)
    (place / path).write_text(text)
    ann = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
    for args in (["add", "-A"], ["commit", "-qm", f"Ann writes {path}"], ["push", "-q", "origin", branch]):
        subprocess.run(["git", *ann, *args], cwd=place, check=True, capture_output=True)
    return subprocess.run(["git", "rev-parse", "HEAD"], cwd=place, check=True, capture_output=True, text=True).stdout.strip()


def test_each_is_checked_on_what_was_merged_before_it(tmp_path: Path) -> None:
    with a_world(tmp_path, config=FOUR) as world:
        for place in (1, 2, 3):
            world.model.add(writes(f"{place}.txt", str(place), title=f"Write {place}"), judges(title=f"Write {place}"))
            world.open_issue(f"Write {place}")
        world.settle()

        pulls = world.pulls()
        assert all(pull["merged_at"] for pull in pulls)
        for earlier, later in pairwise(pulls):
            merged, head = earlier["merge_commit_sha"], later["head"]["sha"]
            assert world.git("merge-base", merged, head) == merged
            runs = world.api("ann", "GET", f"commits/{head}/check-runs")["check_runs"]
            assert {run["name"]: run["conclusion"] for run in runs} == {"unit tests": "success"}
            assert [one["state"] for one in world.api("ann", "GET", f"commits/{head}/status")["statuses"]] == ["success"]
        assert [len(world.record(number).updates) for number in (1, 2, 3)] == [0, 1, 1]
        assert [run.role for run in world.record(3).runs] == [Role.EXECUTION, Role.REVIEW]


def test_a_contradiction_that_only_the_checks_see_is_mended_on_the_merged_result(tmp_path: Path) -> None:
    with a_world(tmp_path, config=FOUR) as world:
        world.model.add(
            writes("rule.txt", "no b.txt", title="Make a rule"),
            judges(title="Make a rule"),
            writes("b.txt", "b", title="Write b", cycle=1),
            judges(title="Write b", cycle=1),
            Scene(
                role=Role.EXECUTION,
                title="Write b",
                cycle=2,
                steps=(
                    step("bash", command="cat rule.txt && git mv b.txt c.txt && git commit -qam 'Call it c'"),
                    step("finish", report="c"),
                ),
            ),
            judges(title="Write b", cycle=2),
        )
        world.open_issue("Make a rule")
        world.open_issue("Write b")
        for _ in range(14):
            world.tick()
            world.work()
            for pull in world.pulls("open"):
                head = pull["head"]["sha"]
                files = world.git("ls-tree", "--name-only", head).split()
                if not world.api("ann", "GET", f"commits/{head}/check-runs?check_name=unit tests")["total_count"]:
                    fine = not {"rule.txt", "b.txt"} <= set(files)
                    checks.report(world.hub, FULL_NAME, head, "unit tests", "success" if fine else "failure", log="" if fine else "b.txt!")

        assert world.is_closed(2)
        assert {"rule.txt", "c.txt"} <= set(world.git("ls-tree", "--name-only", "main").split())
        assert "b.txt" not in world.git("ls-tree", "--name-only", "main").split()


def test_a_conflict_is_found_before_merging_and_resolved_by_an_agent(tmp_path: Path) -> None:
    with a_world(tmp_path, config=FOUR) as world:
        world.model.add(
            writes("pots.py", "def count():\n    return 2\n", title="First"),
            judges(title="First"),
            writes("pots.py", "def count():\n    return 3\n", title="Second", cycle=1),
            judges(title="Second", cycle=1),
            resolves("printf 'def count():\\n    return 2 + 3\\n' > pots.py", title="Second", cycle=2),
            judges(title="Second", cycle=2),
        )
        world.open_issue("First")
        second = world.open_issue("Second")
        world.settle()

        assert "2 + 3" in world.git("show", "main:pots.py")
        (finding,) = world.record(second).runs[2].findings
        assert finding.source == "merge"
        assert "return 2" in finding.text
        assert "return 3" in finding.text
        assert world.pulls()[1]["merged_at"]


def test_an_unresolved_conflict_goes_to_a_person_with_its_hunks(tmp_path: Path) -> None:
    with a_world(tmp_path, config=f"{FOUR}limits: {{cycles: 1}}\n") as world:
        world.model.add(
            writes("pots.py", "def count():\n    return 2\n", title="First"),
            judges(title="First"),
            writes("pots.py", "def count():\n    return 3\n", title="Second"),
            judges(title="Second"),
        )
        world.open_issue("First")
        second = world.open_issue("Second")
        world.settle()

        assert world.phase_of(second) is Phase.NEEDS_HUMAN
        assert world.status(second).reason == "conflicts with main in pots.py after 1 cycles; a person decides"
        (comment,) = world.comments(second)
        assert "    return 2\n=======\n    return 3\n" in comment


def test_what_main_brought_is_not_held_against_who_merged_it(tmp_path: Path) -> None:
    """`.github/` is a person's: here a person did change it, on main, and the agent only merges that."""
    with a_world(tmp_path, config=FOUR) as world:
        world.model.add(
            writes("pots.py", "def count():\n    return 3\n", cycle=1),
            resolves("printf 'def count():\\n    return 2 + 3\\n' > pots.py", cycle=2),
            judges(cycle=2),
        )
        number = world.open_issue("Count them")
        world.tick()
        world.work()
        person_pushes(world, "main", ".github/CODEOWNERS", "* @ann\n")
        person_pushes(world, "main", "pots.py", "def count():\n    return 2\n")
        world.settle()

        assert world.is_closed(number)
        assert "2 + 3" in world.git("show", "main:pots.py")


def test_a_persons_commits_on_the_branch_stay(tmp_path: Path) -> None:
    with a_world(tmp_path, config=FOUR) as world:
        world.model.add(writes("a.txt", "a"), judges())
        world.open_issue("Add a")
        world.tick()
        world.work()
        world.tick()
        (pull,) = world.pulls()
        anns = person_pushes(world, pull["head"]["ref"], "hers.txt", "hers")
        person_pushes(world, "main", "other.txt", "other")
        world.settle()

        assert world.git("merge-base", anns, world.pulls()[0]["head"]["sha"]) == anns
        assert {"a.txt", "hers.txt", "other.txt"} <= set(world.git("ls-tree", "--name-only", "main").split())


def test_two_that_name_the_same_file_go_one_after_the_other(tmp_path: Path) -> None:
    with a_world(tmp_path, config=FOUR) as world:
        world.model.add(
            writes("pots.py", "def count():\n    return 2\n", title="two"),
            judges(title="two"),
            writes("pots.py", "def count():\n    return 3\n", title="three"),
            judges(title="three"),
        )
        world.open_issue("pots.py must say two")
        world.open_issue("pots.py must say three")

        first = world.tick()
        assert [started.start.number for started in first.started] == [1]
        assert first.plan.statuses[2].reason == "waits for #1, which works on pots.py too"
        world.settle()

        assert "return 3" in world.git("show", "main:pots.py")
        assert [len(world.record(number).runs) for number in (1, 2)] == [2, 2]
