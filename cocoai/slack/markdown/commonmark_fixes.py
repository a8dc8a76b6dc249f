"""Mending: one line of Markdown, so written that a strict reader sees the emphasis and the links that were meant.

CommonMark wants spaces or punctuation where Japanese has none: `**「強調」**は` stays raw there, and an address goes on
into the words behind it. A gap inside the marks, another mark, or `<…>` around the address puts that right; code and
all that is right already are left as they are.
Sources: spec.commonmark.org/0.31.2 section 6.2, github.github.com/gfm sections 6.5 and 6.9.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from cocoai.slack.markdown.block_parser import Element
from cocoai.slack.markdown.inline_parser import GAP, MARKUP, TOKEN, closed_by, opened_by

MOST_LINES = 5
"""Lines over which emphasis is followed; what goes on for longer was hardly meant as such."""

_BEGINS = re.compile(r"\s*(?:[-*+][ \t]|\d{1,9}[.)][ \t]|#{1,6}[ \t]|>)")
"""What begins a list's item, a heading or a quote: no paragraph goes on over it."""


@dataclass
class DelimiterRun:
    """A run of `*`, `_` or `~`: where it begins, what stands beside it, and what it turns out to do."""

    start: int
    text: str
    before: str
    after: str
    opens: bool = False
    closes: bool = False


@lru_cache(maxsize=256)
def fix_line(line: str) -> str:
    """The line with its emphasis and its bare addresses such that CommonMark sees them."""
    # Kept for a while: a reply that grows is mended again and again, and all its lines but the last stay as they are.
    return _with_emphasis(_with_addresses(line)) if MARKUP.search(line) else line


def close_across_lines(found: Iterable[Element], *, is_unfinished: bool = False) -> list[Element]:
    """The elements; emphasis that goes on over the end of a line is closed there, and opened again on the next.

    In a text `is_unfinished` what is open in its last paragraph goes on.
    """
    lines = list(found)
    for n in range(len(lines) - 1):
        line = lines[n]
        if not isinstance(line, str) or not (opened := _left_open(line)):
            continue
        if _goes_on(lines[n + 1 : n + 1 + MOST_LINES], opened, is_unfinished=is_unfinished):
            lines[n] = line.rstrip() + opened[::-1]
            lines[n + 1] = _reopened(lines[n + 1], opened)
    return lines


@lru_cache(maxsize=256)
def _left_open(line: str) -> str:
    return "".join(paired(line)[1]) if MARKUP.search(line) else ""


def _goes_on(following: Sequence[Element], opened: str, *, is_unfinished: bool) -> bool:
    """Is there, before the paragraph ends, what closes this?"""
    for n, line in enumerate(following, 1):
        if not isinstance(line, str) or not line.strip() or _BEGINS.match(line):
            return is_unfinished and line == "" and n == len(following)
        if not _left_open(opened + line.lstrip()).startswith(opened):
            return True
    return is_unfinished


def _reopened(line: Element, opened: str) -> Element:
    if not isinstance(line, str) or not line:
        return line
    words = line.lstrip()
    return line.removesuffix(words) + opened + words


def paired(line: str) -> tuple[list[DelimiterRun], list[str]]:
    """The runs of delimiters in a line, and those that are still open at its end, outermost first."""
    runs: list[DelimiterRun] = []
    opened: dict[str, int] = {}
    for token in TOKEN.finditer(line):
        if token["run"]:
            start, end = token.span()
            runs.append(DelimiterRun(start, token["run"], line[start - 1 : start], line[end : end + 1]))
            _pair(runs, opened)
    return runs, sorted(opened, key=opened.__getitem__)


def _pair(runs: list[DelimiterRun], opened: dict[str, int]) -> None:
    """Close with the last run what it closes, then open what it opens. `opened` counts twice: a run may open two."""
    run = runs[-1]
    left = run.text
    while delimiter := closed_by(left, run.before, run.after, opened):
        _marry(runs[opened[delimiter] // 2], run)
        for other in [other for other, at in opened.items() if at >= opened[delimiter]]:
            del opened[other]
        left = left[len(delimiter) :]
    for n, delimiter in enumerate(opened_by(left, run.before, run.after)):
        opened[delimiter] = 2 * len(runs) - 2 + n


def _marry(opener: DelimiterRun, closer: DelimiterRun) -> None:
    opener.opens = closer.closes = True
    if closer.text[0] == "_" and not (_is_start(opener) and _is_end(closer)):
        opener.text = "*" * len(opener.text)
        closer.text = "*" * len(closer.text)


def _with_emphasis(line: str) -> str:
    runs = paired(line)[0]
    out: list[str] = []
    at = 0
    for run in runs:
        out += [line[at : run.start], _well_put(run) if len(runs) > 1 else run.text]
        at = run.start + len(run.text)
    return "".join(out) + line[at:]


def _well_put(run: DelimiterRun) -> str:
    """The run so that CommonMark takes it for what it is."""
    if run.text[0] == "_":
        return run.text
    if not run.opens and not run.closes:
        # In `2*3*4` they are no emphasis, whatever CommonMark says.
        return re.sub(r"\*", r"\\*", run.text) if _is_in_word(run) else run.text
    shut = run.closes and not _is_right_flanking(run.before, run.after)
    open_ = run.opens and not _is_left_flanking(run.before, run.after)
    both = (shut or open_) and run.opens and run.closes
    return (GAP if shut or both else "") + run.text + (GAP if open_ or both else "")


def _is_in_word(run: DelimiterRun) -> bool:
    return run.before.isalnum() and run.after.isalnum() and (run.before + run.after).isascii()


def _with_addresses(line: str) -> str:
    return TOKEN.sub(_address, line) if "http" in line or "<br" in line else line


def _address(token: re.Match[str]) -> str:
    if not token["bare"]:
        return " " if token["break"] else token[0]
    before = token.string[: token.start()][-1:]
    after = token.string[token.end() : token.end() + 1]
    if before in ('"', "'", "="):  # in HTML, which Slack shows as it is
        return token[0]
    is_seen = before in ("", " ", "\t", "(") and after.isascii() and after not in ("*", "_", "~")
    return token[0] if is_seen else f"<{token[0]}>"


def _is_start(run: DelimiterRun) -> bool:
    """May this run of underscores open emphasis in CommonMark?"""
    return _is_left_flanking(run.before, run.after) and (
        not _is_right_flanking(run.before, run.after) or _is_punctuation(run.before)
    )


def _is_end(run: DelimiterRun) -> bool:
    return _is_right_flanking(run.before, run.after) and (
        not _is_left_flanking(run.before, run.after) or _is_punctuation(run.after)
    )


def _is_left_flanking(before: str, after: str) -> bool:
    """CommonMark's left-flanking: not before space, and before punctuation only after space or punctuation."""
    return bool(after.strip()) and (not _is_punctuation(after) or not before.strip() or _is_punctuation(before))


def _is_right_flanking(before: str, after: str) -> bool:
    return _is_left_flanking(after, before)


def _is_punctuation(character: str) -> bool:
    return bool(character) and unicodedata.category(character)[0] in "PS"
