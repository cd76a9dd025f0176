"""Lists in pages, with the Link header beside them."""

import math
import sqlite3
from collections.abc import Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import g, request

from bot.hub.web.context import current

T = TypeVar("T")
MAX_PAGE = 100


def page_asked() -> tuple[int, int]:
    def number(name: str, default: int) -> int:
        text = request.args.get(name, "")
        return max(1, int(text)) if text.isdigit() else default

    return number("page", 1), min(number("per_page", 30), MAX_PAGE)


def paged(items: Sequence[T]) -> list[T]:
    """The part of a list that was asked for; the Link header is set beside it."""
    page, size = page_asked()
    link_pages(page, size, len(items))
    return list(items[(page - 1) * size : page * size])


def paged_query(sql: str, parameters: Sequence[Any] = ()) -> list[sqlite3.Row]:
    """The same for a query, of which only the page is read."""
    page, size = page_asked()
    db = current().db
    rows = db.execute(f"{sql} limit ? offset ?", (*parameters, size, (page - 1) * size)).fetchall()
    total = (page - 1) * size + len(rows)
    if len(rows) == size or (not rows and page > 1):
        total = db.execute(f"select count(*) from ({sql})", tuple(parameters)).fetchone()[0]
    link_pages(page, size, total)
    return rows


def link_pages(page: int, size: int, total: int) -> None:
    last = max(1, math.ceil(total / size))
    wanted: dict[str, int] = {}
    if page > 1:
        wanted |= {"prev": min(page - 1, last), "first": 1}
    if page < last:
        wanted |= {"next": page + 1, "last": last}
    g.links = ", ".join(f'<{_page_url(number)}>; rel="{name}"' for name, number in wanted.items())


def _page_url(number: int) -> str:
    asked = [(name, value) for name, value in request.args.items(multi=True) if name != "page"]
    return f"{request.base_url}?{urlencode([*asked, ('page', str(number))])}"
