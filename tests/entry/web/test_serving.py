"""The whole of `serve` on the embedded GitHub: from a person's label to a lease, and lost deliveries asked for again."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from bot.adapters.github.client import AppKey
from bot.adapters.github.limits import UNLIMITED
from bot.adapters.scripted import Scene
from bot.core.errors.user_errors import UserError
from bot.core.facts.record import WRITER_LOCK
from bot.core.roles.role import Role
from bot.entry.web.metrics import json_log
from bot.entry.web.serving import Service, StartMode, assemble
from bot.entry.wiring import Settings
from bot.hub import seed
from bot.hub.web import faults
from bot.hub.webhooks import deliveries
from tests.entry.web.webhook_app import SECRET, WebhookApp
from tests.world import FULL_NAME, WallClock, World, WorldClock, judges, make_world, step, writes

WORKFLOW = (Path(__file__).resolve().parents[3] / ".github/workflows/groundskeeper.yml").read_text(encoding="utf-8")
APP = {"metadata": "read", "actions": "write", "issues": "write", "contents": "write", "pull_requests": "write"}


@dataclass(kw_only=True)
class Place:
    """A world with a webhook app that its hub sends to; time passes only when told."""

    world: World
    service: Service
    webhook_app: WebhookApp
    clock: WorldClock

    def begin(self) -> None:
        """The look of its own at the start, who we are, the first audit."""
        for _ in range(2):
            self.settle()

    def settle(self, seconds: float = 1) -> None:
        """The hub sends what waits, and the starter does what is due a little later."""
        deliveries.deliver_pending(self.world.hub, self.webhook_app.hub_sends)
        self.clock.wait(timedelta(seconds=seconds))
        self.service.starter.round()

    def outcomes(self) -> list[tuple[str, str, str]]:
        return [(line["github_event"], line["outcome"], line["reason"]) for line in self.webhook_app.lines() if line["event"] == "delivery"]

    def said(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.webhook_app.lines() if line["event"] == event]


def build(world: World, *, how: StartMode = StartMode.LOCAL, clock: WorldClock | None = None, **more: Any) -> Place:
    given: dict[str, Any] = {"worker": world.tokens["worker"], "reviewer": world.tokens["reviewer"], "repository": FULL_NAME} | more
    settings = Settings(
        api_url="http://hub.test",
        git_url=str(world.bare),
        home=world.root / "serving",
        limits=UNLIMITED,
        transport=httpx.WSGITransport(app=world.app),
        **given,
    )
    clock, written = clock or world.clock, io.StringIO()
    service = assemble(settings, secret=SECRET.decode(), how=how, wire_context=lambda: world.context, clock=clock, log=json_log(written))
    return Place(
        world=world, service=service, webhook_app=WebhookApp(app=service.app, endpoint=service.endpoint, written=written), clock=clock
    )


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = make_world(tmp_path, files={".github/workflows/groundskeeper.yml": WORKFLOW}, scenes=(writes("a.txt", "a"), judges()))
    yield made
    made.hub.close()


@pytest.fixture
def local(world: World) -> Iterator[Place]:
    seed.add_hook(world.hub, FULL_NAME, "http://bot.example/webhook", secret=SECRET.decode())
    place = build(world)
    yield place
    place.service.close()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"secret": None}, "GROUNDSKEEPER_WEBHOOK_SECRET is not set"),
        ({"secret": ""}, "GROUNDSKEEPER_WEBHOOK_SECRET is not set"),
        ({"secret": None, "secret_before": "old"}, "GROUNDSKEEPER_WEBHOOK_SECRET is not set"),
        ({"secret": "s", "repository": ""}, "It may be left out only with --start dispatch"),
    ],
)
def test_it_does_not_begin_without_what_it_needs(tmp_path: Path, given: dict[str, Any], said: str) -> None:
    settings = Settings(repository=given.pop("repository", FULL_NAME), worker="t", reviewer=None, home=tmp_path / "home")

    def wired() -> Any:
        raise AssertionError("nothing is to be wired")

    with pytest.raises(UserError, match=said):
        assemble(settings, how=StartMode.LOCAL, wire_context=wired, clock=WorldClock(), **given)
    assert not (tmp_path / "home").exists()


def test_a_label_becomes_a_merged_pull_request_by_hints_alone(local: Place) -> None:
    world = local.world
    local.begin()
    number = world.open_issue("Add a")
    for _ in range(40):
        local.settle()
        assert local.service.workers is not None
        local.service.workers.wait(timedelta(seconds=20))
        world.check()
        if world.is_closed(number):
            break

    assert world.is_closed(number)
    assert world.pulls()[0]["merged_at"] is not None
    hinting = {event for event, outcome, _ in local.outcomes() if outcome in ("queued", "coalesced")}
    assert {"issues", "push", "check_run"} <= hinting
    assert "done by the bot itself" in {reason for _, _, reason in local.outcomes()}
    assert local.webhook_app.metric("ticks_total", outcome="failed") == 0


def test_what_the_bot_does_itself_hints_at_nothing(local: Place) -> None:
    local.begin()
    local.world.api("worker", "POST", "issues", json={"title": "By the bot"})
    local.world.api("reviewer", "POST", "issues/1/labels", json={"labels": ["agent:proposed"]})
    local.world.api("tess", "POST", "issues/1/comments", json={"body": "By a person"})
    local.settle()

    assert [one for one in local.outcomes() if one[0].startswith("issue")] == [
        ("issues", "ignored", "done by the bot itself"),
        ("issues", "ignored", "done by the bot itself"),
        ("issue_comment", "queued", "issue_comment created"),
    ]


def test_with_every_webhook_lost_the_look_of_its_own_still_starts_the_work(local: Place) -> None:
    local.begin()
    faults.lose_webhooks(local.world.hub, 1.0, Random(1))
    number = local.world.open_issue("Add a")
    local.settle()
    assert local.world.refs().records.get(number) is None
    local.settle(5 * 60)
    local.settle()

    assert local.world.record(number).lease is not None
    assert local.outcomes() == []


def test_a_run_under_way_hands_in_what_it_has_when_the_server_ends(tmp_path: Path) -> None:
    """The interruption is seen between two steps, and the next process goes on from the checkpoint."""
    place: list[Place] = []
    waited_for: list[str] = []
    reached = threading.Event()

    def stop_meanwhile(_: Any) -> Any:
        workers = place[0].service.workers
        assert workers is not None
        waited_for.extend(workers.interrupt())
        reached.set()
        return step("bash", command="true")

    half = step("bash", command="echo half > half.txt && git add -A && git commit -qm Half")
    scene = Scene(role=Role.EXECUTION, steps=(half, stop_meanwhile, step("finish", report="Did it")))
    world = make_world(tmp_path, scenes=(scene,))
    place.append(build(world))
    number = world.open_issue("Add a")
    place[0].settle()
    place[0].settle()
    assert reached.wait(60), "however busy the machine is"
    place[0].service.close()

    (run,) = world.record(number).runs
    assert (run.ending.value, run.note) == ("stopped", "This server was stopped; what was done is kept")
    assert world.record(number).lease is None
    assert world.record(number).checkpoint
    assert world.refs().records[WRITER_LOCK].lease is None, "the next process may write at once"
    assert place[0].said("stopped")
    assert waited_for == ["agent-1"]
    world.tick()
    world.work()
    assert [run.ending.value for run in world.record(number).runs] == ["stopped", "finished"]
    assert "half.txt" in world.git("ls-tree", "--name-only", f"agent-1/project-{number}")
    world.hub.close()


def test_a_repositorys_own_failed_deliveries_are_asked_for_again(local: Place) -> None:
    seed.set_role(local.world.hub, FULL_NAME, "worker", "admin")
    local.world.api("ann", "POST", "issues", json={"title": "Seen"})
    local.settle()
    number = local.world.open_issue("Lost")
    deliveries.deliver_pending(local.world.hub, lambda *_: 502)
    local.world.clock.wait(timedelta(minutes=10))
    local.service.starter.round()
    local.settle()

    asked = local.said("asked for again")
    assert {line["hook"] for line in asked} == {f"/repos/{FULL_NAME}/hooks/1"}
    assert local.webhook_app.metric("redeliveries_total") == len(asked) > 0
    assert {line["delivery"] for line in asked} <= {line["delivery"] for line in local.said("delivery")}
    assert ("issues", "queued", "issues opened") in local.outcomes()
    assert local.world.record(number).lease is not None
    local.settle(600)
    assert len(local.said("asked for again")) == len(asked), "once is enough"


@pytest.fixture
def dispatching(tmp_path: Path) -> Iterator[Place]:
    """An app signs its tokens by this machine's time, so the hub has that, and only the service a clock of its own."""
    world = make_world(tmp_path, files={".github/workflows/groundskeeper.yml": WORKFLOW}, clock=WallClock())
    clock = WorldClock()
    clock.moment = datetime.now(UTC)
    app = seed.add_app(world.hub, "groundskeeper", owner="garden", permissions=APP)
    seed.install_app(world.hub, app.id, "garden")
    seed.add_app_hook(world.hub, app.id, "http://bot.example/webhook", secret=SECRET.decode())
    key = AppKey(app_id=app.id, private_key=app.private_key_pem)
    place = build(world, how=StartMode.DISPATCH, worker=key, reviewer=None, repository="", clock=clock)
    place.begin()
    yield place
    place.service.close()
    world.hub.close()


def dispatched(world: World) -> int:
    """How often the workflow was asked for."""
    return sum(run["event"] == "workflow_dispatch" for run in world.api("ann", "GET", "actions/runs")["workflow_runs"])


def test_an_apps_hints_start_the_workflow_of_the_repository_that_they_name(dispatching: Place) -> None:
    assert dispatched(dispatching.world) == 0
    for title in ("One", "Two", "Three"):
        dispatching.world.open_issue(title)
    dispatching.settle(2)

    assert dispatched(dispatching.world) == 1
    assert dispatching.world.refs().records == {}, "nothing is worked on here"


def test_an_apps_failed_deliveries_are_asked_for_again_until_they_are_taken(dispatching: Place) -> None:
    dispatching.world.open_issue("Lost")
    deliveries.deliver_pending(dispatching.world.hub, lambda *_: 0)
    dispatching.clock.wait(timedelta(minutes=10))
    dispatching.service.starter.round()
    deliveries.deliver_pending(dispatching.world.hub, lambda *_: 500)
    dispatching.clock.wait(timedelta(minutes=10))
    dispatching.service.starter.round()
    dispatching.settle(2)

    lost = [line["delivery"] for line in dispatching.said("asked for again")]
    assert {line["hook"] for line in dispatching.said("asked for again")} == {"/app/hook"}
    assert {lost.count(one) for one in lost} == {2}
    assert dispatched(dispatching.world) == 1


def test_a_delivery_that_always_fails_is_given_up_with_a_word(dispatching: Place) -> None:
    dispatching.world.open_issue("Lost")
    for _ in range(8):
        deliveries.deliver_pending(dispatching.world.hub, lambda *_: 500)
        dispatching.clock.wait(timedelta(minutes=10))
        dispatching.service.starter.round()

    lost = [line["delivery"] for line in dispatching.said("asked for again")]
    assert {lost.count(one) for one in lost} == {4}
    assert sorted(line["delivery"] for line in dispatching.said("given up")) == sorted(set(lost))


def test_a_dispatch_that_fails_is_kept_and_tried_again(dispatching: Place) -> None:
    dispatching.world.open_issue("One")
    dispatching.world.fail_next("POST", "/dispatches", 502)
    dispatching.settle(2)
    assert (dispatched(dispatching.world), dispatching.webhook_app.waiting()) == (0, [FULL_NAME])
    dispatching.settle(10)

    assert (dispatched(dispatching.world), dispatching.webhook_app.waiting()) == (1, [])
    assert json.dumps(dispatching.said("not started")).count("again_at") == 1
