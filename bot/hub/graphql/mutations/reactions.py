"""GraphQL mutations about reactions. REST knows none to a review; this does."""

from collections.abc import Mapping
from typing import Any

from bot.hub.graphql.issues import reaction_groups, repo_of
from bot.hub.graphql.mutations.issues import expect
from bot.hub.graphql.mutations.pulls import allowed
from bot.hub.graphql.rest import mutation
from bot.hub.graphql.things import Fields, Thing, one, user
from bot.hub.shapes import reactions
from bot.hub.web.context import current

_TABLES = {
    "Issue": "issues",
    "PullRequest": "issues",
    "IssueComment": "comments",
    "PullRequestReview": "reviews",
    "PullRequestReviewComment": "review_comments",
}
_CONTENTS = {name: content for content, name in reactions.CONTENTS.items()}


def add(given: Mapping[str, Any]) -> dict[str, Any]:
    about = expect(given["subjectId"], *_TABLES)
    allowed(repo_of(about), "issues" if about.kind == "Issue" else "pull_requests")
    now, table, content = current(), _TABLES[about.kind], _CONTENTS[given["content"]]
    mine = (table, about.id, now.actor.user_id, content)
    with now.hub.write() as db:
        sql = "insert or ignore into reactions (about, about_id, user_id, content, created_at) values (?, ?, ?, ?, ?)"
        db.execute(sql, (*mine, now.hub.now()))
    row = one("select * from reactions where about = ? and about_id = ? and user_id = ? and content = ?", *mine)
    groups = reaction_groups(about)
    return {"reaction": Thing("Reaction", row) if row else None, "subject": about, "reactionGroups": groups}


def reactable(reaction: Thing, _info: Any) -> Thing | None:
    kind = next(kind for kind, table in reversed(_TABLES.items()) if table == reaction["about"])
    row = one(f"select * from {reaction['about']} where id = ?", reaction["about_id"])
    return Thing(kind, row) if row else None


FIELDS: Fields = {
    "Mutation": {"addReaction": mutation(add)},
    "Reaction": {
        "content": lambda reaction, _info: reactions.CONTENTS[reaction["content"]],
        "reactable": reactable,
        "user": lambda reaction, _info: user(reaction["user_id"]),
    },
}
