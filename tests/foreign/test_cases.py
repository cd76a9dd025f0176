"""The foreign bugs are true: each shows itself in the published release, and the change that the scripted agent makes mends it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.foreign.cases import CASES, PARSE, Case
from tests.foreign.fetch import NotAsPinned, sdist
from tests.foreign.running import Result, add_test, change, run_reproduction, run_suite

Published = Callable[[Case], Path]
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@each_case
def test_the_bug_is_there_and_the_change_mends_it_and_breaks_nothing(case: Case, published: Published) -> None:
    tree = published(case)

    shown = run_reproduction(case, tree)
    before = run_suite(case, tree)
    change(case, tree)
    mended = run_reproduction(case, tree)
    after = run_suite(case, tree)

    assert shown.exit_code == 1, shown.output
    assert "Error" in shown.output
    assert mended.exit_code == 0, mended.output
    assert before.items() <= after.items()
    assert Result.FAILED not in before.values(), "its own tests do not know the bug"
    assert {after[name] for name in after.keys() - before.keys()} == {Result.PASSED}, "what the change adds passes"


@each_case
def test_the_test_that_the_change_adds_fails_without_the_edits(case: Case, published: Published) -> None:
    tree = published(case)
    add_test(case, tree)

    assert Result.FAILED in run_suite(case, tree).values()


@each_case
def test_the_issue_reads_as_a_person_wrote_it(case: Case) -> None:
    assert case.body.count("- [ ] ") == len(case.criteria) == len(case.evidence)
    assert not case.title.endswith(".")


def test_another_file_than_the_pinned_one_is_refused_and_not_skipped(published: Published, tmp_path: Path) -> None:
    published(PARSE)
    other = replace(PARSE, sha256="0" * 64)

    with pytest.raises(NotAsPinned, match=r"parse 1\.20\.0"):
        sdist(other)
    with pytest.raises(NotAsPinned, match="what the index gave"):
        sdist(other, cache=tmp_path / "empty")
    assert not list(tmp_path.glob("empty/*")), "what is not as pinned is not kept"
