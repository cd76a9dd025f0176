"""The longest tests begin first, so that two processes end at about the same time."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that needs its own time limit is a long one."""
    items.sort(key=lambda item: item.get_closest_marker("timeout") is None)
