"""What has to hold of every answer that a `Layout` shows: each function `check_…` asserts one property.

An independent parser (reader.py) says what a person would see.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from cocoai.slack.markdown.block_parser import normalize_markdown
from cocoai.slack.markdown.message_layout import Shown
from cocoai.slack.markdown.to_mrkdwn import break_pings, escape_pings
from tests.slack.markdown.reader import first_missing, letters, read_markdown, read_mrkdwn, stays_open

Parts = Sequence[Shown]


def in_blocks(shown: Shown) -> str:
    """Return the Markdown in a message's blocks."""
    return "\n\n".join(block["text"] for block in shown.blocks if block["type"] == "markdown")


def without_code(mrkdwn: str) -> str:
    """Return mrkdwn with the letter c in the place of each piece of code."""
    return re.sub(r"```.*?```|`[^`\n]*`", "c", mrkdwn, flags=re.DOTALL)


def check_limits(markdown: str, parts: Parts) -> None:
    """Assert Slack's limits: 12,000 characters of Markdown, under 4,000 of text, under 3,000 for a section block."""
    assert bool(normalize_markdown(markdown).strip()) is bool(parts)
    for part in parts:
        assert len(part.text) < (4_000 if part.blocks else 3_000)
        assert len(in_blocks(part)) <= 12_000
        assert len(part.blocks) <= 50
        assert part.text.strip()


def check_letters(markdown: str, parts: Parts) -> None:
    """Assert that every letter that is visible in the Markdown is there, in its order."""
    whole = letters(read_markdown(normalize_markdown(markdown)).text)
    shown = [read_markdown(in_blocks(part)).text if part.blocks else read_mrkdwn(part.text) for part in parts]

    assert "" == first_missing(whole, letters("".join(shown)))
    if len(parts) == 1 and parts[0].blocks:
        assert whole == letters(shown[0])


def check_fences(markdown: str, parts: Parts) -> None:
    """Assert that no part leaves a fence open, or anything else that would swallow what comes behind."""
    for part in parts:
        assert part.text.count("```") % 2 == 0
        assert not stays_open(in_blocks(part))


def check_tables(markdown: str, parts: Parts) -> None:
    """Assert that every part of a table has its header, and that no row is lost or repeated."""
    whole = read_markdown(normalize_markdown(markdown))
    shown = [read_markdown(in_blocks(part)) for part in parts]
    rows = [letters(row) for part in shown for row in part.rows]

    assert {letters(head) for part in shown for head in part.headers} <= {letters(head) for head in whole.headers}
    assert [letters(row) for row in whole.rows] == rows
    assert all(len(part.rows) < 100 for part in shown)


def check_pings(markdown: str, parts: Parts) -> None:
    """Assert that nothing can ping, and that escaping pings again changes nothing."""
    for part in parts:
        assert part.text == escape_pings(part.text)
        assert not re.search(r"<[@!]", part.text)
        assert in_blocks(part) == break_pings(in_blocks(part))
        assert not re.search(r"<@[A-Z]|<!(?:here|channel|everyone|subteam)", in_blocks(part))


def check_delimiters(markdown: str, parts: Parts) -> None:
    """Assert that no delimiter of emphasis or code is visible."""
    for part in parts:
        raw = [words for words in read_markdown(in_blocks(part)).prose if re.search(r"\*\*|~~|`", words)]

        assert [] == raw
        assert not re.search(r"\*\*|~~", without_code(part.text))


CHECKS = (check_limits, check_letters, check_fences, check_tables, check_pings)
