"""Three replicas behind a load balancer that sends every event to all of them: one run, since truth is on GitHub."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from bot.hub import seed
from bot.hub.serve import serving
from bot.hub.webhooks import deliveries
from tests.entry.web.webhook_app import SECRET
from tests.patience import PATIENCE
from tests.world import FULL_NAME, WallClock, World, make_world

ROOT = Path(__file__).resolve().parents[3]
SCENARIO = [
    {
        "role": "execution",
        "any_number": True,
        "steps": [
            {"bash": {"command": "echo a > a.txt && git add -A && git commit -qm 'Add a'"}},
            {"finish": {"report": "Did it"}},
        ],
    },
]


@dataclass
class Replica:
    """A real process, and what it has said so far."""

    process: subprocess.Popen[str]
    said: list[dict[str, Any]] = field(default_factory=list)
    heard: threading.Condition = field(default_factory=threading.Condition)
    over: bool = False

    def listen(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self.heard:
                self.said.append(json.loads(line) if line.startswith("{") else {"event": "raw", "text": line})
                self.heard.notify_all()
        with self.heard:
            self.over = True
            self.heard.notify_all()

    def until(self, event: str, **wanted: object) -> dict[str, Any]:
        """Waits for a line."""

        def found() -> dict[str, Any] | None:
            return next((line for line in self.said if line["event"] == event and wanted.items() <= line.items()), None)

        with self.heard:
            self.heard.wait_for(lambda: self.over or found() is not None, timeout=PATIENCE)
            line = found()
        assert line is not None, f"no {event} {wanted} in {self.said}"
        return line


@contextmanager
def replica(home: Path, environment: Mapping[str, str]) -> Iterator[Replica]:
    command = [sys.executable, "-m", "bot.entry.cli", "serve", "--home", str(home), "--port", "0", "--start", "local", "--every", "60"]
    process = subprocess.Popen(command, env=dict(environment), cwd=ROOT, stderr=subprocess.PIPE, text=True)
    one = Replica(process)
    reading = threading.Thread(target=one.listen, daemon=True)
    reading.start()
    try:
        yield one
    finally:
        process.kill()
        process.wait()
        reading.join(PATIENCE)
        assert process.stderr is not None
        process.stderr.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = make_world(tmp_path, clock=WallClock())
    yield made
    made.hub.close()


def environment_of(world: World, url: str) -> dict[str, str]:
    scenario = world.root / "scenario.yml"
    scenario.write_text(yaml.safe_dump(SCENARIO))
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "GROUNDSKEEPER_REPOSITORY": FULL_NAME,
        "GROUNDSKEEPER_WORKER_TOKEN": world.tokens["worker"],
        "GROUNDSKEEPER_REVIEWER_TOKEN": world.tokens["reviewer"],
        "GROUNDSKEEPER_WEBHOOK_SECRET": SECRET.decode(),
        "GROUNDSKEEPER_SCENARIO": str(scenario),
        "GITHUB_API_URL": url,
        "GROUNDSKEEPER_STATE": str(world.root / "state"),
    }


@pytest.mark.slow
def test_three_replicas_with_the_same_events_do_the_work_once_and_end_when_told(world: World) -> None:
    seed.add_hook(world.hub, FULL_NAME, "http://balancer.example/webhook", secret=SECRET.decode())
    with serving(world.hub, work=False, app=world.app) as served:
        environment = environment_of(world, served.url)
        with (
            replica(world.root / "one", environment) as one,
            replica(world.root / "two", environment) as two,
            replica(world.root / "three", environment) as three,
        ):
            replicas = (one, two, three)
            urls = [each.until("listening")["url"] for each in replicas]
            for each in replicas:
                each.until("started", hint="the periodic look")
            number = world.open_issue("Add a")

            def to_all(_: str, headers: Mapping[str, str], body: bytes) -> int:
                return max(httpx.post(f"{url}/webhook", headers=dict(headers), content=body, timeout=PATIENCE).status_code for url in urls)

            deliveries.deliver_pending(world.hub, to_all)
            for each in replicas:
                each.until("delivery", github_event="issues", status=202)
            worked = _until_one_handed_in(replicas)
            ready = [httpx.get(f"{url}/readyz", timeout=PATIENCE).json() for url in urls]
            for each in replicas:
                each.process.send_signal(signal.SIGTERM)
            ends = [each.process.wait(PATIENCE) for each in replicas]
            stopped = [each.until("stopped") for each in replicas]

    (run,) = world.record(number).runs
    assert (run.ending.value, len(worked)) == ("finished", 1)
    assert world.git("branch", "--list", "agent-*", "--format", "%(refname:short)") == f"agent-1/project-{number}"
    assert len(world.pulls()) <= 1, "they may have been told to end before it was opened"
    assert (ends, ready) == ([0, 0, 0], [{"ready": True, "reasons": []}] * 3)
    assert len(stopped) == 3
    assert [line for each in replicas for line in each.said if line["event"] in ("raw", "run broke", "task broke")] == []


def _until_one_handed_in(replicas: tuple[Replica, ...]) -> list[Replica]:
    """The one that worked; all are asked at once, since nobody knows which it will be."""
    done = threading.Event()

    def wait(each: Replica) -> None:
        def over() -> bool:
            return each.over or done.is_set() or any(line["event"] == "handed in" for line in each.said)

        with each.heard:
            each.heard.wait_for(over, timeout=PATIENCE)
        done.set()

    threads = [threading.Thread(target=wait, args=(each,), daemon=True) for each in replicas]
    for thread in threads:
        thread.start()
    assert done.wait(PATIENCE)
    for each, thread in zip(replicas, threads, strict=True):
        with each.heard:
            each.heard.notify_all()
        thread.join(PATIENCE)
    return [each for each in replicas if any(line["event"] == "handed in" for line in each.said)]
