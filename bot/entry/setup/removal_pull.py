"""The pull request that takes the bot's files out of the default branch, as the onboarding one brought them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from bot.entry.setup import onboarding, toolchains
from bot.entry.setup.proposing import open_pull_request, propose, withdrawal_step
from bot.entry.setup.source import is_own_checkout
from bot.entry.setup.step import Memory, State, Step
from bot.entry.setup.target import Target

BRANCH = "groundskeeper/removal"
TITLE = "Take Groundskeeper out"
_WHAT = "pull request that takes its files out"
_BODY = """\
`groundskeeper uninstall` opened this. Merging it deletes {paths}, which `git revert` brings back.

Keys, variables, labels of its own and its state are gone already, so until this is merged the workflow's runs fail for want of keys.
"""


def published_files(target: Target) -> tuple[str, ...]:
    """Those of the bot on the default branch. Toolchains that somebody changed are the repository's own; so is the bot's own workflow
    in its own repository."""
    if is_own_checkout(target.checkout):
        return ()
    there = {path: text for path in onboarding.PATHS if (text := onboarding.published(target, path)) is not None}
    if there.get(toolchains.PATH) != toolchains.toolchains_text(target.checkout):
        there.pop(toolchains.PATH, None)
    return tuple(there)


def steps(target: Target, paths: Sequence[str]) -> tuple[Step, ...]:
    """`paths` are on the default branch; without any, what an earlier run opened for them is done with."""
    if not paths:
        return tuple(step for step in (withdrawal_step(target, BRANCH),) if step is not None)
    named = " and ".join(paths)
    if open_pull_request(target, BRANCH) is not None:
        return (Step(what=_WHAT, why="it is open already", state=State.DONE),)
    otherwise = "GH_TOKEN needs `workflow` beside `repo`; or --no-pull-request removes the files from the checkout for you to push."
    why = f"{named} on {target.repo.default_branch}; your checkout stays as it is"
    return (Step(what=_WHAT, why=why, state=State.TO_DO, do=partial(_propose, target, tuple(paths)), otherwise=otherwise),)


def _propose(target: Target, paths: tuple[str, ...], memory: Memory) -> Memory:
    body = _BODY.format(paths=" and ".join(f"`{path}`" for path in paths))
    propose(target, BRANCH, dict.fromkeys(paths), message=f"{TITLE}\n\nIts keys and its state are gone already.", title=TITLE, body=body)
    return memory
