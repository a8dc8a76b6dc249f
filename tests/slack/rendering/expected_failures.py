"""What of the corpus is not shown right yet: each case with where it fails, and why."""

from __future__ import annotations

from collections.abc import Mapping

_BY_REASON: Mapping[str, Mapping[str, tuple[str, ...]]] = {}
"""Cases by what is wrong with them; `markdown` and `mrkdwn` are the formats."""

FAILING: Mapping[str, Mapping[str, str]] = {
    name: dict.fromkeys(wheres, reason) for reason, cases in _BY_REASON.items() for name, wheres in cases.items()
}
"""The same by case: for each format and check that fails, the reason."""

UNKNOWABLE: Mapping[str, str] = {
    "mention of tags with code": "the tag may still be closed, and then the words are bold",
    "subscript without an end": "the tag may still be closed, and then the digit is small",
    "comparison like a tag": "the tag may still be closed, and then the letter is bold",
    "no outer pipes": "the head of a table without outer bars is a paragraph until its rule comes",
    "reference links": "its brackets are text until the address comes at the end",
}
"""Cases whose beginning means something else by any rule: they are looked at whole only."""
