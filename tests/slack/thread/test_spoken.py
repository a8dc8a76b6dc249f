"""A voice clip alone is what its speaker says; anything else stays as it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cocoai.slack.model.files import File
from cocoai.slack.model.messages import Message
from cocoai.slack.thread.spoken import as_spoken

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

CLIP = File("F01", kind="voice", text="is 1 < 2 & 3?", is_whole=True)
PICTURE = File("F02", "cat.png", "image/png")
ALONE = Message("1.0", "U0ASKER01", "", "", None, "file_share", files=(CLIP, PICTURE))


@pytest.mark.parametrize("text", ["", "<@U0COCOAI>", " <@U0COCOAI> "])
def test_a_clip_without_a_text_is_what_was_said(text: str) -> None:
    """Its words are shown, escaped as Slack writes text, and are not typed; the other files stay."""
    message = as_spoken(replace(ALONE, text=text), "U0COCOAI")

    assert ("is 1 &lt; 2 &amp; 3?", text, (PICTURE,)) == (message.shown, message.text, message.files)


@pytest.mark.parametrize(
    "message",
    [
        replace(ALONE, text="look"),
        replace(ALONE, shown="> a quotation"),
        replace(ALONE, files=(replace(CLIP, text=""),)),
        replace(ALONE, files=(replace(CLIP, is_whole=False),)),
        replace(ALONE, files=(replace(CLIP, kind="audio"),)),
        replace(ALONE, files=(PICTURE,)),
    ],
    ids=["text", "quotation", "no words", "a part", "an audio file", "a picture"],
)
def test_any_other_message_stays_as_it_is(message: Message) -> None:
    """Words beside it, words that are not known or not whole, and what is no clip change nothing."""
    assert message == as_spoken(message, "U0COCOAI")
