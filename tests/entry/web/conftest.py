"""What tests of the webhook app start from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.entry.web.porch import Builder, Porch


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    return Builder(home=tmp_path / "home")


@pytest.fixture
def porch(builder: Builder) -> Iterator[Porch]:
    built = builder.build()
    yield built
    built.inbox.close()
