"""A picture that was paid when its machine was backed up: what the restored machine makes of it at Slack."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from cocoai.answer import thread_file
from cocoai.answer.options import ImageOptions
from cocoai.backup.backup import write_backup
from cocoai.backup.restore import restore
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.openai.practice_picture import practice_picture
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.slack_faults import SlackFault
from cocoai.slack.api import thread_upload
from tests.answer_harness import AnswerHarness
from tests.backup.machine import Machine, empty_machine

IMAGES = ImageOptions("gpt-image-2.6-flare", "1536x1024", "medium", "jpeg")


class Two:
    """A machine with a picture that is paid and not in Slack, and one onto which its backup is restored."""

    def __init__(self, folder: Path, certificates: Certificates, slack: PracticeSlack, openai: PracticeOpenAI) -> None:
        self._folder, self._outside = folder, (certificates, slack, openai)
        self._machines = empty_machine(folder / "old"), empty_machine(folder / "new")
        for machine in self._machines:
            machine.var.mkdir()
        self.old = self._harness(self._machines[0])
        self.question = self.old.ask("draw a cat")
        (self.key,) = self.old.spool.keys("ready")

    def _harness(self, machine: Machine) -> AnswerHarness:
        harness = AnswerHarness(machine.var, *self._outside)
        harness.changes["images"] = IMAGES
        harness.sleep = lambda seconds: setattr(harness, "ahead", harness.ahead + seconds)
        return harness

    def move(self, monkeypatch: pytest.MonkeyPatch, *, goes_on: bool) -> AnswerHarness:
        """Back the old machine up; it `goes_on` to the job's end or not. Return the restored one, after the retry."""
        old, new = self._machines
        backup = write_backup(old.settings, str(self._folder / "kept"), keep=7)
        if goes_on:
            run_to_the_end(self.old, monkeypatch)
        restore(new.settings, io.BytesIO(Path(backup.path).read_bytes()), "FILE")
        harness = self._harness(new)
        assert harness.spool.claim() is None
        harness.spool.sweep()
        harness.spool.retry(self.key)
        run_to_the_end(harness, monkeypatch)
        return harness


def run_to_the_end(harness: AnswerHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run attempts until no job is left."""
    monkeypatch.setattr(thread_file, "bring_file", partial(thread_upload.bring_file, clock=harness.clock))
    while harness.spool.keys("ready"):
        harness.run()
        harness.wait()


@pytest.fixture
def two(tmp_path: Path, certificates: Certificates) -> Iterator[Two]:
    """Yield both machines; Slack and OpenAI outlive them."""
    with PracticeSlack(certificates) as slack, PracticeOpenAI(certificates) as openai:
        slack.switches.share_delay = 0.0
        yield Two(tmp_path, certificates, slack, openai)


@pytest.mark.parametrize("is_drawn", [True, False], ids=["drawn before the backup", "drawn after it"])
@pytest.mark.parametrize("goes_on", [True, False], ids=["shown after it", "never shown"])
def test_a_picture_is_drawn_and_shown_once(
    two: Two, monkeypatch: pytest.MonkeyPatch, *, is_drawn: bool, goes_on: bool
) -> None:
    """Its file is in the backup; and what the machine that is gone has shown after that is found in the thread."""
    if is_drawn:
        two.old.slack.fail("files.completeUploadExternal", SlackFault("broken"))
        two.old.run()
        two.old.wait()
    new = two.move(monkeypatch, goes_on=goes_on)
    thread = new.replies(two.question)

    drawings = [each for each in new.openai.requests if each.path == "/v1/images/generations"]
    shown = [file.data for message in thread for file in message.files]
    assert 1 == len(drawings)
    assert [practice_picture("jpeg", 1536, 1024, "draw a cat")] == shown
    assert 2 == len(thread)
    assert (0, 1, 0) == new.ended()
    assert [] == list((new.var / "spool" / "files").iterdir())
