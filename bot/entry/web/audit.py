"""The audit: every ten minutes GitHub is asked for deliveries that failed, and to send those again that we never took."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.adapters.github.deliveries import Hook, ask_again
from bot.entry.web.inbox import Inbox
from bot.entry.web.metrics import Metrics
from bot.ports import GitHubError

_KEPT_BY_GITHUB = timedelta(days=3)


@dataclass(kw_only=True)
class Audit:
    """`hooks()` names those that send to us, as far as is known by now."""

    hooks: Callable[[], Iterable[Hook]]
    inbox: Inbox
    now: Callable[[], datetime]
    metrics: Metrics
    log: Any
    _settled: set[str] = field(default_factory=set)

    def __call__(self) -> None:
        """One hook that cannot be asked does not keep the others from being asked."""
        self.inbox.prune()
        for hook in self.hooks():
            try:
                asked = ask_again(hook, since=self.now() - _KEPT_BY_GITHUB, known=self._known)
            except GitHubError as error:
                self.log.warning("audit failed", hook=hook.path, reason=str(error))
                continue
            self._settled |= {*asked.settled, *asked.given_up}
            self.metrics.redeliveries.inc(len(asked.again))
            for guid in asked.again:
                self.log.info("asked for again", hook=hook.path, delivery=guid)
            for guid in asked.given_up:
                self.log.warning("given up", hook=hook.path, delivery=guid, reason="it failed too often; the periodic look makes up for it")

    def _known(self, guid: str) -> bool:
        return guid in self._settled or self.inbox.knows(guid)
