"""What is kept between two looks is what a first look would find, whatever happened on GitHub in between and whatever broke."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from random import Random
from typing import Any

import pytest

from bot.adapters.github.client import Client
from bot.adapters.github.collaborators import Collaborators
from bot.adapters.github.view import Reads
from bot.core.facts.project import CheckState, PullState
from bot.core.orders.labels import PROPOSED, READY
from bot.hub import seed
from bot.hub.changes import checks
from bot.hub.web import faults
from bot.ports import GitHubError, View
from tests.adapters.hub_repository import NAME, HubRepository

_LABELS = (READY, READY.upper(), PROPOSED, "bug", "priority:high")
_LONG_AGO = timedelta(minutes=10)


@dataclass(kw_only=True)
class World:
    """What happens on GitHub at random, and the bot's looks at it."""

    place: HubRepository
    random: Random
    story: list[str] = field(default_factory=list)
    issues: list[int] = field(default_factory=list)
    pulls: dict[int, str] = field(default_factory=dict)
    """Number to branch."""
    in_play: dict[int, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.as_person: Callable[[str], Client] = cache(self.place.person)

    def rest(self, method: str, path: str, body: dict[str, Any] | None = None, *, by: str = "ann") -> Any:
        self.story.append(f"{by} {method} {path} {body or ''}")
        return self.as_person(by).rest(method, path, body=body)

    def issue(self) -> int:
        return self.random.choice(self.issues)

    def opened(self) -> None:
        labels = self.random.sample(_LABELS, self.random.randrange(3))
        made = self.rest("POST", "issues", {"title": f"Issue {len(self.issues)}", "body": "It", "labels": labels})
        self.issues.append(made["number"])

    def labelled(self) -> None:
        self.rest("POST", f"issues/{self.issue()}/labels", {"labels": [self.random.choice(_LABELS)]})

    def unlabelled(self) -> None:
        self.rest("DELETE", f"issues/{self.issue()}/labels/{self.random.choice(_LABELS)}")

    def closed_or_reopened(self) -> None:
        self.rest("PATCH", f"issues/{self.issue()}", {"state": self.random.choice(("open", "closed"))})

    def edited(self) -> None:
        what = self.random.choice(("title", "body"))
        self.rest("PATCH", f"issues/{self.issue()}", {what: f"Other {self.random.random()}"}, by=self.random.choice(("ann", "bea")))

    def commented(self) -> None:
        self.rest("POST", f"issues/{self.issue()}/comments", {"body": "Hm"}, by=self.random.choice(("ann", "mallory")))

    def comment_changed(self) -> None:
        comments = self.rest("GET", f"issues/{self.issue()}/comments")
        if comments:
            path = f"issues/comments/{self.random.choice(comments)['id']}"
            if self.random.random() < 0.5:
                self.rest("DELETE", path)
            else:
                self.rest("PATCH", path, {"body": f"Hm {self.random.random()}"})

    def related(self) -> None:
        """A dependency or a part, made or taken away."""
        one, other = self.issue(), self.rest("GET", f"issues/{self.issue()}")["id"]
        way, path, body = self.random.choice(
            (
                ("POST", "dependencies/blocked_by", {"issue_id": other}),
                ("DELETE", f"dependencies/blocked_by/{other}", None),
                ("POST", "sub_issues", {"sub_issue_id": other}),
                ("DELETE", "sub_issue", {"sub_issue_id": other}),
            )
        )
        self.rest(way, f"issues/{one}/{path}", body)

    def deleted(self) -> None:
        """Or moved to another repository: either way it leaves no trace in the list of issues.

        Not a closed one in play: GitHub then counts as many open issues as before. It is noticed within the hour.
        """
        number = self.issue()
        if number in self.in_play and self.rest("GET", f"issues/{number}")["state"] == "closed":
            return
        self.issues.remove(number)
        self.story.append(f"{number} is deleted")
        with self.place.hub.write() as db:
            gone = db.execute("delete from issues where number = ? returning id", (number,)).fetchone()["id"]
            for table, column in (
                ("events", "issue_id"),
                ("issue_labels", "issue_id"),
                ("sub_issues", "child_id"),
                ("comments", "issue_id"),
            ):
                db.execute(f"delete from {table} where {column} = ?", (gone,))
            db.execute("delete from blocked_by where ? in (issue_id, blocker_id)", (gone,))
            db.execute("delete from sub_issues where parent_id = ?", (gone,))

    def taken_up(self) -> None:
        number = self.issue()
        self.in_play[number] = self.random.choice((None, f"agent-1/project-{number}"))
        self.story.append(f"{number} is in play on {self.in_play[number]}")

    def dropped(self) -> None:
        if self.in_play:
            number = self.random.choice(sorted(self.in_play))
            del self.in_play[number]
            self.story.append(f"{number} is not in play any more")

    def pull_opened(self) -> None:
        branches = [branch for branch in self.in_play.values() if branch is not None]
        if branches:
            branch = self.random.choice(branches)
            self.story.append(f"work on {branch}")
            self.place.branch(branch, **{f"file{self.random.randrange(1000)}": "x"})
            by = "bea" if self.random.random() < 0.8 else "ann"  # who looks is bea
            made = self.rest("POST", "pulls", {"title": "Fix", "body": "It", "head": branch, "base": "main"}, by=by)
            self.pulls[made["number"]] = branch

    def pull_changed(self) -> None:
        if not self.pulls:
            return
        number = self.random.choice(sorted(self.pulls))
        head = self.rest("GET", f"pulls/{number}")["head"]["sha"]
        match self.random.randrange(6):
            case 0:
                self.rest("PATCH", f"pulls/{number}", {"state": self.random.choice(("open", "closed"))})
            case 1:
                event = self.random.choice(("APPROVE", "REQUEST_CHANGES"))
                self.rest("POST", f"pulls/{number}/reviews", {"commit_id": head, "event": event, "body": "So"}, by="bea")
            case 2:
                self.story.append(f"a check of {number}")
                checks.report(self.place.hub, NAME, head, "tests", self.random.choice(("success", "failure")))
            case 3:
                self.rest("POST", f"statuses/{head}", {"state": self.random.choice(("pending", "success")), "context": "deploy"})
            case 4:
                self.rest("PUT", f"pulls/{number}/merge", {"sha": head})
            case 5:
                other = self.place.branch(f"spare-{len(self.story)}", **{f"file{self.random.randrange(1000)}": "y"})
                self.rest("PATCH", f"git/refs/heads/{self.pulls[number]}", {"sha": other, "force": True})

    def something(self) -> None:
        happenings: list[Callable[[], None]] = [self.labelled, self.unlabelled, self.closed_or_reopened, self.edited, self.commented]
        happenings += [self.comment_changed, self.opened, self.related, self.deleted, self.taken_up, self.taken_up, self.dropped]
        happenings += [self.pull_opened, self.pull_opened, self.pull_changed, self.pull_changed]
        if not self.issues:
            self.opened()
        with suppress(GitHubError):  # what GitHub refuses did not happen
            self.random.choice(happenings)()

    def time_passes(self) -> None:
        """Mostly none: GitHub's times have whole seconds, and much happens in one."""
        seconds = self.random.choice((0, 0, 0, 1, 4, 8, 60, 400))
        self.place.watch.time += timedelta(seconds=seconds)
        self.story.append(f"{seconds} s pass")


def without_blockers(view: View) -> View:
    """A first look has asked nobody's."""
    return replace(view, issues={number: replace(issue, blockers=None) for number, issue in view.issues.items()})


def differences(kept: View, first: View) -> list[tuple[int | str, object, object]]:
    """By number or branch, what is kept and what a first look found."""
    both: list[tuple[Mapping[Any, object], Mapping[Any, object]]] = [
        (kept.issues, first.issues),
        (kept.pulls, first.pulls),
        (kept.foreign, first.foreign),
    ]
    return [(name, one.get(name), other.get(name)) for one, other in both for name in {*one, *other} if one.get(name) != other.get(name)]


def first_look(reads: Reads) -> Reads:
    return Reads(client=reads.client, collaborators=reads.collaborators)


def reads_of(place: HubRepository) -> Reads:
    """A new process: nothing is kept, not even answers. With a fixed token, since an app's would end with the hours that pass here."""
    client = place.person("bea")
    return Reads(client=client, collaborators=Collaborators(client=client))


@pytest.mark.parametrize(("dice", "many"), [(0, False), (1, False), (4, True)])
def test_every_look_shows_what_a_first_look_would(place: HubRepository, dice: int, many: bool) -> None:
    """With few issues one query shows all, and is asked again; with many only what changed is."""
    world = World(place=place, random=Random(dice))
    reads, another = reads_of(place), reads_of(place)
    for _ in range(8):
        world.opened()
    if many:
        seed.add_issues(place.hub, NAME, 105, author="ann", labels=[READY])

    for _ in range(30):
        for _ in range(world.random.randrange(4)):
            world.something()
            world.time_passes()
        match world.random.randrange(12):
            case 0:
                world.story.append("a look fails")
                path = world.random.choice(("/graphql", "/issues", NAME))
                faults.fail_next(place.hub, "POST" if path == "/graphql" else "GET", path, 403)
                with suppress(GitHubError):
                    reads.view(world.in_play)
                with place.hub.write() as db:
                    db.execute("delete from faults")
            case 1:
                world.story.append("a new process")
                reads = reads_of(place)
            case _:
                pass
        if world.pulls:
            first_look(another).view(world.in_play)  # GitHub finds out whether a pull request can be merged when it is asked

        kept, first = reads.view(world.in_play), first_look(another).view(world.in_play)

        assert differences(without_blockers(kept), first) == [], "\n".join(world.story)
        world.story.append("looked")
        for number in world.random.sample(sorted(kept.issues), min(2, len(kept.issues))):
            reads.blockers(number)


def asked(place: HubRepository, read_snapshot: Callable[[], object]) -> list[tuple[str, int]]:
    """What GitHub was asked meanwhile, and its answers' status; 304 is free."""
    last = place.hub.db().execute("select coalesce(max(id), 0) from requests").fetchone()[0]
    read_snapshot()
    rows = place.hub.db().execute("select path, status from requests where id > ? order by id", (last,))
    return [(row["path"].removeprefix(f"/repos/{NAME}"), row["status"]) for row in rows]


def a_long_queue(place: HubRepository) -> Reads:
    """Longer than one query shows; looked at long enough ago that its times have settled."""
    seed.add_issues(place.hub, NAME, 250, author="ann", labels=[READY])
    reads = reads_of(place)
    reads.view({})
    place.watch.time += _LONG_AGO
    reads.view({})
    return reads


def test_a_look_at_a_long_queue_where_nothing_happened_is_two_requests_and_both_are_free(place: HubRepository) -> None:
    reads = a_long_queue(place)

    assert asked(place, lambda: reads.view({})) == [("/issues", 304), ("", 304)]


def test_a_look_at_a_long_queue_after_one_change_is_two_requests(place: HubRepository) -> None:
    reads = a_long_queue(place)
    place.api("PATCH", "issues/17", {"title": "Another title"})

    assert asked(place, lambda: reads.view({})) == [("/issues", 200), ("/graphql", 200)]
    assert reads.view({}).issues[17].title == "Another title"


def test_a_second_change_within_one_second_is_seen_too(place: HubRepository) -> None:
    """GitHub's times have whole seconds: after the first change nothing says that there was another one."""
    reads = a_long_queue(place)
    late = place.open_issue("Late")
    for title in ("Another title", "The last title"):
        place.api("PATCH", "issues/17", {"title": title})
        assert reads.view({}).issues[17].title == title

    place.api("POST", f"issues/{late}/labels", {"labels": [READY]})

    assert late in reads.view({}).issues


def test_an_issue_that_was_deleted_or_moved_away_is_gone(place: HubRepository) -> None:
    reads = a_long_queue(place)
    with place.hub.write() as db:
        db.execute("delete from issues where number = 17")

    assert 17 not in reads.view({}).issues


def test_what_changed_before_a_look_that_failed_is_seen_by_the_next_one(place: HubRepository) -> None:
    reads = a_long_queue(place)
    place.api("PATCH", "issues/17", {"title": "Another title"})
    place.watch.time += _LONG_AGO
    faults.fail_next(place.hub, "POST", "/graphql", 403)

    with pytest.raises(GitHubError):
        reads.view({})

    assert reads.view({}).issues[17].title == "Another title"


def test_checks_that_leave_no_trace_in_the_list_of_issues_are_seen(place: HubRepository) -> None:
    reads = a_long_queue(place)
    branch = "agent-1/project-9"
    head = place.branch(branch, parser__py="one\n")
    reads.client.rest("POST", "pulls", body={"title": "Fix", "body": "It", "head": branch, "base": "main"})
    reads.view({9: branch})
    place.watch.time += _LONG_AGO
    reads.view({9: branch})
    checks.report(place.hub, NAME, head, "tests", "failure")

    pull = reads.view({9: branch}).pulls[branch]

    assert (pull.state, [check.state for check in pull.checks]) == (PullState.OPEN, [CheckState.FAILURE])


def test_an_issue_is_blocked_until_what_blocks_it_is_closed(place: HubRepository) -> None:
    """GitHub says nothing of the one that waits when the other one is closed."""
    reads = a_long_queue(place)
    place.api("POST", "issues/17/dependencies/blocked_by", {"issue_id": place.api("GET", "issues/18")["id"]})
    place.watch.time += _LONG_AGO
    reads.view({})
    assert reads.blockers(17) == (18,)
    assert reads.view({}).issues[17].blockers == (18,)

    place.api("PATCH", "issues/18", {"state": "closed"})

    assert reads.view({}).issues[17].blockers is None
    assert reads.blockers(17) == ()


def test_who_is_blocked_is_asked_again_after_ten_minutes(place: HubRepository) -> None:
    """What blocks may be in another repository, whose issues nobody lists here."""
    reads = a_long_queue(place)
    place.api("POST", "issues/17/dependencies/blocked_by", {"issue_id": place.api("GET", "issues/18")["id"]})
    reads.blockers(17)
    with place.hub.write() as db:
        db.execute("delete from blocked_by")

    place.watch.time += _LONG_AGO

    assert reads.view({}).issues[17].blockers is None


def test_a_label_deleted_from_the_repository_is_noticed_within_the_hour(place: HubRepository) -> None:
    """GitHub touches none of the issues that lose it."""
    reads = a_long_queue(place)
    place.api("DELETE", f"labels/{READY}")

    place.watch.time += timedelta(hours=1)

    assert reads.view({}).issues == {}


def test_after_very_many_changes_looks_become_short_and_free_again(place: HubRepository) -> None:
    reads = a_long_queue(place)
    with place.hub.write() as db:
        db.execute("update issues set title = 'All new', updated_at = ?", (place.hub.now(),))

    assert {issue.title for issue in reads.view({}).issues.values()} == {"All new"}
    for _ in range(2):
        place.watch.time += _LONG_AGO
        reads.view({})

    assert asked(place, lambda: reads.view({})) == [("/issues", 304), ("", 304)]


def test_an_answer_that_changed_takes_the_place_of_the_old_one(place: HubRepository) -> None:
    """hishel keeps both, and then takes a 304 for neither: each such question would be asked twice, and paid for."""
    client = place.person("bea")
    place.open_issue("One")
    for title in ("Two", "Three"):
        client.rest("GET", "issues")
        place.open_issue(title)
    client.rest("GET", "issues")

    assert asked(place, lambda: client.rest("GET", "issues")) == [("/issues", 304)]
