"""A package as published, each time in a folder of its own; skipped with a word where the index cannot be reached."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.adapters.sandbox.addresses import PRIVATE_NETWORKS
from tests.foreign.cases import Case
from tests.foreign.fetch import Unreachable, sdist, unpack
from tests.foreign.index import private_networks


@pytest.fixture(autouse=True)
def mirrors(monkeypatch: pytest.MonkeyPatch) -> None:
    if networks := private_networks():
        monkeypatch.setenv(PRIVATE_NETWORKS, networks)


@pytest.fixture
def published(tmp_path: Path) -> Callable[[Case], Path]:
    def put(case: Case) -> Path:
        try:
            return unpack(sdist(case), tmp_path / case.name)
        except Unreachable as why:
            pytest.skip(f"no source distribution of {case.name} {case.version} to be had: {why}")

    return put
