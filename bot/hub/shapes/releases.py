"""Releases and tags as GitHub's JSON shows them."""

import sqlite3
from typing import Any

from bot.hub.shapes.accounts import user
from bot.hub.shapes.bodies import bodies
from bot.hub.shapes.links import root, web
from bot.hub.shapes.repositories import full_name
from bot.hub.store import node_ids


def release(repo: sqlite3.Row, row: sqlite3.Row) -> dict[str, Any]:
    name = full_name(repo)
    base = f"{root()}/repos/{name}/releases/{row['id']}"
    kept = ("id", "name", "created_at", "published_at", "updated_at")
    return {key: row[key] for key in kept} | {
        "url": base,
        "html_url": f"{web()}/{name}/releases/tag/{row['tag']}",
        "assets_url": f"{base}/assets",
        "upload_url": f"{base}/assets{{?name,label}}",
        "node_id": node_ids.encode("Release", row["id"]),
        "tag_name": row["tag"],
        "target_commitish": row["target"],
        **bodies(row["body"]),
        "draft": bool(row["draft"]),
        "prerelease": bool(row["prerelease"]),
        "author": user(row["author_id"]),
        "assets": [],
        **_archives(name, row["tag"]),
    }


def tag(repo: sqlite3.Row, name: str, sha: str) -> dict[str, Any]:
    commit = {"sha": sha, "url": f"{root()}/repos/{full_name(repo)}/commits/{sha}"}
    node_id = node_ids.encode("Ref", f"refs/tags/{name}")
    return {"name": name, "commit": commit, "node_id": node_id, **_archives(full_name(repo), f"refs/tags/{name}")}


def _archives(name: str, ref: str) -> dict[str, str]:
    return {f"{kind}_url": f"{root()}/repos/{name}/{kind}/{ref}" for kind in ("tarball", "zipball")}
