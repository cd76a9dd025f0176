"""The demo's own parts; the whole of it is played by `make demo`."""

from __future__ import annotations

import io
from pathlib import Path

import httpx
from rich.console import Console

from bot.entry.demo.play import REPOSITORY, plant, stay_up
from bot.hub.serve import serving
from bot.hub.store.hub import open_hub


def test_the_demo_ends_with_whole_addresses_that_lead_somewhere(tmp_path: Path) -> None:
    hub, out = open_hub(tmp_path / "hub"), io.StringIO()
    garden = plant(hub, tmp_path)
    with serving(hub, work=False) as served:
        asked = httpx.post(
            f"{served.url}/repos/{REPOSITORY}/issues", json={"title": "Add a"}, headers={"Authorization": f"Bearer {garden.token}"}
        )
        served.over.set()  # as if somebody had pressed Ctrl-C already
        stay_up(Console(file=out, width=30, force_terminal=True, color_system=None), served, garden)
        last = out.getvalue().splitlines()[-3:]
        pages = {line.split()[-1]: httpx.get(line.split()[-1]).status_code for line in last}

    assert asked.json()["html_url"] in pages
    assert list(pages.values()) == [200, 200, 200]
