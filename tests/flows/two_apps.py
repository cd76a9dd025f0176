"""The bot as two apps of an organization with a board, as an installer leaves it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from bot.adapters.github.client import AppKey
from bot.hub import seed
from bot.hub.changes.boards import add_board
from bot.hub.store.hub import Hub
from tests.world import FULL_NAME, WorldClock

WORKERS = {"metadata": "read", "contents": "write", "issues": "write", "pull_requests": "write", "checks": "read", "statuses": "read"}
REVIEWERS = {"metadata": "read", "contents": "write", "issues": "read", "pull_requests": "write", "checks": "write", "statuses": "write"}
FIELDS = {"Status": ["Ready", "Working", "Reviewing", "Done"], "Agent": "text", "Spend": "number"}


class CurrentClock(WorldClock):
    """It begins with today, since an app signs its name with the machine's own time."""

    def __init__(self) -> None:
        super().__init__()
        self.moment = datetime.now(UTC).replace(microsecond=0)


def two_apps(hub: Hub) -> Mapping[str, AppKey]:
    add_board(hub, "garden", "Harvest", repository=FULL_NAME, fields=FIELDS)
    keys = {}
    for name, permissions in (("worker", {**WORKERS, "organization_projects": "write", "actions": "write"}), ("reviewer", REVIEWERS)):
        app = seed.add_app(hub, f"garden-{name}", owner="garden", permissions=permissions)
        seed.install_app(hub, app.id, "garden")
        keys[name] = AppKey(app_id=app.id, private_key=app.private_key_pem)
    return keys
