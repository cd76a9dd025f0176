"""The request that is being answered: the hub, its database and who asks."""

import sqlite3
from dataclasses import dataclass

from flask import g

from bot.hub.store.hub import Hub
from bot.hub.web.actors import Actor


@dataclass(frozen=True, kw_only=True)
class Current:
    hub: Hub
    db: sqlite3.Connection
    actor: Actor


def current() -> Current:
    now: Current = g.current
    return now


def begin(hub: Hub, actor: Actor) -> Current:
    g.current = Current(hub=hub, db=hub.db(), actor=actor)
    return g.current  # type: ignore[no-any-return]
