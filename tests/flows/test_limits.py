"""GitHub says that it is enough, in every way that it has: nothing is lost, nothing doubled, and people can read why it waits."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from bot.adapters.github.limits import GITHUB
from bot.flows.fleet import Watcher, keep_working
from bot.hub.web import faults, limits
from bot.ports import GitHubError, GitHubErrorKind
from tests.flows.two_apps import CurrentClock, two_apps
from tests.world import World, a_world, judges, make_world, writes

STORMS: tuple[dict[str, Any], ...] = (
    {"status": 403},
    {"status": 200, "path": "/graphql"},
    {"status": 429, "retry_after": 90},
    {"status": 403, "method": "POST"},
    {"status": 403, "retry_after": 90},
    {"status": 429},
    {"status": 200, "path": "/graphql", "retry_after": 90, "body": "mutation"},
)
"""The secondary limit as 403, as 429 and as GraphQL's 200, with a time and without, at whatever is asked and at what would write."""


def test_a_storm_of_secondary_limits_is_sat_out(world: World) -> None:
    world.model.add(writes("a.txt", "a"), judges())
    number = world.open_issue("Add a")

    said = [sentence for turn in range(14) for sentence in one_tick_in_a_storm(world, turn)]

    assert len(said) >= 10
    for sentence in said:
        assert re.search(r"limit on (worker|reviewer); nothing is asked before \d\d:\d\d:\d\d UTC", sentence), sentence
    world.clock.wait(timedelta(hours=2))
    world.settle()
    assert_done_once(world, number)
    assert_silence_was_kept(world)


def one_tick_in_a_storm(world: World, turn: int) -> list[str]:
    """A limit meets the first, second or third call of the tick; the next tick comes at once, or when it may, by turns."""
    storm = STORMS[turn % len(STORMS)]
    faults.answer_late(world.hub, "", storm.get("path", ""), 0, times=turn % 3)
    faults.secondary_limit(world.hub, **storm)
    said = ticked(world)
    faults.forget(world.hub)
    said += ticked(world)  # at once: nothing of it reaches GitHub
    world.work()
    world.check()
    world.clock.wait(timedelta(minutes=70))
    return [sentence for sentence in said if "GitHub's limit" in sentence]


def ticked(world: World) -> list[str]:
    """What a tick said of its troubles."""
    try:
        done = world.tick()
    except GitHubError as error:
        if error.kind is not GitHubErrorKind.LIMITED or error.resume_at is None or error.resume_at <= world.clock.now():
            raise
        return [str(error)]
    return [one.summary for one in done.applied if not one.done] + [done.deferred or ""]


def assert_done_once(world: World, number: int) -> None:
    (pull,) = world.pulls()
    assert pull["merged_at"]
    assert len(world.api("ann", "GET", f"pulls/{pull['number']}/reviews")) == 1
    (status,) = world.comments(number)
    assert "**done**" in status
    assert [run.ending.value for run in world.record(number).runs] == ["finished", "finished"]
    assert world.git("show", "main:a.txt") == "a"


def assert_silence_was_kept(world: World) -> None:
    """By the server's own list: after a refusal for too much, the same identity sends nothing for a minute."""
    until: dict[str, datetime] = {}
    for row in world.hub.db().execute("select * from requests where actor in ('worker', 'reviewer') order by id"):
        at = datetime.fromisoformat(row["at"])
        assert at >= until.get(row["actor"], at), (row["actor"], row["path"], row["at"])
        if row["status"] in (403, 429):
            until[row["actor"]] = at + timedelta(minutes=1)
    assert set(until) == {"worker", "reviewer"}


def test_an_empty_hour_is_waited_for_and_said_once(tmp_path: Path) -> None:
    with a_world(tmp_path, scenes=(writes("a.txt", "a"), judges())) as world:
        number = world.open_issue("Add a")
        world.tick()
        world.work()
        for resource in ("core", "graphql"):
            faults.exhaust_primary(world.hub, "worker", 1500, resource=resource)
        began, errors = world.clock.now(), list[str]()
        before, counts = asked(world, "worker"), list[int]()

        def hear(words: str) -> None:
            errors.append(words)
            counts.append(asked(world, "worker"))

        keep_working(
            world.context,
            until=lambda done: number not in done.plan.statuses,
            watcher=Watcher(error=hear),
            between=lambda: checked(world),
        )

        assert 1 <= len(errors) <= 4
        reset = began + timedelta(seconds=1500)
        assert all(f"{reset:%H:%M:%S} UTC" in words for words in errors)
        assert max(counts) - before <= 1  # the one that learned it
        assert_done_once(world, number)


def test_with_githubs_own_limits_ten_agents_are_never_refused(tmp_path: Path) -> None:
    """The server counts for itself, as strictly as GitHub says it does."""
    config = "agents: 10\nmerge: {up_to_date: false}\nbudget: {daily: 100, monthly: 1000, run: 1, review: 1}\ngates: {test: 'true'}\n"
    scenes = (writes("done/${project}.txt", "x", any_number=True), judges(any_number=True))
    world = make_world(tmp_path, config=f"{config}ideation: {{enabled: false}}\n", scenes=scenes, limits=GITHUB)
    limits.enforce_secondary(world.hub, retry_after=None)
    numbers = [world.open_issue(f"Write file {place}") for place in range(3)]
    errors: list[str] = []

    keep_working(
        world.context,
        until=lambda done: not done.plan.statuses.keys() & set(numbers),
        watcher=Watcher(error=errors.append),
        between=lambda: checked(world),
    )

    assert [bool(pull["merged_at"]) for pull in world.pulls()] == [True] * 3
    rows = world.hub.db().execute("select * from requests where actor in ('worker', 'reviewer') order by id").fetchall()
    assert {row["status"] for row in rows} <= {200, 201, 304}
    assert errors == []
    for login in ("worker", "reviewer"):
        made = [datetime.fromisoformat(row["at"]) for row in rows if row["actor"] == login and row["creates_content"]]
        assert len(made) >= 3
        assert all(after - before >= timedelta(seconds=1) for before, after in pairwise(made))


def checked(world: World) -> None:
    world.check()


def asked(world: World, login: str) -> int:
    return int(world.hub.db().execute("select count(*) from requests where actor = ?", (login,)).fetchone()[0])


REFUSED_TOKENS = (("POST", "/pulls"), ("POST", "/reviews"), ("POST", "/check-runs"), ("PUT", "/merge"), ("POST", "/graphql"))


def test_a_token_that_ends_in_the_middle_of_anything_is_minted_anew(tmp_path: Path) -> None:
    """GitHub does not take it any more at a look, at every kind of write, and at the end for what it is: over."""
    config = (
        "agents: 2\nboard: 1\nbudget: {daily: 100, monthly: 1000, run: 1, review: 1}\ngates: {test: 'true'}\nideation: {enabled: false}\n"
    )
    with a_world(tmp_path, clock=CurrentClock(), config=config, scenes=(writes("a.txt", "a"), judges()), staff=two_apps) as world:
        number = world.open_issue("Add a")
        for method, path in REFUSED_TOKENS:
            world.fail_next(method, path, 401, message="Bad credentials")
        for _ in range(8):
            done = world.tick()
            assert [one.summary for one in done.applied if not one.done] == []
            assert done.deferred is None
            world.work()
            world.check()
        assert faults.waiting(world.hub) == []
        with world.hub.write() as db:
            db.execute("update tokens set expires_at = ? where installation_id is not null", (world.hub.now(),))
        world.clock.wait(timedelta(seconds=1))
        world.tick()

        assert_done_once(world, number)
        refused = world.hub.db().execute("select count(*) from requests where status = 401").fetchone()[0]
        assert refused > len(REFUSED_TOKENS)


def test_each_token_may_do_what_its_step_needs_and_only_here(tmp_path: Path) -> None:
    with a_world(tmp_path, clock=CurrentClock(), staff=two_apps) as world:
        world.wired.worker.identity.token()  # git's own
        rows = world.hub.db().execute(
            "select login, permissions, repositories from tokens join users on users.id = user_id where installation_id"
        )
        tokens = [(row["login"], row["permissions"], row["repositories"]) for row in rows]

    assert all(repositories != "null" and repositories for _, _, repositories in tokens)
    assert [(login, '"contents": "write"' in may, '"issues": "write"' in may, '"checks": "write"' in may) for login, may, _ in tokens] == [
        ("garden-worker[bot]", False, True, False),
        ("garden-worker[bot]", True, False, False),
    ]
