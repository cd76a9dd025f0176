"""Building what the flows act with: clients, mirror, model, sandbox, policy. The only room that knows every adapter."""

from __future__ import annotations

import gc
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from bot.adapters.artifacts import Handoff
from bot.adapters.clock import ServerClock
from bot.adapters.git.code import GitCode
from bot.adapters.git.process import Author, Mirror, open_mirror
from bot.adapters.git.refs import GitRefs
from bot.adapters.github.account import commit_address
from bot.adapters.github.board import GitHubBoardWriter
from bot.adapters.github.client import AppKey, Client, connect
from bot.adapters.github.collaborators import Collaborators
from bot.adapters.github.comments import Comments
from bot.adapters.github.governor import Governor
from bot.adapters.github.limits import GITHUB, RUNNERS_AT_MOST, Limits, Urgency
from bot.adapters.github.permissions import ALONE, REVIEWER, WORKER
from bot.adapters.github.projector import Projector
from bot.adapters.github.rate_store import FileRateStore, MemoryRateStore
from bot.adapters.github.view import Reads
from bot.adapters.github.writes import Writes
from bot.core.errors.user_errors import UserError
from bot.core.facts.record import Holder
from bot.core.lifecycle.record_bounds import JOBS_WAIT
from bot.core.orders.labels import PEOPLE_LABELS
from bot.core.projections.bot_labels import BOT_LABELS
from bot.core.roles.category import Category
from bot.entry.app_keys import app_id, private_key
from bot.entry.checkout import repository_of
from bot.entry.config import PATH, Config, parse, policy_of
from bot.entry.environments import environments_for, isolated
from bot.entry.home import ensure_home
from bot.entry.state_keys import PREVIOUS, signer_for
from bot.entry.texts import load_categories, load_prompts
from bot.flows.context import Context, RunContext
from bot.ports import Clock, Model
from bot.ports.people import BoardWriter


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where to work and as whom. `git_url` is set where the repository is not fetched over GitHub's own address."""

    repository: str
    worker: str | AppKey
    reviewer: str | AppKey | None
    worker_before: str | None = None
    """What the worker's credential was before: its signatures are still believed, and none are made with it."""
    board_token: str | None = None
    """Of a person, for a board that the worker cannot write."""
    api_url: str = "https://api.github.com"
    git_url: str | None = None
    home: Path
    layers: Path | None = None
    """Where prepared environments are kept; in `home` where left out."""
    worker_from: str = "the worker's credential"
    reviewer_from: str = "the reviewer's credential"
    limits: Limits = GITHUB
    shared: Path | None = None
    """Where the processes of this machine count their requests together; None counts in this process alone."""
    agents: int | None = None
    model: str | None = None
    transport: httpx.BaseTransport | None = None


_SELDOM = (50_000, 20, 20)
"""What a look makes goes by itself; going through ten thousand issues in search of circles took a quarter of the processor's time."""


@dataclass(frozen=True, kw_only=True)
class Wired:
    context: Context
    web: str
    """The repository's own page."""
    config: Config
    governor: Governor
    mirror: Mirror
    refs: GitRefs
    worker: Client


def wire(
    settings: Settings, *, model: Model, clock: ServerClock, waiting: Clock | None = None, job: str | None = None, carries_out: bool = True
) -> Wired:
    """Connects as both identities and reads the repository's own configuration from its default branch.

    `job` is the Actions run whose jobs will carry out what this process starts; leases then last as long as those may take.
    Where nothing is carried out here, this machine need not be able to isolate anything.
    Raises `GitHubError`, `GitError`, `UserError`.
    """
    gc.set_threshold(*_SELDOM)
    governor = governor_of(settings, clock)
    worker, reviewer = _identities(settings, governor, clock)
    about = worker.rest("GET", "")
    remote = settings.git_url or about["clone_url"]
    token = None if settings.git_url and "://" not in settings.git_url else worker.identity.token
    author = Author(name=worker.identity.login, email=commit_address(worker))
    mirror = open_mirror(ensure_home(settings.home) / "mirror.git", remote, token=token, author=author)
    signer = signer_for(settings.worker, int(about["id"]), previous=settings.worker_before)
    refs = GitRefs(mirror=mirror, default_branch=about["default_branch"], signer=signer)
    code = GitCode(mirror=mirror, workspaces=settings.home / "workspaces")
    config = parse(code.files(refs.read().base, [PATH]).get(PATH, ""))
    if settings.agents is not None:
        config = config.model_copy(update={"agents": settings.agents})
    categories: Sequence[Category] = load_categories()
    worker_login = worker.identity.login
    reviewer_login = reviewer.identity.login if reviewer is not None and reviewer.identity.login != worker_login else None
    policy = policy_of(config, categories=categories, worker=worker_login, reviewer=reviewer_login, model=settings.model)
    projector, collaborators = Projector(client=worker.at(Urgency.EXECUTION)), Collaborators(client=worker)
    projector.ensure_labels([*PEOPLE_LABELS, *BOT_LABELS])
    transcripts = settings.home / "transcripts"
    transcripts.mkdir(parents=True, exist_ok=True)
    context = Context(
        repository=settings.repository,
        default_branch=about["default_branch"],
        web=about["html_url"],
        policy=policy,
        refs=refs,
        code=code,
        reads=Reads(client=worker, collaborators=collaborators, default_branch=about["default_branch"]),
        writes=Writes(worker=worker, reviewer=reviewer if reviewer_login else None, projector=projector),
        comments=Comments(client=worker, collaborators=collaborators),
        board=_board_writer(settings, config, worker, governor, clock),
        model=model,
        environments=environments_for(
            config,
            code,
            repository=settings.repository,
            store=settings.layers or settings.home / "layers",
            isolating=not carries_out or isolated(config.sandbox, scripted=model.scripted),
        ),
        clock=waiting or clock,
        lease=policy.lease if job is None else max(grant.time for grant in policy.grants.values()) + JOBS_WAIT,
        job=job,
        prompts=load_prompts(),
        writer=Holder(agent=0, run=f"process-{os.getpid()}-{secrets.token_hex(3)}", attempt=1, nonce=secrets.token_hex(8)),
        transcripts=transcripts,
        new_id=lambda: secrets.token_hex(8),
    )
    return Wired(context=context, web=str(about["html_url"]), config=config, governor=governor, mirror=mirror, refs=refs, worker=worker)


def _board_writer(settings: Settings, config: Config, worker: Client, governor: Governor, clock: ServerClock) -> BoardWriter:
    """An app sees boards of organizations only: a person's own board needs a person's token."""
    token = settings.board_token

    def connected() -> Client:
        client = worker if token is None else _client(settings, token, ALONE, "GROUNDSKEEPER_BOARD_TOKEN", governor, clock)
        return client.at(Urgency.EXECUTION)

    return GitHubBoardWriter(connected=connected, number=config.board, clock=clock)


def wire_run(handoff: Handoff, *, remote: str, token: str, home: Path, model: Model, clock: ServerClock) -> RunContext:
    """What one run is carried out with, where nothing may write: no client of GitHub's API at all, and git with a token that reads.

    Raises `GitError`, `UserError`.
    """
    mirror = open_mirror(ensure_home(home) / "mirror.git", remote, token=lambda: token)
    refs = GitRefs(mirror=mirror, default_branch=handoff.default_branch)
    code = GitCode(mirror=mirror, workspaces=home / "workspaces")
    config = parse(code.files(refs.read().base, [PATH]).get(PATH, ""))
    transcripts = home / "transcripts"
    transcripts.mkdir(parents=True, exist_ok=True)
    return RunContext(
        refs=refs,
        code=code,
        model=model,
        environments=environments_for(
            config, code, repository=handoff.repository, store=home / "layers", isolating=isolated(config.sandbox, scripted=model.scripted)
        ),
        clock=clock,
        prompts=load_prompts(),
        lease=JOBS_WAIT,
        renews=False,
        transcripts=transcripts,
    )


def governor_of(settings: Settings, clock: ServerClock) -> Governor:
    store = FileRateStore(settings.shared) if settings.shared is not None else MemoryRateStore()
    return Governor(clock=clock, limits=settings.limits, store=store, host=httpx.URL(settings.api_url).netloc.decode())


def _identities(settings: Settings, governor: Governor, clock: ServerClock) -> tuple[Client, Client | None]:
    def client(credential: str | AppKey, needs: Mapping[str, str], renew: str) -> Client:
        return _client(settings, credential, needs, renew, governor, clock)

    if settings.reviewer is None:
        return client(settings.worker, ALONE, settings.worker_from), None
    if settings.reviewer == settings.worker:
        return client(settings.worker, ALONE, settings.worker_from), client(settings.reviewer, ALONE, settings.reviewer_from)
    return client(settings.worker, WORKER, settings.worker_from), client(settings.reviewer, REVIEWER, settings.reviewer_from)


def _client(
    settings: Settings, credential: str | AppKey, needs: Mapping[str, str], renew: str, governor: Governor, clock: ServerClock
) -> Client:
    return connect(
        credential,
        repository=settings.repository,
        governor=governor,
        clock=clock,
        base_url=settings.api_url,
        transport=settings.transport,
        needs=needs,
        renew=renew,
    )


def from_environment(home: Path, *, repository: str | None = None, agents: int | None = None, anywhere: bool = False) -> Settings:
    """What Actions and a shell give by the environment, and else the checkout that this runs in.

    With `anywhere` the repository may be left out, and is empty then. Raises `UserError` naming what is missing.
    """
    repository = repository or os.environ.get("GROUNDSKEEPER_REPOSITORY") or os.environ.get("GITHUB_REPOSITORY") or ""
    if not repository and not anywhere:
        repository = repository_of(Path())
    if repository and repository.count("/") != 1:
        raise UserError(f"--repository (or GROUNDSKEEPER_REPOSITORY): expected OWNER/NAME, found {repository!r}.")
    worker = _credential("GROUNDSKEEPER_WORKER") or os.environ.get("GITHUB_TOKEN")
    if worker is None:
        raise UserError("No credential for the worker: set GROUNDSKEEPER_WORKER_TOKEN, or GROUNDSKEEPER_WORKER_APP_ID and _PRIVATE_KEY.")
    reviewer = _credential("GROUNDSKEEPER_REVIEWER")
    return Settings(
        repository=repository,
        worker=worker,
        worker_from=_named("GROUNDSKEEPER_WORKER", worker),
        reviewer=reviewer,
        reviewer_from=_named("GROUNDSKEEPER_REVIEWER", reviewer),
        worker_before=os.environ.get(PREVIOUS) or None,
        board_token=os.environ.get("GROUNDSKEEPER_BOARD_TOKEN") or None,
        api_url=os.environ.get("GITHUB_API_URL", "https://api.github.com"),
        home=home,
        limits=_limits(),
        shared=_shared(),
        agents=agents,
        model=os.environ.get("MODEL"),
    )


def _limits() -> Limits:
    said = os.environ.get("GROUNDSKEEPER_RUNNERS") or "1"
    try:
        return GITHUB.shared_by(int(said))
    except ValueError:
        raise UserError(
            f"GROUNDSKEEPER_RUNNERS: expected the number of machines that work as this identity, 1 to {RUNNERS_AT_MOST}, found {said!r}. "
            "Set the same number on each of them, or leave it out where there is one."
        ) from None


def _shared() -> Path:
    """https://specifications.freedesktop.org/basedir-spec/latest/ for what should outlast a process and belongs to this machine."""
    own, state = os.environ.get("GROUNDSKEEPER_STATE"), os.environ.get("XDG_STATE_HOME")
    folder = Path(own) if own else Path(state or Path.home() / ".local" / "state") / "groundskeeper"
    return folder / "github-limits.sqlite3"


def _named(prefix: str, credential: str | AppKey | None) -> str:
    if isinstance(credential, AppKey):
        return f"{prefix}_PRIVATE_KEY"
    return f"{prefix}_TOKEN" if os.environ.get(f"{prefix}_TOKEN") or prefix != "GROUNDSKEEPER_WORKER" else "GITHUB_TOKEN"


def _credential(prefix: str) -> str | AppKey | None:
    token, app, key = (os.environ.get(f"{prefix}_{part}") for part in ("TOKEN", "APP_ID", "PRIVATE_KEY"))
    if token:
        return token
    if app and key:
        return AppKey(app_id=app_id(f"{prefix}_APP_ID", app), private_key=private_key(f"{prefix}_PRIVATE_KEY", key))
    if app or key:
        raise UserError(f"{prefix}_APP_ID and {prefix}_PRIVATE_KEY belong together; only one of them is set.")
    return None
