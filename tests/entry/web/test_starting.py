"""When work is started: once for many hints, again after a failure, never where it could not be noted."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from bot.entry.web.metrics import json_log
from bot.entry.web.starting import NotServed, PeriodicTask, Retry, Starter, own_hints
from bot.ports import GitError, GitHubError, GitHubErrorKind
from tests.entry.web.webhook_app import POTS, Builder, WebhookApp
from tests.patience import PATIENCE


@dataclass(kw_only=True)
class Harness:
    """A webhook app with a starter that notes what it was to start, and does `next` of it."""

    webhook_app: WebhookApp
    builder: Builder
    started: list[str] = field(default_factory=list)
    next: list[Callable[[], Retry | None]] = field(default_factory=list)
    written: io.StringIO = field(default_factory=io.StringIO)

    def start(self, repository: str) -> Retry | None:
        self.started.append(repository)
        return self.next.pop(0)() if self.next else None

    def starter(self, *tasks: PeriodicTask) -> Starter:
        log, now = json_log(self.written), self.builder.clock.now
        return Starter(
            inbox=self.webhook_app.inbox, start=self.start, tasks=tasks, now=now, metrics=self.webhook_app.endpoint.metrics, log=log
        )

    def later(self, **amount: float) -> None:
        self.builder.clock.wait(timedelta(**amount))


@pytest.fixture
def harness(webhook_app: WebhookApp, builder: Builder) -> Harness:
    return Harness(webhook_app=webhook_app, builder=builder)


def failing(error: Exception) -> Callable[[], Retry | None]:
    def fail() -> Retry | None:
        raise error

    return fail


def test_a_burst_of_a_hundred_deliveries_is_one_start(harness: Harness) -> None:
    starter = harness.starter()
    for _ in range(100):
        assert harness.webhook_app.send().status_code == 202
        starter.round()
    harness.later(seconds=1)
    for _ in range(3):
        starter.round()

    assert harness.started == [POTS]
    assert harness.webhook_app.metric("deliveries_total", event="issues", outcome="coalesced") == 99
    assert harness.webhook_app.metric("ticks_total", outcome="started") == 1


def test_a_hint_taken_before_a_crash_starts_work_after_it(harness: Harness) -> None:
    harness.webhook_app.send()
    later = Harness(webhook_app=harness.builder.build(), builder=harness.builder)
    harness.later(seconds=1)
    later.starter().round()

    assert (harness.started, later.started) == ([], [POTS])
    later.webhook_app.inbox.close()


def test_a_failed_start_is_tried_again_at_growing_distances_over_restarts(harness: Harness) -> None:
    error = GitError("no route to host")
    harness.webhook_app.send()
    harness.later(seconds=1)
    tried = []
    for _ in range(4):
        harness.next.append(failing(error))
        harness.starter().round()
        due = harness.webhook_app.inbox.next_due()
        assert due is not None
        tried.append(due - harness.builder.clock.now())
        harness.webhook_app.send()
        harness.builder.clock.moment = due
    harness.starter().round()

    assert tried == [timedelta(seconds=seconds) for seconds in (5, 10, 20, 40)]
    assert len(harness.started) == 5
    assert harness.webhook_app.metric("ticks_total", outcome="failed") == 4
    assert '"reason": "no route to host"' in harness.written.getvalue()
    assert "Traceback" not in harness.written.getvalue()


def test_what_nobody_thought_of_is_shown_whole_and_the_hint_kept(harness: Harness) -> None:
    harness.webhook_app.send()
    harness.later(seconds=1)
    harness.next.append(failing(ZeroDivisionError("never")))
    harness.starter().round()

    assert "Traceback" in harness.written.getvalue()
    assert harness.webhook_app.waiting() == [POTS]


def test_a_limit_of_github_is_waited_for(harness: Harness) -> None:
    resume_at = harness.builder.clock.now() + timedelta(minutes=40)
    harness.webhook_app.send()
    harness.later(seconds=1)
    harness.next.append(failing(GitHubError(GitHubErrorKind.LIMITED, "rate limit", resume_at=resume_at)))
    harness.starter().round()

    assert harness.webhook_app.inbox.next_due() == resume_at


def test_a_start_that_moved_something_comes_again_and_one_that_is_held_back_later(harness: Harness) -> None:
    starter = harness.starter()
    harness.webhook_app.send()
    harness.later(seconds=1)
    harness.next += [lambda: Retry(reason="it moved"), lambda: Retry(reason="another process writes", after=timedelta(seconds=5))]
    for _ in range(4):
        starter.round()
    assert len(harness.started) == 2
    harness.later(seconds=5)
    starter.round()
    starter.round()

    assert len(harness.started) == 3
    assert harness.webhook_app.waiting() == []


def test_a_repository_that_is_not_ours_is_forgotten(harness: Harness) -> None:
    harness.webhook_app.send()
    harness.later(seconds=1)
    harness.next.append(failing(NotServed("the app is not installed there")))
    starter = harness.starter(
        PeriodicTask(
            name="own", every=timedelta(minutes=5), do=own_hints(harness.webhook_app.inbox, harness.webhook_app.inbox.known_repositories)
        )
    )
    starter.round()
    harness.later(minutes=6)
    starter.round()

    assert harness.started == [POTS]
    assert (harness.webhook_app.waiting(), harness.webhook_app.inbox.known_repositories()) == ([], ())


def test_what_could_not_be_noted_as_started_is_not_started(harness: Harness) -> None:
    starter = harness.starter()
    harness.webhook_app.send()
    harness.later(seconds=1)
    harness.webhook_app.inbox.db.execute("pragma query_only = on")
    starter.round()
    pause = starter._pause()
    harness.webhook_app.inbox.db.execute("pragma query_only = off")
    assert (harness.started, pause) == ([], timedelta(seconds=5))
    starter.round()

    assert harness.started == [POTS]
    assert "attempt to write a readonly database" in harness.written.getvalue()


def test_a_look_of_its_own_needs_no_webhook_and_outlives_a_task_that_breaks(harness: Harness) -> None:
    def broken() -> Any:
        raise ZeroDivisionError

    tasks = (
        PeriodicTask(name="broken", every=timedelta(minutes=1), do=broken),
        PeriodicTask(name="own hint", every=timedelta(minutes=5), do=own_hints(harness.webhook_app.inbox, lambda: (POTS,))),
    )
    starter = harness.starter(*tasks)
    for _ in range(11):
        starter.round()
        harness.later(minutes=1)

    assert harness.started == [POTS] * 2
    assert harness.written.getvalue().count("task broke") == 11


def test_its_thread_starts_work_when_a_delivery_rings_and_ends_when_told(webhook_app: WebhookApp) -> None:
    began = threading.Event()

    def start(_: str) -> None:
        began.set()

    log, now = json_log(io.StringIO()), webhook_app.inbox.now
    starter = Starter(inbox=webhook_app.inbox, start=start, tasks=(), now=now, metrics=webhook_app.endpoint.metrics, log=log)
    webhook_app.endpoint.working = starter.working
    before = webhook_app.get("/readyz").get_json()["reasons"]
    starter.begin()
    during = webhook_app.get("/readyz").status_code
    webhook_app.inbox.hint(POTS, "now")

    assert began.wait(PATIENCE)
    assert starter.stop()
    assert (before, during) == (["the starter is not running"], 200)
    assert webhook_app.get("/readyz").get_json()["reasons"] == ["the starter is not running"]
