"""What the page of a board shows: a column for each phase, a card for each issue."""

import json
import sqlite3
from typing import Any

from bot.hub.changes import boards
from bot.hub.pages.reads import LISTED, labels, query, state_of
from bot.hub.web.context import current

DETAILS = ("Agent", "Role", "Category", "Priority", "Cycle", "Step", "Spend", "Resumes at")


def columns(board: sqlite3.Row) -> list[dict[str, Any]]:
    """A column for each option of the Status field, then one for what has none, if there is any."""
    fields = query("select * from board_fields where board_id = ? and name = 'Status'", board["id"])
    options = json.loads(fields[0]["options"]) if fields else []
    made = {
        option["name"]: {"name": option["name"], "color": option["color"].lower(), "about": option["description"], "cards": []}
        for option in options
    }
    made[""] = {"name": "No status", "color": "gray", "about": "", "cards": []}
    for item in query("select * from board_items where board_id = ? and not archived order by position", board["id"]):
        values = boards.values_of(current().db, item["id"])
        status = str(values.get("Status", ""))
        made[status if status in made else ""]["cards"].append(_card(item, values))
    if not made[""]["cards"] and len(made) > 1:
        del made[""]
    return list(made.values())


def _card(item: sqlite3.Row, values: dict[str, str | float]) -> dict[str, Any]:
    row = query(f"{LISTED} where issues.id = ?", item["issue_id"])[0]
    repo = query(
        "select repositories.*, login as owner from repositories join users on users.id = owner_id where repositories.id = ?",
        row["repo_id"],
    )[0]
    progress = values.get("Progress %", values.get("Progress"))
    return {
        "row": row,
        "repo": repo,
        "state": state_of(row),
        "labels": labels(row["id"]),
        "details": [
            (name, _dollars(values[name]) if name == "Spend" else plain_number(values[name]))
            for name in DETAILS
            if values.get(name) not in (None, "")
        ],
        "progress": progress if isinstance(progress, int | float) else None,
        "reason": values.get("Reason"),
        "heartbeat": values.get("Heartbeat"),
    }


def plain_number(value: str | float) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _dollars(value: str | float) -> str:
    """A number field has no unit; a text says its own. Below a cent more digits are shown, since runs cost so little."""
    if not isinstance(value, float):
        return str(value)
    return f"${value:,.2f}" if value == 0 or value >= 0.01 else f"${value:.4f}"
