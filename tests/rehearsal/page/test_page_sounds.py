"""Sounds in the browser: recorded with a microphone, sent as a voice clip, and played where they stand."""

from __future__ import annotations

import pytest

from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.sound_length import format_of, length_of
from tests.rehearsal.page.page_reader import Reader
from tests.sounds import tone

pytestmark = pytest.mark.browser

PASTE = """
    const [bytes, name, type] = arguments;
    const transfer = new DataTransfer();
    transfer.items.add(new File([new Uint8Array(bytes)], name, {type}));
    const options = {bubbles: true, cancelable: true, clipboardData: transfer};
    document.querySelector('#channel-write textarea').dispatchEvent(new ClipboardEvent('paste', options));"""


def test_a_recording_is_sent_as_a_voice_clip(reader: Reader, slack: PracticeSlack) -> None:
    """The microphone's button begins and ends it; the clip is real, is known by its subtype, and is played."""
    reader.opens(slack.url)
    button = reader.sees("#channel-write .record")
    assert "Record a voice clip" == button.accessible_name
    button.click()
    reader.sees("#channel-write .record[aria-pressed='true']")
    assert "End the recording" == button.accessible_name
    reader.script("window.began = performance.now()")
    reader.waits("performance.now() - window.began > 700")
    button.click()
    reader.sees("#channel-write .chip", "audio_message.")
    reader.sees("#channel-write .send").click()
    (file,) = slack.wait_for(slack.messages)[0].files

    assert "slack_audio" == file.fields["subtype"]
    assert file.media_type in ("audio/webm", "audio/mp4")
    assert format_of(file.data) in file.media_type
    assert length_of(file.data) > 0.3
    reader.waits("document.querySelector('.sound audio')?.readyState > 0")


@pytest.mark.long
def test_an_audio_file_is_played(reader: Reader, slack: PracticeSlack) -> None:
    """A file that was attached is no clip, but has a player with its name, and its true length."""
    reader.opens(slack.url)
    reader.script(PASTE, list(tone(1.5)), "meeting.wav", "audio/wav")
    reader.sees("#channel-write .chip", "meeting.wav")
    reader.sees("#channel-write .send").click()
    (file,) = slack.wait_for(slack.messages)[0].files

    assert ("audio/wav", {"duration_ms": 1500}) == (file.media_type, file.fields)
    reader.waits("Math.abs(document.querySelector('.sound audio')?.duration - 1.5) < 0.1")
    assert "meeting.wav" == reader.sees(".sound audio").get_attribute("aria-label")
