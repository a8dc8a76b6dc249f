"""Reads the text out of a message's blocks, since many bots leave the message's own `text` empty.

It is written as Slack writes `text`: with entities such as `<@U12>`, and a little Markdown for code, quotes and lists.
Slack gives a `markdown` block back as `rich_text` and `table`.
Pure: whatever is odd is passed over. Source: docs.slack.dev/reference/block-kit/blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cocoai.json_values import objects_in, text_at

Element = Mapping[str, Any]
"""A block, or an object inside one, as Slack's JSON has it."""

Reader = Callable[[Element], str]
"""Returns the text of one element; "" if it has none."""

MOST_INDENT = 8
"""Levels of a nested list that are shown; deeper ones stand at the last."""


def text_of_blocks(blocks: object) -> str:
    """Return the text of a message's `blocks` (Slack's JSON), one block a line.

    Return "" if that is no list, or if no block has text that is read here: buttons and images have none.
    """
    return "\n".join(filter(None, (_text_of(block, BLOCKS) for block in objects_in(blocks))))


def _text_of(element: Element, readers: Mapping[str, Reader]) -> str:
    """Return the text of an element, read by the reader that `readers` has for its `type`; "" if there is no reader."""
    reader = readers.get(text_at(element, "type"))
    return reader(element) if reader else ""


def _markdown(block: Element) -> str:
    return _escaped(text_at(block, "text"))


def _section(block: Element) -> str:
    """Return the text of a section or header block, then the texts of its fields, one a line; "" if it has none."""
    texts = objects_in([block.get("text"), *objects_in(block.get("fields"))])
    return "\n".join(filter(None, (text_at(text, "text") for text in texts)))


def _context(block: Element) -> str:
    return " ".join(filter(None, (text_at(element, "text") for element in objects_in(block.get("elements")))))


def _table(block: Element) -> str:
    """Return the rows of a table block, one a line, with ` | ` between the cells; "" if it has no rows."""
    rows = block.get("rows")
    return "\n".join(" | ".join(map(_cell, objects_in(row))) for row in rows) if isinstance(rows, list) else ""


def _cell(cell: Element) -> str:
    return _escaped(text_at(cell, "text")) if text_at(cell, "type") == "raw_text" else _rich_text(cell)


def _rich_text(block: Element) -> str:
    return "\n".join(filter(None, (_text_of(part, RICH_TEXT) for part in objects_in(block.get("elements")))))


def _line(part: Element) -> str:
    return "".join(_text_of(element, ELEMENTS) for element in objects_in(part.get("elements")))


def _code(part: Element) -> str:
    return f"```\n{_line(part)}\n```"


def _quote(part: Element) -> str:
    return "\n".join(f"> {line}" for line in _line(part).split("\n"))


def _list(part: Element) -> str:
    """Return the items of a list, one a line, each behind `-` or its number, indented by two spaces a level.

    Numbers go on from `offset`, which is how many items came before: Slack splits a list that has code between its
    items.
    """
    indent = "  " * min(_number_at(part, "indent"), MOST_INDENT)
    first = _number_at(part, "offset") + 1
    ordered = text_at(part, "style") == "ordered"
    items = [_line(item) for item in objects_in(part.get("elements"))]
    return "\n".join(f"{indent}{f'{n}.' if ordered else '-'} {item}" for n, item in enumerate(items, first))


def _text(element: Element) -> str:
    """Return the element's text with `&`, `<` and `>` escaped, in backticks if its style is code."""
    text = _escaped(text_at(element, "text"))
    style = element.get("style")
    return f"`{text}`" if isinstance(style, dict) and style.get("code") is True else text


def _link(element: Element) -> str:
    """Return `<URL|LABEL>`, or `<URL>` if the link has no label."""
    label = _escaped(text_at(element, "text"))
    url = _escaped(text_at(element, "url"))
    return f"<{url}|{label}>" if label else f"<{url}>"


def _entity(opening: str, key: str) -> Reader:
    """Return a reader that writes an element as an entity: `<`, `opening`, the text under `key`, `>`.

    `_entity("@", "user_id")` writes `<@U12>`. The reader returns "" for an element without `key`.
    """

    def read(element: Element) -> str:
        text = text_at(element, key)
        return f"<{opening}{text}>" if text else ""

    return read


def _emoji(element: Element) -> str:
    return f":{text_at(element, 'name')}:"


BLOCKS: Mapping[str, Reader] = {
    "markdown": _markdown,
    "section": _section,
    "header": _section,
    "context": _context,
    "rich_text": _rich_text,
    "table": _table,
}
RICH_TEXT: Mapping[str, Reader] = {
    "rich_text_section": _line,
    "rich_text_preformatted": _code,
    "rich_text_quote": _quote,
    "rich_text_list": _list,
}
ELEMENTS: Mapping[str, Reader] = {
    "text": _text,
    "link": _link,
    "emoji": _emoji,
    "user": _entity("@", "user_id"),
    "channel": _entity("#", "channel_id"),
    "usergroup": _entity("!subteam^", "usergroup_id"),
    "broadcast": _entity("!", "range"),
}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _number_at(element: Element, key: str) -> int:
    """Return the whole number under `key`; 0 if there is none, or if it is negative or above 999,999."""
    value = element.get(key)
    return value if type(value) is int and 0 <= value < 10**6 else 0
