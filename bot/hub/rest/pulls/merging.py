"""Merging pull requests over REST: https://docs.github.com/rest/pulls/pulls#merge-a-pull-request"""

from flask import Blueprint, Response

from bot.hub.changes.merging import merge_pull
from bot.hub.rest.pulls import pulls
from bot.hub.web.access import require, signed_in
from bot.hub.web.answers import answered, not_found, nothing
from bot.hub.web.context import current
from bot.hub.web.fields import field, json_body

routes = Blueprint("merge", __name__)


@routes.get("/repos/<owner>/<name>/pulls/<int:number>/merge")
def is_merged(owner: str, name: str, number: int) -> Response:
    _, pull = pulls.found(owner, name, number)
    if not pull["merged_at"]:
        raise not_found()
    return nothing()


@routes.put("/repos/<owner>/<name>/pulls/<int:number>/merge")
def merge(owner: str, name: str, number: int) -> Response:
    repo, pull = pulls.found(owner, name, number)
    require(repo, "contents", "write")
    body, now = json_body(), current()
    sha = merge_pull(
        now.hub,
        repo,
        pull,
        actor_id=signed_in().user_id,
        head=field(body, "sha", str),
        method=field(body, "merge_method", str) or "merge",
        title=field(body, "commit_title", str),
        message=field(body, "commit_message", str),
    )
    return answered({"sha": sha, "merged": True, "message": "Pull Request successfully merged"})
