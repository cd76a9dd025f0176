"""What a person does on the pages: signs in, opens issues, edits, comments, labels, assigns, reviews, merges. Each form asks the REST route of the same thing."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from flask import Blueprint, g, make_response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from bot.hub.pages import reads
from bot.hub.pages import routes as pages
from bot.hub.web import sessions, within
from bot.hub.web.access import repository
from bot.hub.web.answers import Problem, not_found
from bot.hub.web.context import current

routes = Blueprint("forms", __name__)
routes.after_request(pages.guard)
_EVENTS = {"comment": "COMMENT", "approve": "APPROVE", "request": "REQUEST_CHANGES"}


@routes.errorhandler(Problem)
def refused(problem: Problem) -> AnyResponse:
    """Where no page can say it beside the form."""
    if problem.status == 404:
        return pages.absent() or problem.response()
    return make_response(pages.shown("refused.html", words=problem.words), problem.status)


def _attempt(work: Callable[[], str], again: Callable[[], str]) -> AnyResponse:
    """Does it and goes to where it can be seen; or says on the page why not, with what was typed still there."""
    sessions.require_own_form()
    try:
        return redirect(work(), 303)
    except Problem as problem:
        g.refused = problem.words
        return make_response(again(), problem.status)


def _typed(name: str) -> str:
    return request.form.get(name, "").replace("\r\n", "\n").strip()


@routes.get("/login")
def token_form() -> str:
    return pages.shown("login.html", who=sessions.person(), wrong=False)


@routes.post("/login")
def sign_in_by_token() -> AnyResponse:
    answer = make_response(redirect("/"))
    if not sessions.begin_by_token(current().hub, _typed("token"), answer):
        return make_response(pages.shown("login.html", who=None, wrong=True), 403)
    return answer


@routes.get("/login/<code>")
def sign_in(code: str) -> AnyResponse:
    answer = make_response(redirect("/", 303))
    if not sessions.begin(current().hub, code, answer):
        words = "This link signs nobody in: it is older than twelve hours, of another hub, or not opened on the hub's own machine."
        return make_response(pages.shown("refused.html", words=f"{words} Start `groundskeeper hub` again for a new one."), 403)
    return answer


@routes.post("/logout")
def sign_out() -> AnyResponse:
    sessions.require_own_form()
    answer = make_response(redirect("/", 303))
    sessions.end(current().hub, answer)
    return answer


@routes.post("/new")
def new_repository() -> AnyResponse:
    def work() -> str:
        return f"/{within.ask('POST', '/user/repos', {'name': _typed('name')})['full_name']}"

    return _attempt(work, pages.home)


@routes.get("/<owner>/<name>/issues/new")
def issue_form(owner: str, name: str) -> str:
    repo = repository(owner, name)
    return pages.of_repository("new_issue.html", repo, "issues", known=reads.repository_labels(repo))


@routes.post("/<owner>/<name>/issues/new")
def new_issue(owner: str, name: str) -> AnyResponse:
    def work() -> str:
        given = {"title": _typed("title"), "body": _typed("body"), "labels": request.form.getlist("label")}
        if not given["title"]:
            raise Problem(422, "An issue needs a title.")
        return _at("issues", owner, name, within.ask("POST", f"/repos/{owner}/{name}/issues", given)["number"])

    return _attempt(work, lambda: issue_form(owner, name))


@routes.post("/<owner>/<name>/issues/<int:number>")
@routes.post("/<owner>/<name>/pull/<int:number>")
def talk(owner: str, name: str, number: int) -> AnyResponse:
    """The box below a conversation: a comment, and the state that the pressed button asks for."""

    def work() -> str:
        issue, state = f"/repos/{owner}/{name}/issues/{number}", request.form.get("state")
        place = ""
        if _typed("body") or not state:
            if not _typed("body"):
                raise Problem(422, "A comment needs some words.")
            place = f"#issuecomment-{within.ask('POST', f'{issue}/comments', {'body': _typed('body')})['id']}"
        if state:
            within.ask("PATCH", issue, {"state": state})
        return _page(owner, name, number) + place

    return _attempt(work, lambda: _conversation(owner, name, number))


@routes.post("/<owner>/<name>/issues/<int:number>/labels")
def label(owner: str, name: str, number: int) -> AnyResponse:
    def work() -> str:
        place, chosen = f"/repos/{owner}/{name}/issues/{number}/labels", _typed("label")
        if request.form.get("act") == "remove":
            within.ask("DELETE", f"{place}/{quote(chosen, safe='')}")
        elif not chosen:
            raise Problem(422, "Write the label's name, or choose one.")
        else:
            within.ask("POST", place, {"labels": [chosen]})
        return _page(owner, name, number)

    return _attempt(work, lambda: _conversation(owner, name, number))


@routes.post("/<owner>/<name>/issues/<int:number>/edit")
def edit(owner: str, name: str, number: int) -> AnyResponse:
    """Title and description, of a pull request too."""

    def work() -> str:
        if not _typed("title"):
            raise Problem(422, "An issue needs a title.")
        within.ask("PATCH", f"/repos/{owner}/{name}/issues/{number}", {"title": _typed("title"), "body": _typed("body")})
        return _page(owner, name, number)

    return _attempt(work, lambda: _conversation(owner, name, number))


@routes.post("/<owner>/<name>/issues/<int:number>/assignees")
def assign(owner: str, name: str, number: int) -> AnyResponse:
    """The REST route ignores in silence whom it may not take; a person is told."""

    def work() -> str:
        place, chosen = f"/repos/{owner}/{name}/issues/{number}/assignees", _typed("assignee")
        if request.form.get("act") == "remove":
            within.ask("DELETE", place, {"assignees": [chosen]})
            return _page(owner, name, number)
        after = within.ask("POST", place, {"assignees": [chosen]})
        if chosen.lower() not in [one["login"].lower() for one in after["assignees"]]:
            raise Problem(422, f"{chosen or 'Nobody'} cannot be assigned: only people who may push here can.")
        return _page(owner, name, number)

    return _attempt(work, lambda: _conversation(owner, name, number))


@routes.post("/<owner>/<name>/pull/<int:number>/review")
def review(owner: str, name: str, number: int) -> AnyResponse:
    """Of the head that was on the page; also one remark on a line, from the page of the files."""

    def work() -> str:
        event = _EVENTS.get(request.form.get("event", "comment"), "COMMENT")
        given: dict[str, Any] = {"event": event, "body": _typed("body"), "commit_id": request.form.get("head") or None}
        if path := request.form.get("path"):
            line = _typed("line")
            if not line.isdecimal() or not given["body"]:
                raise Problem(422, "A remark needs the number of a line of the diff, and some words.")
            given["comments"] = [{"path": path, "line": int(line), "side": "RIGHT", "body": given["body"]}]
            given["body"] = ""
        within.ask("POST", f"/repos/{owner}/{name}/pulls/{number}/reviews", given)
        return _page(owner, name, number) + ("/files" if path else "")

    return _attempt(work, lambda: _conversation(owner, name, number, "files" if request.form.get("path") else "conversation"))


@routes.post("/<owner>/<name>/pull/<int:number>/merge")
def merge(owner: str, name: str, number: int) -> AnyResponse:
    """Only the head that was on the page."""

    def work() -> str:
        given = {"sha": request.form.get("head", ""), "merge_method": request.form.get("method", "merge")}
        within.ask("PUT", f"/repos/{owner}/{name}/pulls/{number}/merge", given)
        return _page(owner, name, number)

    return _attempt(work, lambda: _conversation(owner, name, number))


def _at(part: str, owner: str, name: str, number: int) -> str:
    return f"/{owner}/{name}/{part}/{number}"


def _page(owner: str, name: str, number: int) -> str:
    repo = reads.repository(owner, name)
    return _at("pull" if reads.subject(repo, number)["is_pull"] else "issues", repo["owner"], repo["name"], number)


def _conversation(owner: str, name: str, number: int, part: str = "conversation") -> str:
    repo = reads.repository(owner, name)
    row = reads.subject(repo, number)
    if part != "conversation" and not row["is_pull"]:
        raise not_found()
    return pages.subject_page(repo, row, part)
