"""Node ids: one opaque text that says what a thing is and which one, alike in REST's `node_id` and GraphQL's `id`."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode

# GitHub's own prefixes where they are known from its documentation; a kind that is not here carries its whole name.
PREFIXES = {
    "App": "A",
    "Blob": "B",
    "Bot": "BOT",
    "CheckRun": "CR",
    "CheckSuite": "CS",
    "ClosedEvent": "CE",
    "Commit": "C",
    "Issue": "I",
    "IssueComment": "IC",
    "Label": "LA",
    "LabeledEvent": "LE",
    "Milestone": "MI",
    "Organization": "O",
    "ProjectV2": "PVT",
    "ProjectV2Field": "PVTF",
    "ProjectV2Item": "PVTI",
    "ProjectV2SingleSelectField": "PVTSSF",
    "ProjectV2View": "PVTV",
    "PullRequest": "PR",
    "PullRequestReview": "PRR",
    "PullRequestReviewComment": "PRRC",
    "PullRequestReviewThread": "PRRT",
    "Ref": "REF",
    "RenamedTitleEvent": "RTE",
    "ReopenedEvent": "REE",
    "Repository": "R",
    "StatusContext": "SC",
    "Tag": "TA",
    "Tree": "T",
    "UnlabeledEvent": "UNLE",
    "User": "U",
    "WorkflowRun": "WFR",
}
KINDS = {prefix: kind for kind, prefix in PREFIXES.items()}


class NotANodeId(ValueError):
    """The text was never made by `encode`."""


def encode(kind: str, key: int | str) -> str:
    """The id of a row, or of something that has no row and is known by a name, such as a commit."""
    plain = f"{'i' if isinstance(key, int) else 's'}{key}"
    prefix = PREFIXES.get(kind)
    if prefix is None:
        prefix, plain = "N", f"{kind}\0{plain}"
    return f"{prefix}_{urlsafe_b64encode(b'kw' + plain.encode()).decode().rstrip('=')}"


def decode(node_id: str) -> tuple[str, int | str]:
    prefix, _, packed = node_id.partition("_")
    try:
        plain = urlsafe_b64decode(packed + "=" * (-len(packed) % 4)).decode()
        if not plain.startswith("kw"):
            raise NotANodeId(node_id)
        kind, _, key = plain[2:].rpartition("\0") if prefix == "N" else (KINDS.get(prefix, ""), "", plain[2:])
        if not kind or not key:
            raise NotANodeId(node_id)
        return kind, int(key[1:]) if key[0] == "i" else key[1:]
    except (binascii.Error, UnicodeError, ValueError) as trouble:
        raise NotANodeId(node_id) from trouble


def key_of(node_id: str, *kinds: str) -> int:
    """The database id behind a node id that must be of one of these kinds."""
    kind, key = decode(node_id)
    if kind not in kinds or not isinstance(key, int):
        raise NotANodeId(node_id)
    return key
