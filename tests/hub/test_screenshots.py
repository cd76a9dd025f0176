"""How the pages look in a real browser: pictures are taken, kept in build/screenshots, and must show the colours of states."""

import os
import shutil
import struct
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.hub.serve import serving
from tests.hub.garden import HOME
from tests.hub.grown import garden
from tests.hub.test_pages import _colors
from tests.patience import PATIENCE

KEPT = Path(__file__).parents[2] / "build" / "screenshots"
BROWSER = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars", "--force-color-profile=srgb"),
)
pytestmark = [
    pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine: screenshots are not taken"),
    pytest.mark.timeout(1800),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(garden(tmp_path_factory.mktemp("garden")).hub, work=False) as served:
        yield served.url


def photograph(url: str, name: str, folder: Path, *, width: int, height: int, dark: bool) -> bytes:
    KEPT.mkdir(parents=True, exist_ok=True)
    picture = KEPT / f"{name}.png"
    picture.unlink(missing_ok=True)
    mode = ["--force-dark-mode", "--blink-settings=preferredColorScheme=0"] if dark else []
    command = [str(BROWSER), *QUIET, *mode, f"--user-data-dir={folder}", f"--window-size={width},{height}", f"--screenshot={picture}", url]
    subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE, env=os.environ | {"HOME": str(folder)})
    return picture.read_bytes()


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
        colors.update(bytes(line[place : place + 3]) for place in range(0, stride, size))
        above = line
    return width, height, colors


def _unfiltered(way: int, line: bytearray, above: bytearray, size: int) -> bytearray:
    """One row with the PNG filter taken off: none, sub, up, average or Paeth."""
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


@pytest.mark.parametrize(
    ("name", "place", "states"),
    [
        ("board", f"/{HOME}/board", ("open", "pending", "blue")),
        ("issue", f"/{HOME}/issues/1", ("open-soft",)),
        ("pull-request", f"/{HOME}/pull/6", ("open", "failure", "added", "removed")),
    ],
)
@pytest.mark.parametrize(
    ("look", "width", "height", "dark"), [("wide-light", 1280, 1000, False), ("wide-dark", 1280, 1000, True), ("narrow", 500, 1600, False)]
)
def test_the_page_is_drawn_with_the_colours_of_its_states(
    address: str, tmp_path: Path, name: str, place: str, states: tuple[str, ...], look: str, width: int, height: int, dark: bool
) -> None:
    drawn_width, drawn_height, colors = pixels(
        photograph(address + place, f"{name}-{look}", tmp_path, width=width, height=height, dark=dark)
    )
    assert (drawn_width, drawn_height) == (width, height)
    assert len(colors) > 50
    named = _colors(dark)
    assert [state for state in ("ground", *states) if bytes.fromhex(named[state][1:]) not in colors] == []
