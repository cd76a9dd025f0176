"""What is said of an environment, to people in one sentence each and to the agent in a few lines."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.core.environment.facts import Environment


def refused(wanted: Sequence[str]) -> str:
    """`wanted` are the proxy's own words, one a host."""
    return "; ".join(dict.fromkeys(wanted))[:1_000]


def failed(command: str, output: str, refusals: Sequence[str]) -> str:
    """A host that was refused is the likelier reason than the last line of what the command said."""
    if refusals:
        return f"The environment could not be prepared: {refused(refusals)}."
    return f"The environment could not be prepared: {_short(command)} failed{last_words(output)}."


def endless(command: str, minutes: int) -> str:
    return f"The environment could not be prepared: {_short(command)} did not end within {minutes} minutes."


def too_much(refusal: str) -> str:
    return f"The environment could not be prepared: {refusal}."


def filled(command: str, megabytes: int) -> str:
    return f"The environment could not be prepared: {_short(command)} filled more than {megabytes} MB of the disk."


def lacking(tools: Sequence[str], sources: Sequence[str]) -> str:
    named = ", ".join(f"`{tool}`" for tool in tools)
    are, them = ("is", "it") if len(tools) == 1 else ("are", "them")
    because = f"needed for {', '.join(sources)} and " if sources else ""
    return f"{named} {are} {because}not on the path of the machine that agents work on: install {them} there."


def for_agents(environment: Environment) -> tuple[str, ...]:
    lines = []
    if environment.setup or environment.packages:
        made = [_short(command) for command in environment.setup]
        packages = [f"Debian packages: {', '.join(environment.packages)}"] if environment.packages else []
        lines.append(f"Prepared ({', '.join(environment.sources) or 'configuration'}): {'; '.join([*packages, *made])}")
    if environment.path:
        lines.append(
            f"First on the path: {', '.join(environment.path)}. python, node and other programs are the repository's, not the bot's."
        )
    if environment.services:
        lines.append(f"Running beside each command: {', '.join(service.name for service in environment.services)}, on 127.0.0.1.")
    if lines:
        lines.append("Nothing further can be installed; what setup made is ignored by git and is not part of the change.")
    return tuple(lines)


def _short(command: str) -> str:
    first, *more = [line for line in command.strip().splitlines() if line.strip()] or [""]
    return f"`{first[:120]}{'…' if more or len(first) > 120 else ''}`"


def last_words(output: str) -> str:
    """The first lines that speak of an error, since what follows them is mostly advice; else the last line."""
    lines = [" ".join(line.split()) for line in output.splitlines() if line.strip() and "complete log of this run" not in line]
    errors = [line for line in lines if re.search(r"(?i)\b(\w*error|cause|fatal|failed)\b", line)]
    said = "; ".join(dict.fromkeys(errors[:3] or lines[-1:]))
    return f", saying “{said[:400].rstrip('.')}”" if said else ""
