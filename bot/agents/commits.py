"""git inside the sandbox: what was committed, what is not yet, and the bundle that carries it out.

Nothing here runs git ports the sandbox: the workspace's `.git` (hooks, configuration) belongs to whoever worked in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from bot.agents.run_ports import RunPorts
from bot.agents.workspace_files import Unreadable, read_bytes
from bot.core.runs.run import Brief

_TIME = timedelta(minutes=2)
_BUNDLE = ".git/groundskeeper.bundle"
_LARGEST = 100_000_000
_NOT_OURS_TO_KEEP = (
    *("__pycache__/", "*.pyc", ".pytest_cache/", ".mypy_cache/", ".ruff_cache/", ".hypothesis/"),
    *(".venv/", "node_modules/", "*.egg-info/"),
)


class GitFailed(Exception):
    """git in the sandbox said no, in its own words."""


@dataclass(frozen=True, kw_only=True)
class Work:
    head: str
    bundle: bytes | None
    """None where nothing was committed since the base."""


def environment_for(brief: Brief) -> Mapping[str, str]:
    return {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
        "GIT_EDITOR": "true",
        "PYTHONDONTWRITEBYTECODE": "1",
        "GROUNDSKEEPER_ISSUE": str(brief.number),
    }


def _shell(brief: Brief, ports: RunPorts, script: str, *arguments: str) -> str:
    outcome = ports.sandbox.run(
        ["bash", "-ec", script, "git", *arguments],
        workspace=ports.workspace.path,
        timeout=_TIME,
        environment=environment_for(brief),
    )
    if outcome.exit_code != 0:
        raise GitFailed(outcome.output.strip()[-500:] or "git did not end in time")
    return outcome.output.strip()


def prepare(brief: Brief, ports: RunPorts) -> None:
    """An identity where the clone has none, and caches kept out of `git add -A`."""
    script = """
git config user.email >/dev/null || {
  git config user.name "groundskeeper agent $1"
  git config user.email "agent-$1@groundskeeper.invalid"
}
mkdir -p .git/info
printf '%s\n' "${@:2}" >> .git/info/exclude
"""
    _shell(brief, ports, script, str(brief.agent), *_NOT_OURS_TO_KEEP, *(f"/{_literal(path)}" for path in ports.products))


def _literal(path: str) -> str:
    """As a pattern of git's that context this path and no other."""
    return re.sub(r"([\\*?\[\]!# ])", r"\\\1", path).replace("\n", "?")


def commit_rest(brief: Brief, ports: RunPorts, subject: str) -> None:
    """Commits what the agent left uncommitted; its hooks have no say in that."""
    _shell(brief, ports, 'git add -A; git diff --cached --quiet || git commit --quiet --no-verify -m "$1"', subject)


def head(brief: Brief, ports: RunPorts) -> str:
    return _last_line(_shell(brief, ports, "git rev-parse --verify HEAD"))


def commits_since(brief: Brief, ports: RunPorts, start: str) -> int:
    count = _last_line(_shell(brief, ports, 'git rev-list --count "$1..HEAD"', start))
    if not count.isdecimal():
        raise GitFailed(f"it counted {count!r} commits")
    return int(count)


def _last_line(output: str) -> str:
    """git may have warned of something before it answered."""
    return (output.splitlines() or [""])[-1].strip()


def work(brief: Brief, ports: RunPorts) -> Work:
    """The commits since the base as a bundle. Raises `GitFailed`."""
    script = 'rm -rf "$2"; test "$(git rev-list --count "$1..HEAD")" = 0 || git bundle create --quiet "$2" "$1..HEAD"; git rev-parse HEAD'
    oid = _last_line(_shell(brief, ports, script, brief.base, _BUNDLE))
    try:
        return Work(head=oid, bundle=read_bytes(ports.workspace.path, _BUNDLE, most=_LARGEST))
    except Unreadable as error:
        if commits_since(brief, ports, brief.base):
            raise GitFailed(str(error)) from error
        return Work(head=oid, bundle=None)
