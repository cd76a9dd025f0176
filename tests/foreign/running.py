"""Changing a package as the scripted agent does, and running its reproduction and its own tests in the sandbox."""

from __future__ import annotations

import os
import subprocess
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from enum import Enum
from pathlib import Path

from bot.adapters.git.code import GitCode
from bot.adapters.git.process import open_mirror
from bot.entry.config import Config
from bot.entry.environments import environments_for, isolated
from bot.ports import Outcome
from bot.ports.environments import Prepared
from tests.foreign.cases import Case

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
    """In the environment that the package's own files ask for, as an agent has it; made once for all trees of a package."""
    with prepared(tree) as ready:
        return ready.sandbox.run(["sh", "-c", script], workspace=tree, timeout=timedelta(seconds=120))


@contextmanager
def prepared(tree: Path, *, store: Path | None = None) -> Iterator[Prepared]:
    """Layers are shared by a process, unless it says where to keep them."""
    with tempfile.TemporaryDirectory(dir=tree.parent) as place:
        git = ["git", "-c", "user.name=Ann", "-c", "user.email=ann@example.org", f"--git-dir={place}/mirror.git"]
        subprocess.run([*git[:5], "init", "-q", "--bare", f"{place}/mirror.git"], check=True, capture_output=True)
        for args in (["add", "-Af"], ["commit", "-q", "-m", "As published"]):
            subprocess.run([*git, f"--work-tree={tree}", *args], check=True, capture_output=True)
        told = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
        mirror = open_mirror(Path(place) / "mirror.git", f"{place}/mirror.git", token=None)
        code = GitCode(mirror=mirror, workspaces=Path(place) / "workspaces")
        store = store or Path(tempfile.gettempdir()) / f"groundskeeper-foreign-{os.getpid()}"
        isolating = isolated("bubblewrap", scripted=True)
        environments = environments_for(Config(), code, repository=f"foreign/{tree.name}", store=store, isolating=isolating)
        with environments.prepared(told.stdout.strip()) as ready:
            assert isinstance(ready, Prepared), ready
            yield ready


def _results(written: Path) -> dict[str, Result]:
    found: dict[str, Result] = {}
    for each in ET.parse(written).getroot().iter("testcase"):
        inner = {child.tag for child in each}
        result = Result.FAILED if inner & {"failure", "error"} else Result.SKIPPED if "skipped" in inner else Result.PASSED
        name = f"{each.get('classname')}::{each.get('name')}"
        found[name] = result if found.get(name) is not Result.FAILED else Result.FAILED
    return found
