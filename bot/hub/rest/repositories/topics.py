"""What a repository is about, in words: https://docs.github.com/rest/repos/repos#get-all-repository-topics"""

import re

from flask import Blueprint, Response

from bot.hub.shapes import repositories as repository_shapes
from bot.hub.web.access import repository, require
from bot.hub.web.answers import Problem, answered
from bot.hub.web.context import current
from bot.hub.web.fields import json_body, words

routes = Blueprint("topics", __name__)
_TOPIC = re.compile(r"[a-z0-9][a-z0-9-]{0,49}")
_MOST = 20


@routes.get("/repos/<owner>/<name>/topics")
def listed(owner: str, name: str) -> Response:
    return answered({"names": repository_shapes.topics(repository(owner, name))})


@routes.put("/repos/<owner>/<name>/topics")
def replace(owner: str, name: str) -> Response:
    repo = repository(owner, name)
    require(repo, "administration", "write")
    given = words(json_body(), "names")
    if given is None:
        raise Problem(422, 'Invalid request.\n\n"names" wasn\'t supplied.')
    names = sorted({topic.lower() for topic in given})
    if len(names) > _MOST or not all(_TOPIC.fullmatch(topic) for topic in names):
        raise Problem(
            422, "Topics must start with a lowercase letter or number, consist of 50 characters or less, and can include hyphens."
        )
    with current().hub.write() as db:
        db.execute("delete from topics where repo_id = ?", (repo["id"],))
        db.executemany("insert into topics values (?, ?)", [(repo["id"], topic) for topic in names])
    return answered({"names": names})
