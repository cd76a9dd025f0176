"""What the bot itself leaves in a repository while it works: its state refs and its branches."""

from __future__ import annotations

import re
from functools import partial

from github import GithubException
from github.GitRef import GitRef

from bot.entry.setup.step import Memory, State, Step
from bot.entry.setup.target import Target

_BRANCH = re.compile(r"refs/heads/(agent-\d+/project-\d+)\Z")


def state_step(target: Target) -> Step:
    """Leases, ledger and memory: `refs/groundskeeper/*`."""
    refs = list(target.repo.get_git_matching_refs("groundskeeper/"))
    if not refs:
        return Step(what="state refs", why="there are none", state=State.DONE)
    why = f"{len(refs)} under refs/groundskeeper: the record of money and of every project, which git cannot bring back"
    return Step(what="remove state refs", why=why, state=State.TO_DO, do=partial(_delete, tuple(refs)))


def branch_steps(target: Target, *, all_of_them: bool) -> tuple[Step, ...]:
    """Branches whose whole work was merged go; what nobody merged is only said, unless it is asked for."""
    steps = []
    for ref in target.repo.get_git_matching_refs("heads/agent-"):
        match = _BRANCH.match(ref.ref)
        if match is None:
            continue
        branch, what = match[1], f"remove branch {match[1]}"
        pulls = list(target.repo.get_pulls(state="all", head=f"{target.owner}:{branch}"))
        if any(pull.merged_at is not None and pull.head.sha == ref.object.sha for pull in pulls):
            steps.append(Step(what=what, why="all of it was merged", state=State.TO_DO, do=partial(_delete, (ref,))))
            continue
        about = f"pull request {pulls[0].html_url}" if pulls else "no pull request"
        if all_of_them:
            why = f"unmerged work is lost ({about})"
            steps.append(Step(what=what, why=why, state=State.TO_DO, do=partial(_delete, (ref,))))
        else:
            why = f"has work that nobody merged ({about}), so it stays (--branches removes it)"
            steps.append(Step(what=f"branch {branch}", why=why, state=State.YOURS))
    return tuple(steps)


def runs_at_work(target: Target, workflow: str) -> tuple[str, ...]:
    """Addresses of runs that are not over. A job keeps the credentials that it began with, so it would write again what is taken away."""
    runs = (target.found(f"actions/workflows/{workflow}/runs?per_page=100") or {}).get("workflow_runs") or ()
    return tuple(str(run["html_url"]) for run in runs if run.get("status") != "completed")


def _delete(refs: tuple[GitRef, ...], memory: Memory) -> Memory:
    for ref in refs:
        try:
            ref.delete()
        except GithubException as error:
            if error.status not in (404, 422):
                raise
            if _still_there(ref):
                raise
    return memory


def _still_there(ref: GitRef) -> bool:
    try:
        ref.update()
    except GithubException:
        return False
    return True
