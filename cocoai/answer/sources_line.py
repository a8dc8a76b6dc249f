"""Name under an answer the passages that it cites, from the facts of its job alone. Pure.

Which passages the model saw is in the job's `material` fact, each with its number `n`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from cocoai.answer.material_words import named
from cocoai.slack.markdown.block_parser import FencedCode, TableBlock, normalize_markdown, parse_blocks
from cocoai.slack.markdown.inline_parser import ZWSP, escape_markdown, find_tokens
from cocoai.texts import Texts

_CITED = re.compile(r"[\[［【]\s*+(\d{1,2}(?:\s*+[,、，;；–~〜-]\s*+\d{1,2})*+)\s*+[\]］】]")
"""How a passage is cited: [1], or several as [1, 2] and [1-3]."""

_LINKED = re.compile(r"(?<=:)(?=//)|(?<=@)(?=\w)|(?<=www)(?=\.)|(?<=mailto)(?=:)|(?<=tel)(?=:)", re.IGNORECASE)
"""Where a ZWSP keeps Slack from making a link or a ping of a name's text."""

_ADDRESS = re.compile(r"https?://\S", re.IGNORECASE)


def sources_line(text: str, material: Mapping[str, Any], texts: Texts) -> str:
    """Return the line that names the passages which an answer's `text` cites, as Markdown; "" if it cites none.

    Each comes once, in the order in which they are cited, with a link where there is one. Numbers of which there is no
    passage, and those in code, are no citations.
    """
    passages = {each.get("n"): each for each in material.get("passages") or ()}
    numbers = filter(passages.__contains__, dict.fromkeys(cited_numbers(text)))
    sources = " · ".join(f"[{n}] {linked_name(passages[n])}" for n in numbers)
    return texts.documents["sources"].format(sources=sources) if sources else ""


def cited_numbers(text: str) -> Iterator[int]:
    """Yield each number that a text in Markdown cites outside of code and links, in order, as often as it does."""
    for line in _lines(text):
        shown, at = "", 0
        for token in find_tokens(line):
            # A number may stand in bold, or behind a backslash; nothing goes on over code or a link.
            shown += line[at : token.start()] + (token["escaped"] or ("" if token["run"] else "\0"))
            at = token.end()
        yield from _numbers(shown + line[at:])


def linked_name(passage: Mapping[str, Any]) -> str:
    """Return the name of a passage of a `material` fact as Markdown, as a link where there is an address."""
    title, heading, place, link = (str(passage.get(key, "")) for key in ("title", "heading", "place", "link"))
    name = escape_markdown(without_links(named(title, heading, place)))
    return f"[{name}]({safe_address(link)})" if is_address(link) else name


def without_links(name: str) -> str:
    """Return a name of somebody's in which Slack finds no address to make a link of, and nobody to call."""
    return _LINKED.sub(ZWSP, name)


def is_address(link: str) -> bool:
    """Check whether a link leads to where people can read: another kind of address is not shown."""
    return _ADDRESS.match(link) is not None


def safe_address(link: str) -> str:
    """Return an address with each sign escaped that would end a link in Markdown, or in Slack's own form."""
    return quote(link, safe="!#$%&'*+,/:;=?@[]~-._")


def _lines(text: str) -> Iterator[str]:
    """Yield the lines of a text in Markdown that are no code, those of tables included."""
    for block in parse_blocks(normalize_markdown(text)):
        if isinstance(block, TableBlock):
            yield from (block.header, *block.rows)
        elif not isinstance(block, FencedCode):
            yield block


def _numbers(text: str) -> Iterator[int]:
    for found in _CITED.findall(text):
        for first, last in re.findall(r"(\d+)(?:\s*[–~〜-]\s*(\d+))?", found):
            yield from range(int(first), int(last or first) + 1)
