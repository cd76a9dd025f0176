"""How long `groundskeeper --help` takes, against the interpreter with click alone, in turns."""

from __future__ import annotations

import subprocess
import sys
import time
from statistics import median

from bench.row import Row

_TIMES = 9
_GOAL_MS = 150.0


def rows() -> list[Row]:
    ours, floor = [], []
    for _ in range(_TIMES):
        ours.append(_milliseconds("import sys; sys.argv = ['groundskeeper', '--help']; from bot.entry.cli import main; main()"))
        floor.append(_milliseconds("import click"))
    took = median(ours)
    return [
        Row(
            name="groundskeeper --help, floor: python with click",
            ours=took,
            peer=median(floor),
            unit="ms",
            goal=f"≤ {_GOAL_MS:.0f} ms",
            met=took <= _GOAL_MS,
        )
    ]


def _milliseconds(program: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    return (time.perf_counter() - began) * 1000
