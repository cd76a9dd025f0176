"""The fixture of the agents' tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.agents.workshop import Workshop, open_workshop


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return open_workshop(tmp_path)
