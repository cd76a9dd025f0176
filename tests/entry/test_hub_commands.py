"""`groundskeeper hub` from a terminal and a browser: started, signed in to, given code, worked on by the bot, and merged."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from bot.adapters.sandbox.machine import available
from tests.entry.terminal import environment, in_a_shell
from tests.entry.trying.own_code import SCENARIO, git, own_code

CI = """\
on: {pull_request: {}}
jobs:
  test:
    name: unit tests
    runs-on: ubuntu-latest
    steps:
      - run: python3 -m unittest
"""
CONFIG = 'checks: ["unit tests"]\nideation: {enabled: false}\n'


@contextmanager
def a_hub(home: Path) -> Iterator[tuple[str, str]]:
    """Its address and the link that signs in."""
    command = [sys.executable, "-u", "-m", "bot.entry.cli", "hub", "--port", "0"]
    with subprocess.Popen(
        command, cwd=home, env=environment(home, USER="ann", LOGNAME="ann"), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(3)]
        try:
            url = re.search(r"http://127\.0\.0\.1:\d+", said[0])
            link = re.fullmatch(r"Sign in as ann: (http://\S+/login/\S+)\n", said[1])
            assert url is not None, said
            assert link is not None, said
            port = url[0].rpartition(":")[2]
            assert said[2] == f"Add a repository: groundskeeper hub add --port {port} path/to/checkout > hub.env\n"
            yield url[0], link[1]
        finally:
            process.terminate()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    place = tmp_path / "home"
    place.mkdir()
    return place


def sent(browser: httpx.Client, page: str, action: str, **typed: str) -> httpx.Response:
    csrf = re.search(r'name="csrf" value="(\w+)"', browser.get(page).text)
    assert csrf is not None
    return browser.post(action, data={"csrf": csrf[1], **typed}, follow_redirects=True)


@pytest.mark.skipif(available() is not None, reason=f"no bubblewrap: {available()}")
@pytest.mark.slow
def test_a_checkout_is_added_an_issue_opened_on_its_page_and_the_bot_merges_it(tmp_path: Path, home: Path) -> None:
    code = own_code(tmp_path)
    (code / ".github" / "workflows").mkdir(parents=True)
    (code / ".github" / "workflows" / "ci.yml").write_text(CI)
    (code / ".github" / "groundskeeper.yml").write_text(CONFIG)
    git(code, "add", "-A")
    git(code, "commit", "-qm", "Check what is pushed")
    (home / "scenario.yml").write_text(SCENARIO)
    person = environment(home, USER="ann", LOGNAME="ann")
    with a_hub(home) as (url, link), httpx.Client(base_url=url) as browser:
        empty = browser.get("/").text
        added = in_a_shell(person, code, "hub", "add", "--port", url.rpartition(":")[2])
        (home / "hub.env").write_text(added.stdout)
        again = in_a_shell(person, home, "hub", "add", str(code), "--port", url.rpartition(":")[2])
        signed_in = browser.get(link, follow_redirects=True).text
        page = sent(
            browser, "/local/pots/issues/new", "/local/pots/issues/new", title="The first pot is not counted", body="- [ ] Every pot counts"
        )
        sent(browser, "/local/pots/issues/1", "/local/pots/issues/1/labels", label="agent:ready")
        command = f"set -a; . ./hub.env; set +a; {sys.executable} -m bot.entry.cli run --until-idle"
        ran = subprocess.run(
            ["bash", "-c", command],
            cwd=home,
            env={**person, "GROUNDSKEEPER_SCENARIO": "scenario.yml"},
            capture_output=True,
            text=True,
            check=False,
        )
        values = dict(line.split("=", 1) for line in added.stdout.splitlines())
        token = {"Authorization": f"Bearer {values['GH_TOKEN'].strip(chr(39))}"}
        pull = browser.get("/repos/local/pots/pulls/2", headers=token).json()
        read = browser.get("/local/pots/pull/2").text

    assert "First steps" in empty
    assert (added.returncode, again.stdout) == (0, added.stdout), added.stderr
    assert "local/pots is on the hub at" in added.stderr
    assert "Signed in as <b>ann</b>" in signed_in
    assert page.url.path == "/local/pots/issues/1"
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert (pull["merged"], pull["base"]["ref"]) == (True, "trunk"), ran.stdout
    assert "All pots are counted." in read


def test_keys_are_kept_for_their_owner_alone(tmp_path: Path, home: Path) -> None:
    code = own_code(tmp_path)

    done = in_a_shell(environment(home), code, "hub", "add", "--root", str(home / "hub"))

    kept = home / "hub" / "credentials.json"
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert json.loads(kept.read_text())["worker"]["key"].startswith("-----BEGIN")


def test_a_broken_hub_and_a_history_that_does_not_follow_are_one_line(tmp_path: Path, home: Path) -> None:
    code = own_code(tmp_path)
    root = ("--root", str(home / "hub"))
    in_a_shell(environment(home), code, "hub", "add", *root)
    git(code, "commit", "-q", "--amend", "-m", "Another past")

    forked = in_a_shell(environment(home), code, "hub", "add", *root)
    (home / "hub" / "credentials.json").write_text("{}")
    broken = in_a_shell(environment(home), code, "hub", "add", *root)

    assert (forked.returncode, forked.stdout, forked.stderr.count("\n")) == (2, "", 1)
    assert "could not be copied" in forked.stderr
    assert "non-fast-forward" in forked.stderr
    assert (broken.returncode, "begins a new hub" in broken.stderr) == (2, True)
