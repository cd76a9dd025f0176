"""Plays the main job from an empty hub to merged pull requests, shows it live, and fails loudly if anything is not as said."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot.adapters.clock import ServerClock
from bot.adapters.scenario_files import read_scenario
from bot.adapters.scripted import ScriptedModel
from bot.core.money.pricing import dollars
from bot.core.projections.board import BOARD_FIELDS
from bot.entry.embedded import Embedded, embed
from bot.entry.environments import isolated
from bot.entry.models import real_model
from bot.entry.signals import Interruption, interruptible
from bot.entry.terminal import Verbosity, report
from bot.entry.wiring import Wired, wire
from bot.flows.fleet import Interrupted, keep_working
from bot.hub import seed
from bot.hub.changes.boards import add_board
from bot.hub.serve import HubFailed, Served, serving
from bot.hub.store.hub import Hub, open_hub
from bot.ports import Model

HERE = Path(__file__).parent
REPOSITORY = "garden/harvest"
PROOF = "2024-01-03 leek 500 g\n2024-12-30 leek 100 g\n2026-01-02 leek 700 g\n"
PROVEN = ["2024-W01        0.50 kg", "2025-W01        0.10 kg", "2026-W01        0.70 kg"]


class NotAsSaid(Exception):
    """The demo found something that is not as it must be."""


def play(*, keep: bool, verbosity: Verbosity = Verbosity.NORMAL) -> int:
    """The exit status: 0 only if everything was seen to be as said."""
    out = Console(highlight=False)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="groundskeeper-demo-") as place:
        root = Path(place)
        hub = open_hub(root / "hub", sandboxed=isolated("bubblewrap", scripted=True))
        garden = plant(hub, root)
        try:
            with serving(hub) as served:
                out.print("[bold]The embedded GitHub[/bold] is up:")
                _addresses(out, _places(served))
                number = _open_issue(served, garden)
                with interruptible() as interruption:
                    wired, model = _work(out, root, served, garden, verbosity, interruption)
                seen = _prove(served, garden, wired, model, number, root)
                _summary(out, hub, wired, seen, time.monotonic() - began)
                if keep:
                    stay_up(out, served, garden)
        except NotAsSaid as wrong:
            out.print(f"[bold red]Not as said:[/bold red] {wrong}")
            return 1
        except Interrupted:
            return interruption.exit_status()
        except HubFailed as broken:
            out.print(f"[bold red]The embedded GitHub broke:[/bold red] {escape(str(broken))}")
            return 1
    return 0


def stay_up(out: Console, served: Served, garden: Embedded) -> None:
    out.print("The pages stay up until you press Ctrl-C:")
    _addresses(out, _places(served) | _made(served, garden))
    with suppress(KeyboardInterrupt):
        served.wait()


def _places(served: Served) -> dict[str, str]:
    return {"repository": f"{served.url}/{REPOSITORY}", "board": f"{served.url}/orgs/garden/boards/1"}


def _made(served: Served, garden: Embedded) -> dict[str, str]:
    """Every issue and pull request, oldest first, as GitHub's API lists them together."""
    rows = garden.ask(served, "GET", "issues?state=all&direction=asc&per_page=100")
    return {f"{'pull request' if 'pull_request' in row else 'issue'} #{row['number']}": row["html_url"] for row in rows}


def _addresses(out: Console, named: Mapping[str, str]) -> None:
    """One a line and never wrapped, so that each can be clicked and copied."""
    for name, url in named.items():
        out.print(f"  {name:<17} {url}", soft_wrap=True, markup=False)


def plant(hub: Hub, root: Path) -> Embedded:
    garden = embed(hub, REPOSITORY, person="ann", name="Ann", email="ann@example.org", description="Adds up what a vegetable garden brings")
    fields = {field.name: field.options or field.kind.value for field in BOARD_FIELDS}
    add_board(hub, "garden", "Harvest", repository=REPOSITORY, fields=fields)
    _push_project(garden.remote, root / "planting")
    seed.protect(hub, REPOSITORY, "main", required_checks=["unit tests", "lint", "groundskeeper/review"])
    return garden


def _push_project(bare: Path, copy: Path) -> None:
    for path in sorted((HERE / "garden").rglob("*")):
        target = copy / path.relative_to(HERE / "garden")
        if path.is_file() and "__pycache__" not in path.parts:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    identity = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
    for args in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "Add up the harvest"], ["push", "-q", str(bare), "main"]):
        subprocess.run(["git", *identity, *args], cwd=copy, check=True, capture_output=True)


def _open_issue(served: Served, garden: Embedded) -> int:
    """As a person does it: write the issue, then put the label on."""
    title, _, body = (HERE / "issue.md").read_text(encoding="utf-8").partition("\n\n")
    issue = garden.ask(served, "POST", "issues", {"title": title, "body": body})
    garden.ask(served, "POST", f"issues/{issue['number']}/labels", {"labels": ["agent:ready"]})
    return int(issue["number"])


def _work(
    out: Console, root: Path, served: Served, garden: Embedded, verbosity: Verbosity, interruption: Interruption
) -> tuple[Wired, Model]:
    clock = ServerClock(sleep=interruption.sleep)
    chosen = os.environ.get("MODEL")
    model: Model = real_model(clock) if chosen else ScriptedModel(read_scenario(HERE / "scenario.yml"))
    out.print("The model is scripted; its commands are real." if model.scripted else f"The model is {chosen}.")
    if not isolated("bubblewrap", scripted=model.scripted):
        out.print("[yellow]There is no bubblewrap here: the demo's commands run unprotected. Install bubblewrap for real work.[/yellow]")
    settings = garden.settings(served, home=root / "home", model=chosen)
    wired = wire(settings, model=model, clock=clock)
    shown = report(out, now=clock.now, web=wired.web, verbosity=verbosity)
    interruption.at_work = shown.at_work
    deadline = time.monotonic() + (3600 if chosen else 120)
    keep_working(
        wired.context,
        until=lambda done: done.plan.idle is not None or time.monotonic() > deadline,
        watcher=shown.watcher,
        poll=timedelta(milliseconds=300),
        between=served.check,
        interrupted=interruption.reason,
    )
    return wired, model


def _prove(served: Served, garden: Embedded, wired: Wired, model: Model, number: int, root: Path) -> dict[str, str]:
    """Everything that the demo says, looked at from outside: the API, plain git, and the merged program itself."""
    pulls = garden.ask(served, "GET", "pulls?state=all&direction=asc")
    _must(bool(pulls) and pulls[0]["merged_at"] is not None, f"the pull request of issue {number} was not merged")
    _must(garden.ask(served, "GET", f"issues/{number}")["state"] == "closed", f"issue {number} is still open")
    checkout = root / "merged"
    subprocess.run(["git", "clone", "-q", f"{served.url}/{REPOSITORY}.git", str(checkout)], check=True, capture_output=True)
    log = checkout / "proof.txt"
    log.write_text(PROOF)
    printed = subprocess.run(
        [sys.executable, "-m", "harvest", str(log), "--weekly"], cwd=checkout, capture_output=True, text=True, check=False
    )
    _must(printed.stdout.splitlines() == PROVEN, f"the bug is still there on the merged main: {printed.stdout}{printed.stderr}")
    tests = subprocess.run([sys.executable, "-m", "unittest"], cwd=checkout, capture_output=True, text=True, check=False)
    _must(tests.returncode == 0, f"the tests fail on the merged main: {tests.stderr[-500:]}")
    comments = garden.ask(served, "GET", f"issues/{number}/comments")
    _must(len(comments) == 1, f"expected one status comment on issue {number}, found {len(comments)}")
    seen = {"bug gone on merged main": "yes, shown by running it", "tests on merged main": tests.stderr.splitlines()[-3]}
    if model.scripted:
        assert isinstance(model, ScriptedModel)
        _prove_script(served, garden, wired, model, pulls[0]["number"], seen)
    return seen


def _prove_script(served: Served, garden: Embedded, wired: Wired, model: ScriptedModel, pull: int, seen: dict[str, str]) -> None:
    states = [review["state"] for review in garden.ask(served, "GET", f"pulls/{pull}/reviews")]
    _must(states == ["CHANGES_REQUESTED", "APPROVED"], f"expected one rejected and one approved review, found {states}")
    seen["first cycle"] = "rejected with evidence, then approved"
    ideas = wired.context.refs.read().records[0]
    proposals = garden.ask(served, "GET", "issues?state=all&labels=agent:proposed")
    _must(len(proposals) == 1 and proposals[0]["state"] == "closed", "the proposal was not filed, done and closed")
    seen["proposal"] = f"#{proposals[0]['number']} filed, validated, queued, done and merged"
    refused = [run.note for run in ideas.runs if "it repeats" in run.note]
    _must(len(refused) == 1, "the repeated proposal was not refused")
    seen["repeated idea"] = refused[0].partition("; ")[2] or refused[0]
    _must(model.unused() == (), f"lines of the scenario were not played: {model.unused()}")


def _must(true: bool, otherwise: str) -> None:
    if not true:
        raise NotAsSaid(otherwise)


def _summary(out: Console, hub: Hub, wired: Wired, seen: dict[str, str], seconds: float) -> None:
    runs = Table(title="What each run took", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    runs.add_column("run")
    runs.add_column("ending")
    for column in ("time", "requests", "spend"):
        runs.add_column(column, justify="right")
    state = wired.context.refs.read()
    for number, record in sorted(state.records.items()):
        for run in record.runs:
            took = (run.ended_at - run.started_at).total_seconds()
            name = f"{run.role.value} #{number}, cycle {run.cycle}" if number > 0 else run.role.value
            runs.add_row(name, run.ending.value, f"{took:.1f} s", str(run.requests), dollars(run.spent))
    out.print(runs)
    facts = Table(show_header=False, title="What was seen at the end", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name, value in seen.items():
        facts.add_row(name, value)
    bots = hub.db().execute("select count(*) from requests where actor like '%[bot]'").fetchone()[0]
    facts.add_row("requests to GitHub's API", str(bots))
    facts.add_row("time", f"{seconds:.1f} s")
    out.print(facts)
