"""Where everything is: https://docs.github.com/rest/meta/meta#github-api-root. Only below `/api/v3`, since `/` is the pages' first one."""

from flask import Blueprint, Response

from bot.hub.shapes import links
from bot.hub.web.answers import answered

routes = Blueprint("root", __name__, url_prefix="/api/v3")
_SEARCH = "q={query}{&page,per_page,sort,order}"
_PLACES = {
    "current_user": "/user",
    "authorizations": "/authorizations",
    "code_search": f"/search/code?{_SEARCH}",
    "commit_search": f"/search/commits?{_SEARCH}",
    "emails": "/user/emails",
    "emojis": "/emojis",
    "events": "/events",
    "feeds": "/feeds",
    "followers": "/user/followers",
    "following": "/user/following{/target}",
    "gists": "/gists{/gist_id}",
    "issue_search": f"/search/issues?{_SEARCH}",
    "issues": "/issues",
    "keys": "/user/keys",
    "label_search": "/search/labels?q={query}&repository_id={repository_id}{&page,per_page}",
    "notifications": "/notifications",
    "organization": "/orgs/{org}",
    "organization_repositories": "/orgs/{org}/repos{?type,page,per_page,sort}",
    "organization_teams": "/orgs/{org}/teams",
    "public_gists": "/gists/public",
    "rate_limit": "/rate_limit",
    "repository": "/repos/{owner}/{repo}",
    "repository_search": f"/search/repositories?{_SEARCH}",
    "current_user_repositories": "/user/repos{?type,page,per_page,sort}",
    "starred": "/user/starred{/owner}{/repo}",
    "starred_gists": "/gists/starred",
    "user": "/users/{user}",
    "user_organizations": "/user/orgs",
    "user_repositories": "/users/{user}/repos{?type,page,per_page,sort}",
    "user_search": f"/search/users?{_SEARCH}",
}


@routes.get("/")
def places() -> Response:
    """As GitHub lists them, whether or not they are served here; the hub's page `/coverage` says that."""
    found = {f"{name}_url": f"{links.root()}{path}" for name, path in _PLACES.items()}
    return answered(found | {"current_user_authorizations_html_url": f"{links.web()}/settings/connections/applications{{/client_id}}"})
