"""Reads the words of a canvas out of the HTML that Slack serves for it, as Markdown. Pure; loaded only when needed.

Slack documents no way to read a canvas, but serves it at `url_private` as HTML in the manner of Quip: one
`<div class="quip-canvas-content">`, in which a `div` with `data-section-style` tells what a list is (5 bullets, 6
numbers, 7 checkboxes), a nested list stands beside its item, and people and channels stand as ids.
Sources: canvases as several public tools have captured them; docs.slack.dev/surfaces/canvases.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import unquote

MOST_HTML = 1024 * 1024
"""Bytes of a canvas's HTML that are read."""

_MARKS = re.compile(rb"quip-canvas-content|data-section-style=|class=[\"']line[\"']|id=[\"']temp:C:", re.IGNORECASE)
_SKIPPED = frozenset({"script", "style", "head", "title", "template", "noscript", "svg"})
_BLOCKS = frozenset({"p", "section", "article", "main", "body", "header", "footer", "dl", "dt", "dd", "figure"})
_HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}
_DELIMITERS = {"b": "**", "strong": "**", "del": "~~", "s": "~~", "code": "`"}
_ITEM_STYLES = {"6": "number", "7": "checkbox"}
_INVISIBLE = str.maketrans("\u00a0", " ", "\u200b\ufeff")

_NO_TAG = re.compile(r"""<(?!/?[a-zA-Z](?:[^<>"']|"[^"<>]*+"|'[^'<>]*+')*+>)""")
"""A `<` that opens no tag: html.parser takes quadratic time for many tags or comments that nothing closes."""

_Attributes = Mapping[str, str]
_Handler = Callable[[str, _Attributes], None]
"""Begins or ends an element; it gets the tag and its attributes, none at the end."""

_USER = re.compile(r"<@([UW][A-Z0-9]{5,})(?:\|[^>]*)?>|(?<![\w/@.])@([UW][A-Z0-9]{7,})\b")
_CHANNEL = re.compile(r"<#[CG][A-Z0-9]{5,}(?:\|([^>]*))?>|(?<![\w/&#])#[CG][A-Z0-9]{7,}\b()")
_FILE = re.compile(r"File ID: [\w:]+(?: File URL: (\S*))?")


def is_canvas(data: bytes) -> bool:
    """Check whether HTML that came for a canvas is one: it bears Quip's marks, or is no whole page.

    Slack's login page is a whole page without these marks.
    """
    return bool(_MARKS.search(data)) or not re.search(rb"<(?:!doctype|html|head|form)\b", data[:4096], re.IGNORECASE)


def canvas_text(data: bytes, name_of_user: Callable[[str], str]) -> str:
    """Return the words of a canvas as Markdown; "" if it has none. `data` is its HTML, of which 1 MiB is read.

    People are called by `name_of_user(id)`, which is "" for one whose name is unknown; no id is left in the text.
    """
    reader = _CanvasReader()
    reader.feed(_NO_TAG.sub("&lt;", _without_comments(data[:MOST_HTML].decode("utf-8", "replace"))))
    reader.close()

    def user(found: re.Match[str]) -> str:
        return f"@{name_of_user(found[1] or found[2]) or 'someone'}"

    text = _CHANNEL.sub(_channel, _USER.sub(user, reader.text()))
    return _FILE.sub(_embedded_file, text)


def _without_comments(text: str) -> str:
    """Return HTML without its comments; one that nothing closes stays."""
    kept, end = [], 0
    while (start := text.find("<!--", end)) >= 0 and (close := text.find("-->", start)) >= 0:
        kept.append(text[end:start])
        end = close + len("-->")
    return "".join(kept) + text[end:]


def _channel(found: re.Match[str]) -> str:
    return f"#{found[1]}" if found[1] else "#(a channel)"


def _embedded_file(found: re.Match[str]) -> str:
    name = unquote((found[1] or "").rstrip("/").rpartition("/")[2])
    return f"[file: {name}]" if name else "[file]"


@dataclass
class _List:
    """A list whose items are being read: its style, and how many items were begun."""

    style: str
    count: int = 0

    def next_marker(self, *, is_checked: bool) -> str:
        """Count an item, and return what stands before it."""
        self.count += 1
        if self.style == "checkbox":
            return "- [x] " if is_checked else "- [ ] "
        return f"{self.count}. " if self.style == "number" else "- "


class _CanvasReader(HTMLParser):
    """Collects the lines of a canvas while its HTML is fed; text() returns them. Unknown tags are passed over."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = []
        self._line: list[str] = []
        self._prefix = ""
        self._skipped = 0
        self._is_code = False
        self._quotes = 0
        self._sections: list[str] = []
        self._lists: list[_List] = []
        self._links: list[tuple[str, int]] = []
        self._rows: list[list[str]] | None = None
        block, heading = (self._begin_paragraph, self._end_paragraph), (self._begin_heading, self._end_paragraph)
        listed, cell = (self._begin_list, self._end_list), (self._begin_cell, self._end_cell)
        inline, skipped = (self._write_delimiter, self._write_delimiter), (self._begin_skipped, self._end_skipped)
        self._handlers: dict[str, tuple[_Handler, _Handler]] = {
            **dict.fromkeys(_BLOCKS, block),
            **dict.fromkeys(_HEADINGS, heading),
            **dict.fromkeys(_DELIMITERS, inline),
            **dict.fromkeys(_SKIPPED, skipped),
            **dict.fromkeys(("ul", "ol"), listed),
            **dict.fromkeys(("td", "th"), cell),
            "div": (self._begin_section, self._end_section),
            "li": (self._begin_item, self._end_item),
            "table": (self._begin_table, self._end_table),
            "tr": (self._begin_row, _nothing),
            "pre": (self._begin_code, self._end_code),
            "blockquote": (self._begin_quote, self._end_quote),
            "a": (self._begin_link, self._end_link),
            "br": (self._break, _nothing),
            "hr": (self._rule, _nothing),
            "img": (self._image, _nothing),
        }

    def text(self) -> str:
        """Return what was read so far."""
        self._end_line()
        return "\n".join(self._lines).strip("\n")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin what the tag begins."""
        begin, _ = self._handlers.get(tag, (_nothing, _nothing))
        begin(tag, {name: value or "" for name, value in attrs})

    def handle_endtag(self, tag: str) -> None:
        """End what the tag ends; one that nothing has begun ends nothing."""
        _, end = self._handlers.get(tag, (_nothing, _nothing))
        end(tag, {})

    def handle_data(self, data: str) -> None:
        """Take a piece of text: outside of code, its line breaks and runs of spaces are one space each."""
        if not self._skipped:
            text = data.translate(_INVISIBLE)
            self._line.append(text if self._is_code else re.sub(r"\s+", " ", text))

    # paragraphs, headings, quotes, code

    def _begin_paragraph(self, _tag: str, _attributes: _Attributes) -> None:
        if not self._lists:
            self._end_line(blank=True)

    _end_paragraph = _begin_paragraph

    def _begin_heading(self, tag: str, _attributes: _Attributes) -> None:
        self._end_line(blank=True)
        self._prefix = _HEADINGS[tag]

    def _begin_section(self, _tag: str, attributes: _Attributes) -> None:
        self._sections.append(attributes.get("data-section-style", ""))
        self._end_line(blank=not self._lists)

    def _end_section(self, _tag: str, _attributes: _Attributes) -> None:
        if self._sections:
            self._sections.pop()
        self._end_line(blank=not self._lists)

    def _begin_quote(self, _tag: str, _attributes: _Attributes) -> None:
        self._end_line(blank=True)
        self._quotes += 1

    def _end_quote(self, _tag: str, _attributes: _Attributes) -> None:
        self._end_line()
        self._quotes = max(0, self._quotes - 1)
        self._end_line(blank=True)

    def _begin_code(self, _tag: str, _attributes: _Attributes) -> None:
        self._end_line(blank=True)
        self._is_code = True

    def _end_code(self, _tag: str, _attributes: _Attributes) -> None:
        if self._is_code:
            self._lines += ["```", *"".join(self._line).strip("\n").split("\n"), "```", ""]
        self._line, self._is_code = [], False

    def _break(self, _tag: str, _attributes: _Attributes) -> None:
        if self._is_code:
            self._line.append("\n")
        elif self._rows is not None or self._lists:
            self._line.append(" ")
        else:
            self._end_line()

    def _rule(self, _tag: str, _attributes: _Attributes) -> None:
        self._end_line(blank=True)
        self._lines += ["---", ""]

    # lists

    def _begin_list(self, tag: str, _attributes: _Attributes) -> None:
        self._end_line(blank=not self._lists)
        style = next((style for style in reversed(self._sections) if style), "")
        self._lists.append(_List("number" if tag == "ol" else _ITEM_STYLES.get(style, "bullet")))

    def _end_list(self, _tag: str, _attributes: _Attributes) -> None:
        self._end_line()
        if self._lists:
            self._lists.pop()
        self._end_line(blank=not self._lists)

    def _begin_item(self, _tag: str, attributes: _Attributes) -> None:
        self._end_line()
        is_checked = "checked" in attributes.get("class", "").split()
        marker = self._lists[-1].next_marker(is_checked=is_checked) if self._lists else "- "
        self._prefix = "  " * min(len(self._lists) - 1, 8) + marker

    def _end_item(self, _tag: str, _attributes: _Attributes) -> None:
        self._end_line()
        self._prefix = ""

    # tables: a cell is one line

    def _begin_table(self, _tag: str, _attributes: _Attributes) -> None:
        self._end_line(blank=True)
        self._rows = []

    def _begin_row(self, _tag: str, _attributes: _Attributes) -> None:
        if self._rows is not None:
            self._rows.append([])

    def _begin_cell(self, _tag: str, _attributes: _Attributes) -> None:
        self._line = []

    def _end_cell(self, _tag: str, _attributes: _Attributes) -> None:
        if self._rows:
            self._rows[-1].append(" ".join("".join(self._line).split()).replace("|", "\\|"))
            self._line = []

    def _end_table(self, _tag: str, _attributes: _Attributes) -> None:
        rows = [row for row in self._rows or [] if any(row)]
        written = [f"| {' | '.join(row)} |" for row in rows]
        if rows:
            written.insert(1, "|" + " --- |" * len(rows[0]))
        self._rows = None
        self._lines += [*written, ""]

    # inside a line

    def _write_delimiter(self, tag: str, _attributes: _Attributes) -> None:
        if not self._is_code:
            self._line.append(_DELIMITERS[tag])

    def _begin_link(self, _tag: str, attributes: _Attributes) -> None:
        self._links.append((attributes.get("href", ""), len(self._line)))

    def _end_link(self, _tag: str, _attributes: _Attributes) -> None:
        """Write the link's address behind its text, unless the text is the address or has a link already."""
        address, start = self._links.pop() if self._links else ("", 0)
        text = "".join(self._line[start:]).strip()
        if address.startswith(("https://", "http://", "mailto:")) and address != text and "](" not in text:
            self._line[start:] = [f"[{text or address}]({address})"]

    def _image(self, _tag: str, attributes: _Attributes) -> None:
        if "data-is-slack" not in attributes:  # the name of Slack's emoji stands behind it as text
            self._line.append(f"[image: {attributes['alt']}]" if attributes.get("alt") else "[image]")

    def _begin_skipped(self, _tag: str, _attributes: _Attributes) -> None:
        self._skipped += 1

    def _end_skipped(self, _tag: str, _attributes: _Attributes) -> None:
        self._skipped = max(0, self._skipped - 1)

    def _end_line(self, *, blank: bool = False) -> None:
        """Write the line that was collected, if it has words, behind the prefix of its block; none inside a cell.

        `blank`: a paragraph ends, too.
        """
        if self._rows is not None or self._is_code:
            return
        words = "".join(self._line).strip()
        if words.strip("*~`"):
            self._lines.append("> " * min(self._quotes, 8) + self._prefix + words)
            self._prefix = " " * len(self._prefix) if self._lists else ""
        elif not self._lists:
            self._prefix = ""
        if blank and self._lines and self._lines[-1]:
            self._lines.append("")
        self._line = []


def _nothing(_tag: str, _attributes: _Attributes) -> None:
    """Do nothing for a tag that needs nothing."""
