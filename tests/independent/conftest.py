"""Collected only where it is named, as `make independent` does: it needs packages that `make setup` does not install."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.independent.judge import Judge, judging
from tests.independent.tools import HOME


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return None if any("independent" in given for given in config.args) else True


@pytest.fixture(scope="session")
def judge() -> Iterator[Judge]:
    """GitHub's own readers."""
    with judging(HOME / "judge.cjs") as asked:
        yield asked
