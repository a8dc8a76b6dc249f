"""Tests for slack/markdown/message_layout.py: unfinished answers, fallbacks, fixed texts, and buttons."""

from __future__ import annotations

import pytest

from cocoai.slack.markdown.message_layout import MOST_SECTION, Button, Confirm, Layout, Shown, with_buttons
from tests.slack.markdown.properties import in_blocks
from tests.slack.markdown.reader import letters, read_markdown

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

MARKDOWN = Layout("markdown")
MRKDWN = Layout("mrkdwn")
STATUS = "✍️ 書いています…"


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("a\n```py", "a"),
        ("a\n```py\n", "a"),
        ("a\n```py\nx = 1", "a\n```py\nx = 1\n```"),
        ("a\n```py\nx = 1\n``", "a\n```py\nx = 1\n```"),
        ("a\n\n| h |", "a"),
        ("a\n\n| h |\n|-", "a\n\n| h |\n|-"),
        ("a\n\n| h |\n|--|\n| 1 |\n| 2", "a\n\n| h |\n|--|\n| 1 |"),
        ("a\n\n| h |\n|--|\n| 1 |\n", "a\n\n| h |\n|--|\n| 1 |"),
        ("| a line with bars |\n| and one |\n| more |\n", "| a line with bars |\n| and one |\n| more |"),
    ],
)
def test_an_unfinished_fence_or_table(markdown: str, expected: str) -> None:
    """A fence is closed; a table's unfinished row, and its header without a delimiter row, are held back."""
    assert expected == in_blocks(MARKDOWN.growing(markdown, STATUS))


def test_a_full_message_takes_nothing_back() -> None:
    """Once the first message is full it stays as it is, with the beginning of the line that no longer fits."""
    markdown = "\n\n".join(["これは**強調**です。" * 60] * 18)
    before = ""
    for end in range(10_800, 12_600, 149):
        shown = in_blocks(MARKDOWN.growing(markdown[:end], STATUS))

        assert letters(read_markdown(shown).text).startswith(before)
        assert len(shown) <= 12_000
        before = letters(read_markdown(shown).text)


def test_the_status_is_below_the_text() -> None:
    """The status has a line or a context block of its own, and is alone while there is nothing to show."""
    (block, under) = MARKDOWN.growing("**a", STATUS).blocks

    assert {"type": "markdown", "text": "**a**"} == block
    assert ("context", [STATUS]) == (under["type"], [element["text"] for element in under["elements"]])
    assert f"*a*\n\n{STATUS}" == MRKDWN.growing("**a", STATUS).text
    assert Shown(STATUS) == MARKDOWN.growing("- ", STATUS) == MRKDWN.growing("", STATUS)


def test_a_fallback_that_is_cut_ends_with_dots() -> None:
    """A fallback text that does not have all that the blocks show ends with "…"."""
    long, short = MARKDOWN.parts("あ。" * 4_000)[0], MARKDOWN.parts("あ。")[0]

    assert long.text.endswith("。 …")
    assert "あ。" == short.text


def test_a_fixed_text_is_shown_as_it_is() -> None:
    """A text of our own is mrkdwn already; its pings are escaped, and one that is too long ends with a line and "…"."""
    assert Shown("*a* & &lt;!channel> <https://a.example|b>") == MARKDOWN.plain(
        "*a* & <!channel> <https://a.example|b>"
    )
    assert "\n".join(["a" * 99] * 29) + " …" == MRKDWN.plain("\n".join(["a" * 99] * 50)).text


CONFIRM = Confirm("返信の削除", "本当に？", "キャンセル")
BUTTONS = (Button("stop", "⏹ 止める", "C1-1.0-1.0 U1"), Button("delete", "🗑", "C1-1.0-1.0 U1", "削除する", CONFIRM))


@pytest.mark.parametrize("shown", [MARKDOWN.parts("**a**")[0], MRKDWN.parts("**a**")[0]], ids=["markdown", "mrkdwn"])
def test_buttons_are_below_the_text(shown: Shown) -> None:
    """Buttons come behind the blocks, or behind a section block with the text if there are none."""
    above, below = with_buttons(shown, BUTTONS).blocks
    stop, delete = below["elements"]

    text = {"type": "mrkdwn", "text": "*a*", "verbatim": True}
    assert (shown.blocks or ({"type": "section", "expand": True, "text": text},)) == (above,)
    assert ("actions", "cocoai_stop", "C1-1.0-1.0 U1") == (below["type"], stop["action_id"], stop["value"])
    assert not {"confirm", "accessibility_label"} & stop.keys()
    assert "削除する" == delete["accessibility_label"]
    assert ["返信の削除", "本当に？", "🗑", "キャンセル"] == [
        delete["confirm"][name]["text"] for name in ("title", "text", "confirm", "deny")
    ]


def test_no_buttons_change_nothing() -> None:
    """A message without buttons stays as it is."""
    shown = MARKDOWN.parts("a")[0]

    assert shown is with_buttons(shown, ())


def test_a_button_s_texts_are_cut_to_slack_s_limits() -> None:
    """A label has at most 75 characters, and in the confirmation dialog 100 in the title, 300 below, 30 on a button."""
    long = Button("delete", "x" * 400, "v", "l" * 400, Confirm("t" * 400, "y" * 400, "c" * 400))

    (element,) = with_buttons(Shown("a"), [long]).blocks[-1]["elements"]
    dialog = element["confirm"]

    assert "danger" == element["style"]
    assert 75 == len(element["accessibility_label"])
    assert [75, 100, 300, 30, 30] == [
        len(text["text"])
        for text in (element["text"], *(dialog[name] for name in ("title", "text", "confirm", "deny")))
    ]


def test_a_long_fixed_text_without_lines_is_cut() -> None:
    """A fixed text of one line that is too long is cut at the limit."""
    assert "a" * MOST_SECTION + " …" == MRKDWN.plain("a" * 5_000).text
    assert "a" * MOST_SECTION == MRKDWN.plain("a" * MOST_SECTION).text


def test_the_status_has_room_below_a_full_text() -> None:
    """A status, whose pings are escaped, is within the limit even if the text fills the message."""
    shown = MRKDWN.growing("あ。\n" * 2_000, "<!here> " + "s" * 500)

    assert MOST_SECTION - 10 < len(shown.text) <= MOST_SECTION
    assert shown.text.endswith("あ。\n\n&lt;!here> " + "s" * 500)
    assert "&lt;!here>" == MARKDOWN.growing("a", "<!here>").blocks[1]["elements"][0]["text"]


def test_markup_around_nothing_is_shown() -> None:
    """An answer of nothing but markup is shown as it is written."""
    (part,) = MARKDOWN.parts("> \n>")

    assert ">" in in_blocks(part)
