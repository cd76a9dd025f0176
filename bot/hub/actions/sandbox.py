"""The `run:` steps of one job, in a sandbox of its own."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from bot.hub.store import git

_SECONDS = 300


def play(where: Path, sha: str, job: dict[str, Any], *, sandboxed: bool) -> tuple[str, bool]:
    log = ""
    with tempfile.TemporaryDirectory(prefix="hub-job-") as place:
        checkout = Path(place) / "work"
        git.check_out(where, sha, checkout)
        for step in job.get("steps", []):
            if "run" not in step:
                log += f"# {step.get('uses', step.get('name', 'step'))}: done by the hub itself\n" if "uses" in step else ""
                continue
            log += f"$ {step['run'].strip()}\n"
            code, output = _step(step["run"], checkout, step.get("env", {}), sandboxed=sandboxed)
            log += output
            if code != 0:
                return f"{log}\nexit status {code}\n", False
    return log, True


def _step(script: str, checkout: Path, env: dict[str, str], *, sandboxed: bool) -> tuple[int, str]:
    command = ["bash", "-eo", "pipefail", "-c", script]
    variables = {"PATH": _path(), "HOME": "/tmp", "CI": "true", "GITHUB_ACTIONS": "true", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    variables |= {key: str(value) for key, value in env.items()}
    if shutil.which("bwrap") and sandboxed:
        command = [*_bubble(checkout), *[part for key, value in variables.items() for part in ("--setenv", key, value)], *command]
        cwd: Path | None = None
    elif sandboxed:
        return 1, "bubblewrap is not installed here, and this hub runs nothing without it\n"
    else:
        cwd = checkout
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return 124, f"ended after {_SECONDS} s\n"
    return done.returncode, done.stdout.decode("utf-8", "replace")


def _path() -> str:
    own = str(Path(os.path.realpath(shutil.which("python3") or "/usr/bin/python3")).parent)
    return f"{own}:/usr/local/bin:/usr/bin:/bin"


def _bubble(checkout: Path) -> list[str]:
    shown = [path for path in ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc/alternatives", "/etc/ld.so.cache") if Path(path).exists()]
    python = Path(os.path.realpath(shutil.which("python3") or "/usr/bin/python3")).parent.parent
    if not python.is_relative_to("/usr"):
        shown.append(str(python))
    binds = [part for path in shown for part in ("--ro-bind", path, path)]
    isolate = ["--unshare-all", "--die-with-parent", "--new-session", "--clearenv", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
    return ["bwrap", *binds, *isolate, "--bind", str(checkout), "/work", "--chdir", "/work"]
