"""What tests of the webhook app start from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.entry.web.webhook_app import Builder, WebhookApp


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    return Builder(home=tmp_path / "home")


@pytest.fixture
def webhook_app(builder: Builder) -> Iterator[WebhookApp]:
    built = builder.build()
    yield built
    built.inbox.close()
