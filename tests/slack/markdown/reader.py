"""Read what Slack is sent as a person sees it: Markdown by markdown-it-py (CommonMark and GFM), mrkdwn by its rules.

It shares no code with the product. The tests compare what it reads in the model's Markdown with what it reads in ours.
"""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token

PARSER = MarkdownIt("commonmark", {"maxNesting": 200}).enable(["table", "strikethrough"])

_LINK = re.compile(r"<(?:https?://|mailto:|tel:)[^<>|]*(?:\|([^<>]*))?>")


@dataclass
class VisibleText:
    """What a person sees of a Markdown text.

    `text` is all of it, `prose` its pieces outside code, `emphasised` the letters and digits of each emphasis,
    `headers` and `rows` the lines of its tables, with `|` behind each cell.
    """

    text: str = ""
    prose: list[str] = field(default_factory=list)
    emphasised: list[str] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)


@functools.lru_cache(maxsize=32)
def read_markdown(markdown: str) -> VisibleText:
    """Return what a person sees of the Markdown text. Several checks in a row ask the same."""
    visible = VisibleText()
    table_lines = visible.rows
    for token in PARSER.parse(markdown):
        if token.type in ("thead_open", "tbody_open"):
            table_lines = visible.headers if token.type == "thead_open" else visible.rows
        elif token.type == "tr_open":
            table_lines.append("")
        if token.type == "inline":
            text = "".join(_read_inline(token.children or [], visible))
            visible.text += text + "\n"
            if token.level >= 4 and table_lines:
                table_lines[-1] += text + "|"
        elif token.type in ("fence", "code_block", "html_block"):
            visible.text += token.content
    return visible


def _read_inline(tokens: list[Token], visible: VisibleText) -> Iterator[str]:
    """Yield the visible text of each inline token, and note in `visible` what is prose and what is emphasised."""
    depth = 0
    for token in tokens:
        if token.type in ("strong_open", "em_open", "s_open"):
            depth += 1
            visible.emphasised.append("")
        depth -= token.type in ("strong_close", "em_close", "s_close")
        is_break = token.type in ("softbreak", "hardbreak") or token.content.startswith("<br")
        text = "\n" if is_break else token.content.removeprefix("mailto:")
        yield text
        if token.type == "text":
            visible.prose.append(text)
        if depth and letters(text):
            visible.emphasised[-1] += letters(text)


def stays_open(markdown: str) -> bool:
    """Return True if a paragraph behind this text would be taken for a piece of it."""
    *_, last, _ = PARSER.parse(f"before\n\n{markdown}\n\nbehind")
    return not (last.type == "inline" and last.content == "behind" and last.level == 1)


def read_mrkdwn(text: str) -> str:
    """Return mrkdwn with its links as a person sees them, and without entities."""
    return html.unescape(_LINK.sub(_label, text))


def _label(link: re.Match[str]) -> str:
    return link[1] or link[0]


def letters(text: str) -> str:
    """Return only the letters and digits of a text: no rendering may lose one."""
    return "".join(filter(str.isalnum, text))


def first_missing(whole: str, shown: str) -> str:
    """Return "" if the characters of `whole` are all in `shown`, in their order.

    Otherwise return 20 characters of `whole` from the first that is not.
    """
    at = 0
    for n, character in enumerate(whole):
        at = shown.find(character, at) + 1
        if not at:
            return whole[n : n + 20]
    return ""
