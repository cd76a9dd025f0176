"""A reader of Markdown that we did not write: what a person sees of it, what became of it, and on what GitHub would act."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.tasklists import tasklists_plugin

_READER = MarkdownIt("gfm-like", {"maxNesting": 100}).use(tasklists_plugin)
assert _READER.linkify is not None
_READER.linkify.set({"fuzzy_link": False})  # GitHub makes links of what begins with a scheme or www., not of every name with a dot
_READER.linkify.add("//", None)

# As https://github.com/gjtorikian/html-pipeline and the page on autolinked references have them; only text outside of code is looked at.
_ACTS = {
    "mention": re.compile(r"(?:^|[^A-Za-z0-9_])@[a-z0-9][a-z0-9-]*", re.IGNORECASE),
    "reference": re.compile(r"#\d+\b|\bGH-\d+\b|/(?:issues|pull)/\d+", re.IGNORECASE),
    "link": re.compile(r"(?:https?|ftp)://[^\s<]|\bwww\.[a-z0-9]|[a-z0-9.+_-]+@[a-z0-9-]+\.[a-z0-9]", re.IGNORECASE),
    "emoji": re.compile(r":(?:tada|\+1|100|smile):"),
}


@dataclass(frozen=True)
class Seen:
    """`kinds` are the tokens of the reader, `outside` the words that stand in no code."""

    words: str
    kinds: frozenset[str]
    outside: str

    @property
    def acting(self) -> set[str]:
        return {name for name, pattern in _ACTS.items() if any(map(pattern.search, self.outside.split("\0")))}


def seen(markdown: str) -> Seen:
    tokens = list(_all(_READER.parse(markdown)))
    words, outside, in_code = [], [], False
    for token in tokens:
        match token.type:
            case "html_inline" if token.content in ("<code>", "</code>"):
                in_code = token.content == "<code>"
                outside.append("\0")
            case "html_inline" if "checkbox" in token.content:
                continue
            case "text" if not in_code:
                words.append(token.content)
                outside.append(token.content)
            case "text" | "code_inline" | "fence" | "code_block" | "html_inline" | "html_block":
                words.append(token.content)
                outside.append("\0")
            case "softbreak" | "hardbreak" | "paragraph_close" | "heading_close" | "td_close" | "th_close":
                words.append("\n")
                outside.append("\0")
            case _:
                pass
    kinds = frozenset(token.type for token in tokens if token.content not in ("<code>", "</code>") and "checkbox" not in token.content)
    return Seen(words="".join(words), kinds=kinds, outside="".join(outside))


def _all(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _all(token.children or [])


NASTY = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "@bob", "@org/team", "bob@example.org", "#3", "Closes #3", "fixes octo/hub#12", "GH-7", "x#4", ":tada:", ":+1:", "a::b::c",
                "https://github.com/o/r/issues/3", "www.example.org", "http://a.b/(c)", "ftp://x.y", "<b>", "</details>", "<!-- mark -->",
                "<script>", "&lt;", "&#64;bob", "&", "![i](https://x.y/i.png)", "[a](https://x.y)", "[a]: https://x.y", "[^1]", "[ ]",
                "`", "``", "`@bob`", "`a < b`", "`a|b`", "\\", "\\`", "|", "\\|", "`\\|`", "*", "**", "_", "__a__", "snake_case", "~~", "~",
                "$x$", "$", "#", "# ", "- ", "+ ", "1. ", "2) ", "> ", "---", "===", "***", "```", "~~~",
                ":-:", "|-|", "\n", "\n\n", "    ",
                "\t", " ", "\r\n", "\u200b", "\u202e", "\x00", "\u2028", "é@bob", "word", "two words", "0123abc", "deadbeef1",
            ]
        ),
        st.text(max_size=6),
    ),
    max_size=12,
).map("".join)  # fmt: skip
"""Words that somebody chose to break their frame with."""
