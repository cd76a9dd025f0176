"""What `doctor` looks at in the repository: workflow, Actions, credentials' names, labels, board, checks, protection."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from urllib.parse import quote

from bot.core.facts.policy import REVIEW_CHECK
from bot.core.projections.board import BOARD_FIELDS
from bot.entry.config import Config
from bot.entry.github_hosts import INSTEAD, WHY_NOT, actions_can_work
from bot.entry.setup import boards, environment_secrets, files, labels, rules, settings
from bot.entry.setup.finding import Finding, looked, not_seen, ok, wrong
from bot.entry.setup.onboarding import published
from bot.entry.setup.source import unpinned
from bot.entry.setup.target import Target
from bot.entry.texts import load_workflow

_FILE = files.WORKFLOW_PATH.rpartition("/")[2]
_KEPT_DAYS = 7
"""How long the workflow keeps what its jobs hand to each other; see `retention-days` there."""


def examined(target: Target, config: Config) -> Iterator[Finding]:
    yield from looked("access", partial(_access, target))
    unborn = list(looked("branch", partial(_branch, target)))
    yield from unborn
    if actions_can_work(target.web):
        yield from looked("workflow", partial(_workflow, target))
        yield from looked("Actions", partial(_actions, target))
        yield from looked("Actions artifacts", partial(_artifacts, target))
        yield from looked("credentials", partial(_credentials, target))
    else:
        yield from looked("Actions", partial(_without_actions, target))
    yield from looked("labels", partial(_labels, target))
    yield from looked("board", partial(_board, target, config))
    if unborn:
        return
    yield from looked("checks", partial(_checks, target, config))
    yield from looked("branch protection", partial(_protection, target, config))


def _access(target: Target) -> Iterator[Finding]:
    permissions = target.repo.permissions
    if permissions is not None and permissions.admin:
        yield ok("access", f"GH_TOKEN administers {target.repo.full_name}")
    else:
        remedy = "Use a token of somebody who administers the repository."
        yield wrong("access", f"GH_TOKEN may not administer {target.repo.full_name}, so settings cannot be seen", remedy)
    if target.repo.archived:
        yield wrong("repository", "it is archived, so nothing can be written", "Unarchive it.")
    if not target.repo.has_issues:
        yield wrong("repository", "issues are switched off, and they are the queue", "Switch issues on in the repository's settings.")


def _branch(target: Target) -> Iterator[Finding]:
    """Only where it is not there: without a commit nothing else can be said of it."""
    branch = target.repo.default_branch
    if target.found(f"branches/{quote(branch, safe='')}") is None:
        yield wrong(
            "branch", f"{branch}, the default branch, is not there yet, and the bot works from it", f"Push a first commit to {branch}."
        )


def _workflow(target: Target) -> Iterator[Finding]:
    branch = target.repo.default_branch
    text = published(target, files.WORKFLOW_PATH)
    if text is None:
        local = files.read(target.checkout / files.WORKFLOW_PATH)
        remedy = f"Commit it and push it to {branch}." if local is not None else "Run `groundskeeper init`, then commit and push the file."
        yield wrong("workflow", f"{files.WORKFLOW_PATH} is not on {branch}", remedy)
        return
    if unpinned(text) != load_workflow():
        yield wrong(
            "workflow", f"{files.WORKFLOW_PATH} on {branch} is not as it ships now", "Run `groundskeeper init --force`, commit and push."
        )
    else:
        yield ok("workflow", f"{files.WORKFLOW_PATH} is on {branch} and as it ships")
    state = (target.found(f"actions/workflows/{_FILE}") or {}).get("state")
    if state is None:
        yield not_seen("workflow state", "GitHub does not list the workflow yet", "Wait a minute and look again.")
    elif state != "active":
        remedy = f"Enable it: gh workflow enable {_FILE} --repo {target.repo.full_name}"
        yield wrong("workflow state", f"GitHub has switched it off ({state})", remedy)
    else:
        yield ok("workflow state", "active")


def _without_actions(target: Target) -> Iterator[Finding]:
    """On GitHub Enterprise Server, where each run of the workflow would be started and lost."""
    if published(target, files.WORKFLOW_PATH) is None:
        yield ok("Actions", f"not used: {WHY_NOT}. {INSTEAD}")
    else:
        yield wrong("Actions", f"runs would be started and lost on {target.web}: {WHY_NOT}", INSTEAD)


def _actions(target: Target) -> Iterator[Finding]:
    allowed = target.rest("GET", "actions/permissions")
    at = f"{target.repo.html_url}/settings/actions"
    if not allowed["enabled"]:
        yield wrong("Actions", "they are switched off for this repository", f"Switch them on: {at}")
        return
    if allowed.get("allowed_actions") == "local_only":
        found = "only actions of this owner are allowed, and the workflow uses GitHub's own and Groundskeeper's"
        yield wrong("Actions", found, f"Allow them: {at}")
    elif allowed.get("allowed_actions") == "selected":
        yield from _selected(target, at)
    else:
        yield ok("Actions", "enabled, and the workflow's actions are allowed")
    granted = target.rest("GET", "actions/permissions/workflow")["default_workflow_permissions"]
    if granted == "read":
        yield ok("workflow permissions", "the default can only read; the bot's own workflow asks for exactly what each job needs")
        return
    found = "every job that names no permissions gets a token that can write, and checks run what an agent wrote before anybody reviewed it"
    yield wrong("workflow permissions", found, f"Choose read, and give `permissions:` to the jobs that must write: {at}")


def _selected(target: Target, at: str) -> Iterator[Finding]:
    """Patterns can be any; so a plain look for the action's repository is all that is claimed."""
    chosen = target.rest("GET", "actions/permissions/selected-actions")
    used = (published(target, files.WORKFLOW_PATH) or files.read(target.checkout / files.WORKFLOW_PATH) or "").splitlines()
    names = {line.split("uses:", 1)[1].split("@")[0].strip() for line in used if "uses:" in line and "uses: $/" not in line}
    theirs = sorted(name for name in names if not (chosen.get("github_owned_allowed") and name.startswith(("actions/", "github/"))))
    patterns = [str(one).partition("@")[0].rstrip("*") for one in chosen.get("patterns_allowed") or ()]
    refused = [name for name in theirs if not any(name.startswith(pattern) for pattern in patterns)]
    if refused:
        yield wrong("Actions", f"only selected actions are allowed, and these are not: {', '.join(refused)}", f"Allow them: {at}")
    else:
        yield ok("Actions", "enabled, and the workflow's actions are among the selected ones")


def _artifacts(target: Target) -> Iterator[Finding]:
    kept = target.found("actions/permissions/artifact-and-log-retention")
    if kept is None:
        yield not_seen("Actions artifacts", "this GitHub does not tell how long it keeps them", f"They must be kept for {_KEPT_DAYS} days.")
    elif int(kept["days"]) < 1:
        yield wrong("Actions artifacts", "they are not kept for a day", f"Keep them for {_KEPT_DAYS} days.")
    else:
        yield ok("Actions artifacts", f"kept for up to {kept['days']} days; jobs need theirs for an hour or so")


def _credentials(target: Target) -> Iterator[Finding]:
    lacking = settings.missing_credentials(settings.variables(target), settings.secret_names(target))
    for one in lacking:
        yield wrong("credentials", f"the repository's Actions lack {one}", "Give it to `groundskeeper init` by the environment.")
    if not lacking:
        yield ok("credentials", "Actions have secrets for the model, the worker and the reviewer")
    yield from _environments(target)


def _environments(target: Target) -> Iterator[Finding]:
    branch = target.repo.default_branch
    sealed = [name for name, secrets in environment_secrets.names(target).items() if secrets]
    for name in sealed:
        if environment_secrets.limited(target, name):
            continue
        admitted = environment_secrets.admitted(target, name)
        found = f"{name} gives its secrets to jobs on {'every branch' if admitted is None else ', '.join(admitted) or 'no branch'}"
        yield wrong(
            "environments", found, f"Limit it to {branch}: {target.repo.html_url}/settings/environments, or give the keys to `init`."
        )
        return
    bare = sorted(name for name in settings.plain_secrets(target) if name.startswith("GROUNDSKEEPER_"))
    if bare:
        yield ok("environments", f"{', '.join(bare)}: of the whole repository, so whoever may push can have a workflow read it")
    elif sealed:
        yield ok("environments", f"the keys in {' and '.join(sealed)} are given to jobs on {branch} alone")


def _labels(target: Target) -> Iterator[Finding]:
    missing = labels.missing_labels(target)
    if missing:
        yield wrong("labels", f"missing: {', '.join(missing)}", "Run `groundskeeper init`.")
    else:
        yield ok("labels", "all are there")


def _board(target: Target, config: Config) -> Iterator[Finding]:
    if config.board is None:
        yield ok("board", "none is configured; work is shown on issues")
        return
    seen = boards.look(target, config.board)
    if seen.board is None:
        remedy = "Give a token with the scope `project` as GROUNDSKEEPER_BOARD_TOKEN, or write the right number as `board:`."
        yield not_seen("board", f"board {config.board} of {target.owner} cannot be seen with this token", remedy)
    elif seen.missing_fields:
        lacking = ", ".join(field.name for field in seen.missing_fields)
        yield wrong(
            "board",
            f"board {config.board} lacks the fields (or some options of) {lacking}",
            "Run `groundskeeper init`, or add them to your board.",
        )
    else:
        yield ok("board", f"board {config.board} has its {len(BOARD_FIELDS)} fields")


def _checks(target: Target, config: Config) -> Iterator[Finding]:
    """No check at all is never green: a pull request on which nothing reports waits, and then goes to a person."""
    required = [name for name in rules.of(target).checks if name != REVIEW_CHECK]
    unnamed = [name for name in required if config.checks and name not in config.checks]
    if unnamed:
        found = f"{target.repo.default_branch} requires {', '.join(unnamed)}, which `checks:` does not name"
        yield wrong("checks", found, f"Add to `checks:` in the configuration: {', '.join(unnamed)}.")
    elif config.checks or required:
        yield ok("checks", f"merging waits for {', '.join(config.checks or required)}")
    elif reported := _reported(target):
        yield ok("checks", f"merging waits for whatever reports, as on {target.repo.default_branch}: {', '.join(reported)}")
    else:
        remedy = "Add a workflow that runs on `pull_request`, or name the checks of your CI as `checks:` in the configuration."
        yield wrong("checks", f"no check has ever reported on {target.repo.default_branch}, so nothing would be merged", remedy)


def _reported(target: Target) -> tuple[str, ...]:
    at = f"commits/{quote(target.repo.default_branch, safe='')}"
    runs = {str(run["name"]) for run in target.rest("GET", f"{at}/check-runs?per_page=100")["check_runs"]}
    return tuple(sorted(runs | {str(status["context"]) for status in target.rest("GET", f"{at}/status")["statuses"]}))


def _protection(target: Target, config: Config) -> Iterator[Finding]:
    branch = target.repo.default_branch
    found = rules.of(target)
    for what, remedy in rules.obstacles(found, config.merge.method):
        yield wrong("branch protection", what, remedy)
    if REVIEW_CHECK in found.checks:
        yield ok("required check", f"{branch} requires {REVIEW_CHECK}")
    else:
        words = f"{branch} does not require {REVIEW_CHECK}; the bot keeps to it all the same (`init --protect` holds everybody to it)"
        yield ok("required check", words)
    if found.queue:
        yield from _merge_queue(target)
        return
    allowed = {"merge": target.repo.allow_merge_commit, "squash": target.repo.allow_squash_merge, "rebase": target.repo.allow_rebase_merge}
    if not allowed[config.merge.method.value]:
        remedy = f"Allow it in the repository's settings, or write another `method:` below `merge:` ({_names(allowed)})."
        yield wrong("merge method", f"{config.merge.method.value} is not allowed in this repository", remedy)
    else:
        yield ok("merge method", f"{config.merge.method.value} is allowed")


def _merge_queue(target: Target) -> Iterator[Finding]:
    """It asks the required checks about merges of its own, by an event that a workflow must listen to; ours does.

    https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows#merge_group
    """
    branch, folder = target.repo.default_branch, files.WORKFLOW_PATH.rpartition("/")[0]
    listed = target.found(f"contents/{folder}?ref={quote(branch, safe='')}") or ()
    paths = [str(one["path"]) for one in listed if str(one["path"]).endswith((".yml", ".yaml")) and one["path"] != files.WORKFLOW_PATH]
    texts = {path: published(target, path) or "" for path in paths}
    judging = sorted(path for path, text in texts.items() if "pull_request" in text)
    if judging and not any("merge_group" in text for text in texts.values()):
        found = (
            f"{branch} has one, and no workflow of yours listens to `merge_group`, so its checks never report there and nothing is merged"
        )
        yield wrong("merge queue", found, f"Add `merge_group:` below `on:` in {', '.join(judging)}, wherever a required check comes from.")
    else:
        yield ok("merge queue", f"{branch} has one: it chooses the method, and the bot sets {REVIEW_CHECK} on its merges too")


def _names(allowed: dict[str, bool]) -> str:
    return ", ".join(name for name, may in allowed.items() if may)
