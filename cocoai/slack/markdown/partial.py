"""Unfinished: what of a text that is still being written can be shown already, so that it always reads well.

A mark that is open is closed for the moment; what cannot be told yet from its beginning, a table's row or a list's
sign, waits for the rest. Only the end of the text is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from cocoai.slack.markdown.block_parser import Element, Fence, TableBlock
from cocoai.slack.markdown.commonmark_fixes import close_across_lines, paired
from cocoai.slack.markdown.inline_parser import TOKEN

_LONE_SIGN = re.compile(
    r"[ \t]*+(?:> ?)*+[ \t]*+(?:[-*+_=]+|\d{1,9}[.)]?|#{1,6}|`{1,2}|~{1,2})?+[ \t]*+(?:\[[ xX]?\]?)?+[ \t]*+"
)
_HALF_LINK = re.compile(
    r"!?\[((?:[^\[\]]|\[[^\[\]]*+\])*+)(?:\](?:\((?:[^()\s]|\([^()\s]*+\)?+)*+(?:\s[^()]*+)?+)?+)?+$"
)
_HALF_SIGN = re.compile(r"(?:<(?:[a-zA-Z/!][a-zA-Z]{0,6}|(?:https?|mailto):[^\s<>]*)?|&#?[a-zA-Z0-9]{0,5}|\\)$")


def close_open_markup(found: Iterable[Element]) -> list[Element]:
    """The elements with an end that reads well."""
    *kept, last = close_across_lines(found, is_unfinished=True)
    if isinstance(last, Fence):
        code = _code(last)
        kept += [replace(last, code=code)] if code or last.is_closed else []
    elif isinstance(last, TableBlock):
        kept.append(replace(last, rows=last.rows[:-1]))
    else:
        kept.append(close_line(last))
    return _without_half_table(kept)


def close_line(line: str) -> str:
    """A line of prose that may go on, as if it ended here."""
    if _LONE_SIGN.fullmatch(line):
        return ""
    words, code = _half_code(line)
    if not code:
        words = _whole_signs(words)
    return words + code + "".join(reversed(paired(words + code)[1]))


def _whole_signs(words: str) -> str:
    """The words without what is half of something at their end; marks that end there are closed again as they must."""
    words = _HALF_SIGN.sub("", words)
    if found := _HALF_LINK.search(words):
        words = words[: found.start()] + found[1].replace("[", "")
    runs = paired(words.rstrip())[0]
    if runs and runs[-1].start + len(runs[-1].text) == len(words.rstrip()):
        words = words[: runs[-1].start]
    return words.rstrip()


def _code(fence: Fence) -> tuple[str, ...]:
    """Its code without an end that may be half of the closing fence; none if there is nothing to see yet."""
    code = fence.code
    if not fence.is_closed and code and fence.ticks.startswith(code[-1].strip()):
        code = code[:-1]
    return code if any(line.strip() for line in code) else ()


def _half_code(line: str) -> tuple[str, str]:
    """The line up to where code begins that has not ended yet, and that code, closed."""
    at = 0
    for token in TOKEN.finditer(line):
        if "`" in line[at : token.start()]:
            break
        at = token.end()
    start = line.find("`", at)
    if start < 0:
        return line, ""
    code = line[start:].strip("`")
    ticks = line[start : start + len(line[start:]) - len(line[start:].lstrip("`"))]
    return line[:start], ticks + code + ticks if code.strip() else ""


def _without_half_table(found: list[Element]) -> list[Element]:
    """A line that begins as a table does is no table before its rule is there: it waits, and half a rule too."""
    end = len(found) - (found[-1] == "") if found else 0
    start = end
    while start and isinstance(line := found[start - 1], str) and line.lstrip(" \t>").startswith("|"):
        start -= 1
    return found[:start] if 0 < end - start <= 2 else found
