"""Who may do what: the repository that a request is about, and whether whoever asks may read or write there."""

import sqlite3

from bot.hub.store.repositories import find_repository
from bot.hub.web.actors import Actor, Kind
from bot.hub.web.answers import Problem, not_found
from bot.hub.web.context import current

ROLES = ("none", "read", "triage", "write", "maintain", "admin")
# What a person must be for what a token would need. Anybody who can read may open issues, pull requests and comments.
PERSONAL = {
    **dict.fromkeys(("administration", "repository_hooks"), "admin"),
    **dict.fromkeys(("contents", "statuses", "checks", "workflows", "merge_queues", "deployments"), "write"),
    **dict.fromkeys(("actions", "actions_variables", "secrets", "environments"), "write"),
    **dict.fromkeys(("issues", "pull_requests", "metadata"), "read"),
}
# What one may not read in a public repository either.
CLOSED = {"administration", "repository_hooks", "actions_variables", "secrets", "environments"}


def signed_in() -> Actor:
    actor = current().actor
    if actor.kind is Kind.ANONYMOUS:
        raise Problem(401, "Requires authentication")
    return actor


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
