"""`groundskeeper try` as a person meets it: their own repository, a shell or a terminal, and the real sandbox."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.adapters.prices import read_prices
from bot.adapters.sandbox.machine import available
from bot.core.errors.user_errors import UserError
from bot.core.money.pricing import MicroUsd, Usage, cost, dollars
from bot.entry.embedded import embed
from bot.entry.trying.wish import Wish, read_wish
from bot.hub.serve import serving
from bot.hub.store.hub import open_hub
from tests.entry.terminal import at_a_terminal, environment, in_a_shell
from tests.entry.trying.own_code import ENDLESS, ISSUE, SCENARIO, everything_in, git, own_code
from tests.messages_api import Answer, MessagesApi, tool_use

BRANCH = "agent-1/project-1"
BRANCH_FILES = {f".git/refs/heads/{BRANCH}", f".git/logs/refs/heads/{BRANCH}"}
isolated = pytest.mark.skipif(available() is not None, reason=f"no bubblewrap: {available()}")


@pytest.fixture
def code(tmp_path: Path) -> Path:
    return own_code(tmp_path)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    place = tmp_path / "home"
    place.mkdir()
    return place


def scenario(home: Path, text: str = SCENARIO) -> str:
    (home / "scenario.yml").write_text(text)
    return str(home / "scenario.yml")


@isolated
def test_an_issue_becomes_a_reviewed_branch_and_nothing_else_is_written(code: Path, home: Path) -> None:
    (code / "notes.txt").write_text("mine\n")
    (code / "pots.py").write_text("broken by me\n")
    before = everything_in(code)
    left_in_home = set(home.iterdir()) | {Path(scenario(home))}

    done = in_a_shell(environment(home), code, "try", "--issue", ISSUE, "--script", scenario(home))

    assert done.returncode == 0, done.stderr
    assert "Left alone: 2 files with uncommitted changes." in done.stdout
    assert "-    return sum(pots[1:])\n+    return sum(pots)\n" in done.stdout
    assert "Gates in the sandbox: test passed." in done.stdout
    assert "met      Every pot counts: Two pots of 1 and 2 are 3." in done.stdout
    assert "Approved by the reviewer." in done.stdout
    assert "The model was scripted: 5 replies came from the scenario, and nothing was spent." in done.stdout
    assert git(code, "show", f"{BRANCH}:pots.py") == "def total(pots):\n    return sum(pots)"
    assert git(code, "merge-base", BRANCH, "trunk") == git(code, "rev-parse", "trunk")
    after = everything_in(code)
    assert after.keys() - before.keys() == BRANCH_FILES
    assert {name: after[name] for name in before} == before
    assert set(home.iterdir()) == left_in_home | {home / ".cache"}, "the private hub is gone"


@isolated
@pytest.mark.slow
def test_what_was_installed_for_a_checkout_is_there_for_the_next_try_on_it_and_for_no_other(code: Path, home: Path, tmp_path: Path) -> None:
    (code / ".github").mkdir()
    (code / ".github/groundskeeper.yml").write_text("environment: {setup: ['mkdir -p .venv && touch .venv/made'], path: [.venv]}\n")
    git(code, "add", "-A")
    git(code, "commit", "-qm", "Configure")
    other = tmp_path / "other" / code.name
    shutil.copytree(code, other)

    def tried(place: Path) -> str:
        done = in_a_shell(environment(home), place, "try", "--issue", ISSUE, "--script", scenario(home))
        assert done.returncode == 0, done.stdout + done.stderr
        git(place, "branch", "-D", BRANCH)
        return done.stdout

    assert "setup: mkdir" in tried(code)
    assert "setup: mkdir" not in tried(code)
    assert "setup: mkdir" in tried(other)


@isolated
def test_at_a_terminal_it_is_seen_working_and_ctrl_c_keeps_the_work(code: Path, home: Path) -> None:
    with at_a_terminal(environment(home), code, "try", "--issue", ISSUE, "--script", scenario(home, ENDLESS)) as terminal:
        terminal.until("bash: echo and then for ever")
        terminal.until("execution step 2 of 100")
        terminal.ctrl_c()
        status = terminal.end()

    assert status == 130
    assert "Ended by Ctrl-C. The work so far is kept. It was not reviewed to its end." in terminal.text
    assert git(code, "show", f"{BRANCH}:pots.py") == "def total(pots):\n    return sum(pots)"
    assert git(code, "log", "-1", "--format=%s", BRANCH).startswith("Work in progress on #")


@isolated
@pytest.mark.slow
def test_with_a_key_it_says_the_cap_and_asks_first(code: Path, home: Path) -> None:
    answers = [
        Answer(blocks=[tool_use("edit", do="replace", path="pots.py", old="pots[1:]", new="pots")]),
        Answer(blocks=[tool_use("finish", report="Count the first pot too")], input=100_000, output=10_000),
        Answer(
            blocks=[
                tool_use(
                    "verdict",
                    approve=False,
                    summary="No test shows it.",
                    judgements=[{"criterion": "C1", "met": False, "evidence": "There is no test."}],
                    findings=[],
                )
            ]
        ),
    ]
    with MessagesApi(answers=list(answers)).served() as api:
        key = environment(home, ANTHROPIC_API_KEY="sk-test", ANTHROPIC_BASE_URL=api.url)
        config = "limits: {cycles: 1}\n"
        (code / ".github").mkdir()
        (code / ".github" / "groundskeeper.yml").write_text(config)
        git(code, "add", "-A")
        git(code, "commit", "-qm", "Say how it works here")
        command = ("try", "--issue", ISSUE, "--budget", "1.5")

        unasked = in_a_shell(key, code, *command)
        with at_a_terminal(key, code, *command) as terminal:
            terminal.until("It may spend $1.50 at most; a request that could go above is not sent.")
            terminal.until("Go on? [y/N]:")
            terminal.type("n\n")
            refused = terminal.end()
        asked_before = len(api.requests)
        with at_a_terminal(key, code, *command) as terminal:
            terminal.until("Go on? [y/N]:")
            terminal.type("y\n")
            status = terminal.end()

    assert (unasked.returncode, unasked.stderr) == (
        2,
        "groundskeeper: Nobody can be asked here whether to spend that: say --yes, or --script for a try that spends nothing.\n",
    )
    assert (refused, asked_before) == (1, 0)
    assert status == 1
    assert "not met  Every pot counts: There is no test." in terminal.text
    assert "Not approved: the reviewer asked for changes after 1 cycles; a person decides." in terminal.text
    execution, review = (dollars(MicroUsd(sum(_cost(answer) for answer in part))) for part in (answers[:2], answers[2:]))
    total = dollars(MicroUsd(sum(map(_cost, answers))))
    assert f"Spent {total} of $1.50 in 3 requests (execution {execution}, review {review})." in terminal.text
    assert git(code, "show", f"{BRANCH}:pots.py") == "def total(pots):\n    return sum(pots)"


def _cost(answer: Answer) -> MicroUsd:
    used = Usage(input=answer.input, output=answer.output, cache_read=answer.cache_read, cache_write=answer.cache_write)
    return cost(used, read_prices()["claude-sonnet-5-5"])


@pytest.mark.slow
@isolated
def test_the_branch_goes_to_the_remote_where_that_is_asked_for(code: Path, home: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "shared.git")
    git(code, "remote", "add", "shared", str(tmp_path / "shared.git"))

    done = in_a_shell(environment(home), home, "try", str(code), "--issue", ISSUE, "--script", scenario(home), "--push")

    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("Pushed to shared.\n")
    assert git(tmp_path / "shared.git", "rev-parse", BRANCH) == git(code, "rev-parse", BRANCH)


def test_no_key_is_one_line_and_nothing_begins(code: Path, home: Path) -> None:
    before = everything_in(code)

    done = in_a_shell(environment(home), code, "try", "--issue", ISSUE)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "groundskeeper: ANTHROPIC_API_KEY is not set: the model cannot be asked. Set it, or try with --script and a scenario file, "
        "which needs none (docs/scenarios.md).\n"
    )
    assert everything_in(code) == before


@pytest.mark.slow
def test_what_nothing_can_be_tried_on_is_one_line(code: Path, home: Path, tmp_path: Path) -> None:
    script = scenario(home)
    bare = tmp_path / "no-repository"
    bare.mkdir()
    unborn = tmp_path / "unborn"
    unborn.mkdir()
    git(unborn, "init", "-q")
    shallow = tmp_path / "shallow"
    (code / "second").write_text("")
    git(code, "add", "second")
    git(code, "commit", "-qm", "Second")
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{code}", str(shallow))

    def refused(path: Path, *more: str) -> str:
        done = in_a_shell(environment(home), home, "try", str(path), "--issue", ISSUE, "--script", script, *more)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        return done.stderr

    assert "is no checkout of a git repository. Name one, or make it one: git init" in refused(bare)
    assert "there is no such folder" in refused(tmp_path / "nowhere")
    assert "has no commit yet, and agents work on what is committed. Commit first:" in refused(unborn)
    assert "is a shallow clone, whose history cannot be copied. Fetch the rest first: git fetch --unshallow." in refused(shallow)
    assert "has no remote `origin`; it has none. Try without --push" in refused(code, "--push")
    git(code, "branch", "agent-1")
    assert "Branch agent-1 exists already" in refused(code)
    git(code, "branch", "-m", "agent-1", BRANCH)
    assert f"Rename it (git branch -m {BRANCH} <another name>) or delete it (git branch -D {BRANCH})." in refused(code)


def test_without_bubblewrap_no_command_of_a_model_is_run(code: Path, home: Path) -> None:
    tools = home / "tools"
    tools.mkdir()
    for name in ("git", "sh"):
        (tools / name).symlink_to(str(shutil.which(name)))

    done = in_a_shell({**environment(home), "PATH": str(tools)}, code, "try", "--issue", ISSUE, "--script", scenario(home))

    assert done.returncode == 2
    assert done.stderr.startswith("groundskeeper: bwrap is not installed; install bubblewrap")


@pytest.mark.parametrize(
    ("issue", "words"),
    [
        ("https://127.0.0.1:1/ann/pots/issues/3", "127.0.0.1:1 could not be asked for it: "),
        ("https://github.com/ann/pots", "is not the address of an issue, as in https://github.com/owner/name/issues/12."),
        ("wishes/none.md", "there is no file wishes/none.md. Give a file, the address of an issue, or the wish in words."),
        ("  \n", "says nothing. The first line is the title"),
    ],
)
def test_an_issue_that_cannot_be_had_is_one_line(code: Path, home: Path, issue: str, words: str) -> None:
    done = in_a_shell(environment(home), code, "try", "--issue", issue, "--script", scenario(home))

    assert done.returncode == 2
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_issue_is_words_a_file_or_an_address(tmp_path: Path) -> None:
    text = tmp_path / "wish.md"
    text.write_text("# Count pots\n\n- [ ] all of them\n")
    hub = open_hub(tmp_path / "hub")
    ann = embed(hub, "local/pots", person="ann")
    long = "count " * 60
    with serving(hub, work=False) as served:
        ann.ask(served, "POST", "issues", {"title": "Count pots", "body": "All."})

        assert read_wish(f"{served.url}/local/pots/issues/1#issuecomment-3") == Wish(title="Count pots", body="All.")
        with pytest.raises(UserError, match=r"issues/9 cannot be read \(404\)\. Or give its text in a file"):
            read_wish(f"{served.url}/local/pots/issues/9")
    assert read_wish(str(text)) == Wish(title="Count pots", body="- [ ] all of them")
    assert read_wish("Count pots\n\nAll.") == Wish(title="Count pots", body="All.")
    assert read_wish(long) == Wish(title=f"{'count ' * 32}count …", body=long.strip())


def test_a_scenario_that_cannot_be_read_is_one_line(code: Path, home: Path) -> None:
    done = in_a_shell(environment(home), code, "try", "--issue", ISSUE, "--script", scenario(home, "- role: [execution\n"))
    missing = in_a_shell(environment(home), code, "try", "--issue", ISSUE, "--script", "nowhere.yml")

    assert (done.returncode, missing.returncode) == (2, 2)
    assert done.stderr.startswith("groundskeeper: scenario.yml is not YAML: line 2")
    assert missing.stderr == "groundskeeper: nowhere.yml: there is no such file. docs/scenarios.md has a scenario to begin with.\n"


@pytest.mark.slow
@isolated
def test_a_scenario_that_ends_too_early_is_told_with_what_its_last_reply_was_refused_for(code: Path, home: Path) -> None:
    issue = "The first pot is not counted\n\n- [ ] Every pot counts\n- [ ] A test shows it\n"

    done = in_a_shell(environment(home), code, "try", "--issue", issue, "--script", scenario(home))

    assert done.returncode == 1
    assert "its last reply was refused: judgements: C2 is not judged (A test shows it)." in done.stdout


def test_a_file_with_the_wish_that_is_not_there_is_told_before_a_missing_key(code: Path, home: Path) -> None:
    done = in_a_shell(environment(home), code, "try", "--issue", "wish.md")

    assert "there is no file wish.md" in done.stderr


def test_without_a_wish_an_example_is_shown(code: Path, home: Path) -> None:
    done = in_a_shell(environment(home), code, "try")

    assert done.returncode == 2
    assert 'Say what is to be done: --issue "Words", a file, or the address of an issue.' in done.stderr
