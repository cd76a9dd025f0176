"""Clients that nobody here wrote, against the embedded GitHub over TCP: PyGithub for the API, plain git for the code."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest
from github import Auth, Github, GithubException

from bot.hub import seed
from bot.hub.app import create_app
from bot.hub.serve import serving
from bot.hub.store.hub import open_hub
from tests.contract.watching import watched

NAME = "garden/pots"


@dataclass(frozen=True, kw_only=True)
class Place:
    url: str
    bare: Path
    root: Path
    tokens: dict[str, str]

    def git(self, *args: str, who: str | None = None, cwd: Path | None = None, fails: bool = False) -> str:
        """git as a person runs it, with a token in a header where `who` is given."""
        header = []
        if who is not None:
            basic = base64.b64encode(f"x-access-token:{self.tokens[who]}".encode()).decode()
            header = ["-c", f"http.extraHeader=Authorization: Basic {basic}"]
        identity = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
        done = subprocess.run(
            ["git", *header, *identity, *args],
            cwd=cwd or self.root,
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "GIT_TERMINAL_PROMPT": "0", "HOME": str(self.root)},
        )
        assert (done.returncode != 0) is fails, done.stderr
        return done.stdout + done.stderr

    @property
    def remote(self) -> str:
        return f"{self.url}/{NAME}.git"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    hub = open_hub(tmp_path / "hub")
    seed.add_organization(hub, "garden")
    bare = seed.add_repository(hub, "garden", "pots")
    tokens = {}
    for login, role in (("ann", "write"), ("bea", "write"), ("eve", "read")):
        seed.add_user(hub, login)
        seed.set_role(hub, NAME, login, role)
        tokens[login] = seed.add_token(hub, login)
    with serving(hub, work=False, app=watched(create_app(hub), hub)) as served:
        made = Place(url=served.url, bare=bare, root=tmp_path, tokens=tokens)
        seedling = tmp_path / "seedling"
        seedling.mkdir()
        (seedling / "a.txt").write_text("one\n")
        made.git("init", "-q", "-b", "main", cwd=seedling)
        made.git("add", "-A", cwd=seedling)
        made.git("commit", "-qm", "First", cwd=seedling)
        made.git("push", "-q", made.remote, "main", who="ann", cwd=seedling)
        yield made


def a_branch(place: Place, text: str = "two\n") -> Path:
    work = place.root / "work"
    place.git("clone", "-q", place.remote, str(work))
    place.git("checkout", "-q", "-b", "feature", cwd=work)
    (work / "a.txt").write_text(text)
    place.git("commit", "-qam", "Say two", cwd=work)
    place.git("push", "-q", place.remote, "feature", who="ann", cwd=work)
    return work


def test_pygithub_lists_comments_labels_opens_reviews_and_merges(place: Place) -> None:
    ann = Github(base_url=place.url, auth=Auth.Token(place.tokens["ann"]), seconds_between_writes=0, retry=None)
    bea = Github(base_url=place.url, auth=Auth.Token(place.tokens["bea"]), seconds_between_writes=0, retry=None)
    repo = ann.get_repo(NAME)
    issue = repo.create_issue("The second pot", body="is missing")
    issue.create_comment("I see it too")
    issue.add_to_labels("bug")
    a_branch(place)

    pull = repo.create_pull(base="main", head="feature", title="Count both", body=f"Closes #{issue.number}")
    with pytest.raises(GithubException) as own:
        pull.create_review(event="APPROVE", body="mine")
    bea.get_repo(NAME).get_pull(pull.number).create_review(event="APPROVE", body="Fine")
    merged = pull.merge(merge_method="squash", sha=pull.head.sha)

    assert own.value.status == 422
    assert [found.title for found in repo.get_issues(state="all") if found.pull_request is None] == ["The second pot"]
    assert [comment.body for comment in issue.get_comments()] == ["I see it too"]
    assert [label.name for label in repo.get_issue(issue.number).labels] == ["bug"]
    assert merged.merged
    assert repo.get_issue(issue.number).state == "closed"
    assert [review.state for review in pull.get_reviews()] == ["APPROVED"]
    assert place.git("show", "main:a.txt", cwd=place.bare) == "two\n"


def test_git_clones_and_pushes_over_http(place: Place) -> None:
    work = a_branch(place)

    assert place.git("rev-parse", "feature", cwd=place.bare) == place.git("rev-parse", "HEAD", cwd=work)


def test_a_push_larger_than_gits_buffer_arrives_whole(place: Place) -> None:
    """git sends more than http.postBuffer (1 MiB) in chunks."""
    work = a_branch(place)

    (work / "noise.bin").write_bytes(b"".join(sha256(str(n).encode()).digest() for n in range(90_000)))
    place.git("add", "-A", cwd=work)
    place.git("commit", "-qm", "Add much", cwd=work)

    place.git("push", "-q", place.remote, "feature", who="ann", cwd=work)

    assert place.git("cat-file", "-s", "feature:noise.bin", cwd=place.bare).strip() == str(90_000 * 32)


def test_nobody_pushes_without_the_right(place: Place) -> None:
    work = a_branch(place)

    assert (
        "Authentication failed" in (said := place.git("push", place.remote, "feature:x", cwd=work, fails=True)) or "could not read" in said
    )
    assert "403" in place.git("push", place.remote, "feature:x", who="eve", cwd=work, fails=True)


def test_custom_refs_move_together_or_not_at_all(place: Place) -> None:
    """https://git-scm.com/docs/git-push: --atomic and --force-with-lease with an explicit expectation."""
    work = a_branch(place)
    head = place.git("rev-parse", "HEAD", cwd=work).strip()
    both = [f"{head}:refs/groundskeeper/project/1", f"{head}:refs/heads/agent-1/project-1"]
    fresh = ["--force-with-lease=refs/groundskeeper/project/1:", "--force-with-lease=refs/heads/agent-1/project-1:"]

    place.git("push", "-q", "--atomic", *fresh, place.remote, *both, who="ann", cwd=work)
    place.git("commit", "-q", "--allow-empty", "-m", "Another, since the same commit twice is up to date", cwd=work)
    head = place.git("rev-parse", "HEAD", cwd=work).strip()
    stale = place.git(
        "push",
        "--atomic",
        fresh[0],
        place.remote,
        f"{head}:refs/groundskeeper/project/1",
        f"{head}:refs/heads/agent-2/project-2",
        who="ann",
        cwd=work,
        fails=True,
    )

    refs = place.git("for-each-ref", "--format=%(refname)", cwd=place.bare).split()
    assert "refs/groundskeeper/project/1" in refs
    assert "refs/heads/agent-1/project-1" in refs
    assert "refs/heads/agent-2/project-2" not in refs
    assert "stale info" in stale or "rejected" in stale


def test_pygithub_writes_files_compares_and_starts_workflows(place: Place) -> None:
    ann = Github(base_url=place.url, auth=Auth.Token(place.tokens["ann"]), seconds_between_writes=0, retry=None)
    me = ann.get_repo(NAME)
    start = me.get_branch("main").commit.sha
    text = "on:\n  workflow_dispatch:\n    inputs:\n      word: {default: hello}\njobs: {}\n"
    me.create_file(".github/workflows/say.yml", "Add a workflow", text)
    file = me.get_contents("a.txt")
    assert not isinstance(file, list)
    me.update_file("a.txt", "Say two", "two\n", file.sha, branch="main")
    tip = me.get_commit("main")
    (workflow,) = me.get_workflows()

    assert workflow.create_dispatch("main", {"word": "bye"}, throw=True)

    (run,) = workflow.get_runs()
    apart = me.compare(start, "main")
    assert (run.event, run.status, run.head_sha) == ("workflow_dispatch", "queued", tip.sha)
    assert (apart.ahead_by, [changed.filename for changed in apart.files]) == (2, [".github/workflows/say.yml", "a.txt"])
    assert (tip.stats.total, tip.commit.message) == (2, "Say two")
    assert run.cancel()
    assert me.get_workflow_run(run.id).conclusion == "cancelled"
    with pytest.raises(GithubException, match="does not match"):
        me.update_file("a.txt", "Say three", "three\n", file.sha)
