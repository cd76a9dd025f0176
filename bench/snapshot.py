"""What a look costs with ten thousand issues in the queue: requests counted by the hub, processor time and memory of the bot's process.

Hub and bot have a process each. The bot ticks as it does at work: its first tick starts what its agents can do, and they stay busy.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx

from bench.row import Row
from bot.hub import seed
from bot.hub.serve import serving
from bot.hub.store.hub import Hub, open_hub

_ISSUES = 10_000
_REPOSITORY = "garden/pots"
_CONFIG = (
    "agents: 2\nbudget: {daily: 100, monthly: 1000, run: 1, review: 1, ideation: 1}\ngates: {test: 'true'}\nideation: {enabled: false}\n"
)
_COLD_GOAL = 3
_SETTLE = 6.0
"""Seconds after which the bot trusts that a time in whole seconds will not be that of another change too."""


@dataclass(frozen=True, kw_only=True)
class Ticked:
    """What one tick took: requests and those of them that were not free, user and system time of the process, its most memory."""

    requests: int
    charged: int
    cpu: float
    wall: float
    peak_mb: float


def rows() -> list[Row]:
    cold, idle, changed, floor = _measured()
    return [
        _row("idle tick: requests", idle.requests, "", 2),
        _row("idle tick: requests that are not free", idle.charged, "", 0),
        _row("idle tick: processor time of the bot", idle.cpu, "s", 1),
        _row("tick after one change: requests", changed.requests, "", 3),
        _row("tick after one change: processor time of the bot", changed.cpu, "s", 1),
        _row("cold tick: requests", cold.requests, "", 105),
        Row(
            name=_named("cold tick: processor time of the bot, against fetching and parsing the same pages"),
            ours=cold.cpu,
            peer=floor,
            unit="s",
            goal=f"ratio ≤ {_COLD_GOAL}",
            met=cold.cpu <= _COLD_GOAL * floor,
        ),
        _row("most memory of the bot's process", changed.peak_mb, "MB", 300),
    ]


def _named(name: str) -> str:
    return f"{_ISSUES:,} queued, {name}"


def _row(name: str, ours: float, unit: str, most: float) -> Row:
    return Row(name=_named(name), ours=ours, peer=None, unit=unit, goal=f"≤ {most:g} {unit}".rstrip(), met=ours <= most)


def _measured() -> tuple[Ticked, Ticked, Ticked, float]:
    """The first tick, one where nothing had happened, one after a comment on one of the issues; what fetching everything takes alone."""
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        root = Path(place)
        hub, token = _seeded(root)
        with _beside("hub", str(root / "hub")) as serving:
            url = _line(serving)
            with _beside("bot", str(root), url) as bot:
                _line(bot)
                cold = _ticked(hub, bot)
                for _ in range(3):  # reads what it wrote, which says a little more of the runs that began; counts; and then has settled
                    time.sleep(_SETTLE)
                    _ticked(hub, bot)
                idle = _ticked(hub, bot)
                comment = f"{url}/repos/{_REPOSITORY}/issues/{_ISSUES // 2}/comments"
                httpx.post(comment, json={"body": "And the tests?"}, headers={"Authorization": f"Bearer {token}"}).raise_for_status()
                changed = _ticked(hub, bot)
                floor = float(_answered(bot, "fetch")["cpu"])
        hub.close()
    return cold, idle, changed, floor


def _seeded(root: Path) -> tuple[Hub, str]:
    hub = open_hub(root / "hub")
    seed.add_organization(hub, "garden")
    bare = seed.add_repository(hub, "garden", "pots")
    for login in ("ann", "worker"):
        seed.add_user(hub, login)
        seed.set_role(hub, _REPOSITORY, login, "write")
    file = f"M 100644 inline .github/groundskeeper.yml\ndata {len(_CONFIG)}\n{_CONFIG}\n"
    stream = f"commit refs/heads/main\ncommitter Ann <ann@example.org> 1795176000 +0000\ndata 5\nFirst\n{file}done\n"
    subprocess.run(["git", "fast-import", "--quiet", "--done"], cwd=bare, input=stream.encode(), check=True)
    seed.add_issues(hub, _REPOSITORY, _ISSUES, author="ann", labels=["agent:ready"])
    (root / "token").write_text(seed.add_token(hub, "worker"))
    return hub, seed.add_token(hub, "ann")


def _ticked(hub: Hub, bot: subprocess.Popen[str]) -> Ticked:
    last = hub.db().execute("select coalesce(max(id), 0) from requests").fetchone()[0]
    took = _answered(bot, "tick")
    asked, charged = (
        hub.db()
        .execute("select count(*), coalesce(sum(status != 304), 0) from requests where actor = 'worker' and id > ?", (last,))
        .fetchone()
    )
    return Ticked(requests=asked, charged=charged, **took)


def _answered(bot: subprocess.Popen[str], word: str) -> dict[str, float]:
    assert bot.stdin is not None
    bot.stdin.write(f"{word}\n")
    bot.stdin.flush()
    answer: dict[str, float] = json.loads(_line(bot))
    return answer


@contextmanager
def _beside(role: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """This file as another process, which ends when its input does."""
    command = [sys.executable, "-m", "bench.snapshot", role, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            assert process.stdin is not None
            process.stdin.close()


def _line(process: subprocess.Popen[str]) -> str:
    out: IO[str] | None = process.stdout
    line = out.readline().strip() if out is not None else ""
    assert line, "the process beside ended; its own words are above"
    return line


def _hub(root: Path) -> None:

    hub = open_hub(root)
    with serving(hub, work=False) as served:
        print(served.url, flush=True)
        sys.stdin.read()


def _bot(root: Path, url: str) -> None:
    from bot.adapters.clock import ServerClock
    from bot.adapters.scripted import ScriptedModel
    from bot.entry.wiring import Settings, wire
    from bot.flows.ticking import tick

    token = (root / "token").read_text()
    settings = Settings(
        repository=_REPOSITORY,
        worker=token,
        reviewer=None,
        api_url=url,
        git_url=str(root / "hub" / "repositories" / f"{_REPOSITORY}.git"),
        home=root / "home",
    )
    wired = wire(settings, model=ScriptedModel(()), clock=ServerClock())
    print("ready", flush=True)
    for word in sys.stdin:
        began, spent = time.perf_counter(), _processor()
        if word.strip() == "tick":
            tick(wired.context)
        else:
            _fetch(url, token)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"cpu": _processor() - spent, "wall": time.perf_counter() - began, "peak_mb": peak}), flush=True)


def _fetch(url: str, token: str) -> None:
    """The floor: every page of the list, over one connection, its JSON parsed and dropped."""
    from bot.adapters.github.nodes import LISTED
    from bot.adapters.github.queries import snapshot_document

    owner, name = _REPOSITORY.split("/")
    variables = {"owner": owner, "name": name, "labels": list(LISTED), "cursor": None}
    with httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
        more = True
        while more:
            answer = client.post(f"{url}/graphql", json={"query": snapshot_document({}), "variables": variables}).raise_for_status()
            page = answer.json()["data"]["repository"]["issues"]["pageInfo"]
            more, variables["cursor"] = page["hasNextPage"], page["endCursor"]


def _processor() -> float:
    """User and system time of this process alone; git's, which is a child, is not in it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _main(role: str, arguments: Sequence[str]) -> None:
    match role:
        case "hub":
            _hub(Path(arguments[0]))
        case "bot":
            _bot(Path(arguments[0]), arguments[1])


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2:])
