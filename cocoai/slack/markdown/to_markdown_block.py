"""Renders Markdown, as the model writes it, as Markdown that Slack's markdown block shows as it was meant, in parts.

Code and tables have wrappers, so that each part can be read by itself; a table that Slack would refuse becomes code.
Sources: docs.slack.dev/reference/block-kit/blocks/markdown-block and /table-block.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from cocoai.slack.markdown.block_parser import FencedCode, MarkdownBlock, TableBlock, split_cells
from cocoai.slack.markdown.commonmark_fixes import fix_line
from cocoai.slack.markdown.inline_parser import ZWSP, Inline, parse_inlines, text_of
from cocoai.slack.markdown.split import (
    MessageLimits,
    RenderedLine,
    Wrapper,
    split_into_messages,
    split_line,
    write_out_long_links,
)
from cocoai.slack.markdown.text_table import align_columns

MOST_MARKDOWN = 11_500
"""Characters in one part. Slack takes 12,000, and does not say whether an emoji is one of them or two."""

LIMITS = MessageLimits(MOST_MARKDOWN, table_rows=100, table_characters=9_000)
"""Slack makes table blocks of the tables: 100 rows, the header among them, and 10,000 characters of cells a message."""

MOST_CELLS = 20
"""Cells in a row of a table block."""

MOST_IN_ROW = 2_000
"""Characters in a table's row: a longer one could not be cut."""

MOST_IN_PIECE = 6_000
"""Characters of a line that has to be cut, before `fix_line` puts ZWSPs into it: at most two for each three
characters."""

_BEFORE_WORDS = re.compile(
    r"[ \t]{0,40}(?:> ?){0,40}[ \t]{0,40}(?:(?:[-*+]|\d{1,9}[.)])[ \t]{1,40}|#{1,6}[ \t]{1,40})?"
)
"""Indentation, block quote markers, and a list marker or a heading's number signs."""

_UNINDENTED_LINE = re.compile(r"(?m)^\S")
_LIST_OR_HEADING_MARKER = re.compile(r"[-+#\d.)*]")
_SPECIAL = re.compile(r"[\\`*_~\[\]<>#|]")

_DELIMITERS = {"*": "**", "_": "*", "~": "~~", "`": ""}
"""mrkdwn's delimiters, and what Markdown writes for each. Code gets its backticks apart, since it is not escaped."""

_DELIMITER_CHARACTERS = frozenset("*~")


def markdown_lines(blocks: Iterable[MarkdownBlock]) -> list[RenderedLine]:
    """Return the blocks as lines of Markdown, none longer than MOST_MARKDOWN with its wrapper.

    An empty line is added before and behind a table where there is none.
    """
    lines: list[RenderedLine] = []
    was_table = False
    for block in blocks:
        is_table = isinstance(block, TableBlock)
        if (is_table or was_table) and block != "" and lines and lines[-1].text.strip():
            # In GFM a table ends only at an empty line, and not every parser sees one begin without.
            lines.append(RenderedLine(_empty_line(block)))
        if isinstance(block, str) and len(block) < MOST_IN_ROW:
            lines.append(RenderedLine(fix_line(block.rstrip())))
        else:
            lines += _render_block(block)
        was_table = is_table
    return lines


def markdown_parts(lines: list[RenderedLine]) -> list[str]:
    """Return the lines as the texts of markdown blocks, one a message; [] if all are blank. `lines` is not empty."""
    first, *others = split_into_messages(lines, LIMITS)
    return [part for part in (first, *map(_outdent, others)) if part.strip()]


def _outdent(part: str) -> str:
    """Return a part that begins deep in a list without that indentation, up to its first line that has none.

    The list items above are in the part before: without them, 4 spaces would make it code (CommonMark 4.4).
    """
    depth = len(part) - len(part.lstrip(" "))
    if depth < len("    "):
        return part
    end = _UNINDENTED_LINE.search(part)
    inside, rest = (part[: end.start()], part[end.start() :]) if end else (part, "")
    return re.sub(rf"(?m)^ {{1,{depth}}}", "", inside) + rest


def _empty_line(block: MarkdownBlock) -> str:
    """Return the empty line to put before `block`: "", or in a block quote its markers, `>`."""
    return "" if isinstance(block, str) else block.prefix.rstrip()


def _render_block(block: MarkdownBlock) -> list[RenderedLine]:
    """Return a long line, code, or a table as lines of Markdown; a table that Slack refuses becomes code.

    A line that is longer than a part is cut into pieces. Code and a table's rows have their fence or header as wrapper.
    """
    if isinstance(block, str):
        line = fix_line(block.rstrip())
        return [RenderedLine(piece) for piece in ([line] if len(line) <= MOST_MARKDOWN else _pieces(block.rstrip()))]
    if isinstance(block, FencedCode):
        fence = _fence(block)
        return _in_fence(block.lines or ("",), Wrapper(fence + block.info, fence, block.prefix))
    if _is_refused(block):
        return _in_fence(align_columns(block), Wrapper("```", "```", block.prefix))
    wrapper = Wrapper(f"{fix_line(block.header)}\n{_delimiter_row(block)}", "", block.prefix, is_table=True)
    rows = [RenderedLine(fix_line(row), wrapper) for row in block.rows]
    return rows or [RenderedLine(wrapper.wrap((), is_first=False))]


def _fence(code: FencedCode) -> str:
    """Return the fence to write: backticks, which Slack documents, for tildes too, unless the code has such a fence."""
    is_kept = code.fence[0] == "`" or "`" in code.info or any("```" in line for line in code.lines)
    return code.fence if is_kept else "`" * len(code.fence)


def _is_refused(table: TableBlock) -> bool:
    """Return True if the table has over 20 cells in a row, which Slack refuses, or a row that is too long to be cut."""
    rows = (table.header, *table.rows)
    return max(map(len, rows)) > MOST_IN_ROW or max(row.count("|") - row.count("\\|") for row in rows) > MOST_CELLS + 1


def _delimiter_row(table: TableBlock) -> str:
    """Return the delimiter row; a new one if it has not as many cells as the header, since GFM then sees no table.

    It is also new if it is over 2,000 characters long.
    """
    count = len(split_cells(table.header))
    is_fit = len(split_cells(table.delimiter_row)) == count and len(table.delimiter_row) <= MOST_IN_ROW
    return table.delimiter_row if is_fit else "|" + "---|" * count


def _in_fence(code: Iterable[str], wrapper: Wrapper) -> list[RenderedLine]:
    """Return the code's lines with `wrapper` as their fence, in pieces where one is too long for a part."""
    room = MOST_MARKDOWN - wrapper.size
    pieces = (piece for line in code for piece in ((line,) if len(line) <= room else _code_pieces(line, room)))
    return [RenderedLine(piece, wrapper) for piece in pieces]


# A line that is too long for one part


def _code_pieces(line: str, limit: int) -> Iterator[str]:
    """Yield a line of code in pieces of at most `limit` characters."""
    inlines = [Inline(line)]
    while inlines:
        head, inlines = split_line(inlines, limit, text_of)
        yield text_of(head)


def _pieces(line: str) -> Iterator[str]:
    """Yield a line in pieces of Markdown of which each fits into a part.

    Each begins with the indentation and block quote markers of the line, but only the first has a list marker or a
    heading's number signs: the others have spaces there.
    """
    match = _BEFORE_WORDS.match(line)
    prefix = match[0] if match else ""
    inlines = write_out_long_links(parse_inlines(line[len(prefix) :]), MOST_IN_PIECE)
    while inlines:
        head, inlines = split_line(inlines, MOST_IN_PIECE - len(prefix), _render_markdown)
        yield fix_line(prefix + _render_markdown(head))
        prefix = _LIST_OR_HEADING_MARKER.sub(" ", prefix)


def _render_markdown(inlines: list[Inline]) -> str:
    """Return the inlines as Markdown, with a ZWSP between the delimiters of two: together they would be one run."""
    out = ""
    for text in map(_render_inline, inlines):
        out += (ZWSP if out[-1:] in _DELIMITER_CHARACTERS and text[:1] in _DELIMITER_CHARACTERS else "") + text
    return out


def _render_inline(inline: Inline) -> str:
    """Return the inline as Markdown, with its delimiters and link; an address in `<…>` may have brackets and spaces."""
    text = _code_span(inline.text) if "`" in inline.delimiters else _SPECIAL.sub(r"\\\g<0>", inline.text)
    if inline.url:
        text = f"<{inline.url}>" if inline.text == inline.url else f"[{text}](<{inline.url}>)"
    opening = "".join(_DELIMITERS[delimiter] for delimiter in inline.delimiters)
    return f"{opening}{text}{opening[::-1]}"


def _code_span(code: str) -> str:
    """Return this code between more backticks than it has in a row, apart from them by spaces (CommonMark 6.1)."""
    if "`" not in code:
        return f"`{code}`"
    ticks = "`" * (1 + max(map(len, re.findall("`+", code))))
    return f"{ticks} {code} {ticks}"
