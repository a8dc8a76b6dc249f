"""What a message's blocks say, written as a message's `text` is: with entities, and a little Markdown for its lines.

Slack gives a `markdown` block back as `rich_text` and `table`; many bots have no text beside their blocks.
Pure: whatever is odd is passed over. Source: docs.slack.dev/reference/block-kit/blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Told = Mapping[str, Any]


def text_of_blocks(blocks: object) -> str:
    """All that the blocks say, a line's end between them; empty if they say nothing, as buttons do."""
    return "\n".join(filter(None, (_said(block, BLOCKS) for block in _each(blocks))))


def _said(told: Told, readers: Mapping[str, Callable[[Told], str]]) -> str:
    reader = readers.get(_word(told, "type"))
    return reader(told) if reader else ""


def _markdown(block: Told) -> str:
    return _escaped(_word(block, "text"))


def _section(block: Told) -> str:
    texts = [block.get("text"), *_each(block.get("fields"))]
    return "\n".join(filter(None, (_word(text, "text") for text in texts if isinstance(text, dict))))


def _context(block: Told) -> str:
    return " ".join(filter(None, (_word(element, "text") for element in _each(block.get("elements")))))


def _table(block: Told) -> str:
    rows = block.get("rows")
    return "\n".join(" | ".join(map(_cell, _each(row))) for row in rows) if isinstance(rows, list) else ""


def _cell(cell: Told) -> str:
    return _escaped(_word(cell, "text")) if _word(cell, "type") == "raw_text" else _rich_text(cell)


def _rich_text(block: Told) -> str:
    return "\n".join(filter(None, (_said(part, RICH_TEXT) for part in _each(block.get("elements")))))


def _line(part: Told) -> str:
    return "".join(_said(element, ELEMENTS) for element in _each(part.get("elements")))


def _code(part: Told) -> str:
    return f"```\n{_line(part)}\n```"


def _quote(part: Told) -> str:
    return "\n".join(f"> {line}" for line in _line(part).split("\n"))


def _list(part: Told) -> str:
    indent = "  " * min(_number(part, "indent"), 8)
    first = _number(part, "offset") + 1
    ordered = _word(part, "style") == "ordered"
    items = [_line(item) for item in _each(part.get("elements"))]
    return "\n".join(f"{indent}{f'{n}.' if ordered else '-'} {item}" for n, item in enumerate(items, first))


def _text(element: Told) -> str:
    text = _escaped(_word(element, "text"))
    style = element.get("style")
    return f"`{text}`" if isinstance(style, dict) and style.get("code") is True else text


def _link(element: Told) -> str:
    label = _escaped(_word(element, "text"))
    url = _escaped(_word(element, "url"))
    return f"<{url}|{label}>" if label else f"<{url}>"


def _entity(opening: str, name: str) -> Callable[[Told], str]:
    """How Slack writes such an element in a message's text."""
    return lambda element: f"<{opening}{_word(element, name)}>" if _word(element, name) else ""


def _emoji(element: Told) -> str:
    return f":{_word(element, 'name')}:"


BLOCKS: Mapping[str, Callable[[Told], str]] = {
    "markdown": _markdown,
    "section": _section,
    "header": _section,
    "context": _context,
    "rich_text": _rich_text,
    "table": _table,
}
RICH_TEXT: Mapping[str, Callable[[Told], str]] = {
    "rich_text_section": _line,
    "rich_text_preformatted": _code,
    "rich_text_quote": _quote,
    "rich_text_list": _list,
}
ELEMENTS: Mapping[str, Callable[[Told], str]] = {
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


def _each(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _word(told: Told, name: str) -> str:
    value = told.get(name)
    return value if isinstance(value, str) else ""


def _number(told: Told, name: str) -> int:
    value = told.get(name)
    return value if type(value) is int and 0 <= value < 10**6 else 0
