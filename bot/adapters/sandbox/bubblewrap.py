"""Commands in bubblewrap: no network but what setup is let through to, no key, no token, and of the machine what programs need."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from bot.adapters.sandbox import launch
from bot.adapters.sandbox.egress import PORT
from bot.adapters.sandbox.furnishing import Furnishing, mounts, with_services
from bot.adapters.sandbox.machine import Way, handed_over, way
from bot.adapters.sandbox.process import Limits, run_limited
from bot.core.environment.facts import HOME
from bot.core.errors.user_errors import UserError
from bot.ports import Outcome

_SYSTEM = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_ETC = ("alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "mime.types", "java-17-openjdk", "java-21-openjdk")
"""What programs need of /etc and what is the same on every machine; no accounts, no hosts, no configuration of this one."""
_HOSTS = "127.0.0.1 localhost\n::1 localhost\n"


@dataclass(frozen=True, kw_only=True)
class Bubblewrap:
    limits: Limits = field(default_factory=Limits)
    furnishing: Furnishing = field(default_factory=Furnishing)

    @property
    def isolating(self) -> bool:
        return True

    def run(
        self,
        command: Sequence[str],
        *,
        workspace: Path,
        writable: bool = True,
        timeout: timedelta,
        stdin: bytes = b"",
        environment: Mapping[str, str] = {},
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Outcome:
        how = way()
        if how.why_not is not None:
            raise UserError(how.why_not)
        workspace = workspace.resolve()
        uid = handed_over(workspace) if how.drops_root else how.uid
        seen = self.furnishing
        placed = mounts(seen, workspace, uid, writable=writable)
        accounts = f"sandbox:x:{uid}:{uid}:sandbox:{HOME}:/bin/sh\n", f"sandbox:x:{uid}:\n", _HOSTS
        with contextlib.ExitStack() as held:
            files = [held.enter_context(_held(text)) for text in accounts]
            control = held.enter_context(seen.egress.serving()) if seen.egress is not None else None
            told = zip(files, ("/etc/passwd", "/etc/group", "/etc/hosts"), strict=True)
            return run_limited(
                [
                    *_launched(how, placed.overlays, control),
                    *("bwrap", *how.isolation, *([] if control is not None else ["--unshare-net"])),
                    *_frame(how, seen),
                    *(part for each, at in told for part in (*how.perms("0644"), "--ro-bind-data", str(each), at)),
                    *(*placed.arguments, "--chdir", "/workspace"),
                    *_variables(seen, environment),
                    "--",
                    *how.dropped(uid),
                    *limited(self.limits, timeout, processes=True),
                    *with_services(command, seen.services),
                ],
                cwd=Path("/"),
                environment={"PATH": os.defpath},
                stdin=stdin,
                timeout=timeout,
                cancelled=cancelled,
                limits=self.limits,
                pass_fds=(*files, *([control] if control is not None else [])),
            )


@dataclass(frozen=True, kw_only=True)
class Unsandboxed:
    """A clean environment and limits, but nothing that separates the command from this machine."""

    limits: Limits = field(default_factory=Limits)
    furnishing: Furnishing = field(default_factory=Furnishing)

    @property
    def isolating(self) -> bool:
        return False

    def run(
        self,
        command: Sequence[str],
        *,
        workspace: Path,
        writable: bool = True,  # noqa: ARG002 — nothing here can enforce it
        timeout: timedelta,
        stdin: bytes = b"",
        environment: Mapping[str, str] = {},
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Outcome:
        seen = self.furnishing
        with tempfile.TemporaryDirectory(prefix="home-") as home:
            path = seen.program_path().replace("/workspace", str(workspace.resolve()))
            return run_limited(
                # A limit on processes would count every process of this user, not only the command's.
                [
                    *(limited(self.limits, timeout, processes=False) if shutil.which("prlimit") else ()),
                    *with_services(command, seen.services),
                ],
                cwd=workspace,
                environment={"PATH": path, "HOME": home, "LANG": "C.UTF-8", **seen.variables, **environment},
                stdin=stdin,
                timeout=timeout,
                cancelled=cancelled,
                limits=self.limits,
            )


def _launched(how: Way, overlays: Sequence[Mapping[str, object]], control: int | None) -> list[str]:
    if not overlays and control is None:
        return []
    listen = None if control is None else {"control": control, "port": PORT}
    told = json.dumps({"overlays": overlays, "listen": listen})
    return [*how.unshared(network=control is not None), sys.executable, "-I", "-S", str(launch.__file__), told]


def _frame(how: Way, seen: Furnishing) -> list[str]:
    frame = ["--ro-bind", "/usr", "/usr"]
    for place in map(Path, _SYSTEM):
        if place.is_symlink():
            frame += ["--symlink", str(place.readlink()), str(place)]
        elif place.is_dir():
            frame += ["--ro-bind", str(place), str(place)]
    frame += how.directory("/etc")
    for name in _ETC:
        frame += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    frame += ["--proc", "/proc", "--dev", "/dev"]
    for temporary in ("/tmp", "/dev/shm"):  # noqa: S108 — inside the sandbox
        frame += [*how.perms("1777"), "--tmpfs", temporary]
    frame += how.directory(HOME, "1777")
    for source, at in (*((one, one) for one in seen.toolchains.shown), *seen.readable):
        for above in reversed(Path(at).parents[:-1]):
            # The system's own folder, and the one for temporary files, are there already, each with its own rights.
            frame += how.directory(str(above)) if not above.is_relative_to("/usr") and above != Path("/tmp") else []  # noqa: S108
        frame += ["--ro-bind-try", source, at]
    for folder in dict.fromkeys(seen.toolchains.hidden):
        frame += ["--tmpfs", folder]
    return frame


def _variables(seen: Furnishing, environment: Mapping[str, str]) -> list[str]:
    told = {
        "PATH": seen.program_path(),
        "HOME": HOME,
        "LANG": "C.UTF-8",
        "TMPDIR": "/tmp",  # noqa: S108 — inside the sandbox
        **seen.toolchains.variables,
        **seen.variables,
        **environment,
    }
    return ["--clearenv", *(part for name, value in told.items() for part in ("--setenv", name, value))]


def limited(limits: Limits, timeout: timedelta, *, processes: bool) -> list[str]:
    seconds = 4 * int(timeout.total_seconds()) + 60
    limit = ["prlimit", f"--data={limits.memory}", f"--fsize={limits.file_size}", f"--cpu={seconds}", "--core=0"]
    return [*limit, *([f"--nproc={limits.processes}"] if processes else []), "--"]


@contextlib.contextmanager
def _held(text: str) -> Iterator[int]:
    held = os.memfd_create("account")
    try:
        os.write(held, text.encode())
        os.lseek(held, 0, os.SEEK_SET)
        yield held
    finally:
        os.close(held)
