"""Comments are asked for only when something changed, nobody's is missed, and no bot's is heard."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.adapters.github.people import People
from bot.adapters.github.talk import Talk
from tests.adapters.rehearsal import Rehearsal


def talk_of(place: Rehearsal) -> Talk:
    return Talk(client=place.worker, people=People(client=place.worker))


def say(place: Rehearsal, number: int, body: str, by: str = "ann") -> None:
    place.person(by).rest("POST", f"issues/{number}/comments", body={"body": body})


def heard(place: Rehearsal, talk: Talk, since: datetime) -> list[str]:
    return [one.body for one in talk.comments_since(since, stirred=place.reads().view({}).stirred)]


def test_nothing_is_asked_while_nothing_changed(place: Rehearsal) -> None:
    talk, since = talk_of(place), place.watch.time
    number = place.open_issue("Issue")
    say(place, number, "one")
    assert heard(place, talk, since) == ["one"]
    place.watch.time += timedelta(minutes=5)
    stirred = place.reads().view({}).stirred
    talk.comments_since(since, stirred=stirred)
    before = place.governor.counts["read"]

    assert [one.body for one in talk.comments_since(since, stirred=stirred)] == ["one"]
    assert talk.comments_since(place.watch.time, stirred=stirred) == ()
    assert talk.comments_since(since, stirred=None) == ()
    assert place.governor.counts["read"] == before


def test_a_comment_of_the_same_second_is_not_missed(place: Rehearsal) -> None:
    talk, since = talk_of(place), place.watch.time
    number = place.open_issue("Issue")
    say(place, number, "one")
    assert heard(place, talk, since) == ["one"]
    say(place, number, "two", by="bea")

    assert heard(place, talk, since) == ["one", "two"]


def test_what_bots_write_is_left_out_and_the_bots_own_words_are_found_again(place: Rehearsal) -> None:
    talk, since = talk_of(place), place.watch.time
    number = place.open_issue("Issue")
    talk.say(number, "my own words")
    place.reviewer.rest("POST", f"issues/{number}/comments", body={"body": "another bot's"})
    say(place, number, "ann's")

    (one,) = talk.comments_since(since, stirred=place.watch.time)
    assert (one.on, one.on_pull, one.by, one.body, one.at) == (number, False, "ann", "ann's", place.watch.time)
    assert talk.own_words(number, since) == ("my own words",)
    assert (talk.may_write("bea"), talk.may_write("mallory"), talk.may_write("acme-reviewer[bot]")) == (True, False, False)
