"""A reader of what Slack is given: Markdown through a well-kept parser of CommonMark and GFM, and mrkdwn by its rules.

It is independent of the code that it judges: what it says of the model's Markdown is held against what it says of ours.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token

PARSER = MarkdownIt("commonmark", {"maxNesting": 200}).enable(["table", "strikethrough"])

_LINK = re.compile(r"<(?:https?://|mailto:|tel:)[^<>|]*(?:\|([^<>]*))?>")


@dataclass
class Seen:
    """What a reader sees of a text: all its words, those outside code, those emphasised, and its tables' lines."""

    words: str = ""
    prose: list[str] = field(default_factory=list)
    emphasised: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)


def seen(markdown: str) -> Seen:
    """Markdown as a reader sees it."""
    found = Seen()
    place = found.rows
    for token in PARSER.parse(markdown):
        if token.type in ("thead_open", "tbody_open"):
            place = found.heads if token.type == "thead_open" else found.rows
        elif token.type == "tr_open":
            place.append("")
        if token.type == "inline":
            words = "".join(_words(token.children or [], found))
            found.words += words + "\n"
            if token.level >= 4 and place:
                place[-1] += words + "|"
        elif token.type in ("fence", "code_block", "html_block"):
            found.words += token.content
    return found


def _words(tokens: list[Token], found: Seen) -> Iterator[str]:
    depth = 0
    for token in tokens:
        if token.type in ("strong_open", "em_open", "s_open"):
            depth += 1
            found.emphasised.append("")
        depth -= token.type in ("strong_close", "em_close", "s_close")
        is_break = token.type in ("softbreak", "hardbreak") or token.content.startswith("<br")
        words = "\n" if is_break else token.content.removeprefix("mailto:")
        yield words
        if token.type == "text":
            found.prose.append(words)
        if depth and letters(words):
            found.emphasised[-1] += letters(words)


def stays_open(markdown: str) -> bool:
    """Would what comes behind this text be taken for a piece of it?"""
    *_, last, _ = PARSER.parse(f"before\n\n{markdown}\n\nbehind")
    return not (last.type == "inline" and last.content == "behind" and last.level == 1)


def mrkdwn_words(text: str) -> str:
    """Slack's own markup as a reader sees it."""
    return html.unescape(_LINK.sub(lambda link: link[1] or link[0], text))


def letters(text: str) -> str:
    """What no rendering may lose: letters and digits."""
    return "".join(filter(str.isalnum, text))


def misses(whole: str, shown: str) -> str:
    """The first of `whole` that does not come, in its order, in `shown`; empty if all is there."""
    at = 0
    for n, character in enumerate(whole):
        at = shown.find(character, at) + 1
        if not at:
            return whole[n : n + 20]
    return ""
