"""Seconds until a foreign repository is prepared: the first time, against a bare install, and the second time, from its layer."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.row import Row
from bot.adapters.environment.preparing import uv
from bot.adapters.sandbox.addresses import PRIVATE_NETWORKS
from bot.adapters.sandbox.machine import available
from tests.foreign.dependent import FLASK, SPLIT2
from tests.foreign.dependent.case import Dependent
from tests.foreign.fetch import Unreachable, npm_package, sdist, unpack
from tests.foreign.index import private_networks
from tests.foreign.running import prepared

_GOAL = 2.0
_BARE = {FLASK.name: "uv sync --quiet --frozen", SPLIT2.name: "npm install --no-package-lock --no-audit --no-fund --loglevel=error"}
"""What setup comes to for these, as a person types it."""


def rows() -> list[Row]:
    """None where the sandbox or an index cannot be had."""
    if available() is not None:
        return []
    try:
        with _owner_of_the_mirror(), tempfile.TemporaryDirectory(prefix="bench-") as place:
            trees = ((FLASK, unpack(sdist(FLASK), Path(place, "flask"))), (SPLIT2, unpack(npm_package(SPLIT2), Path(place, "split2"))))
            return [row for one, tree in trees for row in _measured(one, tree, Path(place))]
    except Unreachable:
        return []


def _measured(one: Dependent, tree: Path, place: Path) -> list[Row]:
    bare = _bare(one, Path(shutil.copytree(tree, place / f"{one.name}-bare")))
    first, second = (_prepared(tree, place / "layers") for _ in range(2))
    named = f"{one.name} {one.version}"
    return [
        Row(name=f"prepare {named}, floor: a bare install", ours=first, peer=bare, unit="s", goal="none: mostly the index's", met=True),
        Row(name=f"prepare {named} again", ours=second, peer=None, unit="s", goal=f"≤ {_GOAL:.0f} s", met=second <= _GOAL),
    ]


def _prepared(tree: Path, store: Path) -> float:
    began = time.perf_counter()
    with prepared(tree, store=store):
        return time.perf_counter() - began


def _bare(one: Dependent, tree: Path) -> float:
    """Without a cache, as setup has none."""
    with tempfile.TemporaryDirectory(prefix="cache-") as cache:
        path = os.pathsep.join([str(own.parent) if (own := uv()) else "", os.environ["PATH"]])
        caches = {"UV_CACHE_DIR": cache, "NPM_CONFIG_CACHE": cache, "UV_LINK_MODE": "copy", "PATH": path}
        environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"} | caches
        began = time.perf_counter()
        subprocess.run(_BARE[one.name].split(), cwd=tree, env=environment, check=True, capture_output=True, timeout=600)
        return time.perf_counter() - began


@contextmanager
def _owner_of_the_mirror() -> Iterator[None]:
    """Where an index is at a private address, this machine's owner has a mirror there."""
    before = os.environ.get(PRIVATE_NETWORKS)
    os.environ[PRIVATE_NETWORKS] = before or private_networks()
    try:
        yield
    finally:
        os.environ.pop(PRIVATE_NETWORKS)
        if before is not None:
            os.environ[PRIVATE_NETWORKS] = before
