"""GitHub's published parser, language service and evaluator, in one process of Node.js that lives as long as the tests."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Judge = Callable[..., dict[str, Any]]
"""The kind of a question and its parts; what is answered is said in `judge.mjs`."""


@contextmanager
def judging(program: Path) -> Iterator[Judge]:
    with subprocess.Popen(["node", str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as node:
        assert node.stdin is not None
        assert node.stdout is not None
        to, back = node.stdin, node.stdout

        def ask(kind: str, **parts: Any) -> dict[str, Any]:
            to.write(json.dumps({"kind": kind, **parts}) + "\n")
            to.flush()
            answer: dict[str, Any] = json.loads(back.readline())
            return answer

        yield ask
        to.close()
