"""What is announced when something changes, so that whoever cares can follow; who listens is said in `app.py`."""

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class BranchMoved:
    """A branch was made, points elsewhere or is gone; a sha of zeros stands for none."""

    repo: sqlite3.Row
    branch: str
    old: str
    new: str
    actor_id: int


@dataclass(frozen=True, kw_only=True)
class PullRequestReady:
    """A pull request was opened or reopened, or its head is another commit: there is something new to check."""

    repo: sqlite3.Row
    pull: sqlite3.Row
    actor_id: int


@dataclass(frozen=True, kw_only=True)
class MergeGroupFormed:
    """A merge queue put a pull request on top of what comes before it, on a branch of its own."""

    repo: sqlite3.Row
    branch: str
    sha: str
    title: str
    actor_id: int


Event = BranchMoved | PullRequestReady | MergeGroupFormed
