"""The board as people see it: rows filled from the table of fields, only what changed written, and no trouble that spreads."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.adapters.github.board import GitHubBoardWriter, find_board
from bot.core.orders.labels import READY
from bot.core.projections.board import BOARD_FIELDS
from bot.hub import seed
from bot.hub.changes import boards
from bot.hub.web import faults
from bot.ports import GitHubError
from bot.ports.people import BoardRow, BoardValue
from tests.adapters.hub_repository import HubRepository

FIELDS: dict[str, Any] = {field.name: list(field.options) or field.kind.value for field in BOARD_FIELDS}
VALUES: dict[str, BoardValue] = {
    "Status": "working",
    "Agent": "agent 1",
    "Role": "execution",
    "Priority": "High",
    "Cycle": 1.0,
    "Spend": 0.25,
    "Step": None,
}


def a_screen(place: HubRepository, *, owner: str = "acme", fields: dict[str, Any] = FIELDS) -> GitHubBoardWriter:
    number = boards.add_board(place.hub, owner, "Garden", fields=fields)
    return GitHubBoardWriter(connected=lambda: place.worker, number=number, clock=place.watch)


def a_row(place: HubRepository, **values: Any) -> BoardRow:
    number = place.open_issue("Issue", labels=(READY,))
    return BoardRow(number=number, node_id=place.reads().view({}).issues[number].node_id, values={**VALUES, **values})


def rows(place: HubRepository) -> list[dict[str, str | float]]:
    db = place.hub.db()
    return [boards.values_of(db, row["id"]) for row in db.execute("select id from board_items order by id").fetchall()]


def show(screen: GitHubBoardWriter, *wanted: BoardRow) -> tuple[str, ...]:
    return screen.write(screen.missing(wanted))


def requests(place: HubRepository) -> tuple[int, int]:
    return place.governor.counts["read"], place.governor.counts["write"]


def test_a_new_row_gets_its_values_and_what_is_unchanged_costs_no_request(place: HubRepository) -> None:
    screen, row = a_screen(place), a_row(place)
    assert show(screen, row) == ()
    (shown,) = rows(place)
    assert {name: shown.get(name) for name in VALUES} == {**VALUES, "Step": None}

    before = requests(place)
    assert screen.missing([row]) == ()
    assert show(screen, row) == ()
    assert requests(place) == before


def test_only_what_changed_is_written_and_what_is_no_more_is_emptied(place: HubRepository) -> None:
    screen, row = a_screen(place), a_row(place)
    show(screen, row)
    after = BoardRow(number=row.number, node_id=row.node_id, values={**VALUES, "Status": "done", "Agent": None, "Step": "runs the tests"})
    before = requests(place)

    (changed,) = screen.missing([after])
    assert changed.values == {"Status": "done", "Agent": None, "Step": "runs the tests"}
    assert screen.write([changed]) == ()

    assert requests(place) == (before[0], before[1] + 1)
    (shown,) = rows(place)
    assert (shown["Status"], shown.get("Agent"), shown["Step"], shown["Spend"]) == ("done", None, "runs the tests", 0.25)


def test_ten_rows_are_written_in_batches(place: HubRepository) -> None:
    screen = a_screen(place)
    wanted = [a_row(place, Spend=float(cost)) for cost in range(10)]
    before = requests(place)

    assert show(screen, *wanted) == ()

    read, written = requests(place)
    assert (read - before[0], written - before[1]) == (2, 3)  # the board and its rows; ten items, and sixty values at forty a request
    assert [row["Spend"] for row in rows(place)] == [float(cost) for cost in range(10)]


def test_another_process_reads_what_stands_there_and_writes_nothing(place: HubRepository) -> None:
    screen, row = a_screen(place), a_row(place)
    show(screen, row)
    other = GitHubBoardWriter(connected=lambda: place.worker, number=1, clock=place.watch)
    before = requests(place)

    assert other.missing([row]) == ()
    assert requests(place) == (before[0] + 2, before[1])


def test_fields_and_options_that_the_board_lacks_are_left_out(place: HubRepository) -> None:
    screen = a_screen(place, fields={"Status": ["Ready", "Working", "Done"], "Spend": "number"})
    row = a_row(place, Status="needs-human")

    assert show(screen, row) == ()

    (shown,) = rows(place)
    assert (shown.get("Status"), shown["Spend"]) == (None, 0.25)
    assert screen.missing([row]) == ()


def test_a_row_that_somebody_took_off_comes_back_whole(place: HubRepository) -> None:
    screen, row = a_screen(place), a_row(place)
    show(screen, row)
    with place.hub.write() as db:
        boards.drop_item(db, db.execute("select * from board_items").fetchone())
    after = BoardRow(number=row.number, node_id=row.node_id, values={**VALUES, "Status": "done"})

    assert "updateProjectV2ItemFieldValue for #1" in show(screen, after)[0]
    assert show(screen, after) == ()

    (shown,) = rows(place)
    assert (shown["Status"], shown["Agent"]) == ("done", "agent 1")


def test_what_github_refuses_for_good_is_not_asked_for_ever(place: HubRepository) -> None:
    screen, row = a_screen(place), a_row(place)
    gone = BoardRow(number=77, node_id="I_doesnotexist", values=VALUES)

    assert "addProjectV2ItemById for #77" in show(screen, gone, row)[0]
    assert rows(place)[0]["Status"] == "working"
    for _ in range(3):
        show(screen, gone, row)
    before = requests(place)
    assert show(screen, gone, row) == ()
    assert requests(place) == before


def test_a_board_that_cannot_be_seen_is_said_once_and_holds_nothing_up(place: HubRepository) -> None:
    row = a_row(place)
    screen = GitHubBoardWriter(connected=lambda: place.worker, number=99, clock=place.watch)
    with pytest.raises(GitHubError, match="organization_projects: write"):
        find_board(place.worker, 99)

    assert screen.missing([row]) == ()
    assert "GROUNDSKEEPER_BOARD_TOKEN" in (screen.notice() or "")
    before = requests(place)
    assert screen.missing([row]) == ()
    assert requests(place) == before
    place.watch.time += timedelta(minutes=11)
    screen.missing([row])
    assert requests(place) != before
    assert screen.notice() is None


def test_a_board_that_was_out_of_reach_is_written_later(place: HubRepository) -> None:
    screen, row = a_screen(place), a_row(place)
    wanted = screen.missing([row])
    faults.fail_next(place.hub, "POST", "/graphql", 502, times=3)

    for _ in range(2):
        with pytest.raises(GitHubError, match="502"):
            screen.write(wanted)
    assert "502" in screen.write(wanted)[0]
    assert screen.missing([row]) == ()
    place.watch.time += timedelta(minutes=11)
    assert show(screen, row) == ()
    assert rows(place)[0]["Agent"] == "agent 1"


def test_without_a_board_nothing_is_asked(place: HubRepository) -> None:
    row = a_row(place)
    screen = GitHubBoardWriter(connected=lambda: place.worker, number=None, clock=place.watch)
    before = requests(place)

    assert show(screen, row) == ()

    assert requests(place) == before
    assert screen.notice() is None


def test_a_persons_own_board_is_written_with_that_persons_token(place: HubRepository) -> None:
    bare = seed.add_repository(place.hub, "ann", "shed")
    assert bare.exists()
    place.api("POST", "/repos/ann/shed/issues", {"title": "Tidy up"})
    number = boards.add_board(place.hub, "ann", "Shed", repository="ann/shed", fields=FIELDS)
    token = seed.add_token(place.hub, "ann")
    node = place.api("GET", "/repos/ann/shed/issues/1")["node_id"]
    screen = GitHubBoardWriter(connected=lambda: place.connected(token, "ann/shed"), number=number, clock=place.watch)

    assert show(screen, BoardRow(number=1, node_id=node, values=VALUES)) == ()

    assert rows(place)[0]["Status"] == "working"
