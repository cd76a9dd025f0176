"""Where `emulate` 0.12.2 answers otherwise than GitHub: what it does, what GitHub does, and how the bridge puts it right.

Each row is shown to be so by asking `emulate` itself: one that is no longer needed fails its test.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from flask import Response, request

from tests.independent.emulated.bridge import Bridge, passed_on


@dataclass(frozen=True, kw_only=True)
class Quirk:
    name: str
    what: str
    """As `METHOD /path`, a pattern."""
    emulate: str
    github: str
    """With the page of GitHub's documentation that says so."""
    put_right: Callable[[Bridge], Response] | None = None
    """None where the story does not meet it, or where the bridge as a whole does it."""

    def concerns(self, method: str, path: str) -> bool:
        return re.fullmatch(self.what, f"{method} {path}") is not None


def _json(value: object, status: int = 200) -> Response:
    return Response(json.dumps(value), status, mimetype="application/json")


def _all_comments(bridge: Bridge) -> Response:
    found = []
    for issue in bridge.as_owner("GET", "issues?state=all&per_page=100"):
        found += json.loads(
            bridge.ask("GET", f"{bridge.place}/issues/{issue['number']}/comments", token=f"token {bridge.owner_token}").content
        )
    since = request.args.get("since", "")
    page = int(request.args.get("page", "1"))
    kept = sorted((one for one in found if one["updated_at"] >= since), key=lambda one: one["updated_at"])
    return _json(kept[(page - 1) * 100 : page * 100])


def _token(bridge: Bridge) -> Response:
    answer = passed_on(bridge)
    told = json.loads(answer.get_data())
    told.pop("repositories", None)
    answer.set_data(json.dumps(told))
    return answer


def _clone_url(bridge: Bridge) -> Response:
    answer = passed_on(bridge)
    told = json.loads(answer.get_data())
    answer.set_data(json.dumps(told | {"clone_url": f"{request.host_url}{bridge.repository}.git"}))
    return answer


def _merge(bridge: Bridge) -> Response:
    number = request.path.split("/")[-2]
    pull = bridge.as_owner("GET", f"pulls/{number}")
    asked = request.get_json()
    if asked.get("sha") != bridge.tip(pull["head"]["ref"]):
        return _json({"message": "Head branch was modified. Review and try the merge again."}, 409)
    answer = passed_on(bridge, json.dumps(asked | {"sha": pull["head"]["sha"]}).encode())
    if answer.status_code == 200:
        bridge.theirs[bridge.merged(pull, asked)] = json.loads(answer.get_data())["sha"]
        answer.set_data(bridge.outwards(answer.get_data()))
    return answer


def _own_installation(bridge: Bridge) -> Response:
    every = bridge.ask("GET", "/app/installations", token=request.headers.get("Authorization"))
    return _json(every.json()[0])


def _bot_account(bridge: Bridge) -> Response:
    """Of an app that is there; the id is one that no user of `emulate` has."""
    slug = request.path.rpartition("/")[2].removesuffix("[bot]")
    if slug not in bridge.apps:
        return _json({"message": "Not Found"}, 404)
    return _json({"login": f"{slug}[bot]", "id": 1_000_000 + bridge.apps.index(slug), "type": "Bot"})


QUIRKS = (
    Quirk(
        name="an app's account",
        what=r"GET /users/[^/]+\[bot\]",
        emulate="404: apps have no account, though they act as one",
        github="an account of type `Bot`, https://docs.github.com/rest/users/users#get-a-user",
        put_right=_bot_account,
    ),
    Quirk(
        name="an app's own installation",
        what=r"GET /repos/[^/]+/[^/]+/installation",
        emulate="the first installation that there is, whichever app asks",
        github="that of the app that asks, https://docs.github.com/rest/apps/apps#get-a-repository-installation-for-the-authenticated-app",
        put_right=_own_installation,
    ),
    Quirk(
        name="GET issues/comments",
        what=r"GET /repos/[^/]+/[^/]+/issues/comments",
        emulate="404: the route of one issue stands before it",
        github="all comments of the repository, https://docs.github.com/rest/issues/comments#list-issue-comments-for-a-repository",
        put_right=_all_comments,
    ),
    Quirk(
        name="an installation's token",
        what=r"POST /app/installations/\d+/access_tokens",
        emulate="repositories with five fields only, and a time with fractions of a second",
        github="whole repositories, and whole seconds, https://docs.github.com/rest/apps/apps#create-an-installation-access-token-for-an-app",
        put_right=_token,
    ),
    Quirk(
        name="clone_url",
        what=r"GET /repos/[^/]+/[^/]+",
        emulate="a `clone_url` at which there is no git",
        github="git over HTTP there, https://docs.github.com/get-started/git-basics/about-remote-repositories",
        put_right=_clone_url,
    ),
    Quirk(
        name="merge",
        what=r"PUT /repos/[^/]+/[^/]+/pulls/\d+/merge",
        emulate="422 for another head than the pull request's, which stays what it was when that was opened; no git is merged",
        github="409, and the head is the branch's tip, https://docs.github.com/rest/pulls/pulls#merge-a-pull-request",
        put_right=_merge,
    ),
    Quirk(
        name="self-approval",
        what=r"POST /repos/[^/]+/[^/]+/pulls/\d+/reviews",
        emulate="takes an approval of one's own pull request",
        github="422, https://docs.github.com/rest/pulls/reviews#create-a-review-for-a-pull-request",
    ),
    Quirk(
        name="statuses",
        what=r"POST /repos/[^/]+/[^/]+/statuses/[^/]+",
        emulate="404: there are no commit statuses",
        github="201, https://docs.github.com/rest/commits/statuses#create-a-commit-status",
    ),
    Quirk(
        name="dependencies",
        what=r"GET /repos/[^/]+/[^/]+/issues/\d+/dependencies/blocked_by",
        emulate="404: there are no dependencies",
        github="a list, https://docs.github.com/rest/issues/issue-dependencies",
    ),
    Quirk(
        name="GraphQL",
        what=r"POST /graphql",
        emulate="404: there is no GraphQL",
        github="the published schema, https://docs.github.com/graphql",
    ),
    Quirk(
        name="unknown tokens",
        what=r"GET /user",
        emulate="takes a token that nobody was given",
        github="401, https://docs.github.com/rest/authentication/authenticating-to-the-rest-api",
    ),
)
