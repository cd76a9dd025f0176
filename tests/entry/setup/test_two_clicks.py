"""Installing as a person does it: one command, GitHub's own buttons in a real browser, one pull request; and each step is counted."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.entry.setup.conftest import NAME, SOURCE, Site
from tests.entry.setup.test_stranger import ci, machines
from tests.hub.browser import PROGRAM, Page, browser

pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine: nobody presses GitHub's buttons"),
    pytest.mark.timeout(1800),
]
_PATIENCE = 60.0


@dataclass(kw_only=True)
class Person:
    """Ann, who signed in to GitHub in her browser and in `gh` long ago. Whatever she does now is counted."""

    site: Site
    page: Page
    steps: list[str] = field(default_factory=list)
    secrets_by_hand: list[str] = field(default_factory=list)

    def sign_in(self) -> None:
        self.page.show(f"{self.site.url}/login", width=1280)
        token = self.site.tokens["ann"]
        self._go(f"document.getElementById('token').value = '{token}'; document.querySelector('form button').click()")

    def press(self, button: str) -> None:
        self.wait_for(f"document.getElementById('{button}') !== null")
        self.steps.append(f"{button}: {self.page.value('document.querySelector(`h1`).innerText')}")
        self._go(f"document.getElementById('{button}').click()")

    def wait_for(self, condition: str) -> None:
        until = time.monotonic() + _PATIENCE
        while not self._holds(condition):
            assert time.monotonic() < until, self.page.value("document.documentElement.outerHTML")[:2000]
            threading.Event().wait(0.2)

    def _holds(self, condition: str) -> bool:
        with suppress(AssertionError):  # a page that is on its way has nothing to ask yet
            return bool(self.page.value(condition))
        return False

    def _go(self, script: str) -> None:
        before = self.page.value("location.href")
        self.page.value(f"{script}; 1")
        self.wait_for(f"location.href !== {before!r} && document.readyState === 'complete'")


@pytest.fixture
def ann(site: Site, tmp_path: Path) -> Iterator[Person]:
    with browser(tmp_path / "chromium") as page:
        person = Person(site=site, page=page)
        person.sign_in()
        yield person


@dataclass(kw_only=True)
class Terminal:
    """`init` on a terminal of its own; what it wants opened in a browser arrives in a file."""

    process: subprocess.Popen[bytes]
    ours: int
    wanted: Path
    seen: list[bytes] = field(default_factory=list)
    opened: int = 0

    def address(self) -> str:
        """The next page that it opens."""
        until = time.monotonic() + _PATIENCE
        while len(lines := self.wanted.read_text().splitlines()) <= self.opened:
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < until, self.said()
            threading.Event().wait(0.1)
        self.opened += 1
        return lines[self.opened - 1]

    def said(self) -> str:
        return b"".join(self.seen).decode().replace("\r\n", "\n")

    def end(self) -> int:
        return self.process.wait(_PATIENCE)


def on_a_terminal(site: Site, place: Path, *args: str, **environment: str) -> Terminal:
    """With `gh` signed in, as GitHub's documentation has people do it, and a browser that can be told what to open."""
    programs, wanted = place / "programs", place / "wanted"
    programs.mkdir()
    wanted.touch()
    for name, script in (("gh", f"echo {site.tokens['ann']}"), ("open-page", f'printf "%s\\n" "$1" >>{wanted}')):
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    ours, theirs = pty.openpty()
    told = {name: value for name, value in site.environment.items() if name != "GH_TOKEN"}
    told |= {"PATH": f"{programs}:{os.environ['PATH']}", "BROWSER": str(programs / "open-page"), **environment}
    command = [sys.executable, "-m", "bot.entry.cli", "init", *args]
    process = subprocess.Popen(command, env=told, cwd=site.checkout, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    terminal = Terminal(process=process, ours=ours, wanted=wanted)

    def listen() -> None:
        with suppress(OSError):
            while part := os.read(ours, 4096):
                terminal.seen.append(part)

    threading.Thread(target=listen, daemon=True).start()
    return terminal


@pytest.mark.slow
def test_six_steps_and_one_secret_from_nothing_to_a_merged_change(site: Site, ann: Person, tmp_path: Path) -> None:
    (site.checkout / "pots.py").write_text("def count():\n    return 1\n")
    (site.checkout / "Makefile").write_text("test:\n\ttrue\n")
    site.publish("Count pots")
    before = site.snapshot()

    ann.steps.append("groundskeeper init, with the model's key")
    ann.secrets_by_hand.append("ANTHROPIC_API_KEY")
    terminal = on_a_terminal(site, tmp_path, "--yes", "--source", SOURCE, ANTHROPIC_API_KEY="sk-ant-test")
    for _ in ("worker", "reviewer"):
        ann.page.show(terminal.address(), width=1280)
        ann.press("create")
        ann.press("install")
    assert terminal.end() == 0, terminal.said()

    (proposed,) = site.get(f"/repos/{NAME}/pulls")
    assert [one["filename"] for one in site.get(f"/repos/{NAME}/pulls/{proposed['number']}/files")] == [
        ".github/groundskeeper.yml",
        ".github/workflows/groundskeeper.yml",
    ]
    assert proposed["html_url"] in terminal.said()
    assert f"| test | `make test` | {'passes' if shutil.which('bwrap') else 'not run yet'} |" in proposed["body"]
    assert "Not ready yet" not in proposed["body"]
    assert site.git("status", "--porcelain") == ""
    assert site.send("PUT", f"/repos/{NAME}/pulls/{proposed['number']}/merge", {}).status_code == 200
    ann.steps.append("merge the onboarding pull request")

    assert len(ann.steps) <= 6, ann.steps
    assert ann.secrets_by_hand == ["ANTHROPIC_API_KEY"]
    assert "PRIVATE KEY" not in terminal.said()
    assert site.get(f"/repos/{NAME}/actions/secrets")["total_count"] == 0

    site.git("pull", "-q", "--rebase", "origin", "main")
    issue = site.send("POST", f"/repos/{NAME}/issues", {"title": "The second pot is not counted", "body": "- [ ] Both pots count"}).json()
    site.send("POST", f"/repos/{NAME}/issues/{issue['number']}/labels", {"labels": ["agent:ready"]})
    runner = machines(site, tmp_path)
    for _ in range(12):
        runner.fire("schedule", {"schedule": "7,19,31,43,55 * * * *"})
        runner.take_dispatches()
        ci(site)
        if site.get(f"/repos/{NAME}/issues/{issue['number']}")["state"] == "closed":
            break
    while runner.take_dispatches():
        pass
    (merged,) = [pull for pull in site.get(f"/repos/{NAME}/pulls?state=all") if pull["merged_at"] and pull["number"] != proposed["number"]]
    assert merged["user"]["login"] == "gk-worker-garden[bot]", "\n".join(runner.log[-8:])

    site.git("pull", "-q", "--rebase", "origin", "main")
    removed = site.shell("uninstall", "--yes")
    assert removed.returncode == 0, removed.stdout + removed.stderr
    (farewell,) = site.get(f"/repos/{NAME}/pulls")
    assert f"Merge this to take its files out: {farewell['html_url']}" in removed.stdout
    assert site.send("PUT", f"/repos/{NAME}/pulls/{farewell['number']}/merge", {}).status_code == 200
    assert site.send("DELETE", f"/repos/{NAME}/git/refs/heads/{farewell['head']['ref']}", None).status_code == 204
    site.git("pull", "-q", "--rebase", "origin", "main")
    after = site.snapshot()
    assert {**after, "refs": ""} == {**before, "refs": ""}
    refs = [line.split("\t")[1] for line in str(after["refs"]).splitlines()]
    assert [ref for ref in refs if not ref.startswith("refs/pull/")] == ["refs/heads/main"]
