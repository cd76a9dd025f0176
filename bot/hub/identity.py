"""Accounts over REST: who am I, people, bots and organizations."""

from flask import Blueprint, Response

from bot.hub import shapes
from bot.hub.web import Kind, Problem, answered, current, not_found, paged, signed_in

routes = Blueprint("identity", __name__)


@routes.get("/user")
def me() -> Response:
    now, actor = current(), signed_in()
    if actor.kind is not Kind.PAT:
        raise Problem(403, "Resource not accessible by integration")
    answer = answered(shapes.own_account(now.hub, now.db, shapes.user_row(now.db, actor.user_id)))
    answer.headers["X-OAuth-Scopes"] = "project, repo, workflow"
    return answer


@routes.get("/users/<login>")
def person(login: str) -> Response:
    now = current()
    row = now.db.execute("select * from users where login = ?", (login,)).fetchone()
    if row is None:
        raise not_found()
    return answered(shapes.account(now.hub, now.db, row))


@routes.get("/user/<int:number>")
def person_by_id(number: int) -> Response:
    now = current()
    row = now.db.execute("select * from users where id = ?", (number,)).fetchone()
    if row is None:
        raise not_found()
    return answered(shapes.account(now.hub, now.db, row))


@routes.get("/orgs/<login>")
def organization(login: str) -> Response:
    now = current()
    row = now.db.execute("select * from users where login = ? and type = 'Organization'", (login,)).fetchone()
    if row is None:
        raise not_found()
    return answered(shapes.organization(now.hub, now.db, row))


@routes.get("/user/orgs")
@routes.get("/users/<login>/orgs")
def organizations(login: str = "") -> Response:
    """Nobody here is a member: organizations give people roles in repositories."""
    signed_in()
    return answered(paged([]))
