"""Apps made from a manifest: a person agrees on a page, and the code that this gives is changed for the app's keys.

https://docs.github.com/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

import json
import re
import secrets
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response

from bot.hub import seed
from bot.hub.shapes import apps as app_shapes
from bot.hub.store.hub import Hub
from bot.hub.web.answers import created, not_found
from bot.hub.web.context import current

routes = Blueprint("app_manifests", __name__)
_LIFE = 3600
"""Seconds that a code may wait, as the documentation says: all three steps within one hour."""


def agree(hub: Hub, owner: str, manifest: Mapping[str, Any]) -> str:
    """What a person does who presses the button on the page; the code is what GitHub puts into the redirect."""
    missing = [name for name in ("name", "url") if not isinstance(manifest.get(name), str)]
    if missing:
        raise ValueError(f"the manifest of an app must have {' and '.join(missing)}, each as a text")
    code = secrets.token_hex(20)
    with hub.write() as db:
        found = db.execute("select id from users where login = ?", (owner,)).fetchone()
        if found is None:
            raise ValueError(f"there is no account {owner}")
        if db.execute("select 1 from apps where slug = ?", (_slug(manifest["name"]),)).fetchone():
            raise ValueError(f"the name {manifest['name']} is taken by another app: choose one that nobody has")
        db.execute("insert into manifest_codes values (?, ?, ?, ?)", (code, owner, json.dumps(dict(manifest)), hub.later(_LIFE)))
    return code


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


@routes.post("/app-manifests/<code>/conversions")
def convert(code: str) -> Response:
    """Once, within the hour, and by whoever has the code: nobody has a key of the app yet."""
    now = current()
    with now.hub.write() as db:
        row = db.execute("select * from manifest_codes where code = ? and expires_at > ?", (code, now.hub.now())).fetchone()
        if row is None:
            raise not_found()
        db.execute("delete from manifest_codes where code = ?", (code,))
        manifest: dict[str, Any] = json.loads(row["manifest"])
        app = seed.add_app(now.hub, _slug(manifest["name"]), owner=row["owner"], permissions=manifest.get("default_permissions") or {})
        db.execute("update apps set name = ? where id = ?", (manifest["name"], app.id))
        url, secret = (manifest.get("hook_attributes") or {}).get("url"), secrets.token_hex(20)
        if url:
            seed.add_app_hook(now.hub, app.id, url, secret=secret, events=manifest.get("default_events") or [])
        shown = app_shapes.app(db.execute("select * from apps where id = ?", (app.id,)).fetchone())
    keys = {"client_secret": secrets.token_hex(20), "webhook_secret": secret if url else None, "pem": app.private_key_pem}
    return created(shown | keys)
