"""What stands in a sandbox beside the system and the checkout: a prepared layer, a home, toolchains, services, and the one door out."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.adapters.sandbox.egress import Egress
from bot.adapters.sandbox.machine import give_away, overlays, way
from bot.adapters.sandbox.toolchains import Toolchains, of_this_machine
from bot.core.environment.facts import HOME, WORKSPACE, Service

_SYSTEM_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
_HOMES_OWN = (".local/bin", ".cargo/bin", "go/bin", ".debian/usr/bin", ".debian/usr/sbin")


@dataclass(frozen=True, kw_only=True)
class Layer:
    """What setup left behind: `products` lie over the checkout, `home` is the home; `beside` are further folders, by their place."""

    products: Path
    home: Path
    beside: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Furnishing:
    layer: Layer | None = None
    making: Layer | None = None
    """While setup runs: written to directly, since it becomes the layer."""
    toolchains: Toolchains = field(default_factory=of_this_machine)
    path: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    services: tuple[Service, ...] = ()
    readable: tuple[tuple[str, str], ...] = ()
    """Further files of this machine, read-only, each with its place inside."""
    first: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    """Folders of programs before and after all others."""
    egress: Egress | None = None

    def program_path(self) -> str:
        own = (str(Path(WORKSPACE, one)) for one in self.path)
        homes = (f"{HOME}/{one}" for one in _HOMES_OWN) if self.layer is not None or self.making is not None else ()
        return ":".join(dict.fromkeys([*self.first, *own, *homes, *self.toolchains.path, *_SYSTEM_PATH, *self.last]))


@dataclass(frozen=True, kw_only=True)
class Mounts:
    """`overlays` are for the launcher, `arguments` for bubblewrap, after its frame."""

    overlays: tuple[dict[str, Any], ...]
    arguments: tuple[str, ...]


def mounts(furnishing: Furnishing, workspace: Path, uid: int, *, writable: bool) -> Mounts:
    bind = "--bind" if writable else "--ro-bind"
    if furnishing.making is not None:
        home, beside = furnishing.making.home, furnishing.making.beside
        return Mounts(overlays=(), arguments=_bound(bind, workspace, home, beside))
    layer = furnishing.layer
    if layer is None:
        return Mounts(overlays=(), arguments=(bind, str(workspace), WORKSPACE))
    scratch = workspace.parent / f"{workspace.name}.layer"
    if not overlays(workspace.parent):
        own = _copied(layer, workspace, scratch, uid)
        return Mounts(overlays=(), arguments=_bound(bind, workspace, own.home, own.beside))
    overlaid = [_overlay("workspace", layer.products, scratch, uid, upper=workspace, writable=writable)]
    overlaid += [_overlay("home", layer.home, scratch, uid)]
    overlaid += [_overlay(f"beside-{number}", lower, scratch, uid) for number, lower in enumerate(layer.beside.values())]
    places = [Path(one["at"]) for one in overlaid]
    return Mounts(overlays=tuple(overlaid), arguments=_bound(bind, places[0], places[1], dict(zip(layer.beside, places[2:], strict=True))))


def _bound(bind: str, workspace: Path, home: Path, beside: Mapping[str, Path]) -> tuple[str, ...]:
    folders = [part for place in beside for above in reversed(Path(place).parents[:-1]) for part in ("--dir", str(above))]
    others = [part for place, kept in beside.items() for part in ("--bind", str(kept), place)]
    return (bind, str(workspace), WORKSPACE, "--bind", str(home), HOME, *folders, *others)


def _overlay(name: str, lower: Path, scratch: Path, uid: int, *, upper: Path | None = None, writable: bool = True) -> dict[str, Any]:
    """Without a folder to write to, both are lower ones."""
    at, work = scratch / name / "at", scratch / name / "work"
    for place in (at, work):
        place.mkdir(parents=True, exist_ok=True)
    if upper is None:
        upper = scratch / name / "upper"
        if not upper.exists():
            upper.mkdir()
            if way().drops_root:
                give_away(upper, uid)
    lowers = [str(lower)] if writable else [str(upper), str(lower)]
    return {
        "lower": lowers,
        "upper": str(upper) if writable else None,
        "work": str(work),
        "at": str(at),
        "unprivileged": way().user_namespace,
    }


def _copied(layer: Layer, workspace: Path, scratch: Path, uid: int) -> Layer:
    """Once for a checkout; shared blocks where the file system has them, never a hard link: a run would write through it."""
    own = Layer(products=workspace, home=scratch / "home", beside={at: scratch / f"beside-{n}" for n, at in enumerate(layer.beside)})
    if not scratch.exists():
        scratch.mkdir()
        for source, target in (
            (layer.products, workspace),
            (layer.home, own.home),
            *((layer.beside[at], own.beside[at]) for at in own.beside),
        ):
            target.mkdir(exist_ok=True)
            subprocess.run(["cp", "-a", "--reflink=auto", "--no-clobber", f"{source}/.", str(target)], check=True, capture_output=True)
            if way().drops_root:
                give_away(target, uid)
    return own


def forget(workspace: Path) -> None:
    """What stood beside a checkout for its layer."""
    shutil.rmtree(workspace.parent / f"{workspace.name}.layer", ignore_errors=True)


def with_services(command: Sequence[str], services: Sequence[Service]) -> list[str]:
    """The command with the services around it: each is ready before it begins, and told to end when it has."""
    if not services:
        return list(command)
    script = ["services="]
    for service in services:
        log = f"/tmp/{service.name}.log"  # noqa: S108 — inside the sandbox
        tries = int(service.timeout.total_seconds() * 10)
        ready = f"bash -c {shlex.quote(service.ready)} >>{log} 2>&1"
        said = shlex.quote(f"[the service {service.name} did not start]")
        script += [
            f'setsid bash -c {shlex.quote(service.command)} >{log} 2>&1 & services="$services $!"',
            f"for _ in $(seq {tries}); do {ready} && break; sleep 0.1; done",
            f"{ready} || {{ echo {said}; tail -n 20 {log}; kill -TERM $services 2>/dev/null; exit 69; }}",
        ]
    script += ['"$@"', "status=$?", "kill -TERM $services 2>/dev/null; wait $services 2>/dev/null", "exit $status"]
    return ["bash", "-c", "\n".join(script), "services", *command]
