"""Check and read the fields of the page's requests: the files and the table of a message."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from cocoai.rehearsal.practice_server import MAX_BODY
from cocoai.rehearsal.slack.practice_file import PracticeFile
from cocoai.rehearsal.slack.voice_clip import recording, voice_clip

LONGEST_TEXT = 12_000
"""Characters that Slack's own input field accepts."""
MOST_FILES = 10
"""Files that Slack accepts with one message."""
MOST_BYTES = (MAX_BODY - 192 * 1024) // 4 * 3
"""Bytes of all files of one message: as base64, and with the longest text, they fit into one request's body."""
MOST_ROWS, MOST_CELLS = 100, 20
"""Rows of a table, and cells of a row, that Slack's table block accepts."""
_LONGEST_NAME = 255
_LONGEST_TABLE = 10_000


class InvalidAction(Exception):
    """A request that is refused with 400; its text says why."""


def files_in(fields: Mapping[str, Any]) -> list[PracticeFile]:
    """Return a message's files. Raise `InvalidAction` if there is none, more than `MOST_FILES`, or an invalid one."""
    files = fields.get("files")
    if not isinstance(files, list) or not 1 <= len(files) <= MOST_FILES:
        raise InvalidAction(f"1 to {MOST_FILES} files are needed")
    return [_file(each) for each in files]


def table_in(fields: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return the rows of a message's table, as texts; [] if it has none.

    Raise `InvalidAction` if it has more than `MOST_ROWS`, a row without cells or with more than `MOST_CELLS`, or too
    many characters.
    """
    rows = fields.get("table")
    if rows is None:
        return []
    if not isinstance(rows, list) or not 1 <= len(rows) <= MOST_ROWS:
        raise InvalidAction(f"a table has 1 to {MOST_ROWS} rows")
    table = [_row(row) for row in rows]
    if sum(len(cell) for row in table for cell in row) > _LONGEST_TABLE:
        raise InvalidAction(f"a table has at most {_LONGEST_TABLE} characters")
    return table


def _row(row: object) -> tuple[str, ...]:
    """Return a row's cells. Raise `InvalidAction` if they are none, too many, or no texts."""
    if not isinstance(row, list) or not 1 <= len(row) <= MOST_CELLS:
        raise InvalidAction(f"a row has 1 to {MOST_CELLS} cells")
    if not all(isinstance(cell, str) for cell in row):
        raise InvalidAction("a cell is a text")
    return tuple(row)


def _file(fields: object) -> PracticeFile:
    """Return the file that a JSON object describes by `name`, `type` ("": unknown), base64 `data`, and perhaps `clip`.

    That is true for a voice clip that was recorded on the page; other sounds are uploaded ones.

    Raise `InvalidAction` if a field is missing or no string, the name is empty or too long, or the data is not base64.
    """
    name, media_type, data = (fields.get(key) if isinstance(fields, dict) else None for key in ("name", "type", "data"))
    if not isinstance(name, str) or not 1 <= len(name) <= _LONGEST_NAME:
        raise InvalidAction(f"a file needs a name of 1 to {_LONGEST_NAME} characters")
    if not isinstance(media_type, str) or not isinstance(data, str):
        raise InvalidAction("a file needs a type and data")
    try:
        content = base64.b64decode(data, validate=True)
    except ValueError:
        raise InvalidAction("a file's data is to be base64") from None
    if isinstance(fields, dict) and fields.get("clip") is True:
        return voice_clip(content, name, media_type)
    if media_type.startswith("audio/"):
        return recording(content, name, media_type)
    return PracticeFile(name, media_type or "application/octet-stream", content)
