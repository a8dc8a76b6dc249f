"""What is wrong with how a `Layout` shows a case of the corpus, whole and while it is written; "" if nothing is.

Whole: its structure is one of those that are right, so no character is lost. Growing: whatever of the text has come,
each complete block looks as in the whole, and the last one as its beginning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cocoai.slack.markdown.message_layout import Layout, Shown
from tests.slack.rendering.as_mrkdwn import as_mrkdwn, as_table
from tests.slack.rendering.block_reader import read_block
from tests.slack.rendering.comparison import difference, letters
from tests.slack.rendering.corpus import Case
from tests.slack.rendering.mrkdwn_reader import read_mrkdwn
from tests.slack.rendering.outline import Block, runs_of

FORMATS = ("markdown", "mrkdwn")
STATUS = "✍️ 書いています…"

SHORT, LONG = 100, 500
"""Characters up to which a text is short, and from which on it is long."""

STEP, LONG_STEP = 5, 31
"""Of a text that is not short, one beginning in so many is looked at; of a long one, one in so many."""

_MARKS = frozenset("*_~`[]()|\\<>&#$!^")
"""Characters that may be missing at the end of a beginning, since they may still become markup."""

_MARKUP = re.compile(r"[*_~`\[\]()|\\<>&#$\n:-]")
_CUT_CHARACTER = re.compile(r"(?:%[0-9A-Fa-f]?|\ufffd)+$")


def whole_fault(case: Case, format_: str) -> str:
    """Return what is wrong with the whole answer: how it differs from each structure that is right.

    In blocks, the text beside them, which phones show in notifications, has to be right too.
    """
    parts = Layout(format_).parts(case.markdown)
    fault = _fault_of_each(case, [block for part in parts for block in read_shown(part, format_)], format_)
    if fault or format_ == "mrkdwn":
        return (
            fault
            and f"{fault}\nSlack is sent {[part.blocks[0]['text'] if part.blocks else part.text for part in parts]}"
        )
    fault = _fault_of_each(case, [block for part in parts for block in read_mrkdwn(part.text)], "mrkdwn")
    return fault and f"beside the blocks: {fault}\nSlack is sent {[part.text for part in parts]}"


def _fault_of_each(case: Case, shown: list[Block], format_: str) -> str:
    """Return how the blocks shown differ from each structure that is right; "" if they are one of them."""
    faults = [structure_fault(expected, shown, format_) for expected in case.expected]
    return "\n".join(faults) if all(faults) else ""


def structure_fault(expected: list[Block], shown: list[Block], format_: str) -> str:
    """Return how the blocks shown differ from the structure expected, and which characters are lost."""
    if format_ == "mrkdwn":
        has_table = any(block.kind == "|=" for block in expected)
        expected = as_mrkdwn(expected)
        if has_table:
            expected, shown = list(map(as_table, expected)), list(map(as_table, shown))
    fault = difference(expected, shown)
    lost = _first_missing(letters(_text(expected)), letters(_text(shown)))
    return f"lost from {lost!r} on: {fault}" if fault and lost else fault


def growing_fault(case: Case, format_: str) -> str:
    """Return what is wrong with the first beginning of the answer that is shown wrongly."""
    layout = Layout(format_)
    first, *_ = layout.parts(case.markdown)
    whole = read_shown(first, format_)
    before = 0
    for end in ends(case.markdown):
        shown = read_shown(layout.growing(case.markdown[:end], STATUS), format_)
        count = len(letters(_text(shown)))
        fault = _beginning_fault(shown, whole) or (count < before and f"{count} letters, and {before} before") or ""
        if fault:
            return f"{case.markdown[:end]!r}: {fault}"
        before = count
    return ""


def ends(markdown: str) -> Iterator[int]:
    """Yield where to cut off a text: everywhere if it is short, else at steps, and beside markup unless it is long."""
    size = len(markdown)
    for end in range(1, size + 1):
        is_beside_markup = size < LONG and _MARKUP.search(markdown[end - 1 : end + 1])
        if size <= SHORT or end % (STEP if size < LONG else LONG_STEP) == 0 or is_beside_markup:
            yield end


def read_shown(shown: Shown, format_: str) -> list[Block]:
    """Return the blocks that a person sees in a message, without the status under them."""
    if format_ == "markdown":
        return [block for part in shown.blocks if part["type"] == "markdown" for block in read_block(part["text"])]
    return read_mrkdwn(shown.text.removesuffix(STATUS).rstrip("\n"))


def _beginning_fault(shown: list[Block], whole: list[Block]) -> str:
    """Return how the blocks of a beginning differ from those of the whole."""
    if len(shown) > len(whole):
        return f"the whole has no {str(shown[len(whole)])!r}"
    for block, its_end in zip(shown[:-1], whole, strict=False):
        if as_table(block) != as_table(its_end):
            return f"complete, but {str(block)!r}, and in the whole {str(its_end)!r}"
    if not shown:
        return ""
    last, its_end = shown[-1], whole[len(shown) - 1]
    # A paragraph may turn out to be a heading, since the line under it may make it one.
    if (last.kind.replace("h", "p"), last.depth, last.quotes) != (
        its_end.kind.replace("h", "p"),
        its_end.depth,
        its_end.quotes,
    ):
        return f"{str(last)!r}, and in the whole {str(its_end)!r}"
    is_beginning = _begins(_visible(last), _visible(its_end))
    return "" if is_beginning else f"{str(last)!r} is no beginning of {str(its_end)!r}"


def _begins(beginning: str, whole: str) -> bool:
    """Return True if `beginning` is one of `whole`, but for marks that are not there yet."""
    at = 0
    for character in _CUT_CHARACTER.sub("", beginning):
        while whole[at : at + 1] != character:
            if whole[at : at + 1] not in _MARKS:
                return False
            at += 1
        at += 1
    return True


def _visible(block: Block) -> str:
    """Return the characters of a block without white space; of code, also without the line under a table's head."""
    text = block.text.replace("-", "") if block.is_code else "".join(run.text for run in runs_of(block.text))
    return "".join(text.replace("⏎", "").split())


def _text(blocks: list[Block]) -> str:
    return "".join(
        block.text if block.is_code else "".join(run.text for run in runs_of(block.text)) for block in blocks
    )


def _first_missing(whole: str, shown: str) -> str:
    """Return 10 characters of `whole` from the first that does not come in `shown`; "" if all come, in order."""
    at = 0
    for n, character in enumerate(whole):
        at = shown.find(character, at) + 1
        if not at:
            return whole[n : n + 10]
    return ""
