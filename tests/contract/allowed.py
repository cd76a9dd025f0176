"""What is not as described and may stay so: each with its reason, in this one place. An entry that nothing needs fails `make contract`."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Allowed:
    """`fault` is searched for in the whole line that would be told, as `GET /user 200: place: what is wrong`."""

    fault: str
    why: str


ALLOWED: tuple[Allowed, ...] = (
    Allowed(r" 4\d\d: the whole: nobody described 'status'", "only `basic-error` speaks of it; api.github.com sends it with every refusal"),
    Allowed(
        r"account: '(name|slug)' is a required", "an account as person and enterprise at once, which nothing is, nor GitHub's own example"
    ),
    Allowed(
        r"projectsV2/\{project_number\}/items 201: content: several forms fit",
        "an issue is one of three forms, of which the draft's asks for less than an issue has",
    ),
    Allowed(
        r"contents/\{path\} 409: the whole: several forms fit", "a plain refusal is also one by a rule: neither form asks for anything"
    ),
    Allowed(r"search/issues 200: items/\d+/body: None", "an issue without a body is found too, and the example has no such one"),
    Allowed(
        r"issues(/\{issue_number\})?/events 200: \d+: nobody described 'state_reason'", "the timeline has the same event, and describes it"
    ),
    Allowed(
        r"permissions: nobody described 'actions_variables'",
        "a permission since 2023: https://docs.github.com/rest/authentication/permissions-required-for-github-apps",
    ),
    Allowed(r"POST /repos/\{owner\}/\{repo\}/actions/variables 409", "a name that is taken; GitHub describes only the success"),
    Allowed(r"nobody described 'user_view_type'", "part of every account since 2024; older parts of the descriptions do not have it yet"),
    Allowed(
        r"workflow-run-in-progress: workflow_run: nobody described 'display_title'", "its two siblings, requested and completed, have it"
    ),
    Allowed(
        r"git/matching-refs/\{ref\} asked: nobody described the query parameter 'per_page'",
        "PyGithub asks for every list by pages; what GitHub does not know in a query it passes over",
    ),
    Allowed(
        r"GET /repos/\{owner\}/\{repo\}/pulls/\{pull_number\} 200: the whole: nobody described 'body_(text|html)'",
        "in the forms that the page names beside the plain one: https://docs.github.com/rest/pulls/pulls#get-a-pull-request",
    ),
    Allowed(r"webhook issue-dependencies-\S+: the whole: 'organization'", "a person's repository belongs to no organization"),
)


def allowance(line: str) -> Allowed | None:
    return next((one for one in ALLOWED if re.search(one.fault, line)), None)
