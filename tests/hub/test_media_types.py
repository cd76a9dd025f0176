"""The forms that an `Accept` header may ask for, as tools other than the bot do."""

import subprocess
from pathlib import Path

import pytest

from tests.hub.conftest import World

REPO = "/repos/ada/engine"
README = "# Engine\n\nIt **turns**.\n"


@pytest.fixture
def planted(world: World) -> World:
    world.push({"README.md": README, "docs/oil.txt": "a < b\n"}, message="Begin")
    world.push({"docs/oil.txt": "a < b < c\n"}, branch="oil", onto="main", message="Say more of oil")
    world.ada.post(f"{REPO}/issues", json={"title": "It stands", "body": "It **stands**"})
    world.ada.post(f"{REPO}/issues/1/comments", json={"body": "Did you `oil` it?"})
    world.ada.post(f"{REPO}/pulls", json={"title": "Oil", "head": "oil", "base": "main", "body": "*Oil*"})
    return world


def asked(world: World, path: str, form: str) -> str:
    answer = world.ada.get(f"{REPO}/{path}", headers={"Accept": f"application/vnd.github.{form}"})
    assert answer.status_code == 200, answer.text
    assert "application/json" not in answer.headers["Content-Type"]
    return answer.text


@pytest.mark.parametrize("form", ["raw", "raw+json", "v3.raw"])
@pytest.mark.parametrize("path", ["contents/README.md", "readme", "readme?ref=oil"])
def test_a_file_as_it_is(planted: World, path: str, form: str) -> None:
    assert asked(planted, path, form) == README


def test_a_file_as_html(planted: World) -> None:
    assert "<strong>turns</strong>" in asked(planted, "readme", "html")
    assert asked(planted, "contents/docs/oil.txt", "v3.html") == "<pre>a &lt; b\n</pre>"


@pytest.mark.parametrize("path", ["commits/oil", "pulls/2", "compare/main...oil"])
def test_a_change_as_a_diff_and_as_mails_that_git_takes(planted: World, path: str, tmp_path: Path) -> None:
    diff, patch = asked(planted, path, "diff"), asked(planted, path, "patch")

    assert diff.startswith("diff --git a/docs/oil.txt b/docs/oil.txt\n")
    assert "Subject: [PATCH] Say more of oil" in patch
    for command in (["clone", "-q", str(planted.repository), "copy"], ["-C", "copy", "am", "-q"]):
        subprocess.run(
            ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", *command], cwd=tmp_path, input=patch, text=True, check=True
        )
    assert (tmp_path / "copy" / "docs" / "oil.txt").read_text() == "a < b < c\n"


@pytest.mark.parametrize(
    ("path", "text", "html"),
    [
        ("issues/1", "It stands", "<p>It <strong>stands</strong></p>"),
        ("issues/comments/1", "Did you oil it?", "<p>Did you <code>oil</code> it?</p>"),
        ("pulls/2", "Oil", "<p><em>Oil</em></p>"),
    ],
)
def test_what_people_wrote_in_each_form(planted: World, path: str, text: str, html: str) -> None:
    def bodies(form: str) -> dict[str, str]:
        shown = planted.ada.get(f"{REPO}/{path}", headers={"Accept": f"application/vnd.github.{form}+json"}).json()
        return {name: value for name, value in shown.items() if name.startswith("body")}

    written = bodies("raw")["body"]

    assert bodies("full") == {"body": written, "body_text": text, "body_html": html}
    assert bodies("raw") == {"body": written}
    if path.startswith("issues"):
        assert bodies("html") == {"body_html": html}
        assert bodies("text") == {"body_text": text}


def test_a_webhook_tells_what_was_written_whatever_form_was_asked_for(planted: World) -> None:
    planted.ada.post(f"{REPO}/hooks", json={"config": {"url": "http://hook.invalid/"}, "events": ["issue_comment"]})
    planted.ada.post(f"{REPO}/issues/1/comments", json={"body": "**No**"}, headers={"Accept": "application/vnd.github.html+json"})

    row = planted.hub.db().execute("select payload from deliveries where event = 'issue_comment'").fetchone()

    assert '"body": "**No**"' in row["payload"]
