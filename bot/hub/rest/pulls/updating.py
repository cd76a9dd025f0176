"""Bringing a pull request's branch up to its base over REST: https://docs.github.com/rest/pulls/pulls#update-a-pull-request-branch"""

from flask import Blueprint, Response

from bot.hub.changes.updating import bring_up
from bot.hub.rest.pulls import pulls
from bot.hub.shapes import links
from bot.hub.shapes import repositories as repository_shapes
from bot.hub.web.access import require
from bot.hub.web.answers import answered
from bot.hub.web.fields import field, json_body

routes = Blueprint("updating", __name__)


@routes.put("/repos/<owner>/<name>/pulls/<int:number>/update-branch")
def update(owner: str, name: str, number: int) -> Response:
    repo, pull = pulls.found(owner, name, number)
    require(repo, "contents", "write")
    bring_up(pull, field(json_body(), "expected_head_sha", str))
    url = f"{links.root()}/repos/{repository_shapes.full_name(repo)}/pulls/{number}"
    return answered({"message": "Updating pull request branch.", "url": url}, 202)
