"""Reads HTML: the words that a browser would show, under their headings, the rows of tables as lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import BinaryIO

from cocoai.decoding.text_files import decode_as, encoding_of
from cocoai.documents.document import DocumentSection
from cocoai.documents.readers.headings import Headings
from cocoai.documents.readers.text import bytes_of, text_from

_UNSEEN = re.compile(
    "script|style|template|noscript|head|iframe|object|embed|svg|math|audio|video|canvas|select|datalist|textarea|rt|rp"
)
"""What is not shown as text; `rt` and `rp` are the readings of kanji, which would divide a word."""

_VOID = re.compile("area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr")
_BLOCK = re.compile(
    "address|article|aside|blockquote|body|caption|center|dd|details|dialog|div|dl|dt|fieldset|figcaption|figure|footer|"
    "form|h[1-6]|header|hgroup|hr|html|legend|li|main|menu|nav|ol|p|pre|section|summary|table|tbody|tfoot|thead|tr|ul"
)
_CLOSED_BY = {
    "p": _BLOCK,
    "li": re.compile("li"),
    "dt": re.compile("d[td]"),
    "dd": re.compile("d[td]"),
    "td": re.compile("t[dhr]|tbody|tfoot"),
    "th": re.compile("t[dhr]|tbody|tfoot"),
    "tr": re.compile("tr|tbody|tfoot"),
    "head": re.compile("body"),
}
"""Elements whose end tag is often left out, and which elements' beginning ends them.

Source: html.spec.whatwg.org, 13.1.2.4.
"""

_HIDING = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_HEADING = re.compile("h([1-6])")
_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w-]{3,20})""", re.IGNORECASE)
_ENCODINGS = {b"shift_jis": "cp932", b"x-sjis": "cp932", b"windows-31j": "cp932", b"euc-jp": "euc_jp"}


def read_html(file: BinaryIO) -> Iterator[DocumentSection]:
    """Yield a section for each heading that has a text, under all headings that hold it. Raise as read_text().

    Scripts, styles, templates and what is hidden by an attribute or its own style are left out.
    """
    parser = _Parser()
    # Half a tag or comment at the end is shown by no browser, but by close().
    parser.feed(_text_of(bytes_of(file)) + "<br>")
    yield from parser.sections()


def _text_of(data: bytes) -> str:
    """Return the text, of what is no Unicode in the encoding that it names, if it is valid in that one."""
    named = _CHARSET.search(data[:2048])
    encoding = _ENCODINGS.get(named[1].lower()) if named else None
    decoded = decode_as(encoding, data) if encoding and not encoding_of(data).startswith("utf") else None
    return text_from(data) if decoded is None or decoded.is_damaged else decoded.text


class _Parser(HTMLParser):
    """Gathers what is shown. An end tag that is missing ends with its element's parent, or as _CLOSED_BY says."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[tuple[str, bool]] = []
        self._counts = Counter[str]()
        """How many elements of each name are open: a page may open thousands, and end none."""
        self._headings = Headings()
        self._done: list[DocumentSection] = []
        self._pieces: list[str] = []
        self._heading: list[str] | None = None

    def sections(self) -> list[DocumentSection]:
        """Return the sections, when all was fed."""
        self._end_section()
        return self._done

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element, after those whose end it implies."""
        while self._open and self._open[-1][0] in _CLOSED_BY and _CLOSED_BY[self._open[-1][0]].fullmatch(tag):
            self._close_last()
        if _VOID.fullmatch(tag):
            self._break(tag)
            return
        given = {name: value or "" for name, value in attrs}
        is_unseen = bool(_UNSEEN.fullmatch(tag)) or "hidden" in given or bool(_HIDING.search(given.get("style", "")))
        self._open.append((tag, is_unseen or self._is_unseen))
        self._counts[tag] += 1
        if self._is_unseen:
            return
        self._break(tag)
        if tag == "li":
            self._pieces.append("- ")
        if _HEADING.fullmatch(tag):
            self._heading = []

    def handle_endtag(self, tag: str) -> None:
        """Close an element and all in it that are open; do nothing if there is none of this name."""
        if self._counts[tag]:
            while self._close_last() != tag:
                pass

    def handle_data(self, data: str) -> None:
        """Take a text, if it is shown."""
        if self._is_unseen:
            return
        pieces = self._pieces if self._heading is None else self._heading
        if not self._counts["pre"]:
            data = re.sub(r"\s+", " ", data)
            if self._is_at_line_start:
                data = data.removeprefix(" ")
        pieces.append(data)

    @property
    def _is_unseen(self) -> bool:
        return bool(self._open) and self._open[-1][1]

    @property
    def _is_at_line_start(self) -> bool:
        return not self._pieces or self._pieces[-1].endswith("\n")

    def _close_last(self) -> str:
        tag, is_unseen = self._open.pop()
        self._counts[tag] -= 1
        if not is_unseen:
            if self._heading is not None and (found := _HEADING.fullmatch(tag)):
                self._end_section()
                self._headings.enter(int(found[1]), "".join(self._heading))
                self._heading = None
            self._break(tag)
        return tag

    def _break(self, tag: str) -> None:
        """Write what divides the text at the beginning or the end of an element."""
        if self._is_unseen or self._heading is not None:
            return
        if tag in ("td", "th"):
            self._pieces.append(" | ")
        elif tag == "br" or (tag in ("tr", "li") and not self._is_at_line_start):
            self._pieces.append("\n")
        elif tag in ("tr", "li"):
            pass
        elif _BLOCK.fullmatch(tag):
            self._pieces.append("\n\n")

    def _end_section(self) -> None:
        lines = (_tidied(line) for line in "".join(self._pieces).split("\n"))
        self._pieces = []
        if text := re.sub("\n{3,}", "\n\n", "\n".join(lines)).strip("\n"):
            self._done.append(DocumentSection(str(self._headings), text))


def _tidied(line: str) -> str:
    """Return a line with one bar between two cells, none at its ends, and "" for a list's empty item."""
    cells = line.split(" | ")
    text = " | ".join(filter(None, map(str.strip, cells))) if len(cells) > 1 else line.rstrip()
    return "" if text.strip() in ("", "-") else text
