"""Changing a package as the scripted agent does, and running its reproduction and its own tests in the sandbox."""

from __future__ import annotations

import os
import sys
import xml.etree.ElementTree as ET
from datetime import timedelta
from enum import Enum
from pathlib import Path

from bot.ports import Outcome
from tests.foreign.cases import Case
from tests.world import sandbox

_RESULTS = ".results.xml"


class Result(Enum):
    PASSED = "passed"
    SKIPPED = "skipped"
    FAILED = "failed"


def change(case: Case, tree: Path) -> None:
    for edit in case.edits:
        path = tree / edit.path
        text = path.read_text(encoding="utf-8")
        assert text.count(edit.old) == 1, f"{edit.path} has the text to be replaced {text.count(edit.old)} times"
        path.write_text(text.replace(edit.old, edit.new), encoding="utf-8")
    add_test(case, tree)


def add_test(case: Case, tree: Path) -> None:
    (tree / case.test_path).write_text(case.test_code, encoding="utf-8")


def reproduction_command(case: Case) -> str:
    return f"PYTHONPATH={case.source} PYTHONDONTWRITEBYTECODE=1 python - <<'PROGRAM'\n{case.reproduction}PROGRAM\n"


def suite_command(case: Case) -> str:
    return f"PYTHONPATH={case.source} {case.test_command}"


def run_reproduction(case: Case, tree: Path) -> Outcome:
    return _run(tree, reproduction_command(case))


def run_suite(case: Case, tree: Path) -> dict[str, Result]:
    """What each of the package's tests said; fails where the tests could not be run at all."""
    outcome = _run(tree, f"{suite_command(case)} --junit-xml={_RESULTS}")
    written = tree / _RESULTS
    assert written.exists(), f"the tests of {case.name} did not run:\n{outcome.output}"
    found = _results(written)
    written.unlink()
    assert found, f"{case.name} has no tests:\n{outcome.output}"
    return found


def _run(tree: Path, script: str) -> Outcome:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}"
    return sandbox().run(["sh", "-c", script], workspace=tree, timeout=timedelta(seconds=60), environment={"PATH": path})


def _results(written: Path) -> dict[str, Result]:
    found: dict[str, Result] = {}
    for each in ET.parse(written).getroot().iter("testcase"):
        inner = {child.tag for child in each}
        result = Result.FAILED if inner & {"failure", "error"} else Result.SKIPPED if "skipped" in inner else Result.PASSED
        name = f"{each.get('classname')}::{each.get('name')}"
        found[name] = result if found.get(name) is not Result.FAILED else Result.FAILED
    return found
