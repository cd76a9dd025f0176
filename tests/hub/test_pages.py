"""The pages: whole and readable for everyone, and safe whoever wrote what they show."""

import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from bot.hub.shapes import markdown
from tests.hub.garden import HOME, Garden, comment, issue, plot
from tests.hub.grown import garden

CSS = Path(__file__).parents[2] / "bot" / "hub" / "pages" / "static" / "hub.css"
PLACES = (
    "/",
    "/coverage",
    f"/{HOME}",
    f"/{HOME}/issues",
    f"/{HOME}/issues?state=all&label=bug",
    f"/{HOME}/pulls?state=all",
    f"/{HOME}/issues/1",
    f"/{HOME}/pull/6",
    f"/{HOME}/pull/6/files",
    f"/{HOME}/pull/6/commits",
    f"/{HOME}/pull/6/checks",
    f"/{HOME}/pull/7",
    f"/{HOME}/runs/1",
    f"/{HOME}/board",
    "/orgs/orchard/boards/1",
    "/orchard",
    "/ben",
    f"/{HOME}/tree/main/marrow",
    f"/{HOME}/blob/main/marrow/parser.py",
    f"/{HOME}/commit/main",
)
VOID = {"meta", "link", "input", "img", "br", "hr", "path"}


class Outline(HTMLParser):
    """What a screen reader makes of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.faults: list[str] = []
        self.ids: list[str] = []
        self.headings: list[int] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append((tag, given))
        if given.get("id"):
            self.ids.append(str(given["id"]))
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing at line {self.getpos()[0]}")

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [given for name, given in self.tags if name == tag]


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Garden:
    return garden(tmp_path_factory.mktemp("garden"))


@pytest.mark.parametrize("place", PLACES)
def test_every_page_has_its_landmarks_one_heading_and_a_way_past_the_navigation(grown: Garden, place: str) -> None:
    page = Outline(grown.page(place))
    assert page.faults == []
    assert page.open == []
    assert page.headings.count(1) == 1
    assert len(page.all("main")) == len(page.all("header")[:1]) == len(page.all("footer")) == 1
    assert page.all("html")[0]["lang"] == "en"
    assert page.all("a")[0] == {"class": "skip", "href": "#main"}
    assert all(nav.get("aria-label") for nav in page.all("nav"))
    assert [one for one in page.ids if page.ids.count(one) > 1] == []
    assert all(given["aria-labelledby"] in page.ids for _, given in page.tags if "aria-labelledby" in given)
    assert any(given.get("aria-current") == "page" for _, given in page.tags)


@pytest.mark.parametrize("place", PLACES)
def test_headings_never_skip_a_level(grown: Garden, place: str) -> None:
    levels = Outline(grown.page(place)).headings
    assert [(above, below) for above, below in pairwise(levels) if below > above + 1] == []


@pytest.mark.parametrize("place", PLACES)
def test_every_link_within_the_hub_leads_somewhere(grown: Garden, place: str) -> None:
    links = {given.get("href") or given.get("src") or "" for _, given in Outline(grown.page(place)).tags}
    assert [link for link in sorted(links) if link.startswith("/") and not _leads(grown, link)] == []


def _leads(grown: Garden, link: str) -> bool:
    with grown.app.test_client().get(link) as answer:
        return answer.status_code in (200, 302)


def test_nothing_is_fetched_from_elsewhere(grown: Garden) -> None:
    for place in PLACES:
        answer = grown.app.test_client().get(place)
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert not re.search(r'(?:src|href)="(?:https?:)?//', answer.text)


def test_times_are_told_to_machines_too(grown: Garden) -> None:
    moments = Outline(grown.page(f"/{HOME}/issues/1")).all("time")
    assert moments
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", moment["datetime"] or "") for moment in moments)


def test_the_board_shows_each_issue_under_its_phase_with_agent_money_and_reason(grown: Garden) -> None:
    board = grown.page(f"/{HOME}/board")
    columns = {re.sub(r"<[^>]+>", "", part.split('<span class="count"')[0]).strip(): part for part in board.split("<h2 ")[1:]}
    columns = {name.rpartition(">")[2]: part for name, part in columns.items()}
    assert list(columns) == ["Proposed", "Ready", "Working", "In review", "Needs a person", "Done"]
    working = Outline("<x " + columns["Working"].split("</section>")[0]).text
    for words in ("Stream records", "#2", "agent:ready", "$0.18", "1 of 3", "45 %", "Writing the generator"):
        assert words in working
    assert "Nothing here" in columns["Proposed"]


def test_spend_is_shown_as_money(grown: Garden) -> None:
    page = Outline(grown.page(f"/{HOME}/board")).text
    assert re.findall(r"Spend\s*(\$[0-9.]+)", page) == ["$0.18", "$0.61", "$0.0049"]


def test_an_owner_has_a_page_with_what_is_theirs(grown: Garden) -> None:
    page = Outline(grown.page("/Orchard"))
    links = [link["href"] for link in page.all("a")]
    assert f"/{HOME}" in links
    assert "/orgs/orchard/boards/1" in links
    assert HOME not in Outline(grown.page("/ben")).text
    assert "/orchard" in [link["href"] for link in Outline(grown.page(f"/{HOME}/issues/1")).all("a")]


@pytest.mark.parametrize("place", ["/nobody", "/nobody/nothing", f"/{HOME}/issues/999", f"/{HOME}/blob/main/absent"])
def test_what_is_not_there_is_a_page_for_people_and_json_for_programs(grown: Garden, place: str) -> None:
    client = grown.app.test_client()
    page = client.get(place, headers={"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"})
    plain = client.get(place, headers={"Accept": "application/vnd.github+json"})
    bare = client.get(place)

    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert "There is nothing at this address" in Outline(page.text).text
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert (plain.status_code, plain.json, bare.json) == (404, {**(plain.json or {}), "message": "Not Found"}, plain.json)


def test_the_diff_says_in_words_and_signs_what_its_colours_say(grown: Garden) -> None:
    page = grown.page(f"/{HOME}/pull/6/files")
    added = re.search(r'<tr class="added">(.*?)</tr>', page, re.DOTALL)
    removed = re.search(r'<tr class="removed">(.*?)</tr>', page, re.DOTALL)
    assert added
    assert removed
    assert 'class="sr">added<' in added[1]
    assert 'class="sr">removed<' in removed[1]
    assert "now refuses short lines" in page


def test_a_check_shows_its_log(grown: Garden) -> None:
    page = grown.page(f"/{HOME}/runs/1")
    assert "FAILED tests/test_parser.py::test_last_line" in page
    assert "Failed" in Outline(page).text


HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    '<a href="javascript:alert(1)">x</a>',
    "<svg onload=alert(1)></svg>",
    "<style>body{display:none}</style>",
    '<form action="https://elsewhere.example"><button>x</button></form>',
    "</main></body><h1>Another page</h1>",
    '<iframe src="https://elsewhere.example"></iframe>',
    '<p style="position:fixed" class="skip" id="main">x</p>',
)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(tmp_path: Path, text: str) -> None:
    made = plot(tmp_path)
    number = issue(made, text, text, [], who="mallory")
    comment(made, number, text, who="mallory")
    page = Outline(made.page(f"/{HOME}/issues/{number}"))
    assert page.faults == []
    assert {tag for tag, _ in page.tags} & {"iframe", "form", "style", "button"} == set()
    assert [script["src"] for script in page.all("script")] == ["/static/live.js"]
    assert [name for _, given in page.tags for name in given if name.startswith("on")] == []
    assert not [link for _, link in ((tag, given.get("href") or "") for tag, given in page.tags) if link.startswith("javascript")]
    assert page.headings.count(1) == 1
    assert page.ids.count("main") == 1


def test_a_private_repository_is_not_shown_to_whoever_asks(tmp_path: Path) -> None:
    made = plot(tmp_path)
    with made.hub.write() as db:
        db.execute("update repositories set private = 1")
    assert HOME not in made.page("/")
    assert made.app.test_client().get(f"/{HOME}").status_code == 404


def test_headings_of_a_text_take_the_next_places_of_the_page() -> None:
    assert re.findall(r"<h\d", markdown.render("# a\n\n### b\n\n# c", below=2)) == ["<h3", "<h4", "<h3"]


def test_markdown_knows_githubs_tables_tasks_and_references() -> None:
    html = markdown.render("- [x] done\n- [ ] not, see #12 and `#13`\n\n|a|\n|-|\n|~~b~~|", issues_at="/o/r/issues")
    assert html.count('type="checkbox"') == 2
    assert '<a href="/o/r/issues/12">#12</a>' in html
    assert "<code>#13</code>" in html
    assert "<s>b</s>" in html


def _colors(dark: bool) -> dict[str, str]:
    roots = re.findall(r":root \{(.*?)\}", CSS.read_text(), re.DOTALL)
    light = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", roots[0]))
    return light | dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", roots[1])) if dark else light


def _luminance(color: str) -> float:
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


PAIRS = [
    *((ink, ground) for ink in ("text", "quiet", "link") for ground in ("paper", "ground", "raised", "code", "hunk")),
    *((state, f"{state}-soft") for state in ("open", "merged", "closed", "failure", "pending", "neutral")),
    *(("text", ground) for ground in ("added", "removed", "neutral-soft")),
    *(("quiet", ground) for ground in ("added", "removed")),
    ("open", "added"),
    ("failure", "removed"),
    ("open", "raised"),
    ("failure", "raised"),
    ("pending", "raised"),
]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), PAIRS, ids=lambda name: name)
def test_text_stands_out_from_its_ground(ink: str, ground: str, dark: bool) -> None:
    # WCAG 2.2, success criterion 1.4.3: 4.5 to 1.
    colors = _colors(dark)
    assert contrast(colors[ink], colors[ground]) >= 4.5
