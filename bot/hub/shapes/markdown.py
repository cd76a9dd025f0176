"""GitHub-flavoured Markdown to HTML that is safe to show, whoever wrote it."""

import re
from functools import cache
from html import unescape

import nh3
from markdown_it import MarkdownIt
from mdit_py_plugins.tasklists import tasklists_plugin

TAGS = {
    *("a", "abbr", "b", "blockquote", "br", "code", "dd", "del", "details", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6"),
    *("hr", "i", "img", "input", "ins", "kbd", "li", "mark", "ol", "p", "picture", "pre", "q", "s", "samp", "span", "strike", "strong"),
    *("sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "ul", "var"),
}
ATTRIBUTES = {
    "a": {"href", "title"},
    "code": {"class"},
    "details": {"open"},
    "img": {"alt", "height", "title", "width"},  # no src: the pages fetch nothing from outside
    "input": {"checked", "class", "disabled", "type"},
    "li": {"class"},
    "ol": {"start"},
    "span": {"class"},
    "td": {"align"},
    "th": {"align"},
    "ul": {"class"},
}
CLASSES = re.compile(r"(?:language-[\w+#.-]{1,40}|task-list-item(?:-checkbox)?|contains-task-list)\Z")
# A heading of a comment must not compete with those of the page around it.
HEADING = re.compile(r"<(/?)h([1-6])>")
REFERENCE = re.compile(r"(?<![\w/&#])#(\d{1,9})\b")
TAG = re.compile(r"<[^>]+>")
UNTOUCHED = re.compile(r"(<(?:a|code|pre)\b.*?</(?:a|code|pre)>|<[^>]+>)", re.DOTALL)


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True, "linkify": False}).enable(["table", "strikethrough"])
    return parser.use(tasklists_plugin, enabled=False)


def _attribute(tag: str, name: str, value: str) -> str | None:
    if name == "class":
        return " ".join(word for word in value.split() if CLASSES.match(word)) or None
    if tag == "input" and name == "type":
        return "checkbox"
    return value


def _clean(html: str) -> str:
    return nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener noreferrer",
        set_tag_attribute_values={"input": {"type": "checkbox", "disabled": ""}},
    )


def render(text: str | None, *, issues_at: str | None = None, below: int = 0) -> str:
    """HTML of a text; `#12` becomes a link below `issues_at`, and headings take their place below that level of the page."""
    html = _clean(_parser().render(text or ""))
    if issues_at:
        html = _linked(html, issues_at)
    if below:
        html = _placed(html, below)
    return html.strip()


def _placed(html: str, below: int) -> str:
    """The outline of a page has no gaps, so the levels that a text uses become the next ones of the page."""
    used = sorted({found[2] for found in HEADING.finditer(html)})
    place = {level: min(6, below + 1 + used.index(level)) for level in used}
    return HEADING.sub(lambda found: f"<{found[1]}h{place[found[2]]}>", html)


def _linked(html: str, issues_at: str) -> str:
    parts = UNTOUCHED.split(html)
    for place in range(0, len(parts), 2):
        parts[place] = REFERENCE.sub(rf'<a href="{issues_at}/\1">#\1</a>', parts[place])
    return "".join(parts)


def plain(text: str | None) -> str:
    """What remains when the marks are taken off, as GitHub's `bodyText` shows it."""
    return unescape(TAG.sub("", render(text))).strip()
