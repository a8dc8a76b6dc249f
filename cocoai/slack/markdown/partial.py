"""Makes the beginning of a text that is still being written read well, as if it ended there.

Open delimiters and code are closed for the moment; what cannot be recognised yet, such as half a link, a table's row or
a list marker, is held back until more arrives. Only the end of the text is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from cocoai.slack.markdown.block_parser import FencedCode, MarkdownBlock, TableBlock
from cocoai.slack.markdown.commonmark_fixes import close_across_lines, match_delimiters
from cocoai.slack.markdown.inline_parser import TOKEN

_MARKER_ALONE = re.compile(
    r"[ \t]*+(?:> ?)*+[ \t]*+(?:[-*+_=]+|\d{1,9}[.)]?|#{1,6}|`{1,2}|~{1,2})?+[ \t]*+(?:\[[ xX]?\]?)?+[ \t]*+"
)
"""A line with nothing but the beginning of a quote, list item, task, heading, rule, fence or delimiter run."""

_INCOMPLETE_LINK = re.compile(
    r"!?\[((?:[^\[\]]|\[[^\[\]]*+\])*+)(?:\](?:\((?:[^()\s]|\([^()\s]*+\)?+)*+(?:\s[^()]*+)?+)?+)?+$"
)
_INCOMPLETE_TOKEN = re.compile(r"(?:<(?:[a-zA-Z/!][a-zA-Z]{0,6}|(?:https?|mailto):[^\s<>]*)?|&#?[a-zA-Z0-9]{0,5}|\\)$")
"""The beginning of an HTML tag, an autolink, an entity or a backslash escape, at the end."""


def close_open_markup(blocks: Iterable[MarkdownBlock]) -> list[MarkdownBlock]:
    """Return the blocks of an unfinished text so that they read well: open markup in the last one is closed.

    What cannot be recognised yet is left out: half a link, a fence without code, a table's last row, `- ` alone.
    """
    *complete, last = close_across_lines(blocks, is_unfinished=True)
    if isinstance(last, FencedCode):
        lines = _lines_to_show(last)
        complete += [replace(last, lines=lines)] if lines or last.is_closed else []
    elif isinstance(last, TableBlock):
        complete.append(replace(last, rows=last.rows[:-1]))  # the last row may go on
    else:
        complete.append(close_line(last))
    return _hold_back_table_start(complete)


def close_line(line: str) -> str:
    """Return a line that may go on as if it ended here: `some **bo` becomes `some **bo**`.

    Return "" if there is nothing to show yet, as in `- ` or `##`.
    """
    if _MARKER_ALONE.fullmatch(line):
        return ""
    words, code = _split_open_code(line)
    if not code:
        words = _drop_incomplete_end(words)
    return words + code + "".join(reversed(match_delimiters(words + code)[1]))


def _drop_incomplete_end(words: str) -> str:
    """Return the words without the end that cannot be recognised yet, if there is any.

    That is half an HTML tag, address in `<…>` or entity (`&am`); half a link, of which the label stays; and a delimiter
    run: `some **` becomes `some`. What the run closes is closed by the caller.
    """
    words = _INCOMPLETE_TOKEN.sub("", words)
    if link := _INCOMPLETE_LINK.search(words):
        words = words[: link.start()] + link[1].replace("[", "")
    words = words.rstrip()
    runs = match_delimiters(words)[0]
    if runs and runs[-1].start + len(runs[-1].text) == len(words):
        words = words[: runs[-1].start]
    return words.rstrip()


def _lines_to_show(code: FencedCode) -> tuple[str, ...]:
    """Return the code's lines, without a last one that may be half of the closing fence; () if all are blank."""
    lines = code.lines
    if not code.is_closed and lines and code.fence.startswith(lines[-1].strip()):
        lines = lines[:-1]
    return lines if any(line.strip() for line in lines) else ()


def _split_open_code(line: str) -> tuple[str, str]:
    """Return what stands before a code span that has no end yet, and that span with its end.

    The span is "" if there is none, or if it has no text yet.
    """
    # A backtick outside all tokens begins a code span without an end: what looks like a token behind it is code.
    at = 0
    for token in TOKEN.finditer(line):
        if "`" in line[at : token.start()]:
            break
        at = token.end()
    start = line.find("`", at)
    if start < 0:
        return line, ""
    code = line[start:].strip("`")
    ticks = line[start : len(line) - len(line[start:].lstrip("`"))]
    return line[:start], ticks + code + ticks if code.strip() else ""


def _hold_back_table_start(blocks: list[MarkdownBlock]) -> list[MarkdownBlock]:
    """Return the blocks without one or two last lines that begin with `|`, an empty last line aside.

    They may be a table's header and its unfinished delimiter row. Three such lines are no table, and stay.
    """
    end = len(blocks) - (blocks[-1] == "") if blocks else 0
    start = end
    while start and isinstance(line := blocks[start - 1], str) and line.lstrip(" \t>").startswith("|"):
        start -= 1
    return blocks[:start] if 0 < end - start <= 2 else blocks
