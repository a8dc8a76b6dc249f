"""Reads the text out of blocks, since tables, alerts and many bots' words stand nowhere else in a message.

It is written as Slack writes `text`: with entities such as `<@U12>`, and a little Markdown for code, quotes, lists and
tables. What is only seen or pressed is named (`[image: …]`) or, as buttons and inputs, left out.
Slack gives a `markdown` block back as `rich_text` and `table`.
Pure: whatever is odd is passed over. Source: docs.slack.dev/reference/block-kit/blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cocoai.json_values import mapping_at, objects_in, text_at
from cocoai.slack.model.plain_text import escaped
from cocoai.slack.model.rich_text import rich_text, rich_text_line
from cocoai.slack.model.table_text import table_text

Block = Mapping[str, Any]
"""A block, as Slack's JSON has it."""

BlockReader = Callable[[Block], str]
"""Returns the text of one block; "" if it has none."""

MOST_BLOCKS = 100
"""Blocks of one list that are read; Slack has 50 in a message."""


def text_of_blocks(blocks: object) -> str:
    """Return the text of a message's `blocks` (Slack's JSON), one block a line.

    Return "" if that is no list, or if no block has text that is read here: buttons and inputs have none.
    """
    return "\n".join(texts_of_blocks(blocks))


def texts_of_blocks(blocks: object) -> Iterator[str]:
    """Yield the text of each of the blocks that has one, in order; nothing if `blocks` is no list."""
    return filter(None, (_text_of(block) for block in objects_in(blocks)[:MOST_BLOCKS]))


def _text_of(block: Block) -> str:
    """Return the text of a block. Of a type that is not known here, read what it has in common with a card."""
    reader = READERS.get(text_at(block, "type"), _card)
    return reader(block)


def _unread(_block: Block) -> str:
    return ""


def _markdown(block: Block) -> str:
    return escaped(text_at(block, "text"))


def _section(block: Block) -> str:
    """Return the text of a section or header block, then its fields, then the image beside them; "" if it has none."""
    fields = [_text_in(field) for field in objects_in(block.get("fields"))]
    return _lines(_text_in(block.get("text")), *fields, _image_in(block.get("accessory")))


def _context(block: Block) -> str:
    return " ".join(filter(None, (_image_in(part) or _text_in(part) for part in objects_in(block.get("elements")))))


def _image(block: Block) -> str:
    """Return `[image: TITLE]`, else with its `alt_text`; `[image]` if it has neither."""
    return named("image", _text_in(block.get("title")) or escaped(text_at(block, "alt_text")))


def _video(block: Block) -> str:
    title = _text_in(block.get("title")) or escaped(text_at(block, "alt_text"))
    return _lines(named("video", title), text_at(block, "author_name"), _text_in(block.get("description")))


def _table(block: Block) -> str:
    return _lines(_text_in(block.get("caption")), table_text(block.get("rows")))


def _chart(block: Block) -> str:
    """Return the title of a data_visualization block, then its figures as a table: one column a series."""
    chart = mapping_at(block, "chart")
    series = objects_in(chart.get("series")) or [{"data": chart.get("segments")}]
    rows: dict[str, list[Block]] = {}
    for each in series:
        for point in objects_in(each.get("data")):
            label = text_at(point, "label")
            rows.setdefault(label, [{"text": label}]).append({"value": point.get("value")})
    header = [{"text": text} for text in ("", *(text_at(each, "name") for each in series))]
    return _lines(named("chart", _text_in(block.get("title"))), table_text([header, *rows.values()]))


def _card(block: Block) -> str:
    """Return the texts of a card, an alert, a task or a block that came up later, in the order in which they stand."""
    return _lines(*(_text_in(block.get(key)) for key in _CARD_TEXTS))


def _group(block: Block) -> str:
    """Return the title of a container, a carousel or a plan, and the text of the blocks in it.

    What groups blocks itself is read there as a card: Slack has no group in a group.
    """
    inner = [each for key in _CHILDREN for each in objects_in(block.get(key))[:MOST_BLOCKS]]
    texts = (_card(each) if READERS.get(text_at(each, "type")) is _group else _text_of(each) for each in inner)
    return _lines(_card(block), *texts)


_CARD_TEXTS = ("rich_text_title", "title", "subtitle", "text", "body", "description", "details", "output")
_CHILDREN = ("child_blocks", "elements", "tasks")

READERS: Mapping[str, BlockReader] = {
    "rich_text": rich_text,
    "markdown": _markdown,
    "section": _section,
    "header": _section,
    "context": _context,
    "image": _image,
    "video": _video,
    "table": _table,
    "data_table": _table,
    "data_visualization": _chart,
    "container": _group,
    "carousel": _group,
    "plan": _group,
    "actions": _unread,
    "context_actions": _unread,
    "input": _unread,
    "divider": _unread,
    "file": _unread,
}


def named(kind: str, name: str) -> str:
    """Return `[KIND: NAME]` on one line, which stands for what cannot be read; `[KIND]` without a name."""
    name = " ".join(name.split())
    return f"[{kind}: {name}]" if name else f"[{kind}]"


def _image_in(element: object) -> str:
    return _image(element) if isinstance(element, dict) and element.get("type") == "image" else ""


def _text_in(value: object) -> str:
    """Return the text of a text object or of rich text inside a block, or a plain string; "" for anything else."""
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        return ""
    if value.get("type") == "rich_text":
        return rich_text(value)
    return text_at(value, "text") or (rich_text_line(value) if "elements" in value else "")


def _lines(*texts: str) -> str:
    return "\n".join(filter(None, texts))
