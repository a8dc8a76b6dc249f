"""Rewrites a line of Markdown so that a strict CommonMark parser sees the emphasis and the links that were meant.

CommonMark wants spaces or punctuation where Japanese has none: `**「強調」**は` stays raw there, and an address goes on
into the words behind it. A ZWSP inside the delimiters, another delimiter, or `<…>` around the address puts that right;
code, and whatever is right already, is left as it is.
Sources: spec.commonmark.org/0.31.2 section 6.2, github.github.com/gfm sections 6.5 and 6.9.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from cocoai.slack.markdown.block_parser import MarkdownBlock
from cocoai.slack.markdown.delimiter_runs import Openers, Run, closed_by, opened_by, pop_opener, push_opener, still_open
from cocoai.slack.markdown.inline_parser import MARKUP, TOKEN, ZWSP, find_tokens
from cocoai.slack.markdown.text_cache import text_cache

MOST_LINES = 5
"""Lines over which emphasis is followed; what goes on for longer was hardly meant as such."""

_BLOCK_START = re.compile(r"\s*(?:[-*+][ \t]|\d{1,9}[.)][ \t]|#{1,6}[ \t]|>)")
"""Begins a list item, a heading or a block quote: a paragraph ends before it."""


@dataclass
class _Piece:
    """A part of a delimiter run: one delimiter, or text; what it does, and the text to write for it."""

    text: str
    role: Literal["", "opens", "closes"] = ""


@dataclass
class DelimiterRun:
    """A delimiter run (CommonMark 6.2) in its parts: the delimiters that it closes, those that it opens, and text."""

    run: Run
    pieces: list[_Piece] = field(default_factory=list)


# A reply is rendered anew at each update while it is written, and all its lines but the last stay as they are: the
# caches of this package spare most of that work. Each holds about as many lines as one message has.
@text_cache(256)
def fix_line(line: str) -> str:
    """Return the line, rewritten so that CommonMark sees its emphasis and its bare addresses as they are meant.

    `**「強調」**は` gets a ZWSP before the second `**`; in `見てhttps://a.jp/を` the address gets `<…>`.
    """
    return _fix_emphasis(_fix_addresses(line)) if MARKUP.search(line) else line


def close_across_lines(blocks: Iterable[MarkdownBlock], *, is_unfinished: bool = False) -> list[MarkdownBlock]:
    """Return the blocks, with emphasis that goes on over a line's end closed there and opened again on the next line.

    The lines `**a` and `b**` become `**a**` and `**b**`. Emphasis that no line of the paragraph closes stays text.
    If the text `is_unfinished`, emphasis that is open in its last paragraph is taken to go on.
    """
    lines = list(blocks)
    for n in range(len(lines) - 1):
        line = lines[n]
        if not isinstance(line, str) or not (opened := _left_open(line)):
            continue
        if _is_closed_in(lines[n + 1 : n + 1 + MOST_LINES], opened, is_unfinished=is_unfinished):
            lines[n] = line.rstrip() + opened[::-1]
            lines[n + 1] = _reopen(lines[n + 1], opened)
    return lines


# Cached, since each line is matched by several steps, one after the other.
@text_cache(16)
def match_delimiters(line: str) -> tuple[Sequence[DelimiterRun], Sequence[str]]:
    """Return a line's delimiter runs with their roles, and the delimiters still open at its end, outermost first."""
    runs: list[DelimiterRun] = []
    openers: Openers[_Piece] = {}
    for token in find_tokens(line):
        if token["run"]:
            run = DelimiterRun(Run(line, *token.span()))
            runs.append(run)
            _process_run(run, openers)
    return runs, still_open(openers)


# Emphasis over more than one line


@text_cache(256)
def _left_open(line: str) -> str:
    """Return the delimiters still open at the line's end, outermost first, in one string: `***` for `a **b *c`."""
    return "".join(match_delimiters(line)[1]) if MARKUP.search(line) else ""


def _is_closed_in(following: Sequence[MarkdownBlock], opened: str, *, is_unfinished: bool) -> bool:
    """Return True if one of the `following` lines closes the `opened` delimiters before the paragraph ends.

    If the text `is_unfinished`, return True also if these lines, an empty last one included, end within the paragraph.
    """
    for n, line in enumerate(following, 1):
        if not isinstance(line, str) or not line.strip() or _BLOCK_START.match(line):
            return is_unfinished and line == "" and n == len(following)
        if not _left_open(opened + line.lstrip()).startswith(opened):
            return True
    return is_unfinished


def _reopen(line: MarkdownBlock, opened: str) -> MarkdownBlock:
    """Return the line with the delimiters in front of its words; anything but a line of words stays as it is."""
    if not isinstance(line, str) or not line:
        return line
    words = line.lstrip()
    return line.removesuffix(words) + opened + words


# Delimiter runs


def _process_run(run: DelimiterRun, openers: Openers[_Piece]) -> None:
    """Match the run with the openers that it closes, and add those that the rest of it opens; `openers` is changed."""
    rest = run.run.text
    while delimiter := closed_by(run.run, rest, openers):
        opener = openers[delimiter].run
        closing = _Piece(delimiter, "closes")
        run.pieces.append(closing)
        _match(pop_opener(openers, delimiter), opener, closing, run.run)
        rest = rest[len(delimiter) :]
    for delimiter in opened_by(run.run, rest):
        opening = _Piece(delimiter)
        run.pieces.append(opening)
        push_opener(openers, delimiter, run.run, opening)
        rest = rest[len(delimiter) :]
    run.pieces += [_Piece(rest)] if rest else []


def _match(opening: _Piece, opener: Run, closing: _Piece, closer: Run) -> None:
    """Note that `opening` opens emphasis, which `closing` closes.

    Make asterisks of underscores that CommonMark would not take for emphasis here, as within a word.
    """
    opening.role = "opens"
    if closing.text[0] == "_" and not (_may_open(opener, "_") and _may_close(closer, "_")):
        opening.text = closing.text = "*" * len(opening.text)


def _fix_emphasis(line: str) -> str:
    """Return the line with its delimiter runs rewritten."""
    out: list[str] = []
    at = 0
    for run in match_delimiters(line)[0]:
        out += [line[at : run.run.start], _rewrite(run)]
        at = run.run.end
    return "".join(out) + line[at:]


def _rewrite(run: DelimiterRun) -> str:
    """Return the text to write for a run, so that CommonMark gives it the role that it has.

    A ZWSP on the inner side of a delimiter makes it flanking: it is neither space nor punctuation. What has no role
    gets backslashes, unless it could have none anyway: one in another line of the paragraph might match it.
    """
    roles = {piece.role for piece in run.pieces}
    sign = run.pieces[0].text[0]
    may_open, may_close = _may_open(run.run, sign), _may_close(run.run, sign)
    if roles == {""} and not (may_open or may_close):
        return run.run.text
    text = "".join(piece.text if piece.role else re.sub(r"(.)", r"\\\1", piece.text) for piece in run.pieces)
    if sign == "_":  # those that needed it are asterisks by now
        return text
    is_close_unseen = "closes" in roles and not may_close
    is_open_unseen = "opens" in roles and not may_open
    needs_both = (is_close_unseen or is_open_unseen) and {"opens", "closes"} <= roles
    before = ZWSP if is_close_unseen or needs_both else ""
    after = ZWSP if is_open_unseen or needs_both else ""
    return before + text + after


def _may_open(run: Run, sign: str) -> bool:
    """Return True if CommonMark lets this run of `sign` open emphasis (6.2, rules 1 to 6)."""
    is_left, is_right = _is_left_flanking(run.before, run.after), _is_left_flanking(run.after, run.before)
    return is_left and (sign != "_" or not is_right or _is_punctuation(run.before))


def _may_close(run: Run, sign: str) -> bool:
    """Return True if CommonMark lets this run of `sign` close emphasis (6.2, rules 3 to 8)."""
    is_left, is_right = _is_left_flanking(run.before, run.after), _is_left_flanking(run.after, run.before)
    return is_right and (sign != "_" or not is_left or _is_punctuation(run.after))


def _is_left_flanking(before: str, after: str) -> bool:
    """Return True if a run between these two characters ("" at an end of the line) is left-flanking (CommonMark 6.2).

    That is: not before space, and before punctuation only after space or punctuation. The other way round it is
    right-flanking.
    """
    return bool(after.strip()) and (not _is_punctuation(after) or not before.strip() or _is_punctuation(before))


def _is_punctuation(character: str) -> bool:
    """Return True for a character of Unicode's categories P and S: CommonMark's "Unicode punctuation character"."""
    return bool(character) and unicodedata.category(character)[0] in "PS"


# Bare addresses and line breaks


def _fix_addresses(line: str) -> str:
    return TOKEN.sub(_rewrite_address, line) if "http" in line or "<br" in line else line


def _rewrite_address(token: re.Match[str]) -> str:
    """Return what replaces a TOKEN: a space for `<br>`, and for a bare address `<…>`, unless GFM sees where it ends.

    Any other token stays as it is, and so does an attribute's address in HTML.
    """
    if not token["bare"]:
        return " " if token["break"] else token[0]
    before = token.string[: token.start()][-1:]
    after = token.string[token.end() : token.end() + 1]
    if before in ('"', "'", "="):  # an attribute in HTML, which Slack shows as it is
        return token[0]
    is_seen = before in ("", " ", "\t", "(") and after.isascii() and after not in ("*", "_", "~")
    return token[0] if is_seen else f"<{token[0]}>"
