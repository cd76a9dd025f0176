"""Putting an issue on a milestone, on another one, or on none."""

import sqlite3

from bot.hub.changes import timeline
from bot.hub.shapes.milestones import milestone
from bot.hub.store.hub import Hub
from bot.hub.webhooks import deliveries
from bot.hub.webhooks import issues as issue_hooks


def put_on(hub: Hub, db: sqlite3.Connection, repo: sqlite3.Row, issue_id: int, number: int | None, actor_id: int) -> bool:
    """Whether there is such a milestone; None takes the issue off."""
    sql = "select milestones.* from milestones join issue_milestones on milestone_id = milestones.id where issue_id = ?"
    before = db.execute(sql, (issue_id,)).fetchone()
    after = db.execute("select * from milestones where repo_id = ? and number = ?", (repo["id"], number)).fetchone()
    if after is None and number is not None:
        return False
    if (before and before["id"]) == (after and after["id"]):
        return True
    db.execute("delete from issue_milestones where issue_id = ?", (issue_id,))
    if after is not None:
        db.execute("insert into issue_milestones values (?, ?)", (issue_id, after["id"]))
    at = hub.now()
    db.execute("update issues set updated_at = ? where id = ?", (at, issue_id))
    for word, row in (("demilestoned", before), ("milestoned", after)):
        if row is not None:
            timeline.record(db, issue_id, word, actor_id, at, milestone={"title": row["title"]})
            with deliveries.speaking(hub):
                issue_hooks.emit(hub, db, issue_id, word, actor_id, milestone=milestone(repo, row))
    return True
