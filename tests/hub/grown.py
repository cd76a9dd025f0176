"""A believable repository: issues, pull requests with reviews and checks, and a board, as days of work leave them."""

import json
from pathlib import Path

from bot.hub.changes import boards, checks
from bot.hub.serve import serving
from tests.hub.garden import HOME, PARSER, README, Garden, comment, issue, plot, pull

STATUSES = ("Proposed", "Ready", "Working", "In review", "Needs a person", "Done")
LOG = "$ python -m pytest -q\n....................F                                                   [100%]\nFAILED tests/test_parser.py::test_last_line\n1 failed, 20 passed in 0.41s\n"
FIXED = PARSER.replace('        if not line.endswith("\\n"):\n            return\n', "").replace(
    'split("\\t")))', 'split("\\t"), strict=True))'
)
LABELS = (
    ("agent:ready", "0e8a16", "Queued for an agent"),
    ("agent:hold", "e4e669", "Waits for a person"),
    ("priority:high", "b60205", "Before the others"),
    ("category:testing", "1d76db", "Tests"),
    ("bug", "d73a4a", "Something does not work"),
)


JUDGED = """Both criteria are met.

| criterion | | evidence |
|---|---|---|
| the last record of a file is returned, whether or not the file ends in a newline | met | `parse(iter(['a\\n', '1']))` gives one record; the head before gave none, and the old exporter's files were tried too |
| a test shows it, and fails on the head before | met | tests/test_parser.py::test_last_line passes here and fails with 0 records on the first commit of the branch |
"""


def garden(root: Path) -> Garden:
    """The repository after some days of work: every state that a page can show is in it."""
    made = plot(root)
    for name, color, about in LABELS:
        made.ask("POST", f"/repos/{HOME}/labels", {"name": name, "color": color, "description": about})
    lost = issue(
        made,
        "The last line is lost when a file does not end in a newline",
        "`parse` stops one line early.\n\n## Acceptance criteria\n- [ ] the last record is returned\n- [ ] a test shows it\n\n"
        "<details><summary>Example</summary>\n\n```python\nparse(['a\\tb\\n', '1\\t2'])\n```\n\n</details>",
        ["bug", "agent:ready", "priority:high"],
    )
    stream = issue(
        made, "Stream records without reading the whole file", "Large files should not need memory for all their records.", ["agent:ready"]
    )
    tests = issue(
        made, "Cover the error messages with tests", "Nobody checks what a broken header says.", ["category:testing", "agent:ready"]
    )
    person = issue(made, "Which licence do the example files have?", "We cannot ship them before this is known.", [], who="mallory")
    made.ask("POST", f"/repos/{HOME}/issues/{person}/labels", {"labels": ["agent:hold"]})  # mallory may file issues, not label them
    done = issue(made, "Say in the README how to install marrow", "One line is enough.", ["agent:ready"])
    comment(made, lost, "Seen with files from the old exporter too, @ben.", who="ben")
    comment(
        made,
        lost,
        "**Working** · agent 3 · cycle 1 of 3\n\n| Gate | Result |\n|---|---|\n| lint | passed |\n| tests | passed |\n\nSpent $0.42 of $2.00.",
        who="groundskeeper",
    )
    first, sha = pull(
        made,
        "Return the last record of a file without a final newline",
        f"Closes #{lost}.\n\nThe loop no longer stops at it.",
        "agent-3/project-1",
        {"marrow/parser.py": FIXED},
    )
    checks.report(made.hub, HOME, sha, "tests", "failure", log=LOG)
    checks.report(made.hub, HOME, sha, "lint", "success", log="All checks passed!\n")
    made.clock.pass_time(minutes=12)
    remark = {
        "path": "marrow/parser.py",
        "line": 8,
        "side": "RIGHT",
        "body": "`strict=True` now refuses short lines. Is that wanted?\n\nThe issue does not ask for it.",
    }
    made.ask(
        "POST",
        f"/repos/{HOME}/pulls/{first}/reviews",
        {
            "event": "REQUEST_CHANGES",
            "body": "- [x] the last record is returned\n- [ ] **a test shows it**: none was added",
            "commit_id": sha,
            "comments": [remark],
        },
        who="groundskeeper-review",
    )
    made.clock.pass_time(minutes=20)
    test = "from marrow.parser import parse\n\n\ndef test_last_line():\n    assert len(list(parse(iter(['a\\n', '1'])))) == 1\n"
    again = made.push(
        "agent-3/project-1",
        {"tests/test_parser.py": test},
        "Show the last record in a test",
        start="agent-3/project-1",
        author="groundskeeper",
    )
    for name in ("tests", "lint"):
        checks.report(made.hub, HOME, again, name, "success", log="21 passed in 0.40s\n")
    made.ask(
        "POST",
        f"/repos/{HOME}/pulls/{first}/reviews",
        {"event": "APPROVE", "body": JUDGED, "commit_id": again},
        who="groundskeeper-review",
    )
    second, sha = pull(
        made, "Say how to install marrow", f"Closes #{done}.", "agent-1/project-5", {"README.md": README + "\n`pip install marrow`\n"}
    )
    checks.report(made.hub, HOME, sha, "tests", "success", log="20 passed in 0.38s\n")
    made.clock.pass_time(minutes=5)
    made.ask("PUT", f"/repos/{HOME}/pulls/{second}/merge", {"merge_method": "squash", "sha": sha}, who="groundskeeper-review")
    _board(made, {lost: "In review", stream: "Working", tests: "Ready", person: "Needs a person", done: "Done"})
    made.clock.pass_time(minutes=26)
    return made


CARDS: dict[str, dict[str, str | float]] = {
    "Working": {
        "Agent": "7",
        "Role": "backend",
        "Cycle": "1 of 3",
        "Spend": 0.18,
        "Progress %": 45,
        "Reason": "Writing the generator; tests pass so far.",
    },
    "In review": {
        "Agent": "3",
        "Role": "backend",
        "Cycle": "2 of 3",
        "Spend": 0.61,
        "Progress %": 90,
        "Reason": "Approved at the head; waits for the merge.",
    },
    "Ready": {"Role": "testing", "Priority": "normal", "Reason": "Third in the queue: both agents are busy."},
    "Needs a person": {"Reason": "Held by the label agent:hold, set by ada."},
    "Done": {"Agent": "1", "Spend": 0.0049, "Progress %": 100},
}


def _board(made: Garden, places: dict[int, str]) -> None:
    texts = dict.fromkeys(("Agent", "Role", "Priority", "Cycle", "Reason"), "text")
    number = boards.add_board(
        made.hub,
        "orchard",
        "Marrow garden",
        repository=HOME,
        fields={"Status": STATUSES, "Progress %": "number", "Spend": "number", **texts},
    )
    at = f"/orgs/orchard/projectsV2/{number}"
    known = {one["name"]: one for one in made.ask("GET", f"{at}/fields?per_page=100", who="groundskeeper")}
    options = {option["name"]["raw"]: option["id"] for option in known["Status"]["options"]}
    for place, status in places.items():
        row = made.ask("GET", f"/repos/{HOME}/issues/{place}")
        item = made.ask("POST", f"{at}/items", {"type": "Issue", "id": row["id"]}, who="groundskeeper")
        values = [{"id": known["Status"]["id"], "value": options[status]}]
        values += [{"id": known[name]["id"], "value": value} for name, value in CARDS[status].items()]
        made.ask("PATCH", f"{at}/items/{item['id']}", {"fields": values}, who="groundskeeper")


if __name__ == "__main__":
    import sys
    import threading

    grown = garden(Path(sys.argv[1]))
    with serving(grown.hub, port=int(sys.argv[2])) as served:
        print(json.dumps({"url": served.url, "tokens": grown.tokens}), flush=True)
        threading.Event().wait(float(sys.argv[3]))
