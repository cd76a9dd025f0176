"""A package as published, each time in a folder of its own; skipped with a word where the index cannot be reached."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.adapters.sandbox.addresses import PRIVATE_NETWORKS
from tests.foreign.cases import Case
from tests.foreign.dependent.case import Dependent, Registry
from tests.foreign.fetch import Unreachable, debian_source, npm_package, sdist, unpack
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


@pytest.fixture
def package(tmp_path: Path) -> Callable[[Dependent], Path]:
    def put(one: Dependent) -> Path:
        try:
            return unpack(_archive(one), tmp_path / one.name)
        except Unreachable as why:
            pytest.skip(f"no archive of {one.name} {one.version} to be had: {why}")

    return put


def _archive(one: Dependent) -> Path:
    match one.registry:
        case Registry.PYPI:
            return sdist(one)
        case Registry.NPM:
            return npm_package(one)
        case Registry.DEBIAN:
            return debian_source(one)
