"""GitHub does what was asked, and its answer is lost: at every single write, and yet each thing is there once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest

from bot.adapters.github.client import AppKey
from bot.core.facts.policy import REVIEW_CHECK
from bot.core.money.ledger import reserved
from bot.core.orders.labels import PROPOSED, READY
from bot.flows.texts.status import STATUS_MARK
from bot.hub.changes import boards
from bot.hub.store.hub import Hub
from bot.hub.web import faults
from tests.flows.test_people import nothing_left, proposes, valid
from tests.flows.two_apps import CurrentClock, two_apps
from tests.world import World, a_world, judges, writes

IDEAS = (
    "agents: 1\nboard: 1\nbudget: {daily: 100, monthly: 1000}\ngates: {test: 'true'}\n"
    "ideation: {queue: validated, categories: [testing], pause_minutes: 0}\n"
)
EVERY_WRITE = (
    ("POST", "/access_tokens", ""),
    ("POST", "/labels", ""),
    ("POST", "/issues", ""),
    ("POST", "/pulls", ""),
    ("POST", "/reviews", ""),
    ("POST", "/check-runs", ""),
    ("PUT", "/merge", ""),
    ("POST", "/graphql", "addProjectV2ItemById"),
    ("POST", "/graphql", "addComment"),
    ("POST", "/graphql", "updateIssueComment"),
)
"""Labels and the board's fields travel with the comments."""
Lose = Callable[..., None]


@pytest.mark.parametrize("lose", [faults.fail_after_work, partial(faults.cut_connection, after_work=True)], ids=["502", "cut off"])
def test_whatever_answer_is_lost_each_thing_is_there_once(tmp_path: Path, lose: Lose) -> None:
    scenes = (proposes("Test the second pot"), valid(), writes("a.txt", "a"), judges(), nothing_left())

    def staff(hub: Hub) -> Mapping[str, AppKey]:
        for method, path, body in EVERY_WRITE:
            lose(hub, method, path, body=body)
        return two_apps(hub)

    with a_world(tmp_path, clock=CurrentClock(), config=IDEAS, scenes=scenes, staff=staff) as world:
        endure(world)

        (issue,) = [one for one in world.api("ann", "GET", "issues?state=all") if "pull_request" not in one]
        number = int(issue["number"])
        assert issue["state"] == "closed"
        (pull,) = world.pulls()
        (review,) = world.api("ann", "GET", f"pulls/{pull['number']}/reviews")
        assert review["state"] == "APPROVED"
        assert world.api("ann", "GET", f"commits/{pull['head']['sha']}/check-runs?check_name={REVIEW_CHECK}")["total_count"] == 1
        assert len(world.git("log", "--first-parent", "--format=%s", "main").splitlines()) == 2
        (status,) = world.comments(number)
        assert status.startswith(STATUS_MARK)
        assert "**done**" in status
        assert world.labels(number) == {PROPOSED, READY, "category:testing"}
        names = [label["name"] for label in world.api("ann", "GET", "labels?per_page=100")]
        assert len(names) == len(set(names))
        rows = world.hub.db().execute("select id from board_items").fetchall()
        assert [boards.values_of(world.hub.db(), row["id"])["Status"] for row in rows] == ["Done"]
        assert reserved(world.ledger()) == 0
        assert max(Counter(run.run for record in world.refs().records.values() for run in record.runs).values()) == 1
        assert faults.waiting(world.hub) == []


def endure(world: World) -> list[str]:
    """Goes on as the bot would, whatever it is told; what it said of its troubles."""
    said: list[str] = []
    quiet = 0
    while quiet < 3:
        done = world.tick()
        worked, checked = world.work(), world.check()
        said += [one.summary for one in done.applied if not one.done] + [done.deferred or ""]
        quiet = 0 if done.moved or worked or checked or done.deferred else quiet + 1
        assert len(world.ticks) < 40, said
    return [one for one in said if one]
