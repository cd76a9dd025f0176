"""`groundskeeper serve`: the app, the inbox, the starter and its periodic tasks put together, and taken down again in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any

from flask import Flask

from bot.adapters.clock import ServerClock
from bot.adapters.github.client import AppKey, Client, connect
from bot.adapters.github.deliveries import Hook
from bot.adapters.github.governor import Governor
from bot.core.errors.user_errors import UserError
from bot.core.hints.webhooks import OwnAccounts
from bot.entry.web.app import WebhookEndpoint, create_app
from bot.entry.web.audit import Audit
from bot.entry.web.dispatch import Dispatcher
from bot.entry.web.http_server import HttpServer, stopped_by_signals
from bot.entry.web.inbox import Inbox, open_inbox
from bot.entry.web.local import LocalWorkers
from bot.entry.web.metrics import json_log, metrics
from bot.entry.web.starting import PeriodicTask, Starter, own_hints
from bot.entry.wiring import Settings, governor_of
from bot.flows.context import Context

_AUDIT_EVERY = timedelta(minutes=10)
_WHO_EVERY = timedelta(hours=1)
_START_MAY_END = timedelta(seconds=10)
_RUNS_MAY_END = timedelta(seconds=12)
"""With what open connections are given this is less than the 30 seconds after which most supervisors kill."""
_GATHER_DISPATCHES = timedelta(seconds=1)
"""A run of a workflow takes longer to begin than this, and costs a minute."""


_NEEDS = {"metadata": "read", "contents": "read", "actions": "write", "repository_hooks": "write"}
"""To ask for a workflow, and for deliveries of a repository's own webhook."""


class StartMode(Enum):
    DISPATCH = "dispatch"
    LOCAL = "local"


@dataclass(frozen=True, kw_only=True)
class Service:
    app: Flask
    endpoint: WebhookEndpoint
    inbox: Inbox
    starter: Starter
    workers: LocalWorkers | None
    log: Any

    def close(self) -> None:
        """Hints that wait stay in the inbox; runs under way hand in what they have, or else their leases end by themselves."""
        if self.workers is not None and (at_work := self.workers.interrupt()):
            self.log.info("waiting for agents", agents=at_work, seconds=_RUNS_MAY_END.total_seconds())
        if not self.starter.stop(_START_MAY_END):
            self.log.warning("left a start unfinished", reason="whatever it did not come to is due again at the next look")
        if self.workers is not None and (left := self.workers.wait(_RUNS_MAY_END)):
            self.log.warning("left runs unfinished", runs=left, reason="their leases end by themselves, and a later tick goes on")
        self.inbox.close()
        self.log.info("stopped")


def assemble(
    settings: Settings,
    *,
    secret: str | None,
    secret_before: str | None = None,
    how: StartMode,
    every: timedelta = timedelta(minutes=5),
    wire_context: Callable[[], Context],
    clock: ServerClock,
    log: Any = None,
) -> Service:
    """Everything, with nothing running yet. Raises `UserError`."""
    if not secret:
        raise UserError(
            "GROUNDSKEEPER_WEBHOOK_SECRET is not set: without it anybody could hint at anything. Make one (openssl rand -hex 32),"
            " set it here and as the webhook's secret on GitHub."
        )
    if not settings.repository and not (how is StartMode.DISPATCH and isinstance(settings.worker, AppKey)):
        raise UserError(
            "GROUNDSKEEPER_REPOSITORY: expected owner/name of the repository to work on. It may be left out only with --start dispatch"
            " and GROUNDSKEEPER_WORKER_APP_ID and _PRIVATE_KEY; then every repository where the app is installed is served."
        )
    log = log or json_log()
    gather = _GATHER_DISPATCHES if how is StartMode.DISPATCH else timedelta(milliseconds=250)
    inbox = open_inbox(settings.home, now=clock.now, gather=gather)
    counts = metrics(inbox)
    endpoint = WebhookEndpoint(
        secrets=tuple(one.encode() for one in (secret, secret_before) if one),
        inbox=inbox,
        metrics=counts,
        log=log,
        only=settings.repository or None,
    )
    access = _GitHubAccess(settings=settings, clock=clock, governor=governor_of(settings, clock))
    workers = LocalWorkers(wire=wire_context, inbox=inbox, log=log) if how is StartMode.LOCAL else None

    def look_who_we_are() -> None:
        endpoint.own = access.who()

    audit = Audit(hooks=lambda: access.hooks(inbox), inbox=inbox, now=clock.now, metrics=counts, log=log)
    tasks = (
        PeriodicTask(
            name="own hint", every=every, do=own_hints(inbox, lambda: (endpoint.only,) if endpoint.only else inbox.known_repositories())
        ),
        PeriodicTask(name="identities", every=_WHO_EVERY, do=look_who_we_are),
        PeriodicTask(name="audit", every=_AUDIT_EVERY, do=audit),
    )
    starter = Starter(inbox=inbox, start=workers or Dispatcher(access.worker), tasks=tasks, now=clock.now, metrics=counts, log=log)
    endpoint.working = starter.working
    return Service(app=create_app(endpoint), endpoint=endpoint, inbox=inbox, starter=starter, workers=workers, log=log)


@dataclass(frozen=True, kw_only=True)
class _GitHubAccess:
    """GitHub, as far as this app itself asks it."""

    settings: Settings
    clock: ServerClock
    governor: Governor

    def worker(self, repository: str) -> Client:
        return self._client(self.settings.worker, repository)

    def _client(self, credential: str | AppKey, repository: str = "") -> Client:
        """Without a repository an app itself."""
        return connect(
            credential,
            repository=repository,
            governor=self.governor,
            clock=self.clock,
            base_url=self.settings.api_url,
            transport=self.settings.transport,
            needs=_NEEDS,
        )

    def who(self) -> OwnAccounts:
        """Logins and account ids of both identities; an app asks as its installation, where there is one that it may ask as."""
        own: set[str | int] = set()
        for credential in (self.settings.worker, self.settings.reviewer):
            if isinstance(credential, AppKey) and not self.settings.repository:
                own.add(self._client(credential).identity.login.lower())
            elif credential is not None:
                client = self._client(credential, self.settings.repository)
                own |= {client.identity.login.lower(), int(client.rest("GET", f"/users/{client.identity.login}")["id"])}
        return frozenset(own)

    def hooks(self, inbox: Inbox) -> Iterator[Hook]:
        """The app's own, and those of repositories that have sent something once; a hook says its number with each delivery."""
        if isinstance(self.settings.worker, AppKey):
            yield Hook(client=self._client(self.settings.worker), path="/app/hook")
        for number, repository in inbox.hooks():
            yield Hook(client=self.worker(repository), path=f"/repos/{repository}/hooks/{number}")


def serve(service: Service, *, host: str, port: int) -> None:
    """Until SIGTERM or SIGINT. Raises `UserError` where the address cannot be had."""
    try:
        server = HttpServer(service.app, host=host, port=port)
        with stopped_by_signals(server):
            service.starter.begin()
            service.log.info("listening", url=server.url, repository=service.endpoint.only or "wherever the app is installed")
            server.run()
            service.log.info("stopping", hints_kept=service.inbox.pending())
    finally:
        service.close()
