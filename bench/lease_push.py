"""Lease pushes a second, against a bare `git push` of a prepared commit to the same remote over the embedded GitHub's HTTP."""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from bench.row import Row
from bot.adapters.git.process import git, open_mirror
from bot.adapters.git.refs import GitRefs
from bot.adapters.git.signing import Position, Signer, StateKey
from bot.core.facts.record import Holder, Lease, Record
from bot.core.money.pricing import usd
from bot.core.roles.role import Role
from bot.hub import seed
from bot.hub.serve import serving
from bot.hub.store.hub import open_hub
from bot.ports import Change

_PUSHES = 25
_GOAL = 0.8
_SIGNATURES = 1_000


def rows() -> list[Row]:
    """The two take turns, so that whatever else this machine does falls on both alike."""
    signer = Signer(repository="1", key=StateKey(secret=b"k" * 32))
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        root = Path(place)
        hub = open_hub(root / "hub")
        seed.add_user(hub, "ann")
        bare = seed.add_repository(hub, "ann", "garden")
        token = seed.add_token(hub, "ann")
        first = git("commit-tree", git("hash-object", "-t", "tree", "-w", "--stdin", cwd=bare).text.strip(), "-m", "First", cwd=bare)
        git("update-ref", "refs/heads/main", first.text.strip(), cwd=bare)
        with serving(hub, work=False) as served:
            mirror = open_mirror(root / "mirror.git", f"{served.url}/ann/garden.git", token=lambda: token)
            refs = GitRefs(mirror=mirror, default_branch="main", signer=signer)
            ours, floor = zip(*((_leased(refs, turn), _bare(refs, turn)) for turn in range(1, _PUSHES + 1)), strict=True)
        hub.close()
    a_second, floor_a_second = 1 / median(ours), 1 / median(floor)
    return [
        Row(
            name="lease pushes, floor: bare git push",
            ours=a_second,
            peer=floor_a_second,
            unit="/s",
            goal=f"ratio ≥ {_GOAL}",
            met=a_second >= _GOAL * floor_a_second,
        ),
        _signing(signer, 1 / a_second),
    ]


def _signing(signer: Signer, push: float) -> Row:
    """What a signature adds to a push of a lease, and its verification to the look that follows: far below what a tick takes besides."""
    head = b"tree 0\nparent 0\nauthor a <a@b> 1 +0000\ncommitter a <a@b> 1 +0000\n\n"
    place, message = Position(sequence=1, ledger=1, stop=1), "Agent 1 takes project 7 for execution\n\nepoch: 1\nnonce: 0123456789abcdef\n"
    started = time.perf_counter()
    for _ in range(_SIGNATURES):
        commit = head + signer.signed("refs/groundskeeper/project/7", head, message, place)
        assert signer.verified("refs/groundskeeper/project/7", commit) == place
    share = 100 * (time.perf_counter() - started) / _SIGNATURES / push
    return Row(name="signing's share of a lease push", ours=share, peer=None, unit="%", goal="≤ 2 %", met=share <= 2)


def _change(number: int, epoch: int, base: str) -> Change:
    now = datetime.now(UTC)
    lease = Lease(
        holder=Holder(agent=1, run=f"run-{epoch}", attempt=1, nonce=str(epoch)),
        role=Role.EXECUTION,
        taken_at=now,
        until=now + timedelta(minutes=15),
        grant=usd(1),
        cycle=1,
        base=base,
    )
    return Change(message=f"Agent 1 takes project {number}", record=Record(number=number, epoch=epoch, lease=lease))


def _leased(refs: GitRefs, epoch: int) -> float:
    seen = refs.read()
    change = _change(7, epoch, seen.base)
    started = time.perf_counter()
    answer = refs.push(seen, change)
    took = time.perf_counter() - started
    assert answer is not None
    return took


def _bare(refs: GitRefs, epoch: int) -> float:
    """The same kind of commit, made before the time is taken."""
    seen = refs.read()
    ((ref, commit),) = refs._written(seen, _change(8, epoch, seen.base)).items()
    started = time.perf_counter()
    refs.mirror.remote_git("push", "--quiet", refs.mirror.remote, f"{commit}:{ref}")
    return time.perf_counter() - started
