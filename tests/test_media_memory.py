"""A job that draws, and one that hears, take hardly more memory than one that answers: measured in forked processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.rehearse import write_settings
from cocoai.rehearsal.slack.json_shapes import message_json
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.voice_clip import voice_clip
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.slack.model.files import files_of
from cocoai.slack.model.question import Question
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.key import Key
from tests.memory_probe import measured
from tests.sounds import tone

MIB = 1024 * 1024
MOST_MORE = 2 * MIB
"""Bytes that drawing or hearing may take beside answering."""

PICTURE, SECONDS = 6 * MIB, 600
"""Bytes of the picture that is drawn, as a photo in PNG has; seconds of the clip, which is a WAVE of 9 MiB."""


def put(slack: PracticeSlack, var: Path, message: Message) -> None:
    """Put a message's question into the spool."""
    files = tuple(file.facts() for file in files_of(message_json(slack.workspace, message)))
    place = (message.channel, message.ts, message.ts, message.user, "T0PRACTICE")
    question = Question("mention", *place, message.text, "Ev01", int(time.time()), files)
    spool = FileSpool(str(var))
    spool.make_folders()
    assert spool.put(Key.parse(question.key), question.facts())


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> dict[str, tuple[int, object]]:
    """Return the bytes that each kind of job took, and how it ended."""
    taken: dict[str, tuple[int, object]] = {}
    with PracticeSlack(certificates) as slack, PracticeOpenAI(certificates) as openai:
        slack.switches.share_delay = 0.0
        openai.switches.picture_padding = PICTURE
        openai.switches.answer = openai.switches.heard = "What time is it?"
        clip = voice_clip(tone(SECONDS), "audio_message.wav", "audio/wav")
        for kind, text, clips in (("answered", "why?", []), ("drawn", "draw a cat", []), ("heard", "", [clip])):
            var = tmp_path_factory.mktemp(kind)
            path = write_settings(var, certificates, slack, openai)
            put(slack, var, slack.share("U0ASKER01", f"<@U0COCOAI> {text}", clips))
            taken[kind] = measured("job", slack, certificates, str(path))
    return taken


@pytest.mark.long
@pytest.mark.parametrize(("kind", "end"), [("drawn", ["picture", 0]), ("heard", ["stop", 1])])
def test_a_job_takes_hardly_more_than_one_that_answers(
    taken: dict[str, tuple[int, object]], kind: str, end: object
) -> None:
    """Picture and sound pass through it in pieces, and what draws and listens is shared with its parent."""
    print({name: f"{took / MIB:.2f} MiB" for name, (took, _) in taken.items()})

    assert ["stop", 0] == taken["answered"][1]
    assert end == taken[kind][1]
    assert taken[kind][0] - taken["answered"][0] < MOST_MORE


WHAT_DRAWS_AND_LISTENS = ("cocoai.answer.drawing", "cocoai.texts.picture_requests", "cocoai.answer.hearing")


@pytest.mark.parametrize(
    ("use", "expected"), [(("off", "slack"), ()), (("on", "model"), WHAT_DRAWS_AND_LISTENS)], ids=["off", "on"]
)
def test_what_draws_and_listens_is_loaded_where_it_is_used(
    tmp_path: Path, certificates: Certificates, use: tuple[str, str], expected: tuple[str, ...]
) -> None:
    """By the master, for all its children; elsewhere it takes no memory at all."""
    with PracticeSlack(certificates) as slack, PracticeOpenAI(certificates) as openai:
        path = write_settings(tmp_path, certificates, slack, openai)
    script = (
        "import os, sys; from cocoai import app, config; app.build(config.read(sys.argv[1], os.environ));"
        f"print(*(name for name in {WHAT_DRAWS_AND_LISTENS} if name in sys.modules))"
    )
    environ = os.environ | {"COCOAI_IMAGES_USE": use[0], "COCOAI_SPEECH_USE": use[1]}
    command = [sys.executable, "-c", script, str(path)]
    run = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=True)

    assert " ".join(expected) == run.stdout.strip()
