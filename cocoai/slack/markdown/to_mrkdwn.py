"""Renders Markdown, as the model writes it, as mrkdwn in messages.

Rendered text cannot ping: only links keep their `<`. Long text is cut where a reader would pause, and never within an
entity, a link or a character.
Source: docs.slack.dev/messaging/formatting-message-text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from cocoai.slack.markdown.block_parser import FencedCode, MarkdownBlock, TableBlock, normalize_markdown, parse_blocks
from cocoai.slack.markdown.commonmark_fixes import close_across_lines
from cocoai.slack.markdown.inline_parser import ZWSP, Inline, parse_inlines, render_code, render_mrkdwn, with_delimiter
from cocoai.slack.markdown.repairs import repaired_blocks
from cocoai.slack.markdown.split import (
    MessageLimits,
    RenderedLine,
    Wrapper,
    split_into_messages,
    split_line,
    write_out_long_links,
)
from cocoai.slack.markdown.text_cache import text_cache
from cocoai.slack.markdown.text_table import align_columns

_WIDEST_INDENT = 16
"""Spaces before a line: a deeper list is not indented further."""

_LANGUAGE = re.compile(r"[\w+#.-]{0,20}")
_QUOTE = re.compile(r"(?: {0,3}+> ?+)++")
_HEADING = re.compile(r" {0,3}#{1,6}\s+(?=\S)")
_THEMATIC_BREAK = re.compile(r" {0,3}([-*_])(?:\s*\1){2,}\s*")
_ITEM = re.compile(r"(\s*)(?:[-*+]|(\d{1,9}[.)]))\s+(?=\S)")

_MRKDWN_PING = re.compile(r"<(?!https?://|mailto:|tel:|#[A-Z0-9]{2,24}[|>])", re.IGNORECASE)
"""A `<` that opens neither a link nor a channel's name."""

_MARKDOWN_PING = re.compile(r"<(?=[@#][A-Z0-9]{2,}[|>]|!(?:here|channel|everyone|subteam|group|date)\b)", re.IGNORECASE)
"""A `<` that opens a mention of a user, a channel, a group or everybody, or a date."""


@dataclass(frozen=True)
class _ProseLine:
    """A line of prose: what stands before its words, and before them again on each further piece when it is cut."""

    prefix: str
    inlines: list[Inline]
    next_prefix: str


def escape_pings(text: str) -> str:
    """Return mrkdwn with every `<` that opens neither a link nor a channel's name made a plain character.

    So nothing in it can ping: no `<!channel>`, no `<@U…>`, no user group. Doing it twice changes nothing.
    """
    return _MRKDWN_PING.sub("&lt;", text)


def break_pings(markdown: str) -> str:
    """Return Markdown with an invisible ZWSP in all that Slack would take for a ping, such as `<@U12>`, in code too."""
    return _MARKDOWN_PING.sub(f"<{ZWSP}", markdown)


def mrkdwn_messages(markdown: str, limit: int, *, is_repaired: bool = False) -> list[str]:
    """Return `markdown` as mrkdwn, cut into messages of at most `limit` characters (100 or more); [] if it is blank.

    A message ends where a paragraph ends in its later half, else a sentence, else a line; a line that is too long for
    one message is cut after a sentence, at a space, or anywhere. A code fence is closed and opened again with its
    language. `is_repaired`: it is CommonMark already, as for a markdown block.
    """
    markdown = normalize_markdown(markdown)
    blocks = close_across_lines(parse_blocks(markdown)) if is_repaired else repaired_blocks(markdown)
    lines = mrkdwn_lines(blocks, limit)
    messages = [text for text in split_into_messages(lines, MessageLimits(limit)) if text.strip()]
    if messages or not markdown.strip():
        return messages
    # Markup around nothing is shown as it is written: a reply to it must have a message.
    return list(_render_pieces(_ProseLine("", [Inline(markdown.strip())], ""), limit))


# Blocks into rendered lines


def mrkdwn_lines(blocks: Iterable[MarkdownBlock], limit: int) -> list[RenderedLine]:
    """Return the repaired blocks as lines of mrkdwn, none longer than `limit` characters with its wrapper."""
    lines: list[RenderedLine] = []
    for block in blocks:
        if isinstance(block, str):
            lines += _render_prose(block, limit)
        else:
            lines += _render_code(block, limit) if isinstance(block, FencedCode) else _render_table(block, limit)
    return lines


def _render_code(block: FencedCode, limit: int) -> list[RenderedLine]:
    """Return the lines of code with a fence of three backticks, the only one that mrkdwn has, as their wrapper.

    An info string that is not a language's name becomes the first line of the code.
    """
    lines, info = block.lines or ("",), block.info
    if not _LANGUAGE.fullmatch(info):  # words, not a language: they are to be seen
        lines, info = (info, *lines), ""
    return _in_fence(lines, Wrapper(f"```{info}", "```"), limit)


def _render_table(table: TableBlock, limit: int) -> list[RenderedLine]:
    """Return the table as lines of code with aligned columns, its header repeated in each message.

    A header of over a quarter of `limit` is not repeated.
    """
    header, rule, *rows = align_columns(table)
    opening = f"```\n{render_code([Inline(header)])}\n{rule}"
    if not rows or len(opening) > limit // 4:  # too much to be repeated in each message
        return _in_fence([header, rule, *rows], Wrapper("```", "```"), limit)
    return _in_fence(rows, Wrapper(opening, "```"), limit)


def _in_fence(lines: Iterable[str], wrapper: Wrapper, limit: int) -> list[RenderedLine]:
    room = limit - wrapper.size
    return [RenderedLine(text, wrapper) for line in lines for text in _code_pieces(line, room)]


# Both are cached, since a reply is rendered anew at each update while it is written.
@text_cache(256)
def _code_pieces(line: str, limit: int) -> tuple[str, ...]:
    return tuple(_render_pieces(_ProseLine("", [Inline(line)], ""), limit, render_code))


@text_cache(256)
def _render_prose(text: str, limit: int) -> tuple[RenderedLine, ...]:
    return tuple(RenderedLine(piece) for piece in _render_pieces(_parse_prose(text.rstrip()), limit))


def _parse_prose(text: str) -> _ProseLine:
    """Parse a line of Markdown for mrkdwn, which has no headings, list items or thematic breaks.

    A heading becomes bold, a list's bullet `•`, a thematic break a line of `─`, and all block quote markers one.
    """
    if _THEMATIC_BREAK.fullmatch(text):
        return _ProseLine("", [Inline("─" * 10)], "")
    if quote := _QUOTE.match(text):  # mrkdwn has no quote in a quote: all markers are one
        quoted = _parse_prose(text[quote.end() :])
        return _ProseLine(f"> {quoted.prefix}", quoted.inlines, f"> {quoted.next_prefix}")
    if heading := _HEADING.match(text):
        title = re.sub(r"(?<=\s)#+$", "", text[heading.end() :]).strip()
        return _ProseLine("", [with_delimiter(inline, "*") for inline in parse_inlines(title)], "")
    item = _ITEM.match(text)
    words = text[item.end() :] if item else text.lstrip()
    indent = _limit_indent(item[1] if item else text[: len(text) - len(words)])
    prefix = f"{indent}{item[2] or '•'} " if item else indent
    if words.startswith("\\>") and not item:
        prefix += ZWSP  # Slack sees a quote wherever a line begins so
    return _ProseLine(prefix, parse_inlines(words), " " * len(prefix))


def _limit_indent(space: str) -> str:
    return " " * min(len(space.expandtabs(4)), _WIDEST_INDENT)


def _render_pieces(
    line: _ProseLine, limit: int, render: Callable[[list[Inline]], str] = render_mrkdwn
) -> Iterator[str]:
    """Yield the line, rendered by `render`, whole if it fits into `limit` characters, else in pieces.

    The first piece begins with `prefix`, the others with `next_prefix`.
    """
    whole = line.prefix + render(line.inlines)
    if len(whole) <= limit:
        yield whole
        return
    prefix, inlines = line.prefix, write_out_long_links(line.inlines, limit)
    while inlines:
        head, inlines = split_line(inlines, limit - len(prefix), render)
        yield prefix + render(head)
        prefix = line.next_prefix
