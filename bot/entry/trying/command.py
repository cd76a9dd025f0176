"""`groundskeeper try`: what is asked and said before anything is spent, and how the rest is started."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console

    from bot.entry.trying.session import Outcome, Terms


@click.command("try", short_help="Do one issue on your own code, without GitHub.")
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("--issue", metavar="TEXT|FILE|URL", help="What is to be done: in words, in a file, or an issue on GitHub.")
@click.option("--script", type=click.Path(path_type=Path), help="Play this scenario file instead of asking a model; needs no key.")
@click.option(
    "--model", "model_name", envvar="MODEL", help="Which model does and reviews it; the repository's configuration where left out."
)
@click.option(
    "--budget", type=click.FloatRange(min=0.01, max=1000), default=5.0, show_default=True, help="Dollars that it may spend at most."
)
@click.option("--yes", is_flag=True, help="Do not ask before spending.")
@click.option("--push", is_flag=True, help="Push the branch to your remote at the end.")
def try_it(path: Path, issue: str | None, script: Path | None, model_name: str | None, budget: float, yes: bool, push: bool) -> None:
    """Do one issue on your own code, without GitHub: on a private embedded one, reviewed, as a new branch.

    PATH is a checkout, the current folder where left out. Agents work on a copy of its last commit; uncommitted work is left alone.
    The result is branch agent-1/project-1 in it, and nothing else is written there. Ctrl-C ends it and keeps the work so far.
    What is installed for it is kept in ~/.cache/groundskeeper, so that the next try on it begins at once.
    """
    from rich.console import Console

    from bot.adapters.clock import ServerClock
    from bot.adapters.scenario_files import read_scenario
    from bot.adapters.scripted import ScriptedModel
    from bot.core.errors.user_errors import UserError
    from bot.core.money.pricing import dollars, usd
    from bot.core.roles.role import Role
    from bot.entry.config import PATH, parse, policy_of
    from bot.entry.environments import isolated
    from bot.entry.keys import forget_keys
    from bot.entry.models import has_key, real_model, refuse_unpriced
    from bot.entry.own_code import look, refuse_taken
    from bot.entry.terminal import told
    from bot.entry.texts import load_categories
    from bot.entry.trying.session import Terms
    from bot.entry.trying.wish import read_wish
    from bot.ports import Model

    checkout = look(path)
    refuse_taken(checkout.root)
    wish = read_wish(issue if issue is not None else _asked())
    remote = checkout.remote() if push else None
    config = parse(checkout.file(PATH))
    policy = policy_of(config, categories=load_categories(), worker="worker", reviewer="reviewer", model=model_name)
    if script is None and not has_key():
        raise UserError(
            "ANTHROPIC_API_KEY is not set: the model cannot be asked. Set it, or try with --script and a scenario file, which needs none "
            "(docs/scenarios.md)."
        )
    model: Model = ScriptedModel(read_scenario(script)) if script is not None else real_model(ServerClock())
    if not model.scripted:
        refuse_unpriced(policy)
    protected = isolated(config.sandbox, scripted=False)
    cap = usd(budget)
    out = Console(highlight=False)

    def say(text: str, style: str = "") -> None:
        out.print(told(text), style=style, markup=False, soft_wrap=True)

    say(f"Repository: {checkout.root}, at {checkout.head[:12]} ({checkout.subject})")
    if checkout.dirty:
        files = "1 file" if checkout.dirty == 1 else f"{checkout.dirty} files"
        say(f"Left alone: {files} with uncommitted changes. Agents work on a copy of that commit.", "yellow")
    say(f"Issue:      {wish.title}")
    if not protected:
        say("Unprotected: configuration and machine both say so, so the model's commands run on this machine as you.", "bold yellow")
    if model.scripted:
        say(f"Model:      scripted by {script}; nothing is spent, and its prices are made up. Its commands are real.")
    else:
        names = " and ".join(sorted({policy.models[Role.EXECUTION], policy.models[Role.REVIEW]}))
        say(f"Model:      {names}, with your key. It may spend {dollars(cap)} at most; a request that could go above is not sent.")
        _agree(yes)
    terms = Terms(checkout=checkout, wish=wish, model=model, model_name=model_name, cap=cap)
    forget_keys()
    sys.exit(_carry_out(out, terms, remote))


def _asked() -> str:
    from bot.core.errors.user_errors import UserError

    if not sys.stdin.isatty():
        raise UserError('Say what is to be done: --issue "Words", a file, or the address of an issue.')
    return str(click.prompt("What is to be done? Words, a file, or the address of an issue"))


def _agree(yes: bool) -> None:
    from bot.core.errors.user_errors import UserError

    if yes:
        return
    if not sys.stdin.isatty():
        raise UserError("Nobody can be asked here whether to spend that: say --yes, or --script for a try that spends nothing.")
    if not click.confirm("Go on?"):
        sys.exit(1)


def _carry_out(out: Console, terms: Terms, remote: str | None) -> int:
    """The exit status: 0 for work that the reviewer approved."""
    from bot.core.errors.user_errors import UserError
    from bot.entry.own_code import BRANCH
    from bot.entry.trying.ending import tell
    from bot.entry.trying.session import carry_out, prepare
    from bot.hub.serve import HubFailed, serving
    from bot.hub.store.hub import open_hub
    from bot.hub.web.sessions import link

    root = Path(tempfile.mkdtemp(prefix="groundskeeper-try-"))
    keep = False
    try:
        hub = open_hub(root / "hub")
        with serving(hub) as served:
            embedded = prepare(hub, served, terms.checkout)
            out.print(f"Pages:      {served.url}{link(hub, embedded.person)} while it lasts, for you alone", markup=False, soft_wrap=True)
            outcome = carry_out(terms, served, embedded, root / "home", out)
        if outcome.has_branch:
            try:
                terms.checkout.take_branch(embedded.remote)
            except UserError as error:
                keep = True
                raise UserError(f"{error} The work is kept: git fetch {embedded.remote} {BRANCH}") from None
        tell(out, terms.checkout, outcome, terms.cap, scripted=terms.model.scripted)
        if remote is not None and outcome.has_branch:
            terms.checkout.push(remote)
            out.print(f"Pushed to {remote}.", markup=False)
        return _status(outcome)
    except HubFailed as broken:
        raise UserError(f"The embedded GitHub broke: {broken}. Your repository is as it was; try again.") from None
    finally:
        if not keep:
            shutil.rmtree(root, ignore_errors=True)


def _status(outcome: Outcome) -> int:
    if outcome.interrupted:
        return 130
    return 0 if outcome.approved else 1
