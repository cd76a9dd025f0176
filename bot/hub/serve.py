"""Serving the embedded GitHub to people and real clients: on TCP, on a unix socket, with its background work beside."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from waitress.server import create_server

from bot.hub.actions import jobs as action_jobs
from bot.hub.app import create_app
from bot.hub.changes import merge_queue
from bot.hub.store.hub import Hub
from bot.hub.webhooks import deliveries

log = logging.getLogger(__name__)
_THREADS = 16
_BREATH = 0.2


class HubFailed(Exception):
    """A thread of the hub ended although it was to go on: from then on the hub would wait for ever for what that thread does."""


@dataclass(frozen=True, kw_only=True)
class Served:
    url: str
    unix_socket: Path | None
    over: threading.Event = field(default_factory=threading.Event, repr=False)
    failures: list[str] = field(default_factory=list, repr=False)

    def check(self) -> None:
        """Raises `HubFailed` once a thread has ended with an error."""
        if self.failures:
            raise HubFailed("; ".join(self.failures))

    def wait(self) -> None:
        """Until a thread fails, which raises `HubFailed`, or the serving is over."""
        self.over.wait()
        self.check()


@contextmanager
def serving(
    hub: Hub, *, host: str = "127.0.0.1", port: int = 0, unix_socket: Path | None = None, work: bool = True, app: Flask | None = None
) -> Iterator[Served]:
    """Serves until the block ends. `work` runs queued workflows, merge queues and deliveries meanwhile, as GitHub does in its background.

    `app` is the hub's own where somebody has made it already, to listen at its door. Raises `OSError` where the port is taken,
    and `HubFailed` at the end where a thread did not last.
    """
    app = app or create_app(hub)
    tcp: Any = create_server(app, host=host, port=port, threads=_THREADS, ident="hub", clear_untrusted_proxy_headers=True)
    servers = [tcp]
    hub.base_url = f"http://{host}:{tcp.effective_port}"
    if unix_socket is not None:
        servers.append(create_server(app, unix_socket=str(unix_socket), threads=4, ident="hub", clear_untrusted_proxy_headers=True))
    served = Served(url=hub.base_url, unix_socket=unix_socket)
    background = (action_jobs.run_pending, merge_queue.advance, deliveries.deliver_pending)
    jobs = [threading.Thread(target=_keep, args=(served, job, hub), daemon=True) for job in background]
    # A server's own thread ends with its last kept-alive connection, which nobody needs to wait for.
    listeners = [threading.Thread(target=_run, args=(served, server), daemon=True) for server in servers]
    for thread in [*listeners, *(jobs if work else ())]:
        thread.start()
    try:
        yield served
        served.check()
    finally:
        served.over.set()
        for server in servers:
            server.close()
        for thread in jobs if work else ():
            thread.join(timeout=5)


def _run(served: Served, server: Any) -> None:
    """The loop may still look at a socket that was closed under it; that is an error only while we mean to serve."""
    try:
        server.run()
    except Exception as error:
        if not served.over.is_set():
            log.exception("the server ended")
            _fail(served, "the server", error)


def _keep(served: Served, job: Any, hub: Hub) -> None:
    while not served.over.wait(_BREATH):
        try:
            job(hub)
        except Exception as error:
            log.exception("background work ended")
            _fail(served, f"{job.__module__}.{job.__name__}", error)


def _fail(served: Served, what: str, error: Exception) -> None:
    """All threads end with the first one that does: a hub that works in part only is waited for in vain."""
    served.failures.append(f"{what} ended with {type(error).__name__}: {error}")
    served.over.set()
