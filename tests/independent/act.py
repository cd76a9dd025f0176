"""The shipped workflow in `act`, a workflow engine that nobody here wrote, on this machine without containers.

What differs from GitHub, and nothing else does: `queue: max`, `deployment: false` and `max-parallel` by an expression are taken out,
since act's schema does not know them; the workflow is as `init` writes it, since act does not know `$/`; what is pinned is looked up in
folders of this machine. No package carries the artifact actions and setup-python: `tests/independent/actions` makes the first two of
GitHub's own artifact client. That client refuses every server but github.com, *.ghe.com and *.localhost, so the hub is hub.localhost.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.entry.setup.source import Source, pinned
from bot.hub.actions import runs
from tests.actions.fleet import Fleet
from tests.actions.runner import HERE, WORKFLOW
from tests.independent.tools import ACT, HOME, NODE, free_port

OWN = Source(repository="example/groundskeeper", commit="0123456789abcdef0123456789abcdef01234567")
_UNKNOWN_TO_ACT = re.compile(r"(?m)^ *(queue: max|max-parallel: .*|deployment: false)\n")
_PINNED = re.compile(r"uses: (actions/[\w-]+)[\w/-]*(@[0-9a-f]{40})")
_SHIPPED = (".github", "bot", "prompts", "categories", "requirements", "pyproject.toml")


def fire(fleet: Fleet, event: str, payload: Mapping[str, Any]) -> str:
    """Plays the workflow's three jobs; returns act's log. Raises AssertionError where act says that a job failed."""
    runner = fleet.runner
    number = runs.make_run(fleet.world.hub, runner.repository, WORKFLOW.name, event=event, inputs=None)
    place = runner.place / f"act-{number}"
    work = _checkout(place / "work")
    (place / "home").mkdir()
    told = place / "event.json"
    told.write_text(json.dumps(payload), encoding="utf-8")
    surroundings = {
        "GITHUB_SERVER_URL": runner.server.replace("127.0.0.1", "hub.localhost"),
        "GITHUB_API_URL": runner.api,
        "GITHUB_REPOSITORY": runner.repository,
        "GITHUB_RUN_ID": str(number),
        "PIP_DRY_RUN": "1",
        "PIP_NO_INDEX": "1",
        **runner.surroundings,
    }
    secrets = {**runner.secrets, "GITHUB_TOKEN": runner.token}
    command = [str(ACT), event, "-C", str(work), "-W", str(work / ".github/workflows" / WORKFLOW.name), "-e", str(told)]
    command += ["-P", "ubuntu-24.04=-self-hosted", "--pull=false", "--no-cache-server", "--action-offline-mode"]
    command += ["--artifact-server-path", str(place / "artifacts"), "--artifact-server-addr", "127.0.0.1"]
    command += ["--artifact-server-port", str(free_port())]
    command += [f"--local-repository={name}={folder}" for name, folder in _actions(runner.place / "actions").items()]
    command += [f"--env={name}={value}" for name, value in surroundings.items()]
    command += [f"--var={name}={value}" for name, value in runner.variables.items()]
    command += [f"--secret={name}" for name in secrets]
    path = f"{Path(sys.executable).parent}:{NODE.parent}:{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": str(place / "home"), "LANG": "C.UTF-8", **secrets}
    ended = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", timeout=600, check=False
    )
    conclusion = "failure" if ended.returncode else "success"
    runs.set_run(fleet.world.hub, runner.repository, number, status="completed", conclusion=conclusion)
    assert ended.returncode == 0, ended.stdout[-8000:]
    return ended.stdout


def edited(text: str) -> str:
    """The workflow as `init` writes it, in act's dialect."""
    return _UNKNOWN_TO_ACT.sub("", pinned(text, OWN))


def _checkout(work: Path) -> Path:
    """What act takes for a clone of the repository, with nothing in it but the workflow."""
    file = work / ".github/workflows" / WORKFLOW.name
    file.parent.mkdir(parents=True)
    file.write_text(edited(WORKFLOW.read_text(encoding="utf-8")), encoding="utf-8")
    person = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
    for command in (["init", "-qb", "main"], ["add", "."], [*person, "commit", "-qm", "Add the workflow"]):
        subprocess.run(["git", "-C", str(work), *command], check=True)
    return work


def _actions(place: Path) -> dict[str, Path]:
    """What is pinned, and the folder that has it."""
    own = place / "groundskeeper"
    if not place.exists():
        shutil.copytree(HERE / "tests/independent/actions", place)
        for name in ("upload-artifact", "download-artifact"):
            shutil.copy2(HOME / "artifacts.cjs", place / name)
        listed = subprocess.run(["git", "-C", str(HERE), "ls-files", "-z", *_SHIPPED], capture_output=True, text=True, check=True)
        for name in filter(None, listed.stdout.split("\0")):
            (own / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(HERE / name, own / name)
    texts = [WORKFLOW.read_text(encoding="utf-8"), (HERE / ".github/actions/install/action.yml").read_text(encoding="utf-8")]
    foreign = {"".join(one) for text in texts for one in _PINNED.findall(text)}
    return {f"{OWN.repository}@{OWN.commit}": own, **{one: place / one.partition("@")[0].partition("/")[2] for one in foreign}}
