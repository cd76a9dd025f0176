"""`tick --dry-run`: what would be done and why, and where each issue stands, without doing it."""

from __future__ import annotations

from bot.core.decisions.effects import describe
from bot.entry.terminal import Verbosity, told
from bot.entry.wiring import Wired
from bot.flows import ticking


def dry_run_lines(wired: Wired, *, verbosity: Verbosity = Verbosity.NORMAL) -> list[str]:
    """-q leaves out where issues stand; -v adds their addresses."""
    seen = ticking.dry_run(wired.context)
    lines = [f"would {describe(effect)}" for effect in seen.plan.effects]
    titles = {project.number: project.issue.title for project in seen.snapshot.projects}
    for number, status in sorted(seen.plan.statuses.items()) if verbosity > Verbosity.QUIET else ():
        until = f" (until {status.until:%Y-%m-%d %H:%M} UTC)" if status.until else ""
        title = f" “{titles[number]}”" if number in titles else ""
        lines.append(f"#{number}{title} is {status.phase.value}: {status.reason}{until}")
        if verbosity > Verbosity.NORMAL:
            lines.append(f"  {wired.web}/issues/{number}")
    idle = seen.plan.idle
    lines.append(f"idle: {idle.reason}" if idle else f"{len(seen.plan.effects)} effects planned, none done")
    return [told(line) for line in lines]
