"""Read what a `markdown` block shows, as strictly as CommonMark and GFM do; it shares no code with the product.

Slack documents its `markdown` block as standard Markdown with tables, strikethrough, rules and task lists; of HTML it
promises nothing, so that a tag is a fault (docs.slack.dev/reference/block-kit/blocks/markdown-block).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.slack.rendering.outline import BREAK, CELL, Block, Run, notation

PARSER = MarkdownIt("commonmark", {"maxNesting": 100}).enable(["table", "strikethrough"])

_ADDRESS = re.compile(r"https?://[^\s<>\u200b]+")
_STYLES = {"strong": "b", "em": "i", "s": "s"}


def read_block(markdown: str) -> list[Block]:
    """Return the blocks that a person sees."""
    reader = _Reader()
    return [block for token in PARSER.parse(markdown) for block in reader.read(token)]


class _Reader:
    """Turns the parser's tokens, one after the other, into blocks."""

    def __init__(self) -> None:
        self._quotes = 0
        self._numbers: list[int] = []  # of each list around: its next number, -1 for bullets
        self._item = ""  # the marker of an item that has no text yet
        self._kind = ""  # of the next inline token: `h`, `p` or `cell`
        self._cells: list[str] = []
        self._row = ""  # the kind of the rows that follow

    def read(self, token: Token) -> Iterator[Block]:
        """Yield the blocks that a token completes."""
        if token.type in _BEGINS and self._item:
            yield self._item_of("")
        if token.type in _OPENING:
            _OPENING[token.type](self, token)
        elif token.type == "list_item_close" and self._item:
            yield self._item_of("")
        elif token.type == "tr_close":
            yield self._block(self._row, CELL.join(self._cells))
        elif token.type == "inline":
            yield from self._inline(notation(_runs(token.children or [])))
        elif token.type in ("fence", "code_block"):
            language = token.info.strip() if token.type == "fence" else "INDENTED"
            yield self._block(f"code {language}".strip(), token.content.removesuffix("\n"))
        elif token.type in ("hr", "html_block"):
            yield self._block(token.type.removesuffix("_block"), token.content.strip())

    def _inline(self, text: str) -> Iterator[Block]:
        if self._kind == "cell":
            self._cells.append(text)
        elif self._item and self._kind == "p":
            yield self._item_of(text)
        elif text:
            yield self._block(self._kind, text)

    def _item_of(self, text: str) -> Block:
        marker, self._item = self._item, ""
        return Block(marker, text, len(self._numbers) - 1, self._quotes)

    def _block(self, kind: str, text: str) -> Block:
        return Block(kind, text, len(self._numbers), self._quotes)

    def _open_heading(self, _: Token) -> None:
        self._kind = "h"

    def _open_paragraph(self, _: Token) -> None:
        self._kind = "p"

    def _open_cell(self, _: Token) -> None:
        self._kind = "cell"

    def _open_bullets(self, _: Token) -> None:
        self._numbers.append(-1)

    def _open_numbers(self, token: Token) -> None:
        self._numbers.append(int(token.attrs.get("start", 1)))

    def _close_list(self, _: Token) -> None:
        self._numbers.pop()

    def _open_item(self, token: Token) -> None:
        number = self._numbers[-1]
        self._item = "-" if number < 0 else f"{number}{token.markup}"
        self._numbers[-1] += number >= 0

    def _open_quote(self, _: Token) -> None:
        self._quotes += 1

    def _close_quote(self, _: Token) -> None:
        self._quotes -= 1

    def _open_head(self, _: Token) -> None:
        self._row = "|="

    def _open_body(self, _: Token) -> None:
        self._row = "|"

    def _open_row(self, _: Token) -> None:
        self._cells = []


_OPENING: Mapping[str, Callable[[_Reader, Token], None]] = {
    "heading_open": _Reader._open_heading,
    "paragraph_open": _Reader._open_paragraph,
    "th_open": _Reader._open_cell,
    "td_open": _Reader._open_cell,
    "bullet_list_open": _Reader._open_bullets,
    "ordered_list_open": _Reader._open_numbers,
    "bullet_list_close": _Reader._close_list,
    "ordered_list_close": _Reader._close_list,
    "list_item_open": _Reader._open_item,
    "blockquote_open": _Reader._open_quote,
    "blockquote_close": _Reader._close_quote,
    "thead_open": _Reader._open_head,
    "tbody_open": _Reader._open_body,
    "tr_open": _Reader._open_row,
}

_BEGINS = frozenset(
    (
        *("heading_open", "bullet_list_open", "ordered_list_open", "blockquote_open", "table_open"),
        *("fence", "code_block", "hr", "html_block"),
    )
)
"""Tokens that begin a block other than a paragraph: an item right before them has no text of its own."""


def _runs(tokens: list[Token]) -> Iterator[Run]:
    """Yield the runs of a block's inline tokens."""
    styles: list[str] = []
    address = ""
    for token in tokens:
        name, _, side = token.type.rpartition("_")
        if name in _STYLES and side == "open":
            styles.append(_STYLES[name])
        elif name in _STYLES:
            styles.remove(_STYLES[name])
        elif name == "link":
            address = str(token.attrs.get("href", "")) if side == "open" else ""
        else:
            yield from _runs_of_token(token, "".join(each for each in "bis" if each in styles), address)


def _runs_of_token(token: Token, style: str, address: str) -> Iterator[Run]:
    """Yield the runs of a token that is no delimiter; `address` is that of the link around it."""
    if token.type == "image":
        yield Run(token.content, style, address or str(token.attrs["src"]))
    elif token.type in ("softbreak", "hardbreak"):
        yield Run(BREAK, style)
    elif token.type == "code_inline":
        yield Run(token.content, "c", address)
    elif token.type == "html_inline":
        yield Run(token.content, "html")
    elif address:
        yield Run(token.content, style, address)
    else:
        yield from plain_runs(token.content, style)


def plain_runs(text: str, style: str) -> Iterator[Run]:
    """Yield text outside links, with bare addresses as links: Slack takes for one whatever follows without a space."""
    at = 0
    for found in _ADDRESS.finditer(text):
        address = found[0].rstrip("?!.,:*_~'\"")
        while address.endswith(")") and address.count(")") > address.count("("):
            address = address[:-1]
        yield Run(text[at : found.start()], style)
        yield Run(address, style, address)
        at = found.start() + len(address)
    yield Run(text[at:], style)
