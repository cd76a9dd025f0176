"""A person with a real browser: what a link and a few presses come to, at a desk and on a phone."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.hub.serve import serving
from bot.hub.web.sessions import link
from tests.hub.browser import PROGRAM, Page, browser
from tests.hub.garden import HOME, Garden
from tests.hub.grown import garden

KEPT = Path(__file__).parents[2] / "build" / "screenshots"
PLACES = {
    "signed-in": "/",
    "signed-in-issue": f"/{HOME}/issues/1",
    "signed-in-new-issue": f"/{HOME}/issues/new",
    "signed-in-pull-request": f"/{HOME}/pull/6",
    "signed-in-files": f"/{HOME}/pull/6/files",
}
pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine: nobody can press anything"),
    pytest.mark.timeout(180),
]


@dataclass
class Person:
    made: Garden
    page: Page
    url: str

    def show(self, place: str, width: int = 1280) -> None:
        self.page.show(f"{self.url}{place}", width=width)

    def write(self, field: str, words: str) -> None:
        self.page.value(f"document.querySelector({field!r}).value = {words!r}")


@pytest.fixture(scope="module")
def ada(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    made = garden(tmp_path_factory.mktemp("garden"))
    with serving(made.hub, work=False) as served, browser(tmp_path_factory.mktemp("chromium")) as page:
        person = Person(made, page, served.url)
        person.show(link(made.hub, "ada"))
        yield person


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", PLACES)
def test_every_page_with_its_forms_fits_and_its_buttons_can_be_hit(ada: Person, name: str, width: int) -> None:
    ada.show(PLACES[name], width)
    ada.page.picture(KEPT / f"{name}-{width}.png")

    assert ada.page.value("document.documentElement.scrollWidth") == width
    # WCAG 2.2, success criterion 2.5.8: at least 24 by 24 px.
    small = "[...document.querySelectorAll('main button, main input:not([type=hidden]):not([disabled]), main select')]"
    boxes = f"{small}.filter(one => !one.closest('label, .prose') && one.checkVisibility()).map(one => one.getBoundingClientRect())"
    assert ada.page.value(f"{boxes}.filter(box => box.width < 24 || box.height < 24).length") == 0


def test_an_issue_is_written_labelled_and_answered_by_hand(ada: Person) -> None:
    ada.show(f"/{HOME}/issues")
    ada.page.press("a[href$='/issues/new']")
    ada.write("#title", "Write marrow files too")
    ada.write("#body", "Only reading works.")
    ada.page.press("main .main")
    ada.write("#label", "agent:ready")
    ada.page.press(".add button")
    ada.write("#comment", "Soon, please.")
    ada.page.press(".buttons .main")

    number = int(ada.page.value("location.pathname").rpartition("/")[2])
    issue = ada.made.ask("GET", f"/repos/{HOME}/issues/{number}")
    comments = ada.made.ask("GET", f"/repos/{HOME}/issues/{number}/comments")
    assert (issue["title"], issue["body"]) == ("Write marrow files too", "Only reading works.")
    assert [label["name"] for label in issue["labels"]] == ["agent:ready"]
    assert [(one["body"], one["user"]["login"]) for one in comments] == [("Soon, please.", "ada")]


def test_words_that_are_not_sent_yet_outlast_what_happens_meanwhile(ada: Person) -> None:
    ada.show(f"/{HOME}/issues/2")
    assert ada.page.value("busy()") is False
    ada.write("#comment", "half a thought")

    assert ada.page.value("busy()") is True


def test_a_pull_request_is_approved_and_merged_by_hand(ada: Person) -> None:
    ada.show(f"/{HOME}/pull/6", 390)
    ada.page.value("document.querySelector('[value=approve]').click()")
    ada.page.press(".card.form[action$=review] button")
    ada.page.press(".merge button")

    pull = ada.made.ask("GET", f"/repos/{HOME}/pulls/6")
    assert (pull["merged"], pull["merged_by"]["login"]) == (True, "ada")
    assert ada.made.ask("GET", f"/repos/{HOME}/pulls/6/reviews")[-1]["state"] == "APPROVED"
