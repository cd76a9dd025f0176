"""A person uses the pages as they use GitHub's: by links and forms alone, and nobody else can use them in their place."""

import re
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bot.hub import seed
from bot.hub.changes import checks
from bot.hub.serve import serving
from bot.hub.store.hub import open_hub
from bot.hub.web import sessions
from tests.hub.garden import HOME, Garden, plot
from tests.hub.grown import garden
from tests.hub.test_pages import Outline


class Browser:
    """Keeps cookies, reads forms off pages and sends them back, as a browser does."""

    def __init__(self, made: Garden, login: str | None = "ada") -> None:
        self.client: FlaskClient = made.app.test_client()
        self.page = ""
        if login is not None:
            self.open(sessions.link(made.hub, login))

    def open(self, place: str) -> str:
        answer = self.client.get(place, follow_redirects=True)
        assert answer.status_code == 200, answer.text
        self.page = answer.text
        return self.page

    def csrf(self) -> str:
        found = re.search(r'name="csrf" value="([0-9a-f]{64})"', self.page)
        assert found is not None, "the page has no form"
        return found[1]

    def send(self, action: str, **typed: Any) -> TestResponse:
        """The form of that action, with its hidden fields."""
        forms = [part.partition("</form>")[0] for part in self.page.split("<form ")[1:] if f'action="{action}"' in part.partition(">")[0]]
        asked = [dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)) for form in forms]
        fitting = [
            one
            for one in asked
            if one.get("act") == typed.get("act") and one.get("label") == (typed.get("label") if "act" in typed else None)
        ]
        assert fitting, f"the page has no such form for {action}"
        hidden = fitting[0]
        answer = self.client.post(action, data={**hidden, **typed}, follow_redirects=True)
        self.page = answer.text
        return answer


@pytest.fixture
def made(tmp_path: Path) -> Garden:
    return plot(tmp_path)


def test_an_issue_is_opened_talked_about_labelled_closed_and_reopened(made: Garden) -> None:
    made.ask("POST", f"/repos/{HOME}/labels", {"name": "agent:ready"})
    ada = Browser(made)
    ada.open(f"/{HOME}/issues/new")
    ada.send(f"/{HOME}/issues/new", title="Count the pots", body="All of them.\r\n\r\n- [ ] every pot", label=["agent:ready"])
    issue = made.ask("GET", f"/repos/{HOME}/issues/1")
    assert (issue["title"], issue["body"], issue["user"]["login"]) == ("Count the pots", "All of them.\n\n- [ ] every pot", "ada")
    assert [label["name"] for label in issue["labels"]] == ["agent:ready"]

    here = f"/{HOME}/issues/1"
    assert "Count the pots" in Outline(ada.page).text
    ada.send(here, body="Also the broken ones.")
    ada.send(f"{here}/labels", label="priority:high")
    ada.send(f"{here}/labels", act="remove", label="agent:ready")
    ada.send(here, body="Done by hand.", state="closed")

    assert [one["body"] for one in made.ask("GET", f"/repos/{HOME}/issues/1/comments")] == ["Also the broken ones.", "Done by hand."]
    closed = made.ask("GET", f"/repos/{HOME}/issues/1")
    assert ([label["name"] for label in closed["labels"]], closed["state"], closed["closed_by"]["login"]) == (
        ["priority:high"],
        "closed",
        "ada",
    )
    ada.send(here, state="open")
    assert made.ask("GET", f"/repos/{HOME}/issues/1")["state"] == "open"


def test_an_issue_is_reworded_and_given_to_somebody(made: Garden) -> None:
    made.ask("POST", f"/repos/{HOME}/issues", {"title": "Count the pots", "body": "All of them."})
    here = f"/{HOME}/issues/1"
    ada = Browser(made)
    ada.open(here)
    ada.send(f"{here}/edit", title="Count all pots", body='- [ ] every "pot" & lid')
    issue = made.ask("GET", f"/repos/{HOME}/issues/1")
    assert (issue["title"], issue["body"]) == ("Count all pots", '- [ ] every "pot" & lid')
    assert "Count all pots" in Outline(ada.page).text

    empty = ada.send(f"{here}/edit", title=" ", body="Now this")
    assert (empty.status_code, made.ask("GET", f"/repos/{HOME}/issues/1")["title"]) == (422, "Count all pots")
    assert "An issue needs a title." in ada.page
    assert "Now this" in ada.page, "what was typed is still there"

    nobody = ada.send(f"{here}/assignees", assignee="nobody-of-here")
    assert nobody.status_code == 422
    assert "nobody-of-here cannot be assigned: only people who may push here can." in Outline(ada.page).text
    ada.send(f"{here}/assignees", assignee="ada")
    assert [one["login"] for one in made.ask("GET", f"/repos/{HOME}/issues/1")["assignees"]] == ["ada"]
    ada.send(f"{here}/assignees", act="remove", assignee="ada")
    assert made.ask("GET", f"/repos/{HOME}/issues/1")["assignees"] == []


def test_a_pull_request_is_remarked_on_reviewed_and_merged_at_the_head_that_was_seen(tmp_path: Path) -> None:
    made = garden(tmp_path)
    here = f"/{HOME}/pull/6"
    ada = Browser(made)
    head = made.ask("GET", f"/repos/{HOME}/pulls/6")["head"]["sha"]

    ada.open(f"{here}/files")
    path = re.findall(r'name="path" value="([^"]+)"', ada.page)[0]
    refused = ada.send(f"{here}/review", path=path, line="99999", body="Why?")
    assert refused.status_code == 422
    assert "alert" in ada.page
    line = re.findall(r'<tr class="added"><td class="no"></td><td class="no">(\d+)</td>', ada.page)[0]
    ada.send(f"{here}/review", path=path, line=line, body="Why not sooner?")
    remark = made.ask("GET", f"/repos/{HOME}/pulls/6/comments")[-1]
    assert (remark["path"], str(remark["line"]), remark["body"], remark["user"]["login"]) == (path, line, "Why not sooner?", "ada")

    ada.open(here)
    ada.send(f"{here}/review", event="approve", body="Good.")
    last = made.ask("GET", f"/repos/{HOME}/pulls/6/reviews")[-1]
    assert (last["state"], last["body"], last["commit_id"], last["user"]["login"]) == ("APPROVED", "Good.", head, "ada")

    for check in ("tests", "lint", "groundskeeper/review"):
        checks.report(made.hub, HOME, head, check, "success")
    ada.open(here)
    stale = ada.send(f"{here}/merge", method="squash", head="0" * 40)
    assert (stale.status_code, "Head branch was modified" in ada.page) == (409, True)
    ada.open(here)
    ada.send(f"{here}/merge", method="squash")
    merged = made.ask("GET", f"/repos/{HOME}/pulls/6")
    assert (merged["merged"], merged["merged_by"]["login"]) == (True, "ada"), Outline(ada.page).text


def test_what_the_api_refuses_is_refused_in_its_words_and_what_was_typed_stays(made: Garden) -> None:
    ada = Browser(made)
    ada.open(f"/{HOME}/issues/new")
    empty = ada.send(f"/{HOME}/issues/new", title=" ", body="a long text that took an hour")
    assert empty.status_code == 422
    assert "An issue needs a title." in ada.page
    assert ">a long text that took an hour</textarea>" in ada.page

    made.ask("POST", f"/repos/{HOME}/issues", {"title": "Mine"})
    mallory = Browser(made, "mallory")
    mallory.open(f"/{HOME}/issues/1")
    assert "/labels" not in mallory.page
    forced = mallory.client.post(f"/{HOME}/issues/1/labels", data={"csrf": mallory.csrf(), "label": "agent:ready"})
    assert forced.status_code == 403
    assert made.ask("GET", f"/repos/{HOME}/issues/1")["labels"] == []


def test_nobody_uses_the_pages_in_a_persons_place(made: Garden) -> None:
    made.ask("POST", f"/repos/{HOME}/issues", {"title": "One"})
    here, said = f"/{HOME}/issues/1", {"body": "from elsewhere"}
    ada, ben = Browser(made), Browser(made, "ben")
    ada.open(here)
    ben.open(here)
    own = said | {"csrf": ada.csrf()}

    refused = [
        ada.client.post(here, data=said),
        ada.client.post(here, data=said | {"csrf": ben.csrf()}),
        ada.client.post(here, data=own, headers={"Origin": "http://evil.example"}),
        ada.client.post(here, data=own, headers={"Origin": "null"}),
        ada.client.post(here, data=own, headers={"Host": "evil.example"}),
        ada.client.post(here, data=own, environ_base={"REMOTE_ADDR": "192.0.2.7"}),
        Browser(made, None).client.post(here, data=own),
        ada.client.post("/logout"),
    ]

    assert [answer.status_code for answer in refused] == [403, 403, 403, 403, 401, 401, 401, 403]
    assert all("That was not done" in answer.text for answer in refused)
    assert made.ask("GET", f"/repos/{HOME}/issues/1/comments") == []
    assert ada.client.post(f"/repos/{HOME}/issues/1/comments", json=said).status_code == 401, "the API takes no cookie"
    assert ada.client.post("/graphql", json={"query": "{viewer{login}}"}).status_code == 401


def test_the_cookie_is_kept_from_scripts_and_other_sites_and_ends_with_signing_out(made: Garden) -> None:
    client = made.app.test_client()
    answer = client.get(sessions.link(made.hub, "ada"))
    cookie = answer.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    value = cookie.partition("=")[2].partition(";")[0]
    assert value not in str([tuple(row) for row in made.hub.db().execute("select * from sign_ins")])

    ada = Browser(made)
    ada.send("/logout")
    assert "Signed in as" not in ada.page
    ada.open(sessions.link(made.hub, "ada"))
    made.clock.pass_time(hours=13)
    assert "Signed in as" not in ada.open("/")


@pytest.mark.parametrize("elsewhere", [{"headers": {"Host": "evil.example"}}, {"environ_base": {"REMOTE_ADDR": "192.0.2.7"}}])
def test_a_link_signs_in_only_here_and_only_while_it_is_good(made: Garden, elsewhere: Any) -> None:
    link = sessions.link(made.hub, "ada")
    assert made.app.test_client().get(link, **elsewhere).status_code == 403
    made.clock.pass_time(hours=13)
    late, wrong = (made.app.test_client().get(place) for place in (link, "/login/guessed"))
    assert (late.status_code, wrong.status_code) == (403, 403)
    assert "This link signs nobody in" in late.text
    with pytest.raises(ValueError, match="there is no person worker"):
        sessions.link(made.hub, "worker")


def test_who_only_looks_sees_no_form_and_how_to_sign_in(made: Garden) -> None:
    made.ask("POST", f"/repos/{HOME}/issues", {"title": "One"})
    page = Browser(made, None).open(f"/{HOME}/issues/1")
    assert "<form" not in page
    assert "open the sign-in link that" in Outline(page).text


def test_an_empty_hub_says_the_first_steps_and_a_push_makes_a_repository(tmp_path: Path) -> None:
    hub = open_hub(tmp_path / "hub")
    seed.add_user(hub, "ann")
    token = seed.add_token(hub, "ann")
    code = tmp_path / "code"
    code.mkdir()
    (code / "README.md").write_text("# pots\n")
    identity = ("-c", "user.name=Ann", "-c", "user.email=a@example.org")
    with serving(hub, work=False) as served:
        first = httpx.get(served.url).text
        with_token = served.url.replace("://", f"://ann:{token}@")
        for args in (("init", "-q", "-b", "trunk"), ("add", "-A"), ("commit", "-qm", "Pots")):
            subprocess.run(["git", *identity, *args], cwd=code, check=True, capture_output=True)
        pushed = subprocess.run(
            ["git", "push", "-q", f"{with_token}/ann/pots.git", "trunk"], cwd=code, capture_output=True, text=True, check=False
        )
        strange = subprocess.run(
            ["git", "push", "-q", f"{with_token}/bob/pots.git", "trunk"], cwd=code, capture_output=True, text=True, check=False
        )
        made = httpx.get(f"{served.url}/repos/ann/pots").json()
        page = httpx.get(f"{served.url}/ann/pots").text

    assert "First steps" in first
    assert "groundskeeper hub add path/to/checkout &gt; hub.env" in first
    assert (pushed.returncode, pushed.stderr) == (0, "")
    assert strange.returncode != 0
    assert (made["full_name"], made["default_branch"]) == ("ann/pots", "trunk")
    assert "pots" in Outline(page).text


PLACES = ("/", f"/{HOME}/issues/1", f"/{HOME}/issues/new", f"/{HOME}/pull/6", f"/{HOME}/pull/6/files", f"/{HOME}/issues")


@pytest.fixture(scope="module")
def signed_in(tmp_path_factory: pytest.TempPathFactory) -> Browser:
    return Browser(garden(tmp_path_factory.mktemp("grown")))


@pytest.mark.parametrize("place", PLACES)
def test_every_form_is_whole_and_every_field_has_a_name_for_everyone(signed_in: Browser, place: str) -> None:
    page = Outline(signed_in.open(place))
    assert page.faults == []
    assert page.open == []
    assert [one for one in page.ids if page.ids.count(one) > 1] == []
    assert len(page.all("form")) == signed_in.page.count('name="csrf"')
    assert all(form["method"] == "post" and str(form["action"]).startswith("/") for form in page.all("form"))
    labelled = {label.get("for") for label in page.all("label")}
    fields = [
        given
        for tag, given in page.tags
        if tag in ("input", "textarea", "select") and given.get("type") not in ("hidden", "checkbox", "radio")
    ]
    assert all(given.get("id") in labelled or "aria-label" in given or _wrapped(signed_in.page, given) for given in fields)


def _wrapped(page: str, given: dict[str, str | None]) -> bool:
    return re.search(rf'<label>[^<]+<(?:input|textarea) name="{given["name"]}"', page) is not None
