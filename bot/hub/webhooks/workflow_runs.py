"""What webhooks tell about runs of workflows: https://docs.github.com/webhooks/webhook-events-and-payloads#workflow_run"""

import sqlite3

from bot.hub.shapes import workflows as workflow_shapes
from bot.hub.store import repositories
from bot.hub.store.hub import Hub
from bot.hub.webhooks import deliveries


def tell(hub: Hub, db: sqlite3.Connection, row: sqlite3.Row, action: str) -> None:
    if not deliveries.wanted(db, row["repo_id"], "workflow_run"):
        return
    with deliveries.speaking(hub):
        repo = repositories.repository_of(db, row["repo_id"])
        workflow = db.execute("select * from workflows where id = ?", (row["workflow_id"],)).fetchone()
        payload = {"workflow_run": workflow_shapes.run(repo, row), "workflow": workflow_shapes.workflow(repo, workflow)}
        deliveries.emit(hub, "workflow_run", action, row["repo_id"], payload, row["actor_id"])
