"""What `doctor` sees of the bot's own state: whether every ref of it proves itself to the worker's key."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from github.Auth import Token

from bot.adapters.git.process import open_mirror
from bot.adapters.git.state_reading import ROOT, StateReader, damage_in
from bot.adapters.github.client import AppKey
from bot.core.facts.damage import Damage
from bot.entry.app_keys import private_key
from bot.entry.setup.finding import Finding, looked, not_seen, ok, wrong
from bot.entry.setup.target import Target
from bot.entry.state_keys import PREVIOUS, signer_for
from bot.ports import GitError

_NAMED = 5


def examined(target: Target, environment: Mapping[str, str]) -> Iterator[Finding]:
    yield from looked("state", lambda: _state(target, environment))


def _state(target: Target, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Nothing where the bot never worked yet. GitHub's rules cannot protect these refs, so nothing is said of rules."""
    tips = {ref.ref: ref.object.sha for ref in target.repo.get_git_matching_refs("groundskeeper/")}
    if not tips:
        return
    credential = _credential(environment)
    if credential is None:
        remedy = "Run this once with GROUNDSKEEPER_WORKER_TOKEN or GROUNDSKEEPER_WORKER_PRIVATE_KEY in the environment."
        yield not_seen("state", f"{len(tips)} refs, whose signatures only the worker's credential can verify", remedy)
        return
    try:
        damage = _damage(target, credential, environment.get(PREVIOUS))
    except GitError as error:
        yield not_seen("state", str(error), "Look whether the network and the address are right, and try again.")
        return
    if not damage:
        yield ok("state", f"{len(tips)} refs, each signed by the worker")
        return
    told = "; ".join(one.said for one in damage[:_NAMED]) + (f"; and {len(damage) - _NAMED} more" if len(damage) > _NAMED else "")
    yield wrong("state", told, "`groundskeeper repair` shows what stands there, and signs it once you say so.")


def _credential(environment: Mapping[str, str]) -> str | AppKey | None:
    token, key = (environment.get(f"GROUNDSKEEPER_WORKER_{part}") for part in ("TOKEN", "PRIVATE_KEY"))
    if token:
        return token
    return AppKey(app_id=0, private_key=private_key("GROUNDSKEEPER_WORKER_PRIVATE_KEY", key)) if key else None


def _damage(target: Target, credential: str | AppKey, previous: str | None) -> tuple[Damage, ...]:
    signer = signer_for(credential, target.repo.id, previous=previous)
    auth = target.github.requester.auth
    token = auth.token if isinstance(auth, Token) else ""
    with tempfile.TemporaryDirectory(prefix="doctor-") as folder:
        mirror = open_mirror(Path(folder) / "mirror.git", target.repo.clone_url, token=lambda: token)
        mirror.remote_git("fetch", "--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head", mirror.remote, f"+{ROOT}*:{ROOT}*")
        listed = mirror.git("for-each-ref", "--format=%(objectname)\t%(refname)", ROOT.rstrip("/")).text
        tips = {ref: oid for oid, ref in (line.split("\t", 1) for line in listed.splitlines())}
        return damage_in(StateReader(mirror=mirror, signer=signer).look(tips))
