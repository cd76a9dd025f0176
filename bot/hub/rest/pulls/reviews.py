"""Reviews of pull requests.

https://docs.github.com/rest/pulls/reviews: nobody approves their own, and one line outside the diff refuses the whole review.
"""

from flask import Blueprint, Response

from bot.hub.changes import timeline
from bot.hub.changes.reviews import submit
from bot.hub.rest.actions import settings
from bot.hub.rest.pulls import pulls
from bot.hub.shapes import pulls as pull_shapes
from bot.hub.web.access import require, signed_in
from bot.hub.web.answers import answered, created, not_found
from bot.hub.web.context import current
from bot.hub.web.fields import field, json_body
from bot.hub.web.paging import paged_query

routes = Blueprint("reviews", __name__)


@routes.get("/repos/<owner>/<name>/pulls/<int:number>/reviews")
def listed(owner: str, name: str, number: int) -> Response:
    repo, pull = pulls.found(owner, name, number)
    rows = paged_query("select * from reviews where issue_id = ? and state != 'PENDING' order by id", (pull["id"],))
    return answered([pull_shapes.review(repo, number, row) for row in rows])


@routes.post("/repos/<owner>/<name>/pulls/<int:number>/reviews")
def make(owner: str, name: str, number: int) -> Response:
    repo, pull = pulls.found(owner, name, number)
    require(repo, "pull_requests", "write")
    body, now = json_body(), current()
    if field(body, "event", str) == "APPROVE":
        settings.refuse_a_job(repo)
    row = submit(
        now.hub,
        pull,
        author_id=signed_in().user_id,
        app_id=now.actor.app_id,
        event=field(body, "event", str) or "PENDING",
        body=field(body, "body", str) or "",
        commit_id=field(body, "commit_id", str),
        comments=field(body, "comments", list) or [],
    )
    return created(pull_shapes.review(repo, number, row), 200)


@routes.put("/repos/<owner>/<name>/pulls/<int:number>/reviews/<int:review_id>/dismissals")
def dismiss(owner: str, name: str, number: int, review_id: int) -> Response:
    repo, pull = pulls.found(owner, name, number)
    require(repo, "pull_requests", "write")
    now = current()
    message = field(json_body(), "message", str, required=True)
    with now.hub.write() as db:
        row = db.execute("select * from reviews where id = ? and issue_id = ?", (review_id, pull["id"])).fetchone()
        if row is None:
            raise not_found()
        db.execute("update reviews set state = 'DISMISSED' where id = ?", (review_id,))
        was = {"state": row["state"].lower(), "review_id": review_id, "dismissal_message": message}
        timeline.record(db, pull["id"], "review_dismissed", now.actor.user_id, now.hub.now(), dismissed_review=was)
        row = db.execute("select * from reviews where id = ?", (review_id,)).fetchone()
    return answered(pull_shapes.review(repo, number, row))
