"""What the onboarding pull request says: what merging it starts, what that may cost, and how it is stopped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.core.markdown.blocks import table
from bot.core.markdown.inline import code
from bot.entry.config import PATH as CONFIG_PATH
from bot.entry.config import Config
from bot.entry.setup import files

TITLE = "Let Groundskeeper in"


@dataclass(frozen=True, kw_only=True)
class FoundCommand:
    """A command that agents' work is held to, or that prepares for it. `result` is None where nobody has run it here."""

    what: str
    command: str
    result: str | None = None


def onboarding_text(config: Config, *, commands: Sequence[FoundCommand], missing: Sequence[str]) -> str:
    return "\n".join(_lines(config, commands, missing))


def defaults(config: Config) -> Iterator[str]:
    """What `init` takes where nobody said otherwise, each with the place where it is changed."""
    yield f"{_agents(config)} (`--agents`). {_money(config)} (`budget:`)."
    yield f"{_merges(config)} (`merge:`); {_proposals(config)} (`ideation:`)"


def _lines(config: Config, commands: Sequence[FoundCommand], missing: Sequence[str]) -> Iterator[str]:
    yield "Merging this switches Groundskeeper on in this repository; closing it leaves everything as it is."
    if missing:
        yield from ("", "**Not ready yet**, the bot cannot work without:", "", *(f"- {one}" for one in missing))
    yield from ("", "### What will happen", "")
    yield f"- `{files.WORKFLOW_PATH}` looks every twelve minutes, and whenever something happens. {_agents(config)}."
    yield "- Somebody who may write puts the label `agent:ready` on an issue. An agent works on it in a sandbox without network,"
    yield "  on a branch `agent-<id>/project-<number>`; a pull request is opened, and a second identity reviews it."
    yield f"- {_proposals(config)}."
    yield from ("", "### What it may spend", "")
    budget = config.budget
    yield f"{_money(config)}: hard caps over all agents together, kept before a run starts. One run of work has at most {_usd(budget.run)},"
    yield f"one review {_usd(budget.review)}, one search for an improvement {_usd(budget.ideation)}."
    yield from ("", "### Whether it merges by itself", "")
    yield f"{_merges(config)}. Changes to workflows, to files like `CODEOWNERS`, and to tests that got weaker go to a person."
    yield from ("", "### How to stop it", "")
    yield "- *Actions → Groundskeeper → Run workflow → stop*, or `groundskeeper stop`: agents end within 30 seconds and keep what they did."
    yield "- One issue alone: take `agent:ready` off, or put `agent:hold` on."
    yield "- For good: `groundskeeper uninstall` takes away all that `init` made."
    yield from ("", "### What work is held to", "")
    if not commands:
        yield "No command that checks this repository was found. Name yours below `gates:` in the configuration;"
        yield "without one, only your own checks decide."
    else:
        rows = [(one.what, code(one.command), one.result or "not run yet") for one in commands]
        yield table(("what", "command", "result"), rows)
        yield from ("", "Another command? Write it below `environment:` or `gates:` in the configuration.")
    yield from ("", f"Everything of this is set in `{CONFIG_PATH}`; `groundskeeper schema` tells every option.")


def _agents(config: Config) -> str:
    return "One agent works at a time" if config.agents == 1 else f"{config.agents} agents work at a time"


def _money(config: Config) -> str:
    return f"At most {_usd(config.budget.daily)} a day and {_usd(config.budget.monthly)} a month"


def _usd(amount: float) -> str:
    return f"${amount:g}" if amount == int(amount) else f"${amount:.2f}"


def _merges(config: Config) -> str:
    if not config.merge.enabled:
        return "It never merges by itself"
    waits = f"{', '.join(config.checks)} are green" if config.checks else "at least one check has reported and all are green"
    return f"It merges by itself ({config.merge.method.value}) what its reviewer approved, once {waits}"


def _proposals(config: Config) -> str:
    if not config.ideation.enabled:
        return "It proposes nothing of its own"
    waits = "waits for a person's `agent:ready`" if config.ideation.queue.value == "person" else "is queued at once where it is found valid"
    return f"With nothing in the queue it proposes an improvement, which {waits}"
