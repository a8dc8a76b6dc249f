"""Speech through a whole deployment: nginx, the pool and both practice servers, from a clip to its quoted reply."""

from __future__ import annotations

import html
import math
from collections.abc import Iterator
from typing import Any

import pytest

from cocoai import config
from cocoai.connections import books_of
from cocoai.ledger.money import usd_fine
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.practice_file import PracticeFile
from cocoai.rehearsal.slack.voice_clip import recording, voice_clip
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.rehearsal.sound_length import length_of
from cocoai.texts import LANGUAGES
from tests.charges import charges
from tests.deployment import Deployment, deploy, payload
from tests.processes import wait_until
from tests.sounds import JAPANESE, encoded, speech, tone
from tests.test_controls import ended, press

ASKER = "U0ASKER01"
SAID = {"ja": JAPANESE, "en": "What time is it in Tokyo now?"}
ASKED = {"ja": "これに答えてください", "en": "please answer this"}


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[Deployment]:
    """Yield a deployment in which a model hears what Slack has not written down."""
    settings: dict[str, Any] = {
        "COCOAI_SPEECH_USE": "model",
        "COCOAI_SPEECH_KEYWORDS": "CocoAI、ココア",
    }
    with deploy(tmp_path_factory.mktemp("house"), certificates, **settings) as deployment:
        wait_until((deployment.var / "identity.json").exists)
        yield deployment


def share(deployment: Deployment, file: PracticeFile, text: str = "", **where: str) -> Message:
    """Post a message with a sound, in the direct message with CocoAI unless `where` says otherwise."""
    return deployment.slack.share(ASKER, text, [file], **{"channel": "D0PRACTICE", **where})


def answer_text(deployment: Deployment, question: Message) -> str:
    """Wait until the question's job has ended; return the text of the answer as the asker reads it."""
    answer = ended(deployment, question)

    assert "answer" == payload(answer)["kind"]
    return html.unescape(answer.text)


def last_question(deployment: Deployment) -> object:
    """Return the content of the last message in the newest request to the chat model."""
    return deployment.openai.requests[-1].body["messages"][-1]["content"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_voice_clip_is_answered_in_every_place(deployment: Deployment, language: str) -> None:
    """In a direct message alone, beside a mention, and in the thread under the answer: heard, quoted and paid."""
    data = encoded(speech(SAID[language], language), "m4a")
    seconds = length_of(data)
    clip = voice_clip(data, "오디오 클립 (2026-08-04 21:23:09).m4a", "video/mp4")
    number = len(deployment.openai.bills)
    texts = LANGUAGES[language]

    beside = share(deployment, clip, f"<@U0COCOAI> {ASKED[language]}", channel="C0PRACTICE")
    quoted = answer_text(deployment, beside).splitlines()[0]
    heard = deployment.openai.requests[-2].body
    words = f"{seconds:.1f}秒" if language == "ja" else f"{seconds:.1f} seconds"
    assert quoted.startswith("> 🎤 ")
    assert words in quoted
    assert quoted.endswith(f"(0:0{math.ceil(seconds)}, {usd_fine(round(seconds * 75_000))})")
    assert language == heard["languages[]"][0]
    assert {"CocoAI", "ココア", "Asker"} <= set(heard["keywords[]"])

    below = share(deployment, clip, channel="C0PRACTICE", thread_ts=beside.ts)
    assert words in answer_text(deployment, below)
    assert words in str(last_question(deployment))

    alone = share(deployment, clip)
    assert f"{seconds:.1f}" in answer_text(deployment, alone).splitlines()[0]
    assert "🎤" not in str(last_question(deployment))

    silent = share(deployment, voice_clip(encoded(tone(2, silent=True), "webm"), "a.webm", "audio/webm"))
    assert answer_text(deployment, silent).endswith((texts.speech["silent"], LANGUAGES["ja"].speech["silent"]))
    assert [True, False, True, False, True, False, True] == [
        bill.milliseconds > 0 for bill in deployment.openai.bills[number:]
    ]


def test_a_transcript_of_slacks_own_costs_nothing(deployment: Deployment) -> None:
    """What Slack has written down is quoted as Slack's, and no model hears the clip."""
    number = len(deployment.openai.bills)
    answer = answer_text(deployment, share(deployment, voice_clip(tone(2), words="何時ですか")))

    assert answer.startswith(f"> 🎤 何時ですか (0:02, {LANGUAGES['ja'].speech['by_slack']})")
    assert "何時ですか" == last_question(deployment)
    assert 1 == len(deployment.openai.bills) - number


def test_another_organisations_clip_is_described_first(deployment: Deployment) -> None:
    """In a shared channel the event has only the file's id; files.info tells that it is a clip."""
    question = share(deployment, voice_clip(tone(2), "a.wav", "audio/wav"), "<@U0COCOAI> and?", channel="C0SHARED")

    assert "2.0" in answer_text(deployment, question).splitlines()[0]


def test_the_words_of_a_recording_can_be_had(deployment: Deployment) -> None:
    """With 文字起こしして the reply is the words, and the chat model is not asked."""
    file = recording(encoded(tone(3), "mp3"), "会議.mp3", "audio/mpeg")
    question = share(deployment, file, "<@U0COCOAI> 文字起こしして", channel="C0PRACTICE")
    answer = answer_text(deployment, question)

    assert deployment.openai.requests[-1].path.endswith("/transcriptions")
    assert answer.splitlines()[0].startswith("> 🎤 (0:0")
    assert "練習用の書き起こしです" in answer.splitlines()[-1]


def test_a_long_recording_is_a_file(deployment: Deployment) -> None:
    """Its words stand in the thread once, as a file; the reply has the beginning."""
    deployment.openai.switches.heard = words = "会議の言葉です。\n" * 1500
    question = share(deployment, voice_clip(tone(2)), "<@U0COCOAI> 文字起こしして", channel="C0PRACTICE")
    answer = answer_text(deployment, question)
    deployment.openai.switches.heard = None

    assert [f"{words.strip()}\n".encode()] == [file.data for file in deployment.pictures(question)]
    assert answer.endswith(LANGUAGES["ja"].speech["in_file"])
    assert len(answer) < 2000
    press(deployment, ended(deployment, question), "delete")
    wait_until(lambda: not deployment.replies(question) and not deployment.pictures(question))


def test_a_stop_ends_the_wait_for_the_words(deployment: Deployment) -> None:
    """The process is woken while the model listens; what was sent is booked as held, with a second more than told."""
    deployment.openai.switches.hearing_delay = 60.0
    before = len(deployment.openai.requests)
    question = share(deployment, voice_clip(tone(3)), "<@U0COCOAI> and?", channel="C0PRACTICE")
    wait_until(lambda: len(deployment.openai.requests) > before)
    deployment.openai.switches.hearing_delay = 0.0
    (placeholder,) = deployment.replies(question)
    press(deployment, placeholder, "stop")
    answer = answer_text(deployment, question)
    books = books_of(config.read(str(deployment.var / "cocoai.ini"), {}))

    assert LANGUAGES["en"].stopped == answer
    assert [("lost", 4 * 75_000)] == [(each.how, each.spent) for each in charges(books)[-1:]]
    assert before + 1 == len(deployment.openai.requests)


def test_nothing_of_a_sound_stays_on_the_disk(deployment: Deployment) -> None:
    """Its bytes were in a file without a name."""
    names = [path.name for path in deployment.var.iterdir()]

    assert not [name for name in names if name.startswith("tmp") and name != "tmp"]
