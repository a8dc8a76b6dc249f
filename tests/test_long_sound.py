"""Half an hour of sound: what the model's server gets of it, what the asker reads, and what is too much."""

from __future__ import annotations

import hashlib
import wave
from dataclasses import replace
from io import BytesIO

import pytest

from cocoai.chatgpt.sound_format import MOST_BYTES
from cocoai.rehearsal.openai import transcription
from cocoai.texts import ENGLISH
from tests.answer_harness import AnswerHarness
from tests.charges import charges
from tests.sounds import JAPANESE, encoded, repeated, speech
from tests.test_heard import MODEL, clip, harness, hearings, share

__all__ = ["harness"]

MINUTES = 30
CENTS = 13.5
"""What half an hour costs, at 0.45 cents a minute."""


def recording(width: int) -> bytes:
    """Return a WAVE of MINUTES with samples of so many bytes, 8,000 a second, of which none is silent."""
    written = BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(width)
        file.setframerate(8000)
        file.writeframes(b"\x10\x20" * (4000 * width * 60 * MINUTES))
    return written.getvalue()


@pytest.fixture
def arrived(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that gets the digest of each sound that the practice OpenAI receives."""
    digests: list[str] = []
    sound = transcription._sound

    def noting(name: str, data: bytes) -> transcription.ReceivedSound:
        digests.append(digest(data))
        return sound(name, data)

    monkeypatch.setattr(transcription, "_sound", noting)
    return digests


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("told", [True, False], ids=["its length told", "untold"])
def test_half_an_hour_is_heard_whole(harness: AnswerHarness, arrived: list[str], *, told: bool) -> None:
    """Every byte arrives; the reply quotes the beginning of what was said, and tells the length and the cost.

    Where Slack tells its length it is just what one person may have in a day. Its size alone would make it longer.
    """
    if not told:
        harness.changes = {"speech": replace(MODEL, minutes_a_day=0)}
    said = "Let us begin. " + "And so on. " * 2000
    harness.openai.switches.heard = said
    data = recording(width=1)
    length = {"duration_ms": MINUTES * 60_000} if told else {}
    message = share(harness, clip(data, "meeting.wav", "audio/wav", **length), text="what was decided?")
    harness.run()
    kind, text = harness.reply(message)

    assert ([digest(data)], 14.4) == (arrived, round(len(data) / 1e6, 1))
    assert "answer" == kind
    assert text.startswith("&gt; 🎤 Let us begin. And so on.")
    assert f"({MINUTES}:00, ${CENTS / 100:.3f}" in text.partition("\n\n")[0]
    assert len(text.partition("\n\n")[0]) < 700
    assert said.strip() in str(harness.openai.requests[-1].body["messages"][-1])
    assert ("priced", CENTS / 100 * 1e9) == (charges(harness.books)[0].how, charges(harness.books)[0].spent)


def test_one_minute_more_is_too_much_for_a_day(harness: AnswerHarness) -> None:
    """It is not downloaded."""
    file = clip(b"RIFF", "meeting.wav", "audio/wav", size=15_000_000, duration_ms=(MINUTES + 1) * 60_000)
    message = share(harness, file, text="and?")
    harness.run()

    assert ENGLISH.why["allowance"] in harness.reply(message)[1]
    assert ([], []) == (hearings(harness), harness.slack.downloads)


@pytest.mark.parametrize("size", [0, None], ids=["size untold", "size told"])
def test_half_an_hour_in_28_megabytes_is_too_big(harness: AnswerHarness, size: int | None) -> None:
    """Nothing of it leaves, and nothing is paid; the rest is answered."""
    data = recording(width=2)
    told = {} if size is None else {"size": size}
    file = clip(data, "meeting.wav", "audio/wav", duration_ms=MINUTES * 60_000, **told)
    message = share(harness, file, text="and?")
    harness.run()

    assert 28.8 == round(len(data) / 1e6, 1)
    assert ENGLISH.why["sound_too_big"] in harness.reply(message)[1]
    assert ([], 1) == (hearings(harness), len(charges(harness.books)))


@pytest.mark.parametrize(("less", "is_heard"), [(1024, True), (0, False)])
def test_the_edge_of_what_the_server_takes(harness: AnswerHarness, *, less: int, is_heard: bool) -> None:
    """It counts the whole request: what is a little too big is told as any other that is."""
    data = recording(width=2)[: MOST_BYTES - less]
    file = clip(data, "meeting.wav", "audio/wav", duration_ms=27 * 60_000)
    message = share(harness, file, text="and?")
    harness.run()

    assert is_heard == (ENGLISH.why["sound_too_big"] not in harness.reply(message)[1])
    assert is_heard == ("🎤" in harness.reply(message)[1])


def test_half_an_hour_of_speech_in_mp3(harness: AnswerHarness, arrived: list[str]) -> None:
    """Its own length is what the server hears and bills, to the second what Slack tells."""
    # One minute, thirty times: the frames of an MP3 stand for themselves, and encoding half an hour takes as much CPU.
    data = encoded(repeated(speech(JAPANESE, "ja"), 60), "bare mp3") * MINUTES
    share(harness, clip(data, "rec.mp3", "audio/mpeg", duration_ms=MINUTES * 60_000), text="これは？")
    harness.run()
    bill, charge = harness.openai.bills[0], charges(harness.books)[0]

    assert 5e6 < len(data) < 25e6
    assert [digest(data)] == arrived
    assert MINUTES * 60_000 == pytest.approx(bill.milliseconds, abs=3000)
    assert (bill.nano_dollars, "priced") == (charge.spent, charge.how)
