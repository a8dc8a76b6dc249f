"""Reads `rich_text` blocks, which hold all that a person types in Slack: as text, and for whom they mention.

It is written as Slack writes `text`, with entities such as `<@U12>`; code is in backticks.
Pure: whatever is odd is passed over. Source: docs.slack.dev/reference/block-kit/blocks/rich-text-block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cocoai.json_values import number_at, objects_in, text_at
from cocoai.slack.model.plain_text import escaped, written_mentions

Element = Mapping[str, Any]
"""A part of a rich_text block, or an element inside one, as Slack's JSON has it."""

ElementReader = Callable[[Element], str]
"""Returns the text of one element; "" if it has none."""

LARGEST_NUMBER = 999_999
"""A larger indent or offset of a list counts as none."""

MOST_INDENT = 8
"""Levels of a nested list that are shown; deeper ones stand at the last."""


def rich_text(block: Element) -> str:
    """Return the text of a rich_text block or of a cell that holds one: each section, list, quote or code on a line."""
    return "\n".join(filter(None, (_text_of(part, PARTS) for part in objects_in(block.get("elements")))))


def rich_text_line(part: Element) -> str:
    """Return the text of the elements (text, links, mentions, emoji …) of one section, joined."""
    return "".join(_text_of(element, ELEMENTS) for element in objects_in(part.get("elements")))


def rich_mentions(blocks: object) -> tuple[frozenset[str], frozenset[str]]:
    """Return the ids of the users and groups that the rich_text among `blocks` mentions outside code, and in code.

    What is no rich_text block, such as a table, is not looked at: its author did not write it into the message.
    """
    found: dict[bool, set[str]] = {False: set(), True: set()}
    for block in objects_in(blocks):
        for is_code, element in _elements(block) if block.get("type") == "rich_text" else ():
            found[is_code].update(_mentioned(element, is_code=is_code))
    return frozenset(found[False]), frozenset(found[True])


def _elements(block: Element) -> Iterator[tuple[bool, Element]]:
    """Yield each element of a rich_text block with whether it is code."""
    for part in objects_in(block.get("elements")):
        kind = text_at(part, "type")
        for line in objects_in(part.get("elements")) if kind == "rich_text_list" else (part,):
            for element in objects_in(line.get("elements")):
                yield kind == "rich_text_preformatted" or _is_code(element), element


def _mentioned(element: Element, *, is_code: bool) -> frozenset[str]:
    """Return the ids of the user or group that an element stands for, and of those written in its text, if it is code.

    Outside code, what looks like a mention in a text is plain characters.
    """
    kind, named = text_at(element, "type"), frozenset[str]()
    if kind in ("user", "usergroup"):
        named = frozenset({text_at(element, f"{kind}_id")} - {""})
    return named | written_mentions(text_at(element, "text")) if is_code else named


def _text_of(element: Element, readers: Mapping[str, ElementReader]) -> str:
    """Return the text of an element, read by the reader that `readers` has for its `type`; "" if there is no reader."""
    reader = readers.get(text_at(element, "type"))
    return reader(element) if reader else ""


def _code(part: Element) -> str:
    return f"```\n{rich_text_line(part)}\n```"


def _quote(part: Element) -> str:
    return quoted(rich_text_line(part))


def quoted(text: str) -> str:
    """Return the text as a quotation: `> ` before each line."""
    return "\n".join(f"> {line}" for line in text.split("\n"))


def _list(part: Element) -> str:
    """Return the items of a list, one a line, each behind `-` or its number, indented by two spaces a level.

    Numbers go on from `offset`, which is how many items came before: Slack splits a list that has code between its
    items.
    """
    indent = "  " * min(number_at(part, "indent", LARGEST_NUMBER), MOST_INDENT)
    first = number_at(part, "offset", LARGEST_NUMBER) + 1
    ordered = text_at(part, "style") == "ordered"
    items = [rich_text_line(item) for item in objects_in(part.get("elements"))]
    return "\n".join(f"{indent}{f'{n}.' if ordered else '-'} {item}" for n, item in enumerate(items, first))


def _text(element: Element) -> str:
    """Return the element's text with `&`, `<` and `>` escaped, in backticks if its style is code."""
    text = escaped(text_at(element, "text"))
    return f"`{text}`" if _is_code(element) else text


def _is_code(element: Element) -> bool:
    style = element.get("style")
    return isinstance(style, dict) and style.get("code") is True


def _link(element: Element) -> str:
    """Return `<URL|LABEL>`, or `<URL>` if the link has no label."""
    label = escaped(text_at(element, "text"))
    url = escaped(text_at(element, "url"))
    return f"<{url}|{label}>" if label else f"<{url}>"


def _entity(opening: str, key: str) -> ElementReader:
    """Return a reader that writes an element as an entity: `<`, `opening`, the text under `key`, `>`.

    `_entity("@", "user_id")` writes `<@U12>`. The reader returns "" for an element without `key`.
    """

    def read(element: Element) -> str:
        text = text_at(element, key)
        return f"<{opening}{text}>" if text else ""

    return read


def _emoji(element: Element) -> str:
    """Return the emoji's characters, of which Slack gives the code points (`1f44d-1f3fb`); else `:NAME:`."""
    try:
        points = [int(point, 16) for point in text_at(element, "unicode").split("-")[:12]]
        return "".join(map(chr, points)).encode().decode()
    except (ValueError, OverflowError):  # none, no hexadecimal, or no character
        return f":{text_at(element, 'name')}:"


def _date(element: Element) -> str:
    """Return the date's fallback text, else the entity that Slack writes for it in `text`."""
    timestamp = element.get("timestamp")
    return escaped(text_at(element, "fallback")) or f"<!date^{timestamp if type(timestamp) is int else ''}>"


def _color(element: Element) -> str:
    return escaped(text_at(element, "value"))


def _workspace(_element: Element) -> str:
    return "@a workspace"


PARTS: Mapping[str, ElementReader] = {
    "rich_text_section": rich_text_line,
    "rich_text_preformatted": _code,
    "rich_text_quote": _quote,
    "rich_text_list": _list,
}
ELEMENTS: Mapping[str, ElementReader] = {
    "text": _text,
    "link": _link,
    "emoji": _emoji,
    "date": _date,
    "color": _color,
    "user": _entity("@", "user_id"),
    "channel": _entity("#", "channel_id"),
    "usergroup": _entity("!subteam^", "usergroup_id"),
    "broadcast": _entity("!", "range"),
    "team": _workspace,
}
