"""The two GitHub apps as whom the bot works, and links that open GitHub's form with everything filled in.

https://docs.github.com/apps/sharing-github-apps/registering-a-github-app-using-url-parameters
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from urllib.parse import quote, urlencode

NAME_LENGTH = 34
"""The longest name that GitHub takes for an app."""


class AppRole(Enum):
    WORKER = "worker"
    REVIEWER = "reviewer"


@dataclass(frozen=True, kw_only=True)
class Right:
    permission: str
    level: str
    why: str


RIGHTS: Mapping[AppRole, tuple[Right, ...]] = {
    AppRole.WORKER: (
        Right(permission="contents", level="write", why="pushes branches `agent-*/project-*` and its own state under refs/groundskeeper"),
        Right(permission="issues", level="write", why="reads the queue, keeps one status comment and the labels of an issue"),
        Right(permission="pull_requests", level="write", why="opens pull requests"),
        Right(permission="checks", level="read", why="sees whether checks are green"),
        Right(permission="statuses", level="read", why="the same for checks that report the older way"),
        Right(
            permission="actions", level="write", why="sees whether its jobs are alive, starts the next one, keeps the schedule switched on"
        ),
        Right(permission="organization_projects", level="write", why="shows the work on the board"),
        Right(permission="metadata", level="read", why="GitHub gives it to every app"),
    ),
    AppRole.REVIEWER: (
        Right(permission="contents", level="write", why="merges; and GitHub counts approvals only of who may write"),
        Right(permission="pull_requests", level="write", why="reviews"),
        Right(permission="checks", level="write", why="sets the check `groundskeeper/review`"),
        Right(permission="statuses", level="write", why="the same where check runs are refused"),
        Right(permission="metadata", level="read", why="GitHub gives it to every app"),
    ),
}


def app_name(app_role: AppRole, owner: str) -> str:
    """Names are unique on all of GitHub, so the owner is part of it."""
    return f"gk-{app_role.value}-{owner}"[:NAME_LENGTH].rstrip("-")


def registration_link(app_role: AppRole, *, web: str, owner: str, of_organization: bool, homepage: str) -> str:
    """Private, with no webhook: the schedule and the workflow's own events are enough."""
    place = f"{web}/organizations/{quote(owner)}/settings/apps/new" if of_organization else f"{web}/settings/apps/new"
    about = {"name": app_name(app_role, owner), "url": homepage, "public": "false", "webhook_active": "false"}
    return f"{place}?{urlencode(about | {right.permission: right.level for right in asked(app_role, of_organization)})}"


def explained(app_role: AppRole, *, web: str, owner: str, of_organization: bool, homepage: str) -> Iterator[str]:
    """The link, what each permission is for, and what to do with the app then."""
    link = registration_link(app_role, web=web, owner=owner, of_organization=of_organization, homepage=homepage)
    yield f"The {app_role.value} app: {link}"
    widest = max(len(_level(right)) for rights in RIGHTS.values() for right in rights)
    for right in asked(app_role, of_organization):
        yield f"    {_level(right):<{widest}}  {right.why}"
    yield f"    Then: make a private key there, install the app on {homepage.removeprefix(web + '/')} alone, and run this again with"
    yield f"    --{app_role.value}-app ID --{app_role.value}-key FILE.pem"


def lacking(app_role: AppRole, given: Mapping[str, str], *, board: bool) -> tuple[str, ...]:
    """Permissions that an installation does not have, as `name: level`."""
    levels = ("read", "write", "admin")
    return tuple(
        f"{right.permission}: {right.level}"
        for right in RIGHTS[app_role]
        if (board or right.permission != "organization_projects")
        and (right.permission not in given or levels.index(given[right.permission]) < levels.index(right.level))
    )


def _level(right: Right) -> str:
    return f"{right.permission}: {right.level}"


def asked(app_role: AppRole, of_organization: bool) -> Iterator[Right]:
    """A person's boards are hidden from apps, so the permission would only frighten."""
    return (right for right in RIGHTS[app_role] if of_organization or right.permission != "organization_projects")
