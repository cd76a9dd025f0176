"""Prints one table: `python -m bench`, or `python -m bench agent_loop` for some of the sources."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from rich.console import Console
from rich.table import Table

from bench import agent_loop, command_line, environment, lease_push, requests, snapshot, webhooks
from bench.row import Row

SOURCES: Mapping[str, Callable[[], list[Row]]] = {
    "agent_loop": agent_loop.rows,
    "lease_push": lease_push.rows,
    "command_line": command_line.rows,
    "environment": environment.rows,
    "requests": requests.rows,
    "snapshot": snapshot.rows,
    "webhooks": webhooks.rows,
}


def main(names: list[str]) -> int:
    console = Console(width=None if sys.stdout.isatty() else 140)
    if unknown := [name for name in names if name not in SOURCES]:
        console.print(f"There is no benchmark {', '.join(unknown)}; there are {', '.join(SOURCES)}.")
        return 2
    table = Table(title="Groundskeeper's benchmark")
    for title in ("what", "ours", "peer or floor", "ratio", "goal", "met"):
        table.add_column(title, justify="left" if title in {"what", "goal"} else "right")
    met = True
    for name in names or list(SOURCES):
        for row in SOURCES[name]():
            met = met and row.met
            table.add_row(
                row.name,
                f"{row.ours:,.2f} {row.unit}",
                "–" if row.peer is None else f"{row.peer:,.2f} {row.unit}",
                "–" if row.ratio is None else f"{row.ratio:.2f}",
                row.goal,
                "yes" if row.met else "NO",
            )
    console.print(table)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
