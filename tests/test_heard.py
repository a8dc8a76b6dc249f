"""What is said in a question's sounds: heard by Slack or by a model, quoted in the reply, and paid once.

sound                                       heard by          the asker reads
a clip, or an audio file, beside words      Slack, the model  🎤 its words, length and cost, then the answer
a clip alone                                Slack, the model  the same: its words are the question
any, with "transcribe"                      Slack, the model  its words
silence alone                               the model         that nothing is said, and the cost
silence beside words                        the model         the answer, and that nothing is said in it
no sound, renamed, empty, over 25 MB        nobody            the answer, and why it was not heard
more than minutes_a_day                     nobody            the answer, and that it is enough for today
any, with use = off, or slack without words nobody            the answer, and that nobody listens
"""

from __future__ import annotations

import errno
import html
import itertools
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cocoai.answer.dead_holds import settle_dead_holds
from cocoai.answer.options import SpeechOptions
from cocoai.chatgpt import sound_format
from cocoai.ledger.caps import Caps
from cocoai.ledger.money import NANO
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.openai_faults import FaultKind
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.slack.practice_file import PracticeFile, file_json
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.slack_switches import SCOPES
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.rehearsal.sound_length import length_of
from cocoai.slack.model.files import file_of
from cocoai.slack.model.question import Question
from cocoai.spool.job import Fact
from cocoai.spool.key import Key
from cocoai.texts import ENGLISH, LANGUAGES, TextsByLanguage
from tests.answer_harness import AnswerHarness
from tests.books import books
from tests.charges import charges, told_how
from tests.sounds import JAPANESE, encoded, speech, tone

MODEL = SpeechOptions("model", "gpt-transcribe", ("CocoAI",), 30)


class Killed(BaseException):
    """Raised in the place of a process that dies."""


@pytest.fixture
def harness(tmp_path: Path, certificates: Certificates) -> Iterator[AnswerHarness]:
    with PracticeSlack(certificates) as slack, PracticeOpenAI(certificates) as openai:
        made = AnswerHarness(tmp_path, certificates, slack, openai)
        made.sleep = lambda _seconds: None
        made.changes = {"speech": MODEL}
        openai.switches.heard = "what time is it"
        yield made


def clip(data: bytes, name: str = "audio_message.m4a", media_type: str = "audio/mp4", **fields: Any) -> PracticeFile:
    """Return a voice clip of Slack's; `fields` are those of its JSON beside the `subtype`."""
    return PracticeFile(name, media_type, data, fields={"subtype": "slack_audio", **fields})


def spoken(seconds: float = 2.0, **fields: Any) -> PracticeFile:
    """Return a clip of so many seconds."""
    return clip(tone(seconds), "clip.wav", "audio/wav", duration_ms=round(1000 * seconds), **fields)


def share(harness: AnswerHarness, *files: PracticeFile, text: str = "", thread_ts: str | None = None) -> Message:
    """Post a direct message with these files and put its question into the spool; return the message."""
    message = harness.slack.share("U0ASKER01", text, files, channel="D0PRACTICE", thread_ts=thread_ts)
    put(harness, message)
    return message


def put(harness: AnswerHarness, message: Message, **more: Any) -> None:
    """Put the question of a direct message into the spool."""
    thread_ts = message.thread_ts or message.ts
    question = Question(
        "direct", "D0PRACTICE", thread_ts, message.ts, message.user, "T0", message.text, "Ev", 0, is_bare=True
    )
    question = replace(question, **more)
    assert harness.spool.put(Key.parse(question.key), question.facts())


def seen(harness: AnswerHarness) -> list[Any]:
    """Return the contents of the messages in the newest request to the chat model, without the instructions."""
    return [message["content"] for message in chats(harness)[-1].body["messages"][1:]]


def chats(harness: AnswerHarness) -> list[Any]:
    """Return the requests to the chat model."""
    return [request for request in harness.openai.requests if request.path.endswith("/chat/completions")]


def hearings(harness: AnswerHarness) -> list[Any]:
    """Return the requests to the model that listens."""
    return [request for request in harness.openai.requests if request.path.endswith("/transcriptions")]


def settled(harness: AnswerHarness) -> list[tuple[str, int | None, str | None]]:
    """Return the model, the cost and how it is known, of each charge."""
    return [(charge.model, charge.spent, charge.how) for charge in charges(harness.books)]


# what the model is asked, and the asker reads


def test_a_clip_alone_is_a_question(harness: AnswerHarness) -> None:
    """Its words go to the chat model as the question's text; the reply begins with them, their length and cost."""
    message = share(harness, spoken())
    harness.run()
    kind, text = harness.reply(message)

    assert ["what time is it"] == seen(harness)
    assert ("answer", "&gt; 🎤 what time is it (0:02, $0.0002)") == (kind, text.splitlines()[0])
    assert [("gpt-transcribe", 150_000, "priced")] == settled(harness)[:1]
    assert [150_000, charges(harness.books)[1].spent] == [bill.nano_dollars for bill in harness.openai.bills]
    assert (0, 1, 0) == harness.ended()


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [("m4a", "audio/mp4"), ("mp4", "video/mp4"), ("webm", "audio/webm"), ("webm", "video/webm"), ("mp3", "audio/mpeg")],
)
def test_every_format_of_slacks_clips_is_heard(harness: AnswerHarness, kind: str, media_type: str) -> None:
    """The name that the model gets is ours, by the bytes, whatever the media type and the person's name are."""
    data = encoded(speech(JAPANESE, "ja"), kind)
    share(harness, clip(data, "오디오 클립 (2026-08-04 21:23:09).m4a", media_type), text="答えて")
    harness.run()
    (request,) = hearings(harness)

    assert ("ok", f"clip.{kind}", len(data)) == (
        request.outcome,
        request.body["file"]["name"],
        request.body["file"]["size"],
    )
    assert ["ja"] == request.body["languages[]"]
    assert round(length_of(data) * 75_000) == pytest.approx(charges(harness.books)[0].spent, rel=0.02)


def test_without_a_length_the_size_bounds_the_hold(harness: AnswerHarness) -> None:
    """A recording that tells no length is held at 16 kb/s, and settled by what the model has heard."""
    data = encoded(speech(JAPANESE, "ja"), "webm")
    share(harness, clip(data, "clip.webm", "audio/webm"))
    harness.run()
    charge = charges(harness.books)[0]

    assert (-(-len(data) * 8 // 16_000) + 1) * 75_000 == charge.held
    assert (charge.spent or 0) < charge.held


@pytest.mark.parametrize("told", [-1, 0, 1, 10**18, "2000", 2.5, True, None])
def test_a_length_that_cannot_be_is_not_believed(harness: AnswerHarness, told: Any) -> None:
    """By its size a sound of 32 kB has between a fraction of a second and some minutes: else it is held by its size."""
    data = tone(2)
    share(harness, clip(data, "clip.wav", "audio/wav", duration_ms=told))
    harness.run()
    charge = charges(harness.books)[0]

    assert (-(-len(data) * 8 // 16_000) + 1) * 75_000 == charge.held
    assert (150_000, "priced") == (charge.spent, charge.how)


def test_a_model_may_count_a_little_more_than_slack(harness: AnswerHarness) -> None:
    """A codec pads a sound: what is held is no less than what is billed."""
    data = encoded(tone(1), "ogg")
    share(harness, clip(data, duration_ms=1000))
    harness.run()
    charge, bill = charges(harness.books)[0], harness.openai.bills[0]

    assert 75_000 < bill.nano_dollars == charge.spent
    assert 150_000 == charge.held


def test_an_audio_file_is_a_recording_beside_the_question(harness: AnswerHarness) -> None:
    """What somebody has uploaded is not the asker's own words: it is shown as a transcript, with words or without."""
    file = PracticeFile("meeting.wav", "audio/wav", tone(3), fields={"duration_ms": 3000})
    share(harness, file, text="summarise")
    harness.run()

    assert ["transcript of an audio file of 0:03, by gpt-transcribe:\n\nwhat time is it", "summarise"] == [
        part["text"] for part in seen(harness)[-1]
    ]


def test_names_and_words_help_the_model(harness: AnswerHarness) -> None:
    """The settings' words and the asker's name are sent as keywords."""
    share(harness, spoken())
    harness.run()

    assert ["CocoAI", "Asker"] == hearings(harness)[0].body["keywords[]"]


def test_later_the_words_are_what_was_said(harness: AnswerHarness) -> None:
    """In a follow-up the clip's words stand where they stood before, and what stood beside words is quoted."""
    first = share(harness, spoken())
    harness.run()
    harness.openai.switches.heard = "in Lima"
    share(harness, spoken(), text="and there?", thread_ts=first.ts)
    harness.run()
    share(harness, text="thanks?", thread_ts=first.ts)
    harness.run()

    asked = [said for said in seen(harness) if isinstance(said, str) and "🎤" not in said]
    assert "what time is it" == asked[0]
    assert "and there?\n[transcript of a voice clip of 0:02, by gpt-transcribe: “in Lima”]" in asked
    assert 2 == len(hearings(harness))


def test_asked_again_a_clip_is_not_paid_again(harness: AnswerHarness) -> None:
    """The words are those of the first time, which its job has."""
    message = share(harness, spoken())
    harness.run()
    put(harness, message, kind="again", again=message.ts, ts=f"{float(message.ts) + 1:.6f}")
    harness.run()

    assert (1, 2) == (len(hearings(harness)), len(chats(harness)))
    assert ["what time is it"] == seen(harness)


@pytest.mark.parametrize("words", ["文字起こしして", "transcribe this, please"])
def test_the_words_themselves_can_be_had(harness: AnswerHarness, words: str) -> None:
    """The chat model is not asked; the words are the answer, with their length and cost above."""
    harness.openai.switches.heard = "one *two*\nthree"
    message = share(harness, spoken(), text=words)
    harness.run()

    assert "&gt; 🎤 (0:02, $0.0002)\n\none *two*\n\nthree" == harness.reply(message)[1].replace("\u200b", "")
    assert [] == chats(harness)


def test_a_transcript_is_shown_as_it_was_said(harness: AnswerHarness) -> None:
    """Nothing in it is markup, a mention, or unseen."""
    said = "# one\n- two\n3. three\n> four\n---\n*five* <!channel> \x00\x07\u202esix 3.5\n    seven"
    harness.openai.switches.heard = said
    message = share(harness, spoken(), text="transcribe")
    harness.run()

    shown = "# one|- two|3. three|\u200b&gt; four|---|*\u200bfive\u200b* &lt;!channel&gt; six 3.5|seven"
    assert shown.split("|") == harness.reply(message)[1].split("\n\n")[1:]


@pytest.mark.parametrize(("said", "language"), [("what time is it", "en"), ("今何時ですか", "ja")])
def test_a_reply_is_in_the_language_that_was_spoken(harness: AnswerHarness, said: str, language: str) -> None:
    """Where the message has no words, its buttons and notes follow the sound, not the settings of its asker's Slack."""
    harness.changes |= {"buttons": True, "phrases": TextsByLanguage(LANGUAGES, "auto")}
    harness.openai.switches.heard = said
    message = share(harness, spoken())
    harness.run()
    blocks = [block for reply in harness.replies(message) for block in reply.blocks or ()]

    labels = [each["text"]["text"] for block in blocks for each in block.get("elements", ()) if "text" in each]
    assert LANGUAGES[language].buttons["again"] in labels


def test_silence_gets_a_sentence_of_its_own(harness: AnswerHarness) -> None:
    """The chat model is not asked, and what it cost to hear nothing is told."""
    message = share(harness, clip(tone(2, silent=True), "a.wav", "audio/wav"))
    harness.run()

    assert f"&gt; 🎤 (0:02, $0.0002)\n\n{ENGLISH.speech['silent']}" == harness.reply(message)[1]
    assert [] == chats(harness)


def test_silence_beside_words_is_left_out(harness: AnswerHarness) -> None:
    """The words are answered, and asker and model know that nothing is said in the clip."""
    message = share(harness, clip(tone(2, silent=True), "a.wav", "audio/wav"), text="and?")
    harness.run()

    assert ENGLISH.left_out.format(name="a.wav", why=ENGLISH.why["silent"]) in harness.reply(message)[1]
    assert ["and?\n[attached: a.wav, not read, nothing is said in it]"] == seen(harness)


# Slack's own words


def transcribed(content: str, *, has_more: bool = False) -> dict[str, Any]:
    """Return the JSON of a complete transcript."""
    return {"status": "complete", "locale": "ja-JP", "preview": {"content": content, "has_more": has_more}}


@pytest.mark.parametrize("use", ["slack", "model"])
def test_slacks_words_cost_nothing(harness: AnswerHarness, use: str) -> None:
    """Where Slack has them whole, no model listens; the reply says whose they are."""
    harness.changes = {"speech": replace(MODEL, use=use)}
    message = share(harness, spoken(transcription=transcribed("何時ですか")))
    harness.run()

    assert (["何時ですか"], []) == (seen(harness), hearings(harness))
    assert harness.reply(message)[1].startswith("&gt; 🎤 何時ですか (0:02, by Slack)")


def test_a_long_transcript_of_slacks_is_read_from_its_file(harness: AnswerHarness) -> None:
    """Where the message has only the beginning, the whole is fetched, and nothing is paid."""
    vtt = b"WEBVTT\n\n00:00.000 --> 00:01.000\nwhat time\n\n00:01.000 --> 00:02.000\nis it in Lima"
    file = replace(spoken(transcription=transcribed("what time", has_more=True)), variants={"vtt": vtt})
    share(harness, file)
    harness.run()

    assert (["what time is it in Lima"], []) == (seen(harness), hearings(harness))


def test_a_model_does_not_wait_for_slack(harness: AnswerHarness) -> None:
    """While Slack is still writing, the model listens at once."""
    waited: list[float] = []
    harness.sleep = waited.append
    share(harness, spoken(transcription={"status": "processing"}))
    harness.run()

    assert ([], 1) == (waited, len(hearings(harness)))


def test_nobody_listens_where_it_is_switched_off(harness: AnswerHarness) -> None:
    """Not even Slack's words are read; the asker is told, and nothing is paid."""
    harness.changes = {"speech": replace(MODEL, use="off")}
    message = share(harness, spoken(transcription=transcribed("何時ですか")), text="well?")
    harness.run()

    assert ENGLISH.left_out.format(name="clip.wav", why=ENGLISH.why["speech_off"]) in harness.reply(message)[1]
    assert ["well?\n[attached: clip.wav, not read, listening is switched off here]"] == seen(harness)
    assert [] == hearings(harness)


# bad input


def unusable(why: str) -> PracticeFile:
    """Return a clip that is left out for this reason."""
    files = {
        "sound": clip(b"no sound at all" * 9),
        "empty": clip(b""),
        "sound_too_big": clip(tone(2), "big.wav", "audio/wav", size=26 * 1024 * 1024),
        "uploading": clip(tone(2), url_private="", url_private_download=""),
        "foreign": clip(tone(2), url_private_download="https://example.com/a", url_private="https://example.com/a"),
    }
    return files[why]


@pytest.mark.parametrize(
    ("case", "why"),
    [
        ("sound", "sound"),
        ("empty", "sound"),
        ("sound_too_big", "sound_too_big"),
        ("uploading", "uploading"),
        ("foreign", "foreign"),
    ],
)
def test_a_clip_that_cannot_be_heard_is_told(harness: AnswerHarness, case: str, why: str) -> None:
    """The words beside it are answered, the asker reads why, and nothing is paid for the clip."""
    message = share(harness, unusable(case), text="and?")
    harness.run()

    assert ENGLISH.why[why] in harness.reply(message)[1]
    assert ([], 1) == (hearings(harness), len(charges(harness.books)))


def test_a_clip_that_turns_out_too_big_is_not_sent(harness: AnswerHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever length Slack tells, no more than the limit is downloaded."""
    monkeypatch.setattr("cocoai.answer.hearing.MOST_BYTES", 10_000)
    message = share(harness, clip(tone(2), "a.wav", "audio/wav", size=0))
    harness.run()

    assert ENGLISH.why["sound_too_big"] in harness.reply(message)[1]
    assert [] == hearings(harness)
    assert 25 * 1024 * 1024 == sound_format.MOST_BYTES


def test_a_clip_that_the_model_refuses_is_told(harness: AnswerHarness) -> None:
    """What looks like a sound and is damaged is refused by the model, which costs nothing."""
    message = share(harness, clip(b"\0\0\0\x1cftypM4A " + bytes(500)), text="and?")
    harness.run()

    assert ENGLISH.why["sound"] in harness.reply(message)[1]
    assert [("gpt-transcribe", 0, "refused")] == settled(harness)[:1]


def test_a_renamed_clip_is_heard(harness: AnswerHarness) -> None:
    """The bytes decide, not the ending of the name."""
    share(harness, clip(encoded(tone(2), "mp4"), "song.ogg", "audio/ogg"))
    harness.run()

    assert "clip.mp4" == hearings(harness)[0].body["file"]["name"]


def test_a_deleted_clip_is_told(harness: AnswerHarness) -> None:
    """A file that the event named, and that is gone, is left out."""
    message = harness.slack.share("U0ASKER01", "<@U0COCOAI> and?", [spoken()])
    described = [file_of(file_json(file)).facts() for file in message.files]
    harness.slack.delete_file(message.files[0].id)
    put(harness, message, kind="mention", channel=message.channel, files=tuple(described), is_bare=False)
    harness.run()

    assert ENGLISH.why["gone"] in harness.reply(message)[1]
    assert [] == hearings(harness)


def test_without_leave_to_fetch_files_the_asker_is_told(harness: AnswerHarness) -> None:
    """Slack's login page is no sound."""
    harness.slack.switches.scopes = SCOPES - {"files:read"}
    message = share(harness, spoken(), text="and?")
    harness.run()

    assert ENGLISH.why["login"] in harness.reply(message)[1]
    assert [] == hearings(harness)


def test_a_persons_minutes_have_an_end(harness: AnswerHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """What would be over minutes_a_day is not heard; a day later it is. Another person has his own."""
    harness.changes = {"speech": replace(MODEL, minutes_a_day=1)}
    monkeypatch.setattr(harness.books.ledger, "_clock", harness.clock)
    share(harness, spoken(40), text="one")
    harness.run()
    message = share(harness, spoken(30), text="two")
    harness.run()
    assert ENGLISH.why["allowance"] in harness.reply(message)[1]
    harness.ahead = 86_500
    share(harness, spoken(30), text="three")
    harness.run()

    assert 2 == len(hearings(harness))


def test_what_is_over_the_minutes_is_not_downloaded(harness: AnswerHarness) -> None:
    """If Slack tells its length; without one it is seen once its size is known."""
    harness.changes = {"speech": replace(MODEL, minutes_a_day=1)}
    told = share(harness, spoken(61), text="one")
    harness.run()
    downloads = len(harness.slack.downloads)
    untold = share(harness, clip(tone(61), "clip.wav", "audio/wav"), text="two")
    harness.run()

    assert (0, 1) == (downloads, len(harness.slack.downloads))
    assert all(ENGLISH.why["allowance"] in harness.reply(message)[1] for message in (told, untold))
    assert [] == hearings(harness)


# money, and what goes wrong


def test_without_a_usage_the_hold_is_booked(harness: AnswerHarness) -> None:
    """A server that does not say what it has heard is paid the most that it may have cost."""
    harness.openai.switches.sound_usage = False
    share(harness, spoken(2.5))
    harness.run()

    assert ("gpt-transcribe", 4 * 75_000, "estimated") == settled(harness)[0]


@pytest.mark.parametrize(("model", "rate"), [("gpt-4o-mini-transcribe", None), ("whisper-1", 100_000)])
def test_older_models_are_booked_by_what_they_tell(harness: AnswerHarness, model: str, rate: int | None) -> None:
    """Tokens have their prices, seconds theirs; neither gets keywords."""
    harness.changes = {"speech": replace(MODEL, model=model)}
    share(harness, spoken())
    harness.run()
    charge, request = charges(harness.books)[0], hearings(harness)[0]

    assert (model, "priced") == (charge.model, charge.how)
    assert rate is None or charge.spent == 2 * rate
    assert 0 < (charge.spent or 0) <= charge.held
    assert "keywords[]" not in request.body


def test_over_the_budget_nothing_leaves(harness: AnswerHarness) -> None:
    """The asker reads of the budget, as for an answer, and neither model is asked."""
    harness.books = replace(books(harness.var, caps=Caps(NANO // 10_000)), clock=harness.clock)
    message = share(harness, spoken())
    harness.run()

    assert "error" == harness.reply(message)[0]
    assert "budget" in harness.reply(message)[1]
    assert [] == harness.openai.requests


@pytest.mark.parametrize("kind", ["rate limited", "overloaded", "server error", "gone"])
def test_a_busy_model_is_asked_again(harness: AnswerHarness, kind: FaultKind) -> None:
    """As for an answer, the job waits, and the clip is heard then."""
    harness.openai.fail(kind, of_sounds=True)
    message = share(harness, spoken())
    harness.run()
    assert (1, 0, 0) == harness.ended()
    harness.wait()
    harness.run()

    assert "what time is it" in harness.reply(message)[1]
    assert (0, 1, 0) == harness.ended()
    assert None not in told_how(harness.books)


@pytest.mark.parametrize("kind", ["no credit", "bad key"])
def test_a_model_that_cannot_be_paid_is_the_operators(harness: AnswerHarness, kind: FaultKind) -> None:
    """It is not tried again; the asker reads that the operator must look."""
    harness.openai.fail(kind, of_sounds=True)
    message = share(harness, spoken())
    harness.run()

    assert ("error", ENGLISH.error_text("operator")) == harness.reply(message)
    assert [("gpt-transcribe", 0, "refused")] == settled(harness)


def test_a_response_that_never_comes_is_tried_once_more_only(harness: AnswerHarness) -> None:
    """A sound that may have been billed is sent twice at most; both count as lost."""
    harness.openai.fail("cut", None, of_sounds=True)
    message = share(harness, spoken())
    for _ in range(3):
        harness.run()
        harness.wait()
        if harness.ended()[0] == 0:
            break

    assert (2, "error") == (len(hearings(harness)), harness.reply(message)[0])
    assert ["lost", "lost"] == told_how(harness.books)


def test_a_parameter_that_a_server_does_not_know_is_left_out(harness: AnswerHarness) -> None:
    """What only helps is left out for a server that refuses it by name."""
    harness.openai.switches.refuses = frozenset({"keywords"})
    share(harness, spoken())
    harness.run()

    assert ["unknown_parameter", "ok"] == [request.outcome for request in hearings(harness)]
    assert ["refused", "priced"] == told_how(harness.books)[:2]


def killed_behind(harness: AnswerHarness, fact: str) -> Callable[[], None]:
    """Return a run that dies right behind this fact."""

    def run() -> None:
        assert run_until(harness, lambda name, _number, is_behind: name == fact and is_behind)

    return run


def run_until(harness: AnswerHarness, is_end: Callable[[str, int, bool], bool]) -> bool:
    """Run one attempt that dies before or behind one of its facts, and return True; False if it ended before that.

    `is_end` gets the fact's name, its number in this run from 1, and whether it is recorded.
    """
    job, numbers = harness.claim(), itertools.count(1)
    record = job.record

    def record_and_die(name: str, **values: Any) -> Fact | None:
        number = next(numbers)
        if is_end(name, number, False):
            raise Killed
        recorded = record(name, **values)
        if is_end(name, number, True):
            raise Killed
        return recorded

    job.record = record_and_die  # type: ignore[method-assign, assignment]
    try:
        harness.answerer().answer(job)
    except Killed:
        return True
    else:
        return False
    finally:
        job.release()
        harness.close_connections()


@pytest.mark.parametrize("number", range(1, 8))
@pytest.mark.parametrize("is_behind", [False, True], ids=["before", "behind"])
def test_killed_at_any_fact_nothing_is_lost_or_paid_unseen(
    harness: AnswerHarness, number: int, is_behind: bool
) -> None:
    """Wherever the first process dies, the next one answers once, with the words quoted, and the books have it all."""
    message = share(harness, spoken())
    was_killed = run_until(harness, lambda _name, at, behind: (at, behind) == (number, is_behind))
    while harness.ended()[0]:
        harness.wait()
        harness.run()
    settle_dead_holds(harness.spool, harness.books)
    heard = [bill for bill in harness.openai.bills if bill.milliseconds]

    assert was_killed or number > 6
    assert (0, 1, 0) == harness.ended()
    assert 1 == len(harness.replies(message))
    assert harness.reply(message)[1].startswith("&gt; 🎤 what time is it (0:02, $0.0002)")
    assert len(heard) <= 2
    assert None not in told_how(harness.books)
    assert sum(bill.nano_dollars for bill in harness.openai.bills) <= sum(
        charge.spent or 0 for charge in charges(harness.books)
    )


def test_a_killed_process_has_paid_for_its_words(harness: AnswerHarness) -> None:
    """Behind the fact the next run uses the words, and settles the charge by it: the clip is heard once."""
    message = share(harness, spoken())
    killed_behind(harness, "heard")()
    assert [None] == told_how(harness.books)
    harness.run()

    assert 1 == len(hearings(harness))
    assert ("gpt-transcribe", 150_000, "priced") == settled(harness)[0]
    assert "what time is it (0:02, $0.0002)" in harness.reply(message)[1]


def test_a_process_killed_before_it_has_sent_leaves_a_hold(harness: AnswerHarness) -> None:
    """Nobody knows whether the clip was heard: the sweep settles the hold as lost, and the next run asks once more."""
    share(harness, spoken())
    killed_behind(harness, "asked")()
    assert 1 == settle_dead_holds(harness.spool, harness.books)
    harness.run()

    assert ["lost", "priced"] == told_how(harness.books)[:2]
    assert 1 == len(hearings(harness))


def test_a_stopped_answer_hears_nothing(harness: AnswerHarness) -> None:
    """What the asker has stopped costs nothing."""
    message = share(harness, spoken())
    harness.spool.request_stop(Key.parse(f"D0PRACTICE-{message.ts}-{message.ts}"), "U0ASKER01")
    harness.run()

    assert [] == harness.openai.requests


def test_below_a_recording_its_words_can_be_had(harness: AnswerHarness) -> None:
    """Somebody who asks for the words in a thread means the newest sound there."""
    first = harness.slack.share("U0ASKER01", "yesterday", [spoken(3)], channel="D0PRACTICE")
    message = share(harness, text="文字起こしして", thread_ts=first.ts)
    harness.run()

    assert "&gt; 🎤 (0:03, $0.0002)\n\nwhat time is it" == harness.replies(message)[-1].text
    assert (1, []) == (len(hearings(harness)), chats(harness))


def test_without_any_recording_the_command_is_a_question(harness: AnswerHarness) -> None:
    """Where there is nothing to hear, the model is asked, and may say so."""
    share(harness, text="transcribe")
    harness.run()

    assert ([], 1) == (hearings(harness), len(chats(harness)))


def test_what_is_only_said_is_no_command(harness: AnswerHarness) -> None:
    """A clip that says "reset" is a question, and starts nothing over, then or later."""
    first = share(harness, text="my name is Ann")
    harness.run()
    harness.openai.switches.heard = "reset"
    share(harness, spoken(), thread_ts=first.ts)
    harness.run()
    assert (["my name is Ann", "reset"]) == [said for said in seen(harness) if len(said) < 20]
    share(harness, text="and now?", thread_ts=first.ts)
    harness.run()

    assert ["my name is Ann", "reset", "and now?"] == [said for said in seen(harness) if len(said) < 20]


def test_switched_off_earlier_words_are_not_shown_either(harness: AnswerHarness) -> None:
    """What Slack has written down of an earlier clip stays out of the conversation."""
    harness.changes = {"speech": replace(MODEL, use="off")}
    first = share(harness, spoken(transcription=transcribed("何時ですか")), text="one")
    harness.run()
    share(harness, text="two", thread_ts=first.ts)
    harness.run()

    assert "何時ですか" not in str(seen(harness))


def test_a_third_request_for_a_sound_is_not_sent(harness: AnswerHarness) -> None:
    """After two that may be billed the asker is told, as for an answer; it is not the sound's fault."""
    message = share(harness, spoken())
    for _ in range(2):
        killed_behind(harness, "asked")()
    harness.run()

    assert ("error", ENGLISH.error_text("attempts")) == harness.reply(message)
    assert [] == harness.openai.requests


@pytest.mark.parametrize("step", ["open", "write"])
def test_a_full_disk_is_waited_for(harness: AnswerHarness, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """There is no room for the sound: the job is put off, without a word and without a cost, and goes on then."""

    class Full(tempfile.SpooledTemporaryFile[bytes]):
        def write(self, _data: Any) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    def no_file(**_: Any) -> Any:
        if step == "open":
            raise OSError(errno.ENOSPC, "No space left on device")
        return Full()

    message = share(harness, spoken())
    with monkeypatch.context() as full:
        full.setattr(tempfile, "TemporaryFile", no_file)
        harness.run()
    assert ((1, 0, 0), []) == (harness.ended(), harness.openai.requests)
    harness.wait()
    harness.run()

    assert "what time is it" in harness.reply(message)[1]
    assert (0, 1, 0) == harness.ended()


def test_the_words_stand_above_the_growing_answer(harness: AnswerHarness) -> None:
    """While the answer is written, the asker sees already what was understood."""
    harness.openai.switches.piece_delay = 0.02
    share(harness, spoken())
    harness.run()
    growing = [
        str(call.arguments["text"]) for call in harness.slack.calls if call.method == "chat.update" and call.arguments
    ]

    assert len(growing) > 1
    assert {"> 🎤 what time is it (0:02, $0.0002)"} == {html.unescape(text).splitlines()[0] for text in growing}
