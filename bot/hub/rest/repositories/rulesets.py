"""Rulesets, as far as they are told: what the rules for one branch are. Only the merge queue's is enforced; of the rest people are only told.

https://docs.github.com/rest/repos/rules#get-rules-for-a-branch
"""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Response

from bot.hub.changes import merge_queue
from bot.hub.store import switches
from bot.hub.store.hub import Hub
from bot.hub.web.access import repository, require
from bot.hub.web.answers import answered
from bot.hub.web.context import current
from bot.hub.web.paging import paged

routes = Blueprint("rulesets", __name__)


def give(hub: Hub, full_name: str, branch: str, rules: Sequence[Mapping[str, Any]]) -> None:
    """An active ruleset with these rules for this branch, in place of the one before; each has a `type` and, but for plain ones, `parameters`."""
    switches.put_for_branch(hub, full_name, "rulesets", branch, [dict(rule) for rule in rules])


@routes.get("/repos/<owner>/<name>/rules/branches/<path:branch>")
def of_branch(owner: str, name: str, branch: str) -> Response:
    """Classic protection is not among them, and a branch that is not there has those that it would have."""
    repo, now = repository(owner, name), current()
    require(repo, "metadata", "read")
    from_where = {"ruleset_source_type": "Repository", "ruleset_source": f"{repo['owner']}/{repo['name']}", "ruleset_id": 1}
    given = (switches.get(now.db, repo["id"], "rulesets") or {}).get(branch, [])
    return answered(paged([rule | from_where for rule in [*given, *_queue(now.db, repo, branch)]]))


def _queue(db: sqlite3.Connection, repo: sqlite3.Row, branch: str) -> list[dict[str, Any]]:
    rules = merge_queue.rules_of(db, repo["id"], branch)
    if rules is None:
        return []
    parameters = {
        "check_response_timeout_minutes": 60,
        "grouping_strategy": "ALLGREEN",
        "max_entries_to_build": rules.to_build,
        "max_entries_to_merge": rules.to_build,
        "merge_method": rules.method.upper(),
        "min_entries_to_merge": 1,
        "min_entries_to_merge_wait_minutes": 5,
    }
    return [{"type": "merge_queue", "parameters": parameters}]
