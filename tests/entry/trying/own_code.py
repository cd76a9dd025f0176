"""A person's own repository, and what a scripted model does with it."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

PROGRAM = "def total(pots):\n    return sum(pots[1:])\n"
TESTS = """\
import unittest

from pots import total


class Pots(unittest.TestCase):
    def test_nothing_is_nothing(self):
        self.assertEqual(total([]), 0)
"""
ISSUE = "The first pot is not counted\n\n- [ ] Every pot counts\n"

EXECUTION = """\
- role: execution
  title: The first pot is not counted
  steps:
    - edit: {do: replace, path: pots.py, old: "pots[1:]", new: "pots"}
"""
SCENARIO = (
    EXECUTION
    + """\
    - bash: {command: "python3 -c 'import pots; print(pots.total([1, 2]))'"}
    - finish: {report: "Count the first pot too"}
- role: review
  title: The first pot is not counted
  steps:
    - bash: {command: "python3 -c 'import pots; print(pots.total([1, 2]))'"}
    - verdict:
        approve: true
        summary: All pots are counted.
        judgements: [{criterion: C1, met: true, evidence: "Two pots of 1 and 2 are 3."}]
        findings: []
"""
)
ENDLESS = EXECUTION + '    - bash: {command: "echo and then for ever; tail -f /dev/null", timeout: 500}\n'


def git(where: Path, *args: str) -> str:
    identity = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
    done = subprocess.run(["git", "--no-optional-locks", *identity, *args], cwd=where, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def own_code(root: Path) -> Path:
    """One commit on a branch that is not called main."""
    place = root / "pots"
    (place / "tests").mkdir(parents=True)
    (place / "pots.py").write_text(PROGRAM)
    (place / "tests" / "__init__.py").write_text("")
    (place / "tests" / "test_pots.py").write_text(TESTS)
    for args in (["init", "-q", "-b", "trunk"], ["add", "-A"], ["commit", "-qm", "Count pots"]):
        git(place, *args)
    return place


def everything_in(place: Path) -> dict[str, str]:
    """Every file of the checkout and of `.git` by its content, but for objects: those that no ref needs are no change."""
    return {
        str(path.relative_to(place)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(place.rglob("*"))
        if path.is_file() and (place / ".git" / "objects") not in path.parents
    }
