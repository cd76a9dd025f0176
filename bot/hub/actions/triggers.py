"""What starts workflows: pushes, pull requests and merge groups, as they are announced."""

import sqlite3

from bot.hub.actions import jobs, runs, workflow_files
from bot.hub.store import git, repositories, switches
from bot.hub.store.events import BranchMoved, Event, MergeGroupFormed, PullRequestReady
from bot.hub.store.hub import Hub


def listen(hub: Hub, event: Event) -> None:
    db = hub.db()
    match event:
        case BranchMoved(repo=repo, branch=branch, new=new, actor_id=actor_id):
            if branch == repo["default_branch"] and new != git.ZERO:
                _queue(hub, db, repo, new, branch, "push", actor_id)
        case PullRequestReady(repo=repo, pull=pull, actor_id=actor_id):
            _queue(hub, db, repo, pull["head_sha"], pull["head_ref"], "pull_request", actor_id, title=pull["title"])
        case MergeGroupFormed(repo=repo, branch=branch, sha=sha, title=title, actor_id=actor_id):
            _queue(hub, db, repo, sha, branch, "merge_group", actor_id, title=title)


def _queue(
    hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, sha: str, branch: str, event: str, actor_id: int, *, title: str = ""
) -> None:
    """One run for each workflow that wants the event; its jobs show at once as queued checks, as on GitHub."""
    if not switches.get(db, repo["id"], "actions"):
        return
    for path, workflow in workflow_files.workflows(repositories.bare(hub, db, repo["id"]), sha):
        if event not in workflow_files.triggers(workflow):
            continue
        name = workflow_files.name_of(path, workflow)
        known = runs.workflow_row(hub, db, repo["id"], path, name)
        if known["state"] != "active":
            continue
        run = runs.add(hub, db, repo, known, event=event, sha=sha, branch=branch, actor_id=actor_id, title=title or name)
        for job in workflow.get("jobs", {}):
            jobs.add(hub, db, repo, run, job, workflow["jobs"][job].get("name", job), 1)
