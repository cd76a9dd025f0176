"""Webhooks: how fast they are acknowledged, against bare Flask on waitress doing the same HMAC and JSON, and how soon work begins."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

import httpx

from bench.row import Row
from bot.hub import seed
from bot.hub.serve import serving
from bot.hub.webhooks import deliveries

_SECRET = "It's a Secret to Everybody"
_BODY_BYTES = 24_600
"""As long as an ordinary event of a pull request."""
_ROUNDS, _A_ROUND, _CONNECTIONS = 10, 400, 8
_RATE_GOAL, _P99_GOAL, _LEASE_GOAL = 0.9, 2.0, 2.0
_LEASES = 10


def rows() -> list[Row]:
    return [*_acknowledged(), _leased()]


def _acknowledged() -> list[Row]:
    """The two take turns, so that whatever else this machine does falls on both alike. Both run in processes of their own."""
    with tempfile.TemporaryDirectory(prefix="bench-") as place, _process("ours", place) as ours, _process("bare", place) as bare:
        measured: dict[int, list[_Round]] = {ours: [], bare: []}
        for port in measured:
            _round(port)  # not measured: imports, first pages, first connections
        for _ in range(_ROUNDS):
            for port, rounds in measured.items():
                rounds.append(_round(port))
    rate, floor_rate = (median(one.rate for one in measured[port]) for port in (ours, bare))
    p99, floor_p99 = (_percentile([took for one in measured[port] for took in one.took], 99) * 1000 for port in (ours, bare))
    return [
        Row(
            name="webhooks kept and acknowledged, floor: bare Flask",
            ours=rate,
            peer=floor_rate,
            unit="/s",
            goal=f"ratio ≥ {_RATE_GOAL}",
            met=rate >= _RATE_GOAL * floor_rate,
        ),
        Row(
            name=f"acknowledgement p99, {_CONNECTIONS} connections",
            ours=p99,
            peer=floor_p99,
            unit="ms",
            goal=f"ratio ≤ {_P99_GOAL:.0f}",
            met=p99 <= _P99_GOAL * floor_p99,
        ),
    ]


@dataclass(frozen=True, kw_only=True)
class _Round:
    rate: float
    took: tuple[float, ...]


def _round(port: int) -> _Round:
    """`_A_ROUND` deliveries, each with a name of its own, made before the time is taken."""
    parts = [[_request() for _ in range(_A_ROUND // _CONNECTIONS)] for _ in range(_CONNECTIONS)]
    took: list[float] = []
    ready = threading.Barrier(_CONNECTIONS + 1)

    def send(requests: list[bytes]) -> None:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            ready.wait()
            for request in requests:
                began = time.perf_counter()
                connection.sendall(request)
                answer = _answer(connection)
                took.append(time.perf_counter() - began)
                assert answer.startswith(b"HTTP/1.1 202"), answer[:500]

    threads = [threading.Thread(target=send, args=(part,)) for part in parts]
    for thread in threads:
        thread.start()
    ready.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    over = time.perf_counter() - began
    assert len(took) == _A_ROUND
    return _Round(rate=_A_ROUND / over, took=tuple(took))


def _answer(connection: socket.socket) -> bytes:
    got = b""
    while b"\r\n\r\n" not in got:
        got += connection.recv(65536)
    head, _, body = got.partition(b"\r\n\r\n")
    length = int(next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")).split(b":")[1])
    while len(body) < length:
        body += connection.recv(65536)
    return got


def _request() -> bytes:
    body = _body()
    head = {
        "Host": "bench", "Content-Type": "application/json", "Content-Length": str(len(body)), "User-Agent": "GitHub-Hookshot/bench",
        "X-GitHub-Event": "issues", "X-GitHub-Delivery": str(uuid4()),
        "X-Hub-Signature-256": "sha256=" + hmac.new(_SECRET.encode(), body, hashlib.sha256).hexdigest(),
    }  # fmt: skip
    return b"POST /webhook HTTP/1.1\r\n" + "".join(f"{key}: {value}\r\n" for key, value in head.items()).encode() + b"\r\n" + body


def _body() -> bytes:
    """An event with as many keys as GitHub's have."""
    about = {"repository": {"full_name": "garden/pots", "default_branch": "main"}, "sender": {"login": "ann", "id": 1}, "action": "labeled"}
    urls = ("keys", "teams", "hooks", "issues", "events", "trees", "commits", "merges")
    one = {f"{name}_url": f"https://api.github.com/repos/garden/pots/{name}{{/sha}}" for name in urls}
    several = _BODY_BYTES // len(json.dumps(one))
    return json.dumps({**about, "issue": {str(place): one for place in range(several)}}).encode()


def _percentile(values: list[float], share: int) -> float:
    return sorted(values)[min(len(values) - 1, len(values) * share // 100)]


@contextmanager
def _process(which: str, place: str) -> Iterator[int]:
    """A server that says its port, and ends when its standard input does."""
    command = [sys.executable, "-m", "bench.webhooks", which, place]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        yield int(process.stdout.readline())
        process.stdin.close()


def _serve(which: str, place: str) -> None:
    """Ours is the whole of it: inbox, log, metrics, and a starter whose starts do nothing."""
    from bot.entry.web.http_server import HttpServer

    server = HttpServer(_ours(Path(place)) if which == "ours" else _bare(), host="127.0.0.1", port=0)

    def until_told() -> None:
        sys.stdin.read()
        server.stop()

    threading.Thread(target=until_told, daemon=True).start()
    print(server.url.rpartition(":")[2], flush=True)
    server.run()


def _ours(place: Path) -> Any:
    from bot.entry.web.app import WebhookEndpoint, create_app
    from bot.entry.web.inbox import open_inbox
    from bot.entry.web.metrics import json_log, metrics
    from bot.entry.web.starting import Starter

    def now() -> datetime:
        return datetime.now(UTC)

    inbox = open_inbox(place / "home", now=now)
    counts, log = metrics(inbox), json_log()
    endpoint = WebhookEndpoint(secrets=(_SECRET.encode(),), inbox=inbox, metrics=counts, log=log, only="garden/pots")
    Starter(inbox=inbox, start=lambda _: None, tasks=(), now=now, metrics=counts, log=log).begin()
    return create_app(endpoint)


def _bare() -> Any:
    from flask import Flask, Response, request

    app = Flask("bare", static_folder=None)

    @app.post("/webhook")
    def webhook() -> Response:
        raw = request.get_data(cache=False)
        right = "sha256=" + hmac.new(_SECRET.encode(), raw, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(right, request.headers["X-Hub-Signature-256"]):
            return Response(status=401)
        json.loads(raw)
        return Response('{"outcome": "taken"}\n', 202, mimetype="application/json")

    return app


class _Log(io.StringIO):
    """Counts what runs have handed in, so that one begins after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.handed_in = threading.Semaphore(0)

    def write(self, text: str) -> int:
        if '"event": "handed in"' in text:
            self.handed_in.release()
        return len(text)


def _leased() -> Row:
    """From the acknowledgement of a label's webhook to the lease on the hub, over TCP, one project after the other."""
    from bot.entry.web.metrics import json_log
    from bot.entry.web.serving import StartMode, assemble
    from bot.entry.wiring import Settings, wire
    from tests.world import CONFIG, FULL_NAME, WallClock, make_world, writes

    took: list[float] = []
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        config = CONFIG.replace("agents: 2", "agents: 10")
        world = make_world(Path(place), clock=WallClock(), config=config, scenes=(writes("a.txt", "a", any_number=True),))
        seed.add_hook(world.hub, FULL_NAME, "http://bot.example/webhook", secret=_SECRET)
        with serving(world.hub, work=False) as served:
            settings = Settings(
                repository=FULL_NAME,
                worker=world.tokens["worker"],
                reviewer=world.tokens["reviewer"],
                api_url=served.url,
                home=Path(place) / "serving",
            )
            log = _Log()
            service = assemble(
                settings,
                secret=_SECRET,
                how=StartMode.LOCAL,
                wire_context=lambda: wire(settings, model=world.model, clock=world.clock).context,
                clock=world.clock,
                log=json_log(log),
            )
            client = service.app.test_client()

            def send(_: str, headers: Mapping[str, str], body: bytes) -> int:
                return client.post("/webhook", data=body, headers=dict(headers)).status_code

            service.starter.begin()
            for turn in range(_LEASES):
                issue = httpx.post(
                    f"{served.url}/repos/{FULL_NAME}/issues",
                    json={"title": f"Add a, time {turn}", "body": "- [ ] It works", "labels": ["agent:ready"]},
                    headers={"Authorization": f"Bearer {world.tokens['ann']}"},
                ).json()
                deliveries.deliver_pending(world.hub, send)
                began = time.perf_counter()
                ref = world.bare / "refs/groundskeeper/project" / str(issue["number"])
                while not ref.exists():
                    assert time.perf_counter() - began < 60, "no lease within a minute"
                    time.sleep(0.005)
                took.append(time.perf_counter() - began)
                assert log.handed_in.acquire(timeout=60)
            service.close()
        world.hub.close()
    p95 = _percentile(took[1:], 95)
    return Row(name="hint to lease, p95", ours=p95, peer=None, unit="s", goal=f"≤ {_LEASE_GOAL:.0f} s", met=p95 <= _LEASE_GOAL)


if __name__ == "__main__":
    _serve(*sys.argv[1:])
