"""A message of which nothing can be read: never an empty turn for the model, and never a call that costs something."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cocoai.answer.model_call import NOTHING_READ, answer_text
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.slack.practice_file import PracticeFile
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.slack_switches import SCOPES
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.slack.api.clips import TRANSCRIPT_WAITS
from cocoai.slack.model.question import Question
from cocoai.spool.key import Key
from cocoai.texts import ENGLISH, JAPANESE, Texts
from tests.answer_harness import AnswerHarness
from tests.options import FixedPersonas

ZIP = PracticeFile("all.zip", "application/zip", b"PK\x03\x04" + bytes(range(256)))
CLIP = PracticeFile("audio_message.m4a", "audio/mp4", b"\0\0\0 ftypM4A ", fields={"subtype": "slack_audio"})
PHOTO = PracticeFile("IMG_1.HEIC", "image/heic", b"\0\0\0\x18ftypheic")
EMAIL = PracticeFile("Offer", "text/html", b"<p>an offer</p>", fields={"mode": "email", "filetype": "email"})
NOTHING = (ZIP, CLIP, PHOTO, replace(CLIP, name="録音.mp4", media_type="video/mp4"))


@pytest.fixture
def harness(tmp_path: Path, certificates: Certificates) -> Iterator[AnswerHarness]:
    with PracticeSlack(certificates) as slack, PracticeOpenAI(certificates) as openai:
        made = AnswerHarness(tmp_path, certificates, slack, openai)
        made.sleep = lambda _seconds: None
        yield made


def share(harness: AnswerHarness, *files: PracticeFile, text: str = "", thread_ts: str | None = None) -> Message:
    """Post a direct message with these files and put its question into the spool; return the message."""
    message = harness.slack.share("U0ASKER01", text, files, channel="D0PRACTICE", thread_ts=thread_ts)
    question = Question(
        "direct", "D0PRACTICE", thread_ts or message.ts, message.ts, message.user, "T0", text, "Ev", 0, is_bare=True
    )
    assert harness.spool.put(Key.parse(question.key), question.facts())
    return message


def seen(harness: AnswerHarness) -> list[Any]:
    """Return the contents of the messages in the newest request to the model, without the instructions."""
    return [message["content"] for message in harness.openai.requests[-1].body["messages"][1:]]


@pytest.mark.parametrize("words", [ENGLISH, JAPANESE], ids=["en", "ja"])
@pytest.mark.parametrize("file", NOTHING, ids=[file.name for file in NOTHING])
def test_a_file_alone_that_cannot_be_read_gets_a_fixed_text(
    harness: AnswerHarness, file: PracticeFile, words: Texts
) -> None:
    """The asker reads that there was nothing to read, and why; the model is not asked, and the job is done."""
    harness.words = words
    message = share(harness, file)
    harness.run()
    kind, text = harness.reply(message)

    assert ("answer", (0, 1, 0)) == (kind, harness.ended())
    assert text.startswith(words.nothing_read)
    assert file.name in text
    assert [] == harness.openai.requests
    assert ([], [NOTHING_READ]) == (
        harness.facts("done", "asked"),
        [fact["finish"] for fact in harness.facts("done", "answer")],
    )


def test_files_alone_without_the_scope_get_a_fixed_text(harness: AnswerHarness) -> None:
    """Where Slack lets us read no file, that is told once for all files, without the model."""
    harness.slack.switches.scopes = SCOPES - {"files:read"}
    message = share(harness, ZIP, PHOTO)
    harness.run()

    assert 1 == harness.reply(message)[1].count(ENGLISH.why["login"])
    assert [] == harness.openai.requests


def test_a_model_prefix_alone_is_no_word(harness: AnswerHarness) -> None:
    """Words are what stands behind a model prefix: with none, and nothing readable, the model is not asked."""
    harness.changes = {"personas": FixedPersonas(prefixes={"deep": "gpt-6-sol"})}
    share(harness, ZIP, text="deep:")
    harness.run()

    assert [] == harness.openai.requests


def test_a_model_prefix_in_a_thread_of_several_people_is_no_word(harness: AnswerHarness) -> None:
    """A speaker's name that stands before nothing is no word either; words that end with a colon are."""
    harness.changes = {"personas": FixedPersonas(prefixes={"deep": "gpt-6-sol"})}
    first = harness.slack.say("U0ASKER02", "look at this", channel="D0PRACTICE")
    share(harness, ZIP, text="deep:", thread_ts=first.ts)
    harness.run()
    number = len(harness.openai.requests)
    share(harness, ZIP, text="deep: list these:", thread_ts=first.ts)
    harness.run()

    assert (0, 1) == (number, len(harness.openai.requests))


def test_with_words_the_model_is_told_what_it_is_not_shown(harness: AnswerHarness) -> None:
    """A question with words is asked, and below its words each unread file has a line with the reason."""
    share(harness, ZIP, CLIP, text="what is in these?")
    harness.run()

    assert [
        "what is in these?",
        "[attached: all.zip, not read, of a kind that cannot be read]",
        "[attached: audio_message.m4a, not read, a recording without a transcript]",
    ] == seen(harness)[0].splitlines()


def test_a_follow_up_sees_what_could_not_be_read(harness: AnswerHarness) -> None:
    """An earlier message of nothing but a file is a line in the conversation; our fixed text is no answer there."""
    first = share(harness, ZIP)
    harness.run()
    share(harness, text="and in words?", thread_ts=first.ts)
    harness.run()

    assert ["[attached: all.zip, not read, it belongs to an earlier message]", "and in words?"] == seen(harness)


def test_a_transcript_on_its_way_is_waited_for(harness: AnswerHarness) -> None:
    """While Slack still transcribes a clip, it is looked at again, a few times; then its words are the question."""
    processing = {"subtype": "slack_audio", "duration_ms": 4000, "transcription": {"status": "processing"}}
    complete = {"status": "complete", "preview": {"content": "what time is it", "has_more": False}}
    message = share(harness, replace(CLIP, fields=processing))
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 2:
            files = harness.slack.workspace.files
            done = {**processing, "transcription": complete}
            files.update({key: replace(file, fields=done) for key, file in files.items()})

    harness.sleep = wait
    harness.run()

    assert list(TRANSCRIPT_WAITS[:2]) == waited
    assert "answer" == harness.reply(message)[0]
    assert "what time is it" == seen(harness)[-1]


def test_a_transcript_that_does_not_come_is_told(harness: AnswerHarness) -> None:
    """After ten seconds the asker is told to ask again in a minute; several clips are waited for together."""
    processing = {"subtype": "slack_audio", "transcription": {"status": "processing"}}
    clip = replace(CLIP, fields=processing)
    message = share(harness, clip, replace(clip, name="second.m4a"))
    waited: list[float] = []
    harness.sleep = waited.append
    harness.run()

    assert list(TRANSCRIPT_WAITS) == waited
    assert 1 == harness.reply(message)[1].count(ENGLISH.why["transcribing"])
    assert [] == harness.openai.requests


def test_a_long_transcript_is_fetched(harness: AnswerHarness) -> None:
    """Where the message has only the beginning of a transcript, the whole is read from its file."""
    vtt = b"WEBVTT\n\n00:00.000 --> 00:01.000\nwhat time\n\n00:01.000 --> 00:02.000\nis it in Lima"
    transcription = {"status": "complete", "preview": {"content": "what time", "has_more": True}}
    fields = {"subtype": "slack_video", "duration_ms": 65_000, "transcription": transcription}
    share(harness, replace(CLIP, fields=fields, variants={"vtt": vtt}))
    harness.run()

    assert "transcript of a video clip of 1:05, by Slack:\n\nwhat time is it in Lima" == seen(harness)[-1][0]["text"]


def test_the_words_of_an_earlier_clip_stay_in_the_conversation(harness: AnswerHarness) -> None:
    """A clip of an earlier message is what somebody said: alone as if typed, beside a text as a quotation."""
    transcription = {"status": "complete", "preview": {"content": "tea, please", "has_more": False}}
    first = share(harness, replace(CLIP, fields={"subtype": "slack_audio", "transcription": transcription}))
    harness.run()
    share(harness, first.files[0], text="with milk", thread_ts=first.ts)
    harness.run()
    share(harness, text="and how?", thread_ts=first.ts)
    harness.run()

    assert "tea, please" == seen(harness)[0]
    assert "with milk\n[transcript of a voice clip, by Slack: “tea, please”]" in seen(harness)


def test_an_email_is_read_from_slacks_description(harness: AnswerHarness) -> None:
    """An e-mail whose message does not tell its words is described by files.info: people, subject and text."""
    people = {"from": [{"original": "Ann <ann@x.com>"}], "to": [{"address": "ben@x.com"}], "subject": "Offer"}
    described = {**EMAIL.fields, **people, "plain_text": "Ten boxes.\n"}
    message = share(harness, EMAIL, text="what do they offer?")
    files = harness.slack.workspace.files
    files.update({key: replace(file, fields=described) for key, file in files.items()})
    assert message
    harness.run()

    assert (
        "Offer (an e-mail):\n\nSubject: Offer\nFrom: Ann <ann@x.com>\nTo: ben@x.com\n\nTen boxes.\n"
        == (seen(harness)[-1][0]["text"])
    )


@pytest.mark.parametrize(
    ("left_out", "expected"),
    [
        ([], "Well."),
        ([{"name": "a.zip", "why": "kind"}], f"Well.\n\n(I have not read “a.zip”. {ENGLISH.why['kind']})"),
        ([{"name": "", "why": "gone"}], f"Well.\n\n(I have not read some of the files. {ENGLISH.why['gone']})"),
        ([{"name": "a", "why": "of a later version"}], f"Well.\n\n(I have not read “a”. {ENGLISH.why['unreadable']})"),
    ],
)
def test_answers_of_other_versions_are_delivered(left_out: list[dict[str, str]], expected: str) -> None:
    """What an earlier version, or a later one, has recorded of files left out is told."""
    answer = {"text": "Well.", "model": "m", "finish": "stop", "refusal": False, "left_out": left_out}

    assert expected == answer_text(answer, ENGLISH)
