"""Markdown, as the model writes it, to mrkdwn, as Slack shows it; and Slack's text to what a person reads.

It is pure and knows no API. Whatever it renders cannot ping: only links keep their `<`. Long text is cut where
a reader would pause, and never within an entity, a link or a character.
Source: docs.slack.dev/messaging/formatting-message-text.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from cocoai.slack.markdown.block_parser import Element, Fence, TableBlock, clean, elements
from cocoai.slack.markdown.commonmark_fixes import close_across_lines
from cocoai.slack.markdown.cutting import split_line, with_short_links
from cocoai.slack.markdown.inline_parser import GAP, Span, marked, read, written
from cocoai.slack.markdown.split import Frame, MessageLimits, Unit, joined, packed
from cocoai.slack.markdown.text_table import aligned

_WIDEST_INDENT = 16

_LANGUAGE = re.compile(r"[\w+#.-]{0,20}")
_QUOTE = re.compile(r"(?: {0,3}+> ?+)++")
_HEADING = re.compile(r" {0,3}#{1,6}\s+(?=\S)")
_RULE = re.compile(r" {0,3}([-*_])(?:\s*\1){2,}\s*")
_ITEM = re.compile(r"(\s*)(?:[-*+]|(\d{1,9}[.)]))\s+(?=\S)")

_PING = re.compile(r"<(?!https?://|mailto:|tel:|#[A-Z0-9]{2,24}[|>])", re.IGNORECASE)
_PINGED = re.compile(r"<(?=[@#][A-Z0-9]{2,}[|>]|!(?:here|channel|everyone|subteam|group|date)\b)", re.IGNORECASE)
_ENTITY = re.compile(r"([ \t]?)<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")


@dataclass(frozen=True)
class _Line:
    """A line of prose: what stands before its words, and what stands before them again when it is cut."""

    prefix: str
    spans: list[Span]
    again: str


def harmless(text: str) -> str:
    """Slack's text with every `<` that opens neither a link nor a channel's name made a plain character.

    So nothing in it can ping: no `<!channel>`, no `<@U…>`, no user group. Doing it twice changes nothing.
    """
    return _PING.sub("&lt;", text)


def unpinged(markdown: str) -> str:
    """Markdown with a gap in whatever Slack would take for a ping, in code too: there it is not to be seen."""
    return _PINGED.sub(f"<{GAP}", markdown)


def plain(text: str, own_user: str | None, names: Callable[[str], str] = lambda _user: "") -> str:
    """Slack's text as a person reads it, our own mention taken off.

    Other mentions are by the name that `names` has for that user, and stay as `@U…` where it has none.
    """
    said = _ENTITY.sub(lambda entity: _as_read(entity, own_user, names), text.replace(GAP, ""))
    return said.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def mrkdwn(markdown: str) -> str:
    """All of `markdown` as Slack shows it, however long."""
    return joined(units(elements(clean(markdown)), sys.maxsize))


def parts(markdown: str, limit: int = 3900) -> list[str]:
    """`markdown` rendered and cut into messages of at most `limit` characters (100 or more); [] only if it is blank.

    A part ends where a paragraph ends in its later half, else a sentence, else a line; a line that is too long
    for one part is cut after a sentence, at a space, or anywhere. A code fence is closed and opened again with
    its language.
    """
    markdown = clean(markdown)
    shown = [part for part in packed(units(elements(markdown), limit), MessageLimits(limit)) if part.strip()]
    # Markup around nothing is shown as it stands: whoever posts a reply counts on there being one.
    return shown or list(_pieces(_Line("", [Span(markdown.strip())], ""), limit)) if markdown.strip() else []


def _as_read(entity: re.Match[str], own_user: str | None, names: Callable[[str], str]) -> str:
    space, sign, target, label = entity[1], entity[2], entity[3], entity[4] or ""
    if sign == "@":
        return "" if target == own_user else f"{space}@{names(target) or target}"
    if sign == "#":
        return f"{space}#{label or target}"
    if sign == "!":
        return space + (label or "@" + target.rpartition("^")[2])
    return space + _link_as_read(target, label) if ":" in target else entity[0]


def _link_as_read(url: str, label: str) -> str:
    bare = url.removeprefix("mailto:")
    # Slack itself links what people type: `<http://example.com|example.com>`.
    return bare if label in ("", bare, url.partition("://")[2]) else f"{label} ({bare})"


# Fences, tables and lines of prose, each made into units.


def units(found: Iterable[Element], limit: int) -> list[Unit]:
    """What `elements` found, as mrkdwn; no unit is longer than `limit`, its frame included."""
    made: list[Unit] = []
    for element in close_across_lines(found):
        if isinstance(element, str):
            made += _prose(element, limit)
        else:
            made += _code(element, limit) if isinstance(element, Fence) else _table(element, limit)
    return made


def _code(fence: Fence, limit: int) -> list[Unit]:
    code, info = fence.code or ("",), fence.info
    if not _LANGUAGE.fullmatch(info):  # words, not a language: they are to be seen
        code, info = (info, *code), ""
    return _fenced(code, Frame(f"```{info}", "```"), limit)


def _table(table: TableBlock, limit: int) -> list[Unit]:
    head, rule, *rows = aligned(table)
    opening = f"```\n{written([Span(head)])}\n{rule}"
    if not rows or len(opening) > limit // 4:  # too much to be said again in each part
        return _fenced([head, rule, *rows], Frame("```", "```"), limit)
    return _fenced(rows, Frame(opening, "```"), limit)


def _fenced(lines: Iterable[str], frame: Frame, limit: int) -> list[Unit]:
    room = limit - frame.size
    return [Unit(text, frame) for line in lines for text in _code_pieces(line, room)]


@lru_cache(maxsize=256)
def _code_pieces(line: str, room: int) -> tuple[str, ...]:
    return tuple(_pieces(_Line("", [Span(line)], ""), room))


@lru_cache(maxsize=256)
def _prose(text: str, limit: int) -> tuple[Unit, ...]:
    # Kept for a while: a reply that grows is rendered again and again, and all its lines but the last stay as they are.
    return tuple(Unit(piece) for piece in _pieces(_line(text.rstrip()), limit))


def _line(text: str) -> _Line:
    if _RULE.fullmatch(text):
        return _Line("", [Span("─" * 10)], "")
    if quote := _QUOTE.match(text):
        quoted = _line(text[quote.end() :])
        return _Line(f"> {quoted.prefix}", quoted.spans, f"> {quoted.again}")
    if heading := _HEADING.match(text):
        title = re.sub(r"(?<=\s)#+$", "", text[heading.end() :]).strip()
        return _Line("", [marked(span, "*") for span in read(title)], "")
    item = _ITEM.match(text)
    words = text[item.end() :] if item else text.lstrip()
    indent = _indent(item[1] if item else text[: len(text) - len(words)])
    prefix = f"{indent}{item[2] or '•'} " if item else indent
    return _Line(prefix, read(words), " " * len(prefix))


def _indent(space: str) -> str:
    return " " * min(len(space.expandtabs(4)), _WIDEST_INDENT)


# A line that is too long for one part.


def _pieces(line: _Line, limit: int) -> Iterator[str]:
    whole = line.prefix + written(line.spans)
    if len(whole) <= limit:
        yield whole
        return
    prefix, spans = line.prefix, with_short_links(line.spans, limit)
    while spans:
        head, spans = split_line(spans, limit - len(prefix))
        yield prefix + written(head)
        prefix = line.again
