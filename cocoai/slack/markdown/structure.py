"""Rewrites lists, rules and breaks as models write them, so that CommonMark reads the structure that they mean.

A list nested by too few spaces is indented further, with all that belongs to its items; numbers that repeat are counted
on; `---` under a paragraph is a rule, and a title that is underlined becomes a heading with `#`; `<br>` begins a new
line, and indented code gets a fence. It knows no inline markup but `<br>`.
Sources: spec.commonmark.org/0.31.2 sections 4.1, 4.3, 4.4, 5.2 and 5.3.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from cocoai.slack.markdown.block_parser import FencedCode, MarkdownBlock, TableBlock
from cocoai.slack.markdown.html_tags import split_at_breaks
from cocoai.slack.markdown.line_shape import Shape, shape_of

_TAG = re.compile(r"<(?:br|/?details|/?div|/?p|/?center|/?ul|/?ol|/?span|li|hr|/?summary)\b", re.IGNORECASE)
"""Found in every line that has a break or a block in HTML."""

_CODE_INDENT = 4
_SHORTEST_UNDERLINE = 4
"""`-` in a row that make a heading of the title above them, if they are as long; three are a rule."""

_LARGEST_FIRST_NUMBER = 999
"""A larger one, right under a paragraph, is a year."""

_PLAIN_START = re.compile(r"[^\W\d_]|[^\x00-\x7f\u2022\u3000]")
"""The first character of a line that is text, whatever follows."""


@dataclass(slots=True)
class _Item:
    """An open list item: its columns in the source and in what is written, and its number and sign.

    `written` and `new_sign` are number and sign as they are written; `repeats` says if the list has one number only,
    None for its first item.
    """

    indent: int
    content: int
    new_indent: int
    new_content: int
    number: int
    sign: str
    written: int
    new_sign: str
    repeats: bool | None


def fix_structure(blocks: Iterable[MarkdownBlock]) -> list[MarkdownBlock]:
    """Return the blocks with their structure as CommonMark writes it, in order; nothing in code or a table changes."""
    fixer = _Fixer()
    for block in blocks:
        if not isinstance(block, str):
            fixer.add_block(block)
        elif "<" in block and _TAG.search(block):
            for line in _split(block):
                fixer.add_line(line)
        else:
            fixer.add_line(block)
    fixer.end_code()
    return fixer.out


class _Fixer:
    """What of the lines so far matters for the next one.

    `_items` are the open list items, outermost first; `_paragraph` is how many lines the paragraph has so far, 0 if the
    last line belongs to none; `_is_blank` says if it was empty.
    """

    def __init__(self) -> None:
        self.out: list[MarkdownBlock] = []
        self._items: list[_Item] = []
        self._quote = ""
        self._paragraph = 0
        self._is_blank = True
        self._code: list[str] = []

    def add_line(self, line: str) -> None:
        """Add a line that is neither code nor of a table."""
        if not self._items and not self._quote and not self._code and _PLAIN_START.match(line):
            self._append_text(line)  # most lines
            return
        shape = shape_of(line)
        if self._code and shape.kind != "blank" and not _is_indented_code(shape):
            self.end_code()
        if shape.quote.count(">") != self._quote.count(">"):
            self._items.clear()
            self._paragraph, self._is_blank = 0, True
        self._quote = shape.quote
        self._add_shaped(line, shape)

    def add_block(self, block: FencedCode | TableBlock) -> None:
        """Add code or a table, indented as far as the item that it belongs to needs."""
        self.end_code()
        if ">" in block.prefix:
            self._items.clear()
        elif self._items:
            indent = len(block.prefix.expandtabs(4))
            item = self._owner(indent)
            block = replace(block, prefix=" " * _moved(indent, item)) if item else block
        self.out.append(block)
        self._paragraph, self._is_blank = 0, False

    def end_code(self) -> None:
        """Add the indented code so far, if there is any, with the empty lines behind it."""
        if not self._code:
            return
        lines = list(self._code)
        self._code.clear()
        while not lines[-1].strip():
            lines.pop()
            self._is_blank = True
        self.out.append(FencedCode("", _fence(lines), "", tuple(lines), is_closed=True))
        self.out += [""] if self._is_blank else []

    def _add_shaped(self, line: str, shape: Shape) -> None:
        if shape.kind == "item":
            self._add_item(line, shape)
        elif shape.kind == "text":
            self._add_text(line, shape)
        elif shape.kind == "blank":
            self._add_blank(line)
        elif shape.kind == "heading":
            self._add_heading(line, shape)
        elif shape.kind == "rule":
            self._add_rule(line, shape)
        else:
            self._add_underline(line, shape)

    def _add_blank(self, line: str) -> None:
        if self._code:
            self._code.append("")
            return
        self.out.append(line)
        self._paragraph, self._is_blank = 0, True

    def _add_text(self, line: str, shape: Shape) -> None:
        if self._code:
            self._code.append(" " * (shape.indent - _CODE_INDENT) + shape.words)
        elif self._paragraph:
            self._append_text(line)  # wherever it stands, it goes on with the paragraph
        elif item := self._owner(shape.indent):
            self._append_text(shape.quote + " " * _moved(shape.indent, item) + shape.words)
        elif self._is_blank and _is_indented_code(shape):
            self._code.append(" " * (shape.indent - _CODE_INDENT) + shape.words)
            self._is_blank = False
        else:
            self._append_text(line)

    def _append_text(self, line: str) -> None:
        if self._paragraph:
            self._drop_hard_break()
        self.out.append(line)
        self._paragraph += 1
        self._is_blank = False

    def _drop_hard_break(self) -> None:
        r"""Drop a `\` at the end of the last line: Slack breaks each line anyway (CommonMark 6.7)."""
        last = self.out[-1]
        if isinstance(last, str) and last.endswith("\\") and not last.endswith("\\\\"):
            self.out[-1] = last[:-1]

    def _add_heading(self, line: str, shape: Shape) -> None:
        item = self._owner(shape.indent)
        self.out.append(shape.quote + " " * _moved(shape.indent, item) + shape.words if item else line)
        self._paragraph, self._is_blank = 0, False

    def _add_rule(self, line: str, shape: Shape) -> None:
        """Add a rule, or make a heading of the title above it."""
        dashes = shape.words.rstrip()
        if self._is_underline(shape) and not dashes.strip("-"):
            if self._paragraph == 1 and len(dashes) >= _SHORTEST_UNDERLINE and self._is_as_long(len(dashes)):
                self._make_heading("##")
                return
            self.out.append(shape.quote.rstrip())
        self._add_heading(line, shape)

    def _add_underline(self, line: str, shape: Shape) -> None:
        """Add a line of `=`, or of one or two `-`: an underline, a list item, or just that."""
        sign = shape.words.rstrip()
        if not self._is_underline(shape):
            if shape.marker:
                self._add_item(line, shape._replace(words=""))
            else:
                self._add_text(line, shape)
        elif sign.startswith("===") and self._paragraph == 1:
            self._make_heading("#")
        else:
            self._append_text(f"{shape.quote}{' ' * shape.indent}\\{shape.words}")

    def _is_underline(self, shape: Shape) -> bool:
        """Return True if CommonMark would make a heading of the paragraph above this line."""
        return bool(self._paragraph) and (not self._items or shape.indent >= self._items[-1].content)

    def _is_as_long(self, dashes: int) -> bool:
        last = self.out[-1]
        title = shape_of(last).words if isinstance(last, str) else ""
        wide = sum(unicodedata.east_asian_width(character) in "WF" for character in title)
        return min(abs(dashes - len(title)), abs(dashes - len(title) - wide)) <= 1

    def _make_heading(self, signs: str) -> None:
        last = self.out[-1]
        if isinstance(last, str):
            words = shape_of(last).words
            self.out[-1] = f"{last.removesuffix(words)}{signs} {words}"
        self._paragraph, self._is_blank = 0, False

    def _add_item(self, line: str, shape: Shape) -> None:
        parent, sibling = self._parent_and_sibling(shape.indent)
        is_new = sibling is None and self._paragraph > 0
        if is_new and shape.number > _LARGEST_FIRST_NUMBER:
            self._append_text(line)
            return
        if is_new and (shape.number not in (-1, 1) or not shape.words):
            self.out.append(shape.quote.rstrip())  # such a list cannot interrupt a paragraph (5.2)
        item, new_line = _placed(line, shape, parent, sibling)
        self._items.append(item)
        self.out.append(new_line)
        self._paragraph, self._is_blank = int(bool(shape.words)), False

    def _parent_and_sibling(self, indent: int) -> tuple[_Item | None, _Item | None]:
        """Return the item that one at column `indent` is nested in, and the one before it in its list; None if none."""
        sibling = None
        while self._items and indent < min(self._items[-1].content, self._items[-1].indent + 2):
            sibling = self._items.pop()
        return (self._items[-1] if self._items else None), sibling

    def _owner(self, indent: int) -> _Item | None:
        """Return the innermost item that what begins at this column belongs to, and close those inside it."""
        return self._parent_and_sibling(indent)[0]


def _placed(line: str, shape: Shape, parent: _Item | None, sibling: _Item | None) -> tuple[_Item, str]:
    """Return the item of this line, and the line with the indentation and number that CommonMark needs."""
    least = parent.new_content if parent else 0
    indent = sibling.new_indent if sibling else _moved(shape.indent, parent) if parent else shape.indent
    indent = indent if indent - least < _CODE_INDENT else least
    written, new_sign, repeats = _counted(shape, sibling)
    marker = "-" if shape.marker == "•" else shape.marker if shape.number < 0 else f"{written}{new_sign}"
    new = f"{shape.quote}{' ' * indent}{marker}{' ' * shape.gap if shape.words else ''}{shape.words}"
    is_same = indent == shape.indent and marker == shape.marker and len(new) == len(line)
    content = indent + len(marker) + shape.gap
    item = _Item(
        shape.indent, shape.content, indent, content, shape.number, shape.marker[-1], written, new_sign, repeats
    )
    return item, line if is_same else new


def _counted(shape: Shape, sibling: _Item | None) -> tuple[int, str, bool | None]:
    """Return the number and sign to write for an item, and if its list has the same number everywhere.

    CommonMark counts on from a list's first number. So a number that is not the next one begins a list of its own, with
    the other sign, unless all are the same.
    """
    number, sign = shape.number, shape.marker[-1]
    if sibling is None or number < 0 or sibling.number < 0:
        return number, sign, None
    other = ")" if sibling.new_sign == "." else "."
    if sign != sibling.sign:
        return number, other, None
    if number == sibling.number and sibling.repeats is not False:
        return sibling.written + 1, sibling.new_sign, True
    if number == sibling.written + 1:
        return number, sibling.new_sign, False
    return number, other, False


def _moved(indent: int, item: _Item) -> int:
    """Return the new column of what begins at column `indent` and belongs to this item."""
    return item.new_content + max(indent - item.content, 0)


def _is_indented_code(shape: Shape) -> bool:
    return shape.kind == "text" and shape.indent >= _CODE_INDENT and not shape.quote


def _fence(lines: Iterable[str]) -> str:
    """Return a fence that is longer than any row of backticks in these lines."""
    return "`" * max(3, 1 + max((len(ticks) for line in lines for ticks in re.findall("`+", line)), default=0))


def _split(line: str) -> Iterator[str]:
    """Yield the lines of a line with HTML, indented as its first; a heading stays one line, with spaces for `<br>`."""
    first, *others = split_at_breaks(line)
    shape = shape_of(line)
    if shape.kind == "heading":
        yield " ".join([first, *others])
        return
    yield first
    yield from (shape.prefix + each for each in others if each)
