"""What the routes share: who asks, for which repository, with what right, and how GitHub words its answers."""

import json
import math
import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar, overload
from urllib.parse import urlencode

from flask import Response, g, request

from bot.hub.actors import NOBODY, Actor, Kind
from bot.hub.hub import Hub

T = TypeVar("T")
DOCS = "https://docs.github.com/rest"
ROLES = ("none", "read", "triage", "write", "maintain", "admin")
# What a person must be for what a token would need. Anybody who can read may open issues, pull requests and comments.
PERSONAL = {
    **dict.fromkeys(("administration", "repository_hooks"), "admin"),
    **dict.fromkeys(("contents", "statuses", "checks", "workflows", "merge_queues", "deployments"), "write"),
    **dict.fromkeys(("actions", "actions_variables", "secrets"), "write"),
    **dict.fromkeys(("issues", "pull_requests", "metadata"), "read"),
}
# What one may not read in a public repository either.
CLOSED = {"administration", "repository_hooks", "actions_variables", "secrets"}
MAX_PAGE = 100


@dataclass(frozen=True, kw_only=True)
class Current:
    hub: Hub
    db: sqlite3.Connection
    actor: Actor


class Problem(Exception):
    """An answer other than success, as GitHub words it."""

    def __init__(
        self,
        status: int,
        message: str | None = None,
        errors: Sequence[Any] = (),
        documentation_url: str = DOCS,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status = status
        self.message = message or HTTPStatus(status).phrase
        self.errors = list(errors)
        self.documentation_url = documentation_url
        self.headers = dict(headers or {})
        super().__init__(f"{status} {self.message}")

    def response(self) -> Response:
        body: dict[str, Any] = {"message": self.message}
        if self.errors:
            body["errors"] = self.errors
        body |= {"documentation_url": self.documentation_url, "status": str(self.status)}
        answer = answered(body, self.status)
        answer.headers.update(self.headers)
        return answer


def not_found() -> Problem:
    return Problem(404, "Not Found")


def invalid(resource: str, name: str, code: str, **more: Any) -> Problem:
    """GitHub's 422 that names the field at fault; code is missing_field, invalid, already_exists or custom."""
    return Problem(422, "Validation Failed", [{"resource": resource, "code": code, "field": name} | more])


def current() -> Current:
    now: Current = g.current
    return now


def begin(hub: Hub, actor: Actor) -> Current:
    g.current = Current(hub=hub, db=hub.db(), actor=actor)
    return g.current  # type: ignore[no-any-return]


def signed_in() -> Actor:
    actor = current().actor
    if actor.kind is Kind.ANONYMOUS:
        raise Problem(401, "Requires authentication")
    return actor


def find_repository(db: sqlite3.Connection, owner: str, name: str) -> sqlite3.Row | None:
    found: sqlite3.Row | None = db.execute(
        "select repositories.*, login as owner from repositories join users on users.id = owner_id where login = ? and repositories.name = ?",
        (owner, name),
    ).fetchone()
    return found


def repository_named(db: sqlite3.Connection, full_name: str) -> sqlite3.Row:
    """For whoever sets the hub up. Raises ValueError where it is not there."""
    owner, _, name = full_name.partition("/")
    if (found := find_repository(db, owner, name)) is None:
        raise ValueError(f"there is no repository {full_name}")
    return found


def repository(owner: str, name: str) -> sqlite3.Row:
    """The repository, or the 404 that GitHub gives alike for what is absent and what one may not see."""
    found = find_repository(current().db, owner, name)
    if found is None or not can_see(found):
        raise not_found()
    return found


def can_see(repo: sqlite3.Row) -> bool:
    actor = current().actor
    if not repo["private"]:
        return True
    if actor.kind is Kind.INSTALLATION:
        return covers(repo)
    return actor.kind is Kind.PAT and role_of(current().db, repo, actor.user_id) != "none"


def covers(repo: sqlite3.Row) -> bool:
    """Whether the installation that asks was given this repository."""
    actor = current().actor
    account = current().db.execute("select account_id from installations where id = ?", (actor.installation_id,)).fetchone()
    if account is None or account["account_id"] != repo["owner_id"]:
        return False
    return actor.repository_ids is None or repo["id"] in actor.repository_ids


def role_of(db: sqlite3.Connection, repo: sqlite3.Row, user_id: int) -> str:
    if user_id and repo["owner_id"] == user_id:
        return "admin"
    row = db.execute("select role from collaborators where repo_id = ? and user_id = ?", (repo["id"], user_id)).fetchone()
    if row:
        return str(row["role"])
    return "none" if repo["private"] else "read"


def at_least(role: str, needed: str) -> bool:
    return ROLES.index(role) >= ROLES.index(needed)


def has_role(repo: sqlite3.Row, needed: str, *areas: str) -> bool:
    """Whether the person has the role, or the installation writes in one of the areas."""
    actor = current().actor
    if actor.kind is Kind.INSTALLATION:
        return covers(repo) and any(actor.permissions.get(area) in ("write", "admin") for area in areas)
    return actor.kind is Kind.PAT and at_least(role_of(current().db, repo, actor.user_id), needed)


def require(repo: sqlite3.Row, area: str | tuple[str, ...], level: str) -> None:
    """Whoever asks may read or write in this area (one of these areas) of this repository, or is told so as GitHub tells it."""
    areas = (area,) if isinstance(area, str) else area
    actor = current().actor
    if level == "read" and not repo["private"] and set(areas) - CLOSED:
        return
    signed_in()
    if actor.kind is Kind.APP:
        raise Problem(403, "Resource not accessible by integration")
    if actor.kind is Kind.INSTALLATION:
        enough = ("write", "admin") if level == "write" else ("read", "write", "admin")
        if not covers(repo) or not any(actor.permissions.get(name) in enough for name in areas):
            raise Problem(403, "Resource not accessible by integration")
        return
    if level == "write" and "checks" in areas:
        raise Problem(403, "You must authenticate via a GitHub App.")
    needed = min((PERSONAL[name] for name in areas), key=ROLES.index)
    if level == "read" and needed == "write" and not CLOSED & set(areas):
        needed = "read"
    if not at_least(role_of(current().db, repo, actor.user_id), needed):
        if needed == "admin":
            raise not_found()
        raise Problem(403, "Must have admin rights to Repository.")


def answered(body: Any, status: int = 200) -> Response:
    return Response(json.dumps(body, ensure_ascii=False, separators=(",", ":")), status, mimetype="application/json; charset=utf-8")


def created(body: Mapping[str, Any], status: int = 201) -> Response:
    answer = answered(body, status)
    if isinstance(url := body.get("url"), str):
        answer.headers["Location"] = url
    return answer


def nothing(status: int = 204) -> Response:
    answer = Response(b"", status)
    answer.headers.pop("Content-Type", None)
    return answer


def json_body() -> dict[str, Any]:
    raw = request.get_data()
    if not raw.strip():
        return {}
    try:
        body = json.loads(raw)
    except ValueError:
        raise Problem(400, "Problems parsing JSON") from None
    if not isinstance(body, dict):
        raise Problem(400, "Body should be a JSON object")
    return body


NAMES = {str: "a string", int: "an integer", bool: "a boolean", list: "an array", dict: "an object"}


@overload
def field(body: Mapping[str, Any], name: str, kind: type[T]) -> T | None: ...
@overload
def field(body: Mapping[str, Any], name: str, kind: type[T], *, required: bool) -> T: ...
def field(body: Mapping[str, Any], name: str, kind: type[T], *, required: bool = False) -> T | None:
    """A field of the body if it is there and of its kind; the words for what is not are GitHub's."""
    value = body.get(name)
    if value is None:
        if required:
            raise Problem(422, f'Invalid request.\n\n"{name}" wasn\'t supplied.')
        return None
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise Problem(422, f"Invalid request.\n\nFor 'properties/{name}', {json.dumps(value)} is not {NAMES[kind]}.")
    return value


def words(body: Mapping[str, Any], name: str) -> list[str] | None:
    """A list of strings, or of objects that have a name."""
    value: list[Any] | None = field(body, name, list)
    if value is None:
        return None
    found: list[Any] = [item.get("name") if isinstance(item, dict) else item for item in value]
    if not all(isinstance(item, str) for item in found):
        raise Problem(422, f"Invalid request.\n\nFor 'properties/{name}', the items are not strings.")
    return found


def one_of(name: str, default: str, allowed: Iterable[str]) -> str:
    """A query parameter with a closed set of values."""
    value = request.args.get(name, default)
    if value not in allowed:
        raise Problem(422, "Validation Failed", [{"resource": "Search", "field": name, "code": "invalid"}])
    return value


def moment(text: str, name: str = "since") -> str:
    """A time that was asked for, in the one form in which times are kept."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|[+ ]00:?00)?)?", text)
    if match is None:
        raise Problem(422, "Validation Failed", [{"resource": "Issue", "field": name, "code": "invalid"}])
    return f"{match[1]}T{match[2] or '00:00:00'}Z"


def page_asked() -> tuple[int, int]:
    def number(name: str, default: int) -> int:
        text = request.args.get(name, "")
        return max(1, int(text)) if text.isdigit() else default

    return number("page", 1), min(number("per_page", 30), MAX_PAGE)


def paged(items: Sequence[T]) -> list[T]:
    """The part of a list that was asked for; the Link header is set beside it."""
    page, size = page_asked()
    link_pages(page, size, len(items))
    return list(items[(page - 1) * size : page * size])


def paged_query(sql: str, parameters: Sequence[Any] = ()) -> list[sqlite3.Row]:
    """The same for a query, of which only the page is read."""
    page, size = page_asked()
    db = current().db
    rows = db.execute(f"{sql} limit ? offset ?", (*parameters, size, (page - 1) * size)).fetchall()
    total = (page - 1) * size + len(rows)
    if len(rows) == size or (not rows and page > 1):
        total = db.execute(f"select count(*) from ({sql})", tuple(parameters)).fetchone()[0]
    link_pages(page, size, total)
    return rows


def link_pages(page: int, size: int, total: int) -> None:
    last = max(1, math.ceil(total / size))
    wanted: dict[str, int] = {}
    if page > 1:
        wanted |= {"prev": min(page - 1, last), "first": 1}
    if page < last:
        wanted |= {"next": page + 1, "last": last}
    g.links = ", ".join(f'<{_page_url(number)}>; rel="{name}"' for name, number in wanted.items())


def _page_url(number: int) -> str:
    asked = [(name, value) for name, value in request.args.items(multi=True) if name != "page"]
    return f"{request.base_url}?{urlencode([*asked, ('page', str(number))])}"


__all__ = ["NOBODY", "Actor", "Current", "Kind", "Problem", "current", "repository", "require"]
