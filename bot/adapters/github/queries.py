"""The GraphQL documents: one query for a whole snapshot, one mutation for all that people are shown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

EDITS = 20
"""Of the text of one issue."""
EVENTS = 50
"""Of labels and titles, of one issue."""
_ACTOR = "{ __typename login }"
_LIGHT = f"""
fragment Light on Issue {{
  id number title body state createdAt updatedAt lastEditedAt author {_ACTOR} editor {_ACTOR}
  labels(first: 50) {{ nodes {{ name }} }}
  talk: comments(first: 1) {{ totalCount }}
  userContentEdits(last: {EDITS}) {{ totalCount nodes {{ editedAt editor {_ACTOR} }} }}
  timelineItems(last: {EVENTS}, itemTypes: [LABELED_EVENT, RENAMED_TITLE_EVENT]) {{
    nodes {{
      __typename
      ... on LabeledEvent {{ createdAt actor {_ACTOR} label {{ name }} }}
      ... on RenamedTitleEvent {{ createdAt actor {_ACTOR} }}
    }}
  }}
}}"""
_FULL = f"""
fragment Full on Issue {{
  ...Light
  comments(last: 50) {{ totalCount nodes {{ id body createdAt lastEditedAt author {_ACTOR} }} }}
}}"""
_CHECKS = """statusCheckRollup { contexts(first: 100) { nodes {
    __typename
    ... on CheckRun { name status conclusion title summary text detailsUrl checkSuite { app { slug } } }
    ... on StatusContext { context state description targetUrl creator { __typename login } }
  } } }"""
_RED = """statusCheckRollup { contexts(first: 100) { nodes {
    __typename ... on CheckRun { name status conclusion } ... on StatusContext { context state }
  } } }"""
_SAID = f"id body createdAt lastEditedAt author {_ACTOR} reactionGroups {{ content viewerHasReacted }}"
_THREADS = 40
_PULL = f"""
fragment Shown on PullRequest {{
  id number title body state isCrossRepository headRefName headRefOid baseRefName createdAt closedAt
  mergeable mergeStateStatus author {_ACTOR}
  reviews(last: 50) {{ nodes {{ state submittedAt commit {{ oid }} {_SAID} }} }}
  comments(last: 50) {{ nodes {{ {_SAID} }} }}
  reviewThreads(last: {_THREADS}) {{ nodes {{
    id isResolved path line originalLine comments(last: 10) {{ nodes {{ {_SAID} diffHunk }} }}
  }} }}
  commits(last: 1) {{ nodes {{ commit {{ oid {_CHECKS} }} }} }}
  baseRef {{ target {{ ... on Commit {{ {_RED} }} }} }}
  mergeQueueEntry {{ position headCommit {{ oid {_CHECKS} }} }}
  timelineItems(last: 1, itemTypes: [REMOVED_FROM_MERGE_QUEUE_EVENT]) {{ nodes {{
    ... on RemovedFromMergeQueueEvent {{ createdAt reason actor {_ACTOR} beforeCommit {{ oid {_CHECKS} }} }}
  }} }}
}}"""
_STIRRED = "(first: 1, orderBy: {field: UPDATED_AT, direction: DESC}) { nodes { updatedAt } }"


def snapshot_document(in_play: Mapping[int, str | None], *, light: Iterable[int] = (), with_list: bool = True) -> str:
    """Variables: owner, name, labels, and cursor `with_list`; without it the list is only counted.

    `in_play` (number to branch) is read in full, `light` as the list shows it. Numbers become aliases; branch names go in as JSON
    strings, which GraphQL reads alike. A page of the list costs 4 points: four connections below each of a hundred issues.
    """
    parts = [f"i{number}: issue(number: {number}) {{ ...Light }}" for number in light]
    for number, branch in sorted(in_play.items()):
        parts.append(f"i{number}: issue(number: {number}) {{ ...Full }}")
        if branch is not None:
            parts.append(
                f"p{number}: pullRequests(headRefName: {_string(branch)}, last: 1, orderBy: {{field: CREATED_AT, direction: ASC}})"
                " { nodes { ...Shown } }"
            )
            parts.append(
                f"f{number}: pullRequests(headRefName: {_string(branch)}, states: OPEN, last: 20)"
                f" {{ nodes {{ number state isCrossRepository baseRefName author {_ACTOR} }} }}"
            )
    stirred = f"\n    stirred: issues{_STIRRED}\n    stirredPulls: pullRequests{_STIRRED}" if with_list else ""
    order = "orderBy: {field: CREATED_AT, direction: ASC}"
    whole = f"first: 100, after: $cursor, {order}"
    page = f"issues({whole if with_list else 'first: 1'}, states: OPEN, labels: $labels) {{ totalCount "
    page += "pageInfo { hasNextPage endCursor } nodes { ...Light } }" if with_list else "}"
    fragments = ([_LIGHT] if with_list or parts else []) + ([_FULL] if in_play else []) + ([_PULL] if any(in_play.values()) else [])
    return (
        f"query Snapshot($owner: String!, $name: String!, $labels: [String!]{', $cursor: String' if with_list else ''}) {{\n"
        "  repository(owner: $owner, name: $name) {\n"
        f"    {page}{stirred}\n    mergeQueue {{ id }}\n    " + "\n    ".join(parts) + "\n  }\n}" + "".join(fragments)
    )


PULL_DOCUMENT = (
    """query OnePull($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) { ...Shown } }
}"""
    + _PULL
)

LABELS_DOCUMENT = """query Labels($owner: String!, $name: String!, $cursor: String) {
  repository(owner: $owner, name: $name) { id labels(first: 100, after: $cursor) { pageInfo { hasNextPage endCursor } nodes { id name } } }
}"""

BOARD_DOCUMENT = """query Board($login: String!, $number: Int!) {
  repositoryOwner(login: $login) {
    ... on Organization { projectV2(number: $number) { ...Board } }
    ... on User { projectV2(number: $number) { ...Board } }
  }
}
fragment Board on ProjectV2 {
  id
  fields(first: 50) { nodes {
    __typename
    ... on ProjectV2Field { id name dataType }
    ... on ProjectV2SingleSelectField { id name dataType options { id name } }
  } }
}"""

ROWS_DOCUMENT = """query Rows($ids: [ID!]!) {
  nodes(ids: $ids) { __typename ... on Issue { projectItems(first: 20) { nodes {
    id project { id }
    fieldValues(first: 30) { nodes {
      __typename
      ... on ProjectV2ItemFieldTextValue { text field { ... on ProjectV2FieldCommon { name } } }
      ... on ProjectV2ItemFieldNumberValue { number field { ... on ProjectV2FieldCommon { name } } }
      ... on ProjectV2ItemFieldSingleSelectValue { name field { ... on ProjectV2FieldCommon { name } } }
    } }
  } } } }
}"""


def _string(text: str) -> str:
    return json.dumps(text)
