"""What a job is told by its runner, and how it tells what it did: environment, outputs, summary.

https://docs.github.com/actions/reference/workflows-and-actions/variables and .../workflow-commands
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from bot.core.errors.user_errors import UserError
from bot.entry.terminal import told


def job() -> str | None:
    """This Actions run, as `<run id>/<attempt>`; None outside of Actions."""
    run = os.environ.get("GITHUB_RUN_ID")
    return f"{run}/{os.environ.get('GITHUB_RUN_ATTEMPT') or 1}" if run else None


def actor() -> str:
    return os.environ.get("GITHUB_TRIGGERING_ACTOR") or os.environ.get("GITHUB_ACTOR") or "somebody"


def workflow_file() -> str:
    """The name of the workflow that this job belongs to, as the dispatch call wants it."""
    place = os.environ.get("GITHUB_WORKFLOW_REF", "").partition("@")[0]
    return PurePosixPath(place).name or "groundskeeper.yml"


def server() -> str:
    return os.environ.get("GITHUB_SERVER_URL") or "https://github.com"


def git_url(repository: str) -> str:
    return f"{server()}/{repository}.git"


def token() -> str:
    """The job's own token. Raises `UserError`."""
    found = os.environ.get("GITHUB_TOKEN")
    if not found:
        raise UserError("GITHUB_TOKEN is not set: give the step `GITHUB_TOKEN: ${{ github.token }}` and the job `contents: read`.")
    return found


def output(name: str, value: str) -> None:
    """A line of the step's outputs; values are ours and have no line breaks."""
    _append("GITHUB_OUTPUT", f"{name}={value}\n")


def say(title: str, lines: Sequence[str]) -> None:
    """To the log, and framed so that nothing in it is markup, to the run's summary page."""
    safe = [told(line) for line in lines]
    for line in safe:
        print(line, flush=True)
    text = "\n".join(safe).replace("```", "ʼʼʼ") or "nothing to do"
    _append("GITHUB_STEP_SUMMARY", f"### {title}\n\n```text\n{text}\n```\n")


def _append(variable: str, text: str) -> None:
    place = os.environ.get(variable)
    if place:
        with Path(place).open("a", encoding="utf-8") as file:
            file.write(text)
