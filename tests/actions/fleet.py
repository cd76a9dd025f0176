"""A repository whose fleet is the shipped workflow, played step by step: two apps, a protected main, required checks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.adapters.github.client import AppKey
from bot.adapters.github.limits import UNLIMITED
from bot.entry.wiring import Settings
from bot.hub import seed
from bot.hub.changes import checks
from bot.hub.serve import serving
from bot.hub.webhooks import deliveries
from tests.actions.runner import WORKFLOW, Runner
from tests.world import FULL_NAME, WallClock, World, make_world

WORKER = {
    "contents": "write", "issues": "write", "pull_requests": "write", "checks": "read", "statuses": "read", "metadata": "read",
    "actions": "write",
}  # fmt: skip
REVIEWER = {"contents": "write", "pull_requests": "write", "checks": "write", "issues": "write", "metadata": "read"}
SCENARIO = """
- role: execution
  any_number: true
  steps:
    - bash: {command: "printf 'def count():\\n    return 2\\n' > pots.py && git commit -qam 'Count both'"}
    - finish: {report: Both pots are counted}
- role: review
  any_number: true
  steps:
    - bash: {command: "cat pots.py"}
    - verdict: {approve: true, summary: It does what was asked., judgements: [{criterion: C1, met: true, evidence: I read pots.py}]}
"""


@dataclass(kw_only=True)
class Fleet:
    """A repository with two apps, a protected main and the workflow, as `init` leaves it."""

    world: World
    runner: Runner
    settings: Settings
    """With which a webhook app acts as the worker."""
    heard: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def events(self) -> list[tuple[str, Mapping[str, Any]]]:
        """What has happened since the last time, in the payloads that the hub sends."""

        def send(_: str, headers: Mapping[str, str], body: bytes) -> int:
            self.heard.append((headers["X-GitHub-Event"], json.loads(body)))
            return 202

        deliveries.deliver_pending(self.world.hub, send)
        found, self.heard = self.heard, []
        return found

    def schedule(self) -> None:
        self.runner.fire("schedule", {"schedule": "7,19,31,43,55 * * * *"})

    def ci(self) -> None:
        """The repository's own checks, which take note of every new head."""
        for pull in self.world.pulls("open"):
            head = pull["head"]["sha"]
            if not self.world.api("ann", "GET", f"commits/{head}/check-runs?check_name=unit tests")["total_count"]:
                checks.report(self.world.hub, FULL_NAME, head, "unit tests", "success")

    def merged(self) -> bool:
        return any(pull["merged_at"] for pull in self.world.pulls())

    def order(self, **inputs: str) -> str:
        """What a person starts on the workflow's page, and what the job says of it."""
        self.runner.fire("workflow_dispatch", {"inputs": inputs}, inputs=inputs)
        return next(line for line in reversed(self.runner.log) if "Look, decide, act" in line)

    def told(self) -> str:
        return "\n".join(self.runner.log[-12:])


@contextmanager
def fleet(root: Path, *, config: str | None = None, story: str = SCENARIO) -> Iterator[Fleet]:
    world = make_world(root, clock=WallClock(), config=config, files={f".github/workflows/{WORKFLOW.name}": WORKFLOW.read_text()})
    apps = {}
    for slug, permissions in (("keeper", WORKER), ("critic", REVIEWER)):
        apps[slug] = seed.add_app(world.hub, slug, owner="garden", permissions=permissions)
        seed.install_app(world.hub, apps[slug].id, "garden")
    seed.protect(world.hub, FULL_NAME, "main", required_checks=["unit tests", "groundskeeper/review"], required_approvals=1)
    seed.add_user(world.hub, "actions-read")
    seed.set_role(world.hub, FULL_NAME, "actions-read", "read")
    seed.add_hook(world.hub, FULL_NAME, "http://actions.invalid/", secret=None)
    scenario = root / "scenario.yml"
    scenario.write_text(story)
    with serving(world.hub, work=False, app=world.app) as served:
        runner = Runner(
            place=root / "runner",
            repository=FULL_NAME,
            server=served.url.replace("127.0.0.1", "hub.localhost"),  # a host that the artifact actions take; git resolves it by itself
            api=f"{served.url}/api/v3",
            token=seed.add_token(world.hub, "actions-read"),
            secrets={
                "ANTHROPIC_API_KEY": "not-asked",
                "GROUNDSKEEPER_WORKER_PRIVATE_KEY": apps["keeper"].private_key_pem,
                "GROUNDSKEEPER_REVIEWER_PRIVATE_KEY": apps["critic"].private_key_pem,
            },
            variables={
                "GROUNDSKEEPER_WORKER_APP_ID": str(apps["keeper"].id),
                "GROUNDSKEEPER_REVIEWER_APP_ID": str(apps["critic"].id),
            },
            # The rehearsal's differences from GitHub: the model is scripted, the server's clock is ours; no pause between writes.
            surroundings={"GROUNDSKEEPER_SCENARIO": str(scenario), "GROUNDSKEEPER_WRITE_PAUSE": "0"},
            hub=world.hub,
        )
        keys = {slug: AppKey(app_id=app.id, private_key=app.private_key_pem) for slug, app in apps.items()}
        settings = Settings(
            repository=FULL_NAME,
            worker=keys["keeper"],
            reviewer=keys["critic"],
            api_url=runner.api,
            home=root / "app",
            limits=UNLIMITED,
        )
        yield Fleet(world=world, runner=runner, settings=settings)
    world.hub.close()


def done(fleet: Fleet, number: int) -> None:
    """What a person can see in the end."""
    (pull,) = fleet.world.pulls()
    assert pull["merged_at"], fleet.told()
    assert pull["user"]["login"] == "keeper[bot]"
    assert {review["user"]["login"] for review in fleet.world.api("ann", "GET", f"pulls/{pull['number']}/reviews")} == {"critic[bot]"}
    assert fleet.world.is_closed(number)
    assert "return 2" in fleet.world.git("show", "main:pots.py")
    (comment,) = fleet.world.comments(number)
    assert "**done**" in comment
    assert [run.scripted for run in fleet.world.record(number).runs] == [True, True]
