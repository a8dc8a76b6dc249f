"""The practice OpenAI's transcriptions, asked for by OpenAI's own client: what it hears, refuses and bills."""

from __future__ import annotations

import contextlib
from typing import Any

import openai
import pytest

from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.sound_length import format_of, is_silent, length_of
from tests.sounds import JAPANESE, encoded, speech, tone

KINDS = ("m4a", "mp4", "webm", "ogg", "mp3", "flac")


def transcribe(client: openai.OpenAI, data: bytes, name: str = "clip.wav", **more: Any) -> Any:
    """Ask for the words of a sound."""
    return client.audio.transcriptions.create(**{"model": "gpt-transcribe", **more}, file=(name, data))


def refusal(client: openai.OpenAI, data: bytes, name: str = "clip.wav", **more: Any) -> openai.APIStatusError:
    """Return the error with which a sound is refused."""
    with pytest.raises(openai.APIStatusError) as caught:
        transcribe(client, data, name, **more)
    return caught.value


@pytest.mark.parametrize("kind", ["wav", *KINDS])
def test_a_sound_is_as_long_as_it_is(kind: str) -> None:
    """Format and length are read from the real bytes, also of a recording without a length in its head."""
    sound = tone(2.5)
    data = sound if kind == "wav" else encoded(sound, kind)

    assert format_of(data) == ("mp4" if kind == "m4a" else kind)
    assert length_of(data) == pytest.approx(2.5, abs=0.2)
    assert not is_silent(data)


@pytest.mark.parametrize("kind", ["wav", "m4a", "webm"])
def test_silence_is_known(kind: str) -> None:
    """A sound in which nothing is to be heard is silent in every format."""
    sound = tone(3, silent=True)

    assert is_silent(sound if kind == "wav" else encoded(sound, kind))


def test_newest_client_reads_the_words_and_the_usage(practice: PracticeOpenAI, client: openai.OpenAI) -> None:
    """OpenAI's own client sends all that is known of the sound, and reads words, languages and seconds."""
    data = encoded(speech(JAPANESE, "ja"), "m4a")
    told = transcribe(client, data, "clip.m4a", languages=["ja", "en"], keywords=["CocoAI", "山田"])
    seconds = length_of(data)
    (request,), (bill,) = practice.requests, practice.bills

    assert f"{seconds:.1f}秒" in told.text
    assert ["ja"] == [each.code for each in told.languages]
    assert "duration" == told.usage.type
    assert told.usage.seconds == pytest.approx(seconds, abs=0.011)
    assert (["ja", "en"], ["CocoAI", "山田"]) == (request.body["languages[]"], request.body["keywords[]"])
    assert {"name": "clip.m4a", "format": "mp4", "size": len(data)}.items() <= request.body["file"].items()
    assert bill.nano_dollars == pytest.approx(seconds * 75_000, rel=0.02)
    assert bill.milliseconds == told.usage.seconds * 1000


def test_silence_has_no_words_and_costs_as_much(practice: PracticeOpenAI, client: openai.OpenAI) -> None:
    """The text is empty, the language not known, and the seconds are billed."""
    told = transcribe(client, tone(2, silent=True), languages=["ja"])

    assert ("", [], 2.0) == (told.text, told.languages, told.usage.seconds)
    assert 150_000 == practice.billed


def test_older_models_are_billed_by_tokens_or_seconds(client: openai.OpenAI) -> None:
    """Their usage is told in tokens, that of the oldest in seconds; neither takes several languages."""
    newer = transcribe(client, tone(2), model="gpt-4o-transcribe", language="en")
    oldest = transcribe(client, tone(2), model="whisper-1")

    assert ("tokens", 20) == (newer.usage.type, newer.usage.input_token_details.audio_tokens)
    assert ("duration", 2.0) == (oldest.usage.type, oldest.usage.seconds)
    assert "unsupported_parameter" == refusal(client, tone(1), model="whisper-1", languages=["ja"]).code


def test_words_can_be_set_and_be_had_as_plain_text(practice: PracticeOpenAI, client: openai.OpenAI) -> None:
    """A switch says what is heard, perhaps by the sound; response_format text gives the words alone."""
    practice.switches.heard = lambda sound: f"{sound.seconds:.0f} s"

    assert "2 s" == transcribe(client, tone(2), response_format="text").strip()


@pytest.mark.parametrize(
    ("name", "data", "more", "expected"),
    [
        ("clip.wav", tone(1), {"model": "gpt-9"}, (404, "model_not_found", "model")),
        ("clip.wav", tone(1), {"model": "gpt-6-luna"}, (400, "invalid_value", "model")),
        ("clip.wav", tone(1), {"response_format": "srt"}, (400, "unsupported_value", "response_format")),
        ("clip.wav", tone(1), {"response_format": "verbose_json"}, (400, "unsupported_value", "response_format")),
        ("clip.wav", tone(1), {"language": "ja", "languages": ["ja"]}, (400, "invalid_value", "language")),
        ("clip.wav", tone(1), {"languages": ["Japanese"]}, (400, "invalid_value", "languages[]")),
        ("clip.wav", tone(1), {"timestamp_granularities": ["word"]}, (400, "unsupported_parameter", None)),
        ("clip.wav", tone(1), {"extra_body": {"speaker": "1"}}, (400, "unknown_parameter", "speaker")),
        ("clip.ogg", tone(1), {}, (400, None, None)),
        ("upload", tone(1), {}, (400, None, None)),
        ("clip.wav", b"no sound at all" * 9, {}, (400, "invalid_value", "file")),
        ("clip.wav", b"", {}, (400, "invalid_value", "file")),
        ("clip.wav", tone(0.05), {}, (400, "audio_too_short", "file")),
    ],
)
def test_what_is_refused_costs_nothing(
    practice: PracticeOpenAI,
    client: openai.OpenAI,
    name: str,
    data: bytes,
    more: dict[str, Any],
    expected: tuple[int, str | None, str | None],
) -> None:
    """Each refusal has OpenAI's status, code and parameter, and nothing is billed."""
    error = refusal(client, data, name, **more)

    assert expected[:2] == (error.status_code, error.code)
    assert expected[2] in (None, error.param)
    assert 0 == practice.billed


def test_a_sound_that_is_too_large_is_refused(practice: PracticeOpenAI, client: openai.OpenAI) -> None:
    """Above the limit the status is 413, whatever the sound is."""
    practice.switches.sound_bytes = 10_000

    assert 413 == refusal(client, tone(1)).status_code


def test_no_key_and_no_credit(practice: PracticeOpenAI, client: openai.OpenAI) -> None:
    """As for completions, a dead key and an account without money are refused before anything is heard."""
    practice.switches.credit = False
    assert "insufficient_quota" == refusal(client, tone(1)).code
    practice.switches.dead_key = True
    assert "invalid_api_key" == refusal(client, tone(1)).code
    assert 0 == practice.billed


def test_a_server_without_sounds_knows_no_such_path(practice: PracticeOpenAI, client: openai.OpenAI) -> None:
    """The switch `hears` makes it a server that only chats."""
    practice.switches.hears = False

    assert 404 == refusal(client, tone(1)).status_code


def test_a_fault_of_sounds_leaves_completions_alone(practice: PracticeOpenAI, client: openai.OpenAI) -> None:
    """Faults are set for either; a response that is cut off was billed, a busy server has heard nothing."""
    practice.fail("overloaded", of_sounds=True)
    assert 503 == refusal(client, tone(1)).status_code
    assert 0 == practice.billed
    practice.fail("cut", of_sounds=True)
    with contextlib.suppress(openai.APIConnectionError):
        transcribe(client, tone(1))

    assert 75_000 == practice.billed
    assert "hello" in str(
        client.chat.completions.create(model="gpt-6-luna", messages=[{"role": "user", "content": "hello"}])
    )


def test_a_model_that_hears_does_not_chat(client: openai.OpenAI) -> None:
    """It is no chat model, though it is in the list of models."""
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.create(model="gpt-transcribe", messages=[{"role": "user", "content": "hello"}])

    assert "gpt-transcribe" in [model.id for model in client.models.list()]
