"""The onboarding pull request: the bot's files on a branch of their own, with what merging them starts."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from bot.adapters.environment.reading import tree_from
from bot.core.environment.configured import configured
from bot.core.environment.detection import detect
from bot.core.environment.gates import detect_gates
from bot.entry.checkout import git
from bot.entry.config import PATH as CONFIG_PATH
from bot.entry.config import Config, parse, wishes_of
from bot.entry.setup import files, proposing, toolchains
from bot.entry.setup.finding import Finding, Light
from bot.entry.setup.onboarding_text import TITLE, FoundCommand, onboarding_text
from bot.entry.setup.source import ACTION, is_own_checkout
from bot.entry.setup.step import Memory, State, Step
from bot.entry.setup.target import Target

BRANCH = "groundskeeper/onboarding"
PATHS = (CONFIG_PATH, files.WORKFLOW_PATH, toolchains.PATH)
_WHAT = "onboarding pull request"
_MOST_READ = 200_000


def published(target: Target, path: str, branch: str | None = None) -> str | None:
    """A file as it is on a branch, the default one where none is said; None where it is not there. Raises `GithubException`."""
    found = target.found(f"contents/{path}?ref={quote(branch or target.repo.default_branch, safe='')}")
    return None if found is None else base64.b64decode(found["content"]).decode("utf-8", "replace")


def staged(target: Target, folder: Path) -> Path:
    """A folder with the two files as they are on the default branch, for the steps that write them."""
    for path in PATHS:
        if (text := published(target, path)) is not None:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
    if is_own_checkout(target.checkout):
        (folder / ACTION).mkdir(parents=True)
        (folder / ACTION / "action.yml").touch()
    return folder


def found_commands(checkout: Path, config: Config) -> tuple[FoundCommand, ...]:
    """What prepares and checks: as configured, or as the files show which git keeps in the checkout."""
    listed = git(checkout, "ls-files", "-z")
    paths = listed.stdout.split("\0")[:-1] if listed.returncode == 0 else []
    tree = tree_from(paths, lambda wanted: {path: _text(checkout / path) for path in wanted})
    environment = configured(detect(tree), wishes_of(config))
    if config.gates is not None:
        gates = [(gate, str(command)) for gate, command in config.gates.model_dump(exclude_none=True).items()]
    else:
        gates = [(found.gate, found.command) for found in detect_gates(tree, environment)]
    prepared = [("prepare", command) for command in environment.setup]
    return tuple(FoundCommand(what=what, command=command) for what, command in (*prepared, *gates))


def _text(path: Path) -> str:
    if path.is_symlink() or not path.is_file():
        return ""
    with path.open("rb") as file:
        return file.read(_MOST_READ).decode("utf-8", "replace")


def with_results(commands: Sequence[FoundCommand], findings: Sequence[Finding]) -> tuple[FoundCommand, ...]:
    """`findings` are of having done it: one on the environment, then one on each gate that was run."""
    found = {one.name: "passes" if one.light is Light.GREEN and one.name != "environment" else one.found for one in findings}
    told = tuple(
        replace(command, result=found.get("environment" if command.what == "prepare" else f"gate {command.what}")) for command in commands
    )
    broken = next((one for one in findings if one.name == "environment" and one.light is not Light.GREEN), None)
    if broken is None or any(command.what == "prepare" for command in commands):
        return told
    return (FoundCommand(what="prepare", command="", result=broken.found), *told)


def onboarding_step(
    target: Target,
    folder: Path,
    *,
    to_write: bool,
    missing: Callable[[], Sequence[str]],
    examine: Callable[[Config], Sequence[Finding]],
) -> Step:
    """`to_write`: whether a step before this one puts something into `folder` that the default branch does not have."""
    if not to_write:
        why = f"both files are on {target.repo.default_branch} as they would be written"
        return Step(what=_WHAT, why=why, state=State.DONE)

    def open_it(memory: Memory) -> Memory:
        wanted = {path: text for path in PATHS if (text := files.read(folder / path)) is not None}
        config = parse(wanted.get(CONFIG_PATH) or "")
        commands = with_results(found_commands(target.checkout, config), examine(config))
        body = onboarding_text(config, commands=commands, missing=missing())
        message = f"{TITLE}\n\nMerging this switches it on; its configuration explains every option."
        proposing.propose(target, BRANCH, wanted, message=message, title=TITLE, body=body)
        return memory

    why = f"both files on {BRANCH}, with what merging it starts, may cost, and how it is stopped; your checkout stays as it is"
    otherwise = "GH_TOKEN needs `workflow` beside `repo`; or --no-pull-request writes the files into the checkout for you to push."
    return Step(what=_WHAT, why=why, state=State.TO_DO, do=open_it, otherwise=otherwise)
