"""The same life of a project while webhooks are lost, doubled or reordered, while the webhook app is down, and by the schedule alone."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import httpx
import pytest

from bot.entry.web.metrics import json_log
from bot.entry.web.serving import Service, StartMode, assemble
from bot.flows.context import Context
from bot.hub import seed
from bot.hub.store.hub import Hub
from bot.hub.web import faults
from bot.hub.webhooks import deliveries
from tests.actions.fleet import Fleet, done, fleet
from tests.world import FULL_NAME, WallClock

pytestmark = pytest.mark.timeout(1800)
SECRET = "told to nobody"


class Ahead(WallClock):
    """The machine's time, and ahead of it by what was waited."""

    ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead

    def wait(self, duration: timedelta) -> None:
        self.ahead += duration


@contextmanager
def webhook_app(here: Fleet, clock: Ahead) -> Iterator[Service]:
    """As `groundskeeper serve --start dispatch` runs it, one round of its starter at a time."""

    def never() -> Context:
        raise AssertionError("an app that dispatches works on nothing itself")

    transport = httpx.HTTPTransport()
    settings = replace(here.settings, transport=transport)
    service = assemble(settings, secret=SECRET, how=StartMode.DISPATCH, wire_context=never, clock=clock, log=json_log(io.StringIO()))
    yield service
    service.close()
    transport.close()


def lived_through(here: Fleet, app: Service, clock: Ahead, *, schedule_every: int) -> int:
    """Until it is merged; how often the workflow ran. The workflow's own event triggers are off: only the app and the schedule start it."""
    client = app.app.test_client()

    def send(_: str, headers: Mapping[str, str], body: bytes) -> int:
        return client.post("/webhook", data=body, headers=dict(headers)).status_code

    for turn in range(1, 25):
        deliveries.deliver_pending(here.world.hub, send)
        clock.wait(timedelta(seconds=5))
        app.starter.round()
        here.runner.take_dispatches()
        here.ci()
        if here.merged():
            here.schedule()
            break
        if turn % schedule_every == 0:
            here.schedule()
    return here.runner.runs


WEATHER: dict[str, Callable[[Hub], None]] = {
    "lost": lambda hub: faults.lose_webhooks(hub, 0.5, Random(3)),
    "doubled": lambda hub: faults.double_webhooks(hub, 1.0, Random(4)),
    "reordered": lambda hub: faults.reorder_webhooks(hub, Random(5)),
}


@pytest.mark.slow
@pytest.mark.parametrize("weather", ["lost", *(pytest.param(one, marks=pytest.mark.soak) for one in ("doubled", "reordered"))])
def test_webhooks_may_be_lost_doubled_or_reordered(tmp_path: Path, weather: str) -> None:
    with fleet(tmp_path) as here:
        clock = Ahead()
        seed.add_hook(here.world.hub, FULL_NAME, "http://app.invalid/webhook", secret=SECRET)
        WEATHER[weather](here.world.hub)
        with webhook_app(here, clock) as app:
            number = here.world.open_issue("The second pot is not counted")

            runs = lived_through(here, app, clock, schedule_every=4)

        done(here, number)
        assert runs <= 12, here.told()


@pytest.mark.slow
def test_without_the_webhook_app_the_workflows_own_events_are_enough(tmp_path: Path) -> None:
    with fleet(tmp_path) as here:
        seed.add_hook(here.world.hub, FULL_NAME, "http://127.0.0.1:9/webhook", secret=SECRET)
        number = here.world.open_issue("The second pot is not counted")

        for _ in range(12):
            for event, payload in here.events():
                here.runner.fire(event, payload)
            here.runner.take_dispatches()
            here.ci()
            if here.merged():
                break
        here.schedule()

        done(here, number)


@pytest.mark.slow
def test_the_schedule_alone_is_enough(tmp_path: Path) -> None:
    with fleet(tmp_path) as here:
        number = here.world.open_issue("The second pot is not counted")

        for _ in range(12):
            here.schedule()
            here.ci()
            if here.merged():
                break
        here.schedule()

        done(here, number)
