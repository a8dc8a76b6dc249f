"""The table in the docstring of tests/test_failures.py, read as data: so what it says is what the tests hold it to."""

from __future__ import annotations

import re
from dataclasses import dataclass

_REFUSED = re.compile(r"^    (?P<what>\S.*?)  +(?P<status>[45]\d\d) (?P<line>.+)$", re.MULTILINE)
_TOLD = re.compile(r"^    (?P<what>\S.*) · (?P<key>\w+)\n        (?P<ja>.+)\n        (?P<en>.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Told:
    """What an asker reads, by language; `key` names the text as the settings do (cocoai/words/overrides.py)."""

    key: str
    texts: dict[str, str]


def refused_in(docstring: str) -> dict[str, tuple[int, str]]:
    """The status and the line that the sender of each kind of request gets."""
    return {row["what"]: (int(row["status"]), row["line"]) for row in _REFUSED.finditer(docstring)}


def told_in(docstring: str) -> dict[str, Told]:
    """What the asker reads of each kind of failure."""
    return {row["what"]: Told(row["key"], {"ja": row["ja"], "en": row["en"]}) for row in _TOLD.finditer(docstring)}
