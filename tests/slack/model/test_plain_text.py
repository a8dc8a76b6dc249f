"""slack/model/plain_text.py: Slack's own text as a person reads it, and whom and what it refers to."""

from __future__ import annotations

from collections import defaultdict

import pytest

from cocoai.slack.markdown.inline_parser import ZWSP
from cocoai.slack.model.plain_text import first_part, last_part, plain_text

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<@U0COCOAI> hello", "hello"),
        ("<@U0COCOAI|cocoai> hello", "hello"),
        ("hey <@U0COCOAI>, hello", "hey, hello"),
        ("a\n<@U0COCOAI> b", "a\n b"),
        ("<@U0COCOAI>", ""),
        ("ask <@U0ASKER01> or <@W0ASKER02|asker>", "ask @somebody or @asker"),
        ("<#C0PRACTICE|practice> <#C0PRACTICE|> <#C0PRACTICE>", "#practice #a channel #a channel"),
        ("<!here> <!channel|@channel> <!everyone|everyone>", "@here @channel @everyone"),
        ("<!subteam^S0TEAM|@team> <!subteam^S0TEAM|team> <!subteam^S0TEAM>", "@team @team @a user group"),
        ("<!subteam^S0TEAM|> <#G0PRIVATE|>", "@a user group #a channel"),
        ("<!date^1763822400^{date}|22 November>", "22 November"),
        ("<!date^1763822400^{date_num}^https://a.example|22 November>", "22 November"),
        ("<!date^1763822400^{date_num} at {time}>", "2025-11-22 14:40 UTC"),
        ("<!date^99999999999999^{date}> <!date^>", "a date a date"),
        ("<!workspace^T0HOME>", "@workspace"),
        ("<https://a.example/b?c=1&amp;d=2>", "https://a.example/b?c=1&d=2"),
        ("<https://a.example|the page>", "the page (https://a.example)"),
        ("<https://a.example|https://a.example>", "https://a.example"),
        ("<http://a.example|a.example>", "http://a.example"),
        ("<mailto:a@a.example|a@a.example>", "a@a.example"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2"),
        ("&amp;lt;", "&lt;"),
        ("&lt;@U0COCOAI&gt;", "<@U0COCOAI>"),
        (f"これは{ZWSP}*強調*{ZWSP}です", "これは*強調*です"),
        ("1 < 2 > 1", "1 < 2 > 1"),
        ("*b* :smile:", "*b* :smile:"),
    ],
)
def test_plain_text(text: str, expected: str) -> None:
    """References become their names or addresses, entities characters, `&amp;` last; our own mention is removed."""
    assert expected == plain_text(text, "U0COCOAI")


def test_plain_text_with_names() -> None:
    """A mention is shown by the user's name if there is one; our own is removed although it has one."""
    names = defaultdict(str, {"U0ASKER01": "花", "U0COCOAI": "CocoAI"})

    plain = plain_text("<@U0COCOAI> ask <@U0ASKER01> or <@U0OTHER>", "U0COCOAI", names.__getitem__)

    assert "ask @花 or @somebody" == plain


def test_plain_text_without_our_own_user() -> None:
    """While our own user is unknown, no mention is removed."""
    assert plain_text("<@U0COCOAI> hello", None) == "@somebody hello"


@pytest.mark.parametrize(
    ("text", "most", "first", "last"),
    [
        ("ask <@U0ASKER01> now", 100, "ask <@U0ASKER01> now", "ask <@U0ASKER01> now"),
        ("ask <@U0ASKER01> now", 16, "ask <@U0ASKER01>", "<@U0ASKER01> now"),
        ("ask <@U0ASKER01> now", 10, "ask ", " now"),
        ("> <https://a.example|a b> c", 4, "> ", " c"),
        ("a &lt; b", 2, "a ", " b"),
        ("a < b", 2, "a ", " b"),
        ("", 2, "", ""),
    ],
)
def test_no_entity_is_cut_through(text: str, most: int, first: str, last: str) -> None:
    """Of a text that is cut, the half of an id at its end is left out."""
    assert (first, last) == (first_part(text, most), last_part(text, most))
