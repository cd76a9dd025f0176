"""Who is asked for a review: https://docs.github.com/rest/pulls/review-requests. Teams are shown by REST and webhooks alone."""

import sqlite3

from flask import Blueprint, Response

from bot.hub.changes import timeline
from bot.hub.rest.pulls import pulls
from bot.hub.shapes import accounts as account_shapes
from bot.hub.shapes import pulls as pull_shapes
from bot.hub.store import pull_rows
from bot.hub.web.access import at_least, has_role, require, role_of
from bot.hub.web.answers import Problem, answered, created
from bot.hub.web.context import current
from bot.hub.web.fields import json_body, words
from bot.hub.webhooks import deliveries
from bot.hub.webhooks import pulls as pull_hooks

routes = Blueprint("reviewers", __name__)
_NO_COLLABORATOR = (
    "Reviews may only be requested from collaborators. "
    "One or more of the users or teams you specified is not a collaborator of the {repository} repository."
)
_PLACE = "/repos/<owner>/<name>/pulls/<int:number>/requested_reviewers"


@routes.get(_PLACE)
def listed(owner: str, name: str, number: int) -> Response:
    _, pull = pulls.found(owner, name, number)
    users = pull_shapes.requested_reviewers(current().db, pull["id"])
    return answered({"users": users, "teams": pull_shapes.requested_teams(current().db, pull["id"])})


@routes.post(_PLACE)
def ask(owner: str, name: str, number: int) -> Response:
    """All or none: somebody who cannot see the repository, or who opened it, refuses the whole request."""
    repo, pull, people, teams = _asked(owner, name, number)
    now = current()
    if None in teams.values():
        raise Problem(422, _NO_COLLABORATOR.format(repository=f"{owner}/{name}"))
    for login, person in people.items():
        if person is None or not at_least(role_of(now.db, repo, person), "read"):
            raise Problem(422, _NO_COLLABORATOR.format(repository=f"{owner}/{name}"))
        if person == pull["author_id"]:
            raise Problem(422, f"Review cannot be requested from pull request author: {login}.")
    with now.hub.write() as db:
        for person in people.values():
            if db.execute("insert or ignore into review_requests values (?, ?)", (pull["id"], person)).rowcount:
                _happened(db, pull, "review_requested", person or 0)
        for team in teams.values():
            if db.execute("insert or ignore into team_requests values (?, ?)", (pull["id"], team)).rowcount:
                _told_of_team(db, pull, "review_requested", team or 0)
    return created(pull_shapes.pull(now.hub, now.db, pull_rows.by_id(now.db, pull["id"]), full=False))


@routes.delete(_PLACE)
def ask_no_more(owner: str, name: str, number: int) -> Response:
    _, pull, people, teams = _asked(owner, name, number)
    now = current()
    with now.hub.write() as db:
        for person in people.values():
            if db.execute("delete from review_requests where issue_id = ? and user_id = ?", (pull["id"], person)).rowcount:
                _happened(db, pull, "review_request_removed", person or 0)
        for team in teams.values():
            if db.execute("delete from team_requests where issue_id = ? and team_id = ?", (pull["id"], team)).rowcount:
                _told_of_team(db, pull, "review_request_removed", team or 0)
    return answered(pull_shapes.pull(now.hub, now.db, pull_rows.by_id(now.db, pull["id"]), full=False))


def _asked(owner: str, name: str, number: int) -> tuple[sqlite3.Row, sqlite3.Row, dict[str, int | None], dict[str, int | None]]:
    """People by login and teams by slug; None for whom nobody knows."""
    repo, pull = pulls.found(owner, name, number)
    require(repo, "pull_requests", "write")
    if not has_role(repo, "triage", "pull_requests"):
        raise Problem(403, "Must have admin rights to Repository.")
    body = json_body()
    people: dict[str, int | None] = {}
    for login in words(body, "reviewers") or []:
        row = current().db.execute("select id from users where login = ? and type = 'User'", (login,)).fetchone()
        people[login] = row["id"] if row else None
    teams: dict[str, int | None] = {}
    for slug in words(body, "team_reviewers") or []:
        row = current().db.execute("select id from teams where org_id = ? and slug = ?", (repo["owner_id"], slug)).fetchone()
        teams[slug] = row["id"] if row else None
    return repo, pull, people, teams


def _told_of_team(db: sqlite3.Connection, pull: sqlite3.Row, event: str, team: int) -> None:
    now = current()
    with deliveries.speaking(now.hub):
        shown = pull_shapes.team(db, team)
    pull_hooks.emit(now.hub, db, pull, event, now.actor.user_id, requested_team=shown)


def _happened(db: sqlite3.Connection, pull: sqlite3.Row, event: str, person: int) -> None:
    now = current()
    with deliveries.speaking(now.hub):
        reviewer = account_shapes.user(person)
    assert reviewer is not None
    timeline.record(db, pull["id"], event, now.actor.user_id, now.hub.now(), requested_reviewer_id=person)
    pull_hooks.emit(now.hub, db, pull, event, now.actor.user_id, requested_reviewer=reviewer)
