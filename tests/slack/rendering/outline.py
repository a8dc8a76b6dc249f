"""The small notation in which the structure of a text is written, and in which both readers return what they read.

An outline is one line for each block: `KIND TEXT`, behind `> ` for each quote and two spaces for each list around it.
Kinds: `h` heading, `p` paragraph, `-` and `1.` list items (the first paragraph of an item is its text), `hr`,
`code LANGUAGE` with its lines behind `: `, `|=` a table's head and `|` its rows (cells parted by ` ¦ `), `m` a formula
on lines of its own. In a text ` ⏎ ` is a line break, and spans, which never nest, are `⟨b bold⟩`, `⟨i italic⟩`,
`⟨bi both⟩`, `⟨s struck⟩`, `⟨c code⟩`, `⟨a ADDRESS⟩`, `⟨a ADDRESS|label⟩`, and of what may be shown in several ways
`⟨m formula⟩` (as text or as code, with or without its delimiters), `⟨sub 2⟩` and `⟨sup 2⟩`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple
from urllib.parse import unquote

BREAK = " ⏎ "
CELL = " ¦ "
ZWSP = "\u200b"

SPAN = re.compile(r"⟨(\w+) ([^⟩]*)⟩|([^⟨⟩]+)")
"""A span's style and what is in it, or plain text."""

_LINE = re.compile(r"(?P<quotes>(?:> )*)(?P<indent> *)(?P<kind>\S+)(?: (?P<text>.*))?")
_CODE_LINE = re.compile(r" *:(?: (.*))?")


class Run(NamedTuple):
    """A piece of text in one style: letters of `b`, `i` and `s`, or `c` (code), `html` (a tag), or one of a formula."""

    text: str
    style: str = ""
    address: str = ""


@dataclass(frozen=True)
class Block:
    """One block as a person sees it; `text` is in the notation, or code verbatim.

    `depth` is how many lists are around it, `quotes` how many quotes.
    """

    kind: str
    text: str = ""
    depth: int = 0
    quotes: int = 0

    def __str__(self) -> str:
        head = f"{'> ' * self.quotes}{'  ' * self.depth}{self.kind}"
        if self.is_code:
            return "\n".join((head, *(f": {line}" for line in self.text.split("\n"))))
        return f"{head} {self.text}".rstrip()

    @property
    def is_code(self) -> bool:
        """Return True if it is a block of code."""
        return self.kind.startswith("code")

    @property
    def is_item(self) -> bool:
        """Return True if it is a list item."""
        return self.kind == "-" or self.kind[:1].isdigit()


def parse_outline(outline: str) -> list[Block]:
    """Return the blocks that an outline describes."""
    blocks: list[Block] = []
    code: list[str] = []
    for line in outline.strip("\n").split("\n"):
        if blocks and blocks[-1].is_code and (found := _CODE_LINE.fullmatch(line)):
            code.append(found[1] or "")
            blocks[-1] = replace(blocks[-1], text="\n".join(code))
        elif found := _LINE.fullmatch(line):
            code = []
            blocks.append(_block(found["kind"], (found["text"] or "").strip(), found))
    return blocks


def _block(kind: str, text: str, found: re.Match[str]) -> Block:
    if kind == "code":
        kind, text = f"code {text}".strip(), ""
    return Block(kind, text, len(found["indent"]) // 2, len(found["quotes"]) // 2)


def runs_of(text: str) -> list[Run]:
    """Return the runs of a text in the notation."""
    runs: list[Run] = []
    for style, inner, words in SPAN.findall(text):
        if words:
            runs.append(Run(words))
        elif style.endswith("a"):
            address, _, label = inner.partition("|")
            runs.append(Run(label or address, style[:-1], address))
        else:
            runs.append(Run(inner, style))
    return runs


def notation(runs: Iterable[Run]) -> str:
    """Return runs in the notation, in their plainest form: two ways to write the same thing become equal.

    Neighbours of one style are joined, spaces are single and stand outside styles, and code has no other style.
    """
    together = _joined(map(_plainest, runs))
    apart = _joined(piece for run in together for piece in _apart_from_spaces(run))
    return re.sub(r" {2,}(?![^⟨]*⟩)", " ", "".join(map(_span, apart))).strip()


def _joined(runs: Iterable[Run]) -> list[Run]:
    """Return the runs that have text, neighbours of one style as one."""
    joined: list[Run] = []
    for run in runs:
        if joined and joined[-1][1:] == run[1:] and not run.address:
            joined[-1] = joined[-1]._replace(text=joined[-1].text + run.text)
        elif run.text:
            joined.append(run)
    return joined


def _plainest(run: Run) -> Run:
    """Return a run with plain white space and a plain style: code keeps its spaces, and a link's code is no code."""
    text = run.text.replace(ZWSP, "")
    if "c" in run.style and not run.address:
        return Run(text, "c")
    text = re.sub(r"[ \t\n\xa0]+", " ", text)
    return Run(re.sub(r"[ \u3000]*⏎[ \u3000]*", BREAK, text), run.style.replace("c", ""), run.address)


def _apart_from_spaces(run: Run) -> list[Run]:
    """Return a styled run without line breaks, and without the spaces at its ends: these are plain runs then."""
    if run.style in ("", "c") or run.address:
        return [run]
    pieces = re.split(r"(\s*⏎\s*|^\s+|\s+$)", run.text)
    return [Run(piece, "" if n % 2 else run.style) for n, piece in enumerate(pieces)]


def _span(run: Run) -> str:
    if run.address:
        address = _decoded(run.address)
        return f"⟨{run.style}a {address}⟩" if address == _decoded(run.text) else f"⟨{run.style}a {address}|{run.text}⟩"
    return f"⟨{run.style} {run.text}⟩" if run.style else run.text


def _decoded(address: str) -> str:
    """Return an address as a browser shows it."""
    return unquote(address.removeprefix("mailto:"), errors="replace").replace("|", "%7C")
