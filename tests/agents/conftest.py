"""The fixture of the agents' tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.agents.harness import Harness, open_workshop


@pytest.fixture
def harness(tmp_path: Path) -> Harness:
    return open_workshop(tmp_path)
