"""How the pages look in a real browser: pictures are taken, kept in build/screenshots, and nothing in them is cut, squeezed or colourless."""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.hub.serve import serving
from tests.hub.browser import PROGRAM, Page, browser
from tests.hub.garden import HOME
from tests.hub.grown import garden
from tests.hub.test_pages import _colors

KEPT = Path(__file__).parents[2] / "build" / "screenshots"
PAGES = {
    "board": f"/{HOME}/board",
    "issue": f"/{HOME}/issues/1",
    "pull-request": f"/{HOME}/pull/6",
    "files": f"/{HOME}/pull/6/files",
    "owner": "/orchard",
}
STATES = {
    "board": ("open", "pending", "blue"),
    "issue": ("open-soft",),
    "pull-request": ("open", "failure", "added", "removed"),
    "files": ("added", "removed"),
    "owner": ("link",),
}
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine: screenshots are not taken"),
    pytest.mark.timeout(1800),
]
WIDTHS = pytest.mark.parametrize("width", [1280, 390])


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(garden(tmp_path_factory.mktemp("garden")).hub, work=False) as served:
        yield served.url


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("chromium")) as page:
        yield page


def pixels(png: bytes) -> tuple[int, int, set[bytes]]:
    """Width, height and every colour of an 8-bit picture without interlacing, which is what the browser writes."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height, depth, kind = struct.unpack(">IIBB", png[16:26])
    assert depth == 8
    size = {2: 3, 6: 4}[kind]
    data, at = b"", 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            data += png[at + 8 : at + 8 + length]
        at += length + 12
    raw, stride = zlib.decompress(data), width * size
    colors: set[bytes] = set()
    above = bytearray(stride)
    for row in range(height):
        start = row * (stride + 1)
        line = _unfiltered(raw[start], bytearray(raw[start + 1 : start + 1 + stride]), above, size)
        if line != above:
            colors.update(bytes(line[place : place + 3]) for place in range(0, stride, size))
        above = line
    return width, height, colors


def _unfiltered(way: int, line: bytearray, above: bytearray, size: int) -> bytearray:
    """One row with the PNG filter taken off: none, sub, up, average or Paeth."""
    if way == 2 and not any(line):
        return above
    for place in range(len(line)) if way else ():
        left = line[place - size] if place >= size else 0
        corner = above[place - size] if place >= size else 0
        up = above[place]
        if way == 1:
            guess = left
        elif way == 2:
            guess = up
        elif way == 3:
            guess = (left + up) // 2
        else:
            near = left + up - corner
            guess = min((abs(near - left), 0, left), (abs(near - up), 1, up), (abs(near - corner), 2, corner))[2]
        line[place] = (line[place] + guess) & 255
    return line


@WIDTHS
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_drawn_whole_with_the_colours_of_its_states(address: str, page: Page, name: str, width: int, dark: bool) -> None:
    page.show(address + PAGES[name], width=width, height=1000, dark=dark)
    whole = page.picture(KEPT / f"{name}-{width}-{'dark' if dark else 'light'}.png").read_bytes()

    drawn_width, drawn_height, colors = pixels(whole)
    assert drawn_width == width == page.value("document.documentElement.scrollWidth")
    assert drawn_height >= 1000
    named = _colors(dark)
    assert [state for state in ("ground", *STATES[name]) if bytes.fromhex(named[state][1:]) not in colors] == []


BROKEN_WORDS = """
[...document.querySelectorAll('.prose td, .prose th')].flatMap(cell => {
  const found = [], texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
  for (let text; text = texts.nextNode();) for (const word of text.data.matchAll(/(?<!\\S)[A-Za-z]+(?![^\\s,.;])/g)) {
    const range = document.createRange();
    range.setStart(text, word.index); range.setEnd(text, word.index + word[0].length);
    if (!text.parentElement.closest('code') && new Set([...range.getClientRects()].map(box => box.top)).size > 1) found.push(word[0]);
  }
  return found;
})
"""


@WIDTHS
def test_no_word_is_broken_in_a_table(address: str, page: Page, width: int) -> None:
    """A path may be, on a phone, where the evidence would else be out of sight."""
    page.show(address + PAGES["pull-request"], width=width)

    assert page.value("[...document.querySelectorAll('.prose td')].filter(cell => cell.innerText === 'met').length") == 2
    assert page.value(BROKEN_WORDS) == []
    assert page.value("[...document.querySelectorAll('.prose table')].filter(one => one.scrollWidth > one.clientWidth).length") == 0


@WIDTHS
@pytest.mark.parametrize("name", ["files", "pull-request"])
def test_a_comment_on_a_line_stays_within_the_page(address: str, page: Page, name: str, width: int) -> None:
    page.show(address + PAGES[name], width=width)

    edges = page.value(
        "[...document.querySelectorAll('.remark, .remark .prose, .remark .by')].map(one => one.getBoundingClientRect().right)"
    )
    assert len(edges) == 3
    assert max(edges) <= width


def test_a_comment_on_a_line_stays_in_sight_when_the_code_is_moved(address: str, page: Page) -> None:
    page.show(address + PAGES["files"], width=390)
    left = page.value(
        "(() => { const note = document.querySelector('.remark'); note.closest('.scroll').scrollLeft = 200; return note.getBoundingClientRect().left })()"
    )
    assert 0 <= left < 60


def test_on_a_phone_columns_with_cards_come_first(address: str, page: Page) -> None:
    page.show(address + PAGES["board"], width=390)
    columns = page.value(
        "[...document.querySelectorAll('.column')].map(one => [one.getBoundingClientRect().top, one.querySelectorAll('.ticket').length])"
    )

    cards = [count for _, count in sorted(columns)]
    assert 0 in cards
    assert cards == sorted(cards, key=lambda count: count == 0)
