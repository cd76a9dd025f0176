"""GitHub's own command line, unmodified, through the hub's unix socket: its queries are not ours, and must be answered."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bot.hub.serve import serving
from tests.hub.garden import HOME, Garden, issue, plot, pull
from tests.patience import PATIENCE

pytestmark = pytest.mark.skipif(shutil.which("gh") is None, reason="GitHub's command line `gh` is not on this machine")
Gh = Callable[..., str]


@pytest.fixture
def garden(tmp_path: Path) -> Garden:
    return plot(tmp_path / "hub")


@pytest.fixture
def gh(garden: Garden, tmp_path: Path) -> Iterator[Gh]:
    with TemporaryDirectory(prefix="gh-") as short:  # a socket's path may have a hundred letters at most
        socket = Path(short) / "hub.sock"
        (tmp_path / "config.yml").write_text(f"http_unix_socket: {socket}\n")
        kept = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GH_CONFIG_DIR": str(tmp_path)}
        quiet = {"GH_PROMPT_DISABLED": "1", "GH_NO_UPDATE_NOTIFIER": "1", "NO_COLOR": "1"}

        def run(*arguments: str, who: str = "ben") -> str:
            command = ["gh", *arguments, "-R", HOME]
            env = kept | quiet | {"GH_TOKEN": garden.tokens[who]}
            done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False)
            assert done.returncode == 0, (command, done.stderr)
            return done.stdout

        with serving(garden.hub, unix_socket=socket, work=False, app=garden.app):
            yield run


def test_issues_are_listed_read_commented_labelled_and_closed(garden: Garden, gh: Gh) -> None:
    issue(garden, "Lost line", "See `parse`", ["bug"])
    issue(garden, "Another", "", [])
    listed = json.loads(gh("issue", "list", "--json", "number,title,labels,author"))
    assert [row["number"] for row in listed] == [2, 1]
    assert [row["title"] for row in json.loads(gh("issue", "list", "--label", "bug", "--json", "title"))] == ["Lost line"]
    gh("issue", "comment", "1", "--body", "Seen too")
    gh("issue", "edit", "1", "--add-label", "bug", "--title", "The lost line")
    shown = gh("issue", "view", "1", "--comments")
    assert "Seen too" in shown
    assert "title:\tThe lost line" in gh("issue", "view", "1")
    gh("issue", "close", "1", "--comment", "Done")
    assert garden.ask("GET", f"/repos/{HOME}/issues/1")["state"] == "closed"
    gh("issue", "reopen", "1")
    assert gh("issue", "create", "--title", "New", "--body", "Text", "--label", "bug").strip().endswith(f"/{HOME}/issues/3")


def test_a_pull_request_is_opened_read_reviewed_and_merged(garden: Garden, gh: Gh) -> None:
    garden.push("side", {"new.txt": "new\n"}, "Add a file", author="ben")
    gh("pr", "create", "--title", "New file", "--body", "One file", "--head", "side", "--base", "main")
    assert json.loads(gh("pr", "list", "--json", "number,headRefName,state")) == [{"number": 1, "headRefName": "side", "state": "OPEN"}]
    gh("pr", "review", "1", "--approve", "--body", "Good", who="ada")
    shown = json.loads(gh("pr", "view", "1", "--json", "reviews,files,commits,additions,latestReviews,mergeable"))
    assert [(review["author"]["login"], review["state"]) for review in shown["reviews"]] == [("ada", "APPROVED")]
    assert shown["files"] == [{"path": "new.txt", "additions": 1, "deletions": 0}]
    assert "+new" in gh("pr", "diff", "1")
    gh("pr", "merge", "1", "--squash", who="ada")
    assert garden.ask("GET", f"/repos/{HOME}/pulls/1")["merged"] is True


def test_checks_are_shown_by_their_outcome(garden: Garden, gh: Gh) -> None:
    number, sha = pull(garden, "Change", "", "agent-1/project-9", {"a.txt": "x\n"})
    run = {"name": "groundskeeper/review", "head_sha": sha, "status": "completed", "conclusion": "success"}
    garden.ask("POST", f"/repos/{HOME}/check-runs", run, who="groundskeeper-review")
    assert gh("pr", "checks", str(number)).startswith("groundskeeper/review\tpass")


def test_workflows_are_started_watched_stopped_and_switched_off(garden: Garden, gh: Gh) -> None:
    form = "name: Tick\non:\n  workflow_dispatch:\n    inputs:\n      command: {default: tick}\njobs: {}\n"
    garden.push("main", {".github/workflows/tick.yml": form}, "Add a workflow", author="ada")
    assert "Tick\tactive" in gh("workflow", "list")
    gh("workflow", "run", "tick.yml", "-f", "command=stop", "--ref", "main")
    (run,) = json.loads(gh("run", "list", "--workflow", "tick.yml", "--json", "databaseId,status,event,workflowName"))
    assert (run["status"], run["event"], run["workflowName"]) == ("queued", "workflow_dispatch", "Tick")
    gh("run", "cancel", str(run["databaseId"]))
    assert json.loads(gh("run", "view", str(run["databaseId"]), "--json", "conclusion")) == {"conclusion": "cancelled"}
    gh("run", "rerun", str(run["databaseId"]))
    assert json.loads(gh("run", "view", str(run["databaseId"]), "--json", "status")) == {"status": "queued"}
    gh("workflow", "disable", "tick.yml")
    assert "Tick\tdisabled_manually" in gh("workflow", "list", "--all")
