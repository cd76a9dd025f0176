"""A place on the embedded GitHub for each test, copied from one that is made once: keys for apps take their time."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.adapters.github.client import AppKey
from tests.adapters.hub_repository import HubRepository, founded, hub_repository


@pytest.fixture(scope="session")
def foundation(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, AppKey]]:
    root = tmp_path_factory.mktemp("foundation")
    return root, founded(root)


@pytest.fixture
def place(foundation: tuple[Path, dict[str, AppKey]], tmp_path: Path) -> Iterator[HubRepository]:
    root, keys = foundation
    shutil.copytree(root, tmp_path / "hub")
    made = hub_repository(tmp_path / "hub", keys)
    yield made
    made.hub.close()
