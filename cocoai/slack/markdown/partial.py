"""Makes the beginning of a text that is still being written read well, as if it ended there.

Open delimiters and code are closed for the moment; what cannot be recognised yet, such as half a link, a table's row or
a list marker, is held back until more arrives. Only the end of the text is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from cocoai.slack.markdown.block_parser import FencedCode, MarkdownBlock, TableBlock, parse_blocks
from cocoai.slack.markdown.commonmark_fixes import close_across_lines, match_delimiters
from cocoai.slack.markdown.html_tags import close_elements
from cocoai.slack.markdown.inline_parser import find_tokens
from cocoai.slack.markdown.model_habits import address_end
from cocoai.slack.markdown.pattern_search import search_from
from cocoai.slack.markdown.repairs import repair_blocks, repaired_chunks

_MARKER_ALONE = re.compile(
    r"""
    [ \t]*+ (?:>[ ]?)*+ [ \t]*+
    (?:(?:[-*_][ \t]*+)++ | [+=]+ | • | \d{1,9}[.)]? | \#{1,6} | `{1,2} | ~{1,2} | \${1,2} | \\[(\[]?)?+
    [ \t]*+ (?:\[[ xX]?\]?)?+ [ \t]*+
    """,
    re.VERBOSE,
)
"""A line with nothing but the beginning of a quote, list item, task, heading, rule, fence, formula or delimiter run."""

_INCOMPLETE_LINK = re.compile(
    r"(?<!\\)!?\[((?:[^\[\]]|\[[^\[\]]*+\])*+)(?:\](?:\((?:[^()\s]|\([^()\s]*+\)?+)*+(?:\s[^()]*+)?+)?+)?+$"
)
_INCOMPLETE_TOKEN = re.compile(
    r"""
    (?:
        <(?:[/!]?[a-zA-Z]{0,10}/? | (?i:br)\ ?/? | !-{0,2} | (?:https?|mailto|tel):[^\s<>|]*+(?:\|[^<>]{0,300})?)
        | <(?:a|img|div|p|span|font|details)\s[^<>]{0,300} | <[\w.+-]{1,60}@[\w.-]{0,60}
        | &\#?[a-zA-Z0-9]{0,31}
        | \\{1,3}
        | \\[(\[](?:[^`\\]|\\[^)\]`]){0,300}\\?
        | \$\$[^$`]{0,300} | \$[A-Za-z(\\][^$`\s]{0,40}
        | \[\^[^\[\]\s]{0,60}\]?
        | (?<![^\W_])__\w{0,40} | \*\*?[./] | (?<=[(,\s])\*\*?(?:k(?:w(?:a(?:r(?:gs?)?)?)?)?|a(?:r(?:gs?)?)?)
        | (?<![A-Za-z])(?:htt?|https?:?/?/?|h) | !
    )$
    """,
    re.VERBOSE,
)
"""At the end, the beginning of an HTML tag or autolink, an entity, an escape, a formula, a footnote, a name or a file
pattern, or an address."""

_INCOMPLETE_TOKEN_START = re.compile(r"[<&\\$\[_*!h]")

_MOST_DROPPED = 4
"""Characters at the end, such as opening brackets, that are not shown because emphasis cannot end in them."""


def unfinished_blocks(chunks: Sequence[str], labels: frozenset[str]) -> list[MarkdownBlock]:
    """Return the blocks of an unfinished text, given in chunks (split_chunks), repaired so that they read well.

    Open markup in the last one is closed. What cannot be recognised yet is left out: half a link, a fence without code,
    a table's last row, `- ` alone. `labels` are those of the text's reference links (link_labels).
    """
    *complete, last = chunks
    return hold_back_table_start(repaired_chunks(complete, labels) + _close_open_markup(parse_blocks(last), labels))


def _close_open_markup(blocks: Iterable[MarkdownBlock], labels: frozenset[str]) -> list[MarkdownBlock]:
    """Return the last blocks of an unfinished text, repaired and closed."""
    *complete, last = _with_whole_delimiters(list(blocks))
    if isinstance(last, FencedCode):
        lines = _lines_to_show(last)
        complete += [replace(last, lines=lines)] if lines or last.is_closed else []
    elif isinstance(last, TableBlock):
        complete.append(replace(last, rows=last.rows[:-1]))  # the last row may go on
    else:
        if complete and not last.strip():
            complete[-1:] = _before_line_feed(complete[-1])
        complete.append(_hold_back(last))
    repaired = close_across_lines(repair_blocks(complete, labels), is_unfinished=True)
    if repaired and isinstance(line := repaired[-1], str):
        repaired[-1] = _close_delimiters(line)
    return repaired


def _with_whole_delimiters(blocks: list[MarkdownBlock]) -> list[MarkdownBlock]:
    """Return the blocks, with a table that ends in a delimiter row of which the last cell has only its first colon."""
    if len(blocks) < 2:
        return blocks
    *_, header, last = blocks
    if isinstance(header, str) and isinstance(last, str) and last.endswith(":") and not last.strip(" \t>|:-"):
        return [*blocks[:-2], *parse_blocks(f"{header}\n{last[:-1]}")]
    return blocks


def _before_line_feed(block: MarkdownBlock) -> list[MarkdownBlock]:
    """Return the last block of a text that ends in a line feed; none if it is code that has only its fence yet."""
    if isinstance(block, FencedCode) and not block.lines and ">" in block.prefix:
        return []
    is_break = isinstance(block, str) and block.endswith("\\") and not block.endswith("\\\\")
    return [block[:-1]] if is_break and isinstance(block, str) else [block]


def close_line(line: str) -> str:
    """Return a repaired line that may go on as if it ended here: `some **bo` becomes `some **bo**`.

    Return "" if there is nothing to show yet, as in `- ` or `##`.
    """
    return _close_delimiters(_hold_back(line))


def _close_delimiters(line: str) -> str:
    """Return the line with its open delimiters closed; without its last characters if emphasis cannot end in them."""
    for _ in range(_MOST_DROPPED):
        closing = "".join(reversed(match_delimiters(line)[1]))
        if not closing:
            return line
        if not match_delimiters(line + closing)[1]:
            return line + closing
        line = _drop_run(line[:-1].rstrip())
    return line


def _hold_back(line: str) -> str:
    """Return a line that may go on without the end that cannot be recognised yet, and with open code closed."""
    if _MARKER_ALONE.fullmatch(line):
        return ""
    words, code = _split_open_code(line)
    if code:
        return _open_link_as_text(words) + code
    words = _drop_incomplete_end(words)
    return "" if _MARKER_ALONE.fullmatch(words) else close_elements(words) if "<" in words else words


def _drop_incomplete_end(words: str) -> str:
    """Return the words without the end that cannot be recognised yet, if there is any.

    That is half an HTML tag, formula, name, entity (`&am`) or address; half a link, of which the label stays; and a
    delimiter run: `some **` becomes `some`. What the run closes is closed by the caller.
    """
    words = _drop_open_address(words) if "http" in words else words
    if token := search_from(_INCOMPLETE_TOKEN_START, _INCOMPLETE_TOKEN, words):
        words = words[: token.start()]
    return _drop_run(_open_link_as_text(words).rstrip())


def _open_link_as_text(words: str) -> str:
    """Return the words with the label alone of a link at their end that may go on, also of one around an image."""
    for _ in range(2):
        if link := _INCOMPLETE_LINK.search(words):
            label = link[1].removeprefix("!").partition("](")[0]
            words = words[: link.start()] + re.sub(r"[\[\]]", "", label)
    return words


def _drop_run(words: str) -> str:
    """Return the words without a delimiter run at their end, and without the space before it."""
    runs = match_delimiters(words)[0]
    return words[: runs[-1].run.start].rstrip() if runs and runs[-1].run.end == len(words) else words


def _drop_open_address(words: str) -> str:
    """Return the words without a bare address at their end that may go on: half an address leads elsewhere."""
    last = None
    for token in find_tokens(words):
        last = token if token["bare"] else last
    if last is None:
        return words
    rest = words[address_end(words, last.end()) :]
    return words if re.search(r"[^!-~]|[\"'<>`]", rest) else words[: last.start()]


def _lines_to_show(code: FencedCode) -> tuple[str, ...]:
    """Return the code's lines, without a last one that may be half of the closing fence; () if all are blank.

    A formula's first line is not shown alone: it may end there, and is no block then.
    """
    lines = code.lines
    if not code.is_closed and len(lines) == 1 and lines[0].startswith(("$$", "\\[")):
        return ()
    if not code.is_closed and lines and code.fence.startswith(lines[-1].strip()):
        lines = lines[:-1]
    return lines if any(line.strip() for line in lines) else ()


def _split_open_code(line: str) -> tuple[str, str]:
    """Return what stands before a code span that has no end yet, and that span with its end.

    The span is "" if there is none, or if it has no text yet.
    """
    # A backtick outside all tokens begins a code span without an end: what looks like a token behind it is code.
    at = 0
    for token in find_tokens(line):
        if "`" in line[at : token.start()]:
            break
        at = token.end()
    start = line.find("`", at)
    if start < 0:
        return line, ""
    code = line[start:].strip("`")
    ticks = line[start : len(line) - len(line[start:].lstrip("`"))]
    return line[:start], ticks + code + ticks if code.strip() else ""


def hold_back_table_start(blocks: list[MarkdownBlock]) -> list[MarkdownBlock]:
    """Return the blocks without one or two last lines that begin with `|`, an empty last line aside.

    They may be a table's header and its unfinished delimiter row. Three such lines are no table, and stay.
    """
    end = len(blocks) - (blocks[-1] == "") if blocks else 0
    start = end
    while start and isinstance(line := blocks[start - 1], str) and line.lstrip(" \t>").startswith("|"):
        start -= 1
    return blocks[:start] if 0 < end - start <= 2 else blocks
