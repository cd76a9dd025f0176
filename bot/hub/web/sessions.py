"""Who sits in front of the browser: signed in by a link that the hub's owner was given, kept in a cookie that only pages look at.

Only on this machine: a request from elsewhere, or for another host's name (DNS rebinding), is nobody's. The API never takes the cookie, so no
other page can have a browser use it; forms also carry a word that only the hub's own pages know.
"""

import hashlib
import hmac
import ipaddress
import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Response, g, request

from bot.hub.store.hub import Hub
from bot.hub.web.actors import NOBODY, Actor, BadCredentials, Kind, authenticate
from bot.hub.web.answers import Problem
from bot.hub.web.context import current

_LIFE = 12 * 3600
PAGES = ("app_forms", "coverage", "forms", "pages")
"""Blueprints that look at the cookie."""
FIELD = "csrf"


@dataclass(frozen=True, kw_only=True)
class Session:
    actor: Actor
    csrf: str
    """What each form of this session carries."""


def link(hub: Hub, login: str) -> str:
    """The path that signs somebody in who opens it, for twelve hours; like a password, for one's own eyes."""
    code = secrets.token_urlsafe(24)
    with hub.write() as db:
        user = db.execute("select id from users where login = ? and type = 'User'", (login,)).fetchone()
        if user is None:
            raise ValueError(f"there is no person {login}")
        db.execute(
            "insert into sign_ins (hash, kind, user_id, expires_at) values (?, 'link', ?, ?)", (_hash(code), user["id"], hub.later(_LIFE))
        )
    return f"/login/{code}"


def begin(hub: Hub, code: str, answer: Response) -> bool:
    """Puts the cookie into the answer; False for a link that is not, or no longer, good."""
    found = _found(hub, "link", code) if is_local() else None
    return found is not None and _begun(hub, found.user_id, answer)


def begin_by_token(hub: Hub, token: str, answer: Response) -> bool:
    """The same for a person's token, which the cookie does not hold."""
    try:
        found = authenticate(hub, f"Bearer {token}") if is_local() else NOBODY
    except BadCredentials:
        return False
    return found.kind is Kind.PAT and _begun(hub, found.user_id, answer)


def _begun(hub: Hub, user_id: int, answer: Response) -> bool:
    value = secrets.token_urlsafe(32)
    with hub.write() as db:
        db.execute("delete from sign_ins where expires_at <= ?", (hub.now(),))
        db.execute(
            "insert into sign_ins (hash, kind, user_id, expires_at) values (?, 'session', ?, ?)",
            (_hash(value), user_id, hub.later(_LIFE)),
        )
    answer.set_cookie(_cookie(), value, max_age=_LIFE, httponly=True, samesite="Strict", path="/")
    return True


def end(hub: Hub, answer: Response) -> None:
    with hub.write() as db:
        db.execute("delete from sign_ins where hash = ?", (_hash(request.cookies.get(_cookie(), "")),))
    answer.delete_cookie(_cookie(), path="/")


def session(hub: Hub) -> Session | None:
    """Of the request that is being answered."""
    value = request.cookies.get(_cookie(), "")
    actor = _found(hub, "session", value) if value and is_local() else None
    return None if actor is None else Session(actor=actor, csrf=hmac.new(value.encode(), b"forms", hashlib.sha256).hexdigest())


def signed_in(hub: Hub) -> Actor:
    """Who asks for a page; remembered for the page's own forms."""
    g.session = session(hub)
    return NOBODY if g.session is None else g.session.actor


def require_own_form() -> None:
    """Raises `Problem` where this was not sent by a form of this hub that its person saw."""
    now: Session | None = g.get("session")
    if now is None:
        raise Problem(401, "Sign in first, with the link that `groundskeeper hub` shows where it was started.")
    origin = request.headers.get("Origin")
    elsewhere = origin is not None and origin != f"http://{request.host}"
    if elsewhere or not hmac.compare_digest(request.form.get(FIELD, ""), now.csrf):
        raise Problem(
            403, "This form was not made by the page that you are signed in to. Go back, load the page again, and send it once more."
        )


def is_local() -> bool:
    name = urlsplit(f"//{request.host}").hostname or ""
    return _loopback(request.remote_addr or "") and (name == "localhost" or _loopback(name))


def _loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _cookie() -> str:
    """Cookies of one host are shared by its ports: two hubs must not sign each other out."""
    return f"hub_session_{urlsplit(f'//{request.host}').port or 80}"


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def _found(hub: Hub, kind: str, value: str) -> Actor | None:
    row = (
        hub.db()
        .execute(
            "select users.* from sign_ins join users on users.id = user_id where hash = ? and kind = ? and expires_at > ?",
            (_hash(value), kind, hub.now()),
        )
        .fetchone()
    )
    return None if row is None else Actor(user_id=row["id"], login=row["login"], type=row["type"], kind=Kind.PAT)


def person() -> Actor | None:
    """Who is signed in on the page that is being answered."""
    actor = current().actor
    return actor if g.get("session") is not None else None
