"""Comments are asked for only when something changed, nobody's is missed, and no bot's is heard."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.adapters.github.collaborators import Collaborators
from bot.adapters.github.comments import Comments
from tests.adapters.hub_repository import HubRepository


def talk_of(place: HubRepository) -> Comments:
    return Comments(client=place.worker, collaborators=Collaborators(client=place.worker))


def post(place: HubRepository, number: int, body: str, by: str = "ann") -> None:
    place.person(by).rest("POST", f"issues/{number}/comments", body={"body": body})


def heard(place: HubRepository, comments: Comments, since: datetime) -> list[str]:
    return [one.body for one in comments.comments_since(since, last_activity=place.reads().view({}).last_activity)]


def test_nothing_is_asked_while_nothing_changed(place: HubRepository) -> None:
    comments, since = talk_of(place), place.watch.time
    number = place.open_issue("Issue")
    post(place, number, "one")
    assert heard(place, comments, since) == ["one"]
    place.watch.time += timedelta(minutes=5)
    last_activity = place.reads().view({}).last_activity
    comments.comments_since(since, last_activity=last_activity)
    before = place.governor.counts["read"]

    assert [one.body for one in comments.comments_since(since, last_activity=last_activity)] == ["one"]
    assert comments.comments_since(place.watch.time, last_activity=last_activity) == ()
    assert comments.comments_since(since, last_activity=None) == ()
    assert place.governor.counts["read"] == before


def test_a_comment_of_the_same_second_is_not_missed(place: HubRepository) -> None:
    comments, since = talk_of(place), place.watch.time
    number = place.open_issue("Issue")
    post(place, number, "one")
    assert heard(place, comments, since) == ["one"]
    post(place, number, "two", by="bea")

    assert heard(place, comments, since) == ["one", "two"]


def test_what_bots_write_is_left_out_and_the_bots_own_words_are_found_again(place: HubRepository) -> None:
    comments, since = talk_of(place), place.watch.time
    number = place.open_issue("Issue")
    comments.post(number, "my own words")
    place.reviewer.rest("POST", f"issues/{number}/comments", body={"body": "another bot's"})
    post(place, number, "ann's")

    (one,) = comments.comments_since(since, last_activity=place.watch.time)
    assert (one.on, one.on_pull, one.by, one.body, one.at) == (number, False, "ann", "ann's", place.watch.time)
    assert comments.own_comments(number, since) == ("my own words",)
    assert (comments.may_write("bea"), comments.may_write("mallory"), comments.may_write("acme-reviewer[bot]")) == (True, False, False)
