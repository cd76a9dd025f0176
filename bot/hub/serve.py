"""Serving the embedded GitHub to people and real clients: on TCP, on a unix socket, with its background work beside."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from waitress.server import create_server

from bot.hub.actions import jobs as action_jobs
from bot.hub.app import create_app
from bot.hub.changes import merge_queue
from bot.hub.store.hub import Hub
from bot.hub.webhooks import deliveries

_THREADS = 16
_BREATH = 0.2


@dataclass(frozen=True, kw_only=True)
class Served:
    url: str
    unix_socket: Path | None


@contextmanager
def serving(
    hub: Hub, *, host: str = "127.0.0.1", port: int = 0, unix_socket: Path | None = None, work: bool = True, app: Flask | None = None
) -> Iterator[Served]:
    """Serves until the block ends. `work` runs queued workflows, merge queues and deliveries meanwhile, as GitHub does in its background.

    `app` is the hub's own where somebody has made it already, to listen at its door.
    """
    app = app or create_app(hub)
    tcp: Any = create_server(app, host=host, port=port, threads=_THREADS, ident="hub", clear_untrusted_proxy_headers=True)
    servers = [tcp]
    hub.base_url = f"http://{host}:{tcp.effective_port}"
    if unix_socket is not None:
        servers.append(create_server(app, unix_socket=str(unix_socket), threads=4, ident="hub", clear_untrusted_proxy_headers=True))
    over = threading.Event()
    background = (action_jobs.run_pending, merge_queue.advance, deliveries.deliver_pending)
    jobs = [threading.Thread(target=_keep, args=(over, job, hub), daemon=True) for job in background]
    # A server's own thread ends with its last kept-alive connection, which nobody needs to wait for.
    for thread in [*(threading.Thread(target=_run, args=(over, server), daemon=True) for server in servers), *(jobs if work else ())]:
        thread.start()
    try:
        yield Served(url=hub.base_url, unix_socket=unix_socket)
    finally:
        over.set()
        for server in servers:
            server.close()
        for thread in jobs if work else ():
            thread.join(timeout=5)


def _run(over: threading.Event, server: Any) -> None:
    """The loop may still look at a socket that was closed under it; that is an error only while we mean to serve."""
    try:
        server.run()
    except (OSError, ValueError):
        if not over.is_set():
            raise


def _keep(over: threading.Event, job: Any, hub: Hub) -> None:
    while not over.wait(_BREATH):
        job(hub)
