"""What people wrote, in the form that is asked for: as it was written, as HTML, as plain text, or all three."""

from typing import Any

from bot.hub.shapes import markdown
from bot.hub.web.media import Form, form


def bodies(text: str | None) -> dict[str, Any]:
    match form():
        case Form.HTML:
            return {"body_html": markdown.render(text)}
        case Form.TEXT:
            return {"body_text": markdown.plain(text)}
        case Form.FULL:
            return {"body": text, "body_text": markdown.plain(text), "body_html": markdown.render(text)}
        case _:
            return {"body": text}
