"""Compare the blocks that are shown with those that are right, in all the ways in which a formula may be shown."""

from __future__ import annotations

import re
import unicodedata

from tests.slack.rendering.outline import CELL, SPAN, ZWSP, Block, runs_of

_SMALL = [
    chr(code) for first, last in ((0xAA, 0xBA), (0x1D2C, 0x1D6A), (0x2070, 0x209C)) for code in range(first, last + 1)
]
"""Characters among which are Unicode's small letters and digits."""
_DELIMITERS = (("$$", "$$"), (r"\(", r"\)"), (r"\[", r"\]"), ("$", "$"))
_MOST_LINES = 9
"""Lines of a formula that is shown as text."""


def letters(text: str) -> str:
    """Return the letters and digits of a text, in their plain forms: what no rendering may lose."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text)))


def difference(expected: list[Block], shown: list[Block]) -> str:
    """Return "" if the blocks are as expected, else the first that is not, and what stands there instead."""
    at = 0
    for block in expected:
        count = _matching(block, shown[at:])
        if not count:
            return f"expected {str(block)!r}, shown {str(shown[at]) if at < len(shown) else 'nothing'!r}"
        at += count
    return f"nothing expected, shown {str(shown[at])!r}" if at < len(shown) else ""


def _matching(expected: Block, shown: list[Block]) -> int:
    """Return how many of the blocks shown are the expected one: usually 1; 0 if they are not."""
    if not shown:
        return 0
    if expected.kind == "m":
        return _matching_formula(expected, shown)
    first = shown[0]
    if (expected.kind, expected.depth, expected.quotes) != (first.kind, first.depth, first.quotes):
        return 0
    if expected.is_code:
        return int(expected.text == first.text)
    return int(re.fullmatch(_pattern(_trimmed(expected.text)), _trimmed(first.text)) is not None)


def _trimmed(text: str) -> str:
    """Return a text without spaces at its ends, or at those of its cells."""
    return CELL.join(cell.strip() for cell in text.split("¦"))


def _matching_formula(expected: Block, shown: list[Block]) -> int:
    """Return how many blocks show a formula on lines of its own: one of code, or one or several of plain text."""
    together = ""
    for n, block in enumerate(shown[:_MOST_LINES], 1):
        if block.is_code and n > 1:
            return 0
        together += block.text if block.is_code else "".join(run.text for run in runs_of(block.text))
        is_styled = not block.is_code and any(run.style not in ("", "c") for run in runs_of(block.text))
        if not is_styled and _bare(together) == _bare(expected.text):
            return n
    return 0


def _bare(formula: str) -> str:
    """Return a formula without white space and without the delimiters around it."""
    bare = re.sub(rf"[\s⏎{ZWSP}]", "", formula)
    for opening, closing in _DELIMITERS:
        if len(bare) >= len(opening + closing) and bare.startswith(opening) and bare.endswith(closing):
            return bare[len(opening) : len(bare) - len(closing)]
    return bare


def _pattern(text: str) -> str:
    """Return a regular expression for all readable forms of a text in the notation."""
    return "".join(
        _pattern_of_span(style, inner) if style else re.escape(words) for style, inner, words in SPAN.findall(text)
    )


def _pattern_of_span(style: str, inner: str) -> str:
    if style == "m":
        return _pattern_of_formula(inner)
    if style in ("sub", "sup"):
        mark = "_" if style == "sub" else r"\^"
        return rf"(?:{mark}[({{]?)?{''.join(map(_any_size, inner))}[)}}]?"
    escaped = re.escape(f"⟨{style} {inner}⟩")
    # mrkdwn has no way to show a backtick in code.
    return escaped.replace("`", "[`ˋ'′｀‵]") if style == "c" else escaped


def _any_size(character: str) -> str:
    """Return a pattern for a character as it is, or small."""
    plain = {"-": "\u2212"}.get(character, character)
    small = [each for each in _SMALL if unicodedata.normalize("NFKC", each) == plain]
    return f"[{re.escape(character + ''.join(small))}]"


def _pattern_of_formula(formula: str) -> str:
    r"""Return a pattern for the formula as text or code, with or without its delimiters `$`, `\(` and the like."""
    forms = [formula]
    for opening, closing in _DELIMITERS:
        if formula.startswith(opening) and formula.endswith(closing) and len(formula) > len(opening + closing):
            forms.append(formula[len(opening) : len(formula) - len(closing)].strip())
            break
    escaped = "|".join(re.escape(form).replace(r"\ ", r"\s+") for form in forms)
    return rf"(?:⟨c (?:{escaped})⟩|(?:{escaped}))"
