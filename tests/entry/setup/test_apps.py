"""The links to GitHub's form for new apps, and what an installed one may lack."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from bot.entry.setup.apps import NAME_LENGTH, AppRole, app_name, lacking, registration_link

WEB = "https://github.example.org"


def link(app_role: AppRole, *, of_organization: bool) -> tuple[str, dict[str, list[str]]]:
    parts = urlsplit(registration_link(app_role, web=WEB, owner="ann", of_organization=of_organization, homepage=f"{WEB}/ann/pots"))
    return f"{parts.scheme}://{parts.netloc}{parts.path}", parse_qs(parts.query)


def test_a_person_is_asked_for_nothing_about_boards_that_apps_cannot_see() -> None:
    place, asked = link(AppRole.WORKER, of_organization=False)
    of_guild, more = link(AppRole.WORKER, of_organization=True)

    assert (place, of_guild) == (f"{WEB}/settings/apps/new", f"{WEB}/organizations/ann/settings/apps/new")
    assert set(more) - set(asked) == {"organization_projects"}
    assert asked["public"] == asked["webhook_active"] == ["false"]
    assert "workflows" not in more
    assert "administration" not in more


def test_only_the_reviewer_may_set_checks() -> None:
    assert link(AppRole.WORKER, of_organization=True)[1]["checks"] == ["read"]
    assert link(AppRole.REVIEWER, of_organization=True)[1]["checks"] == ["write"]


def test_names_fit() -> None:
    assert len(app_name(AppRole.REVIEWER, "an-organization-with-a-very-long-name")) <= NAME_LENGTH


def test_a_higher_level_holds_the_lower() -> None:
    given = {"contents": "write", "pull_requests": "admin", "checks": "read", "statuses": "write", "metadata": "read"}

    assert lacking(AppRole.REVIEWER, given, board=True) == ("checks: write",)
