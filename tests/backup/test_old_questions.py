"""A question that waited at the backup and was answered after it: what the restored machine makes of it at Slack."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from cocoai.backup.backup import write_backup
from cocoai.backup.restore import restore
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from tests.answer_harness import AnswerHarness
from tests.backup.machine import empty_machine


@pytest.fixture
def outside(certificates: Certificates) -> Iterator[tuple[PracticeSlack, PracticeOpenAI]]:
    """Yield the practice Slack and OpenAI, which outlive the machine."""
    with PracticeSlack(certificates) as slack, PracticeOpenAI(certificates) as openai:
        yield slack, openai


@pytest.mark.parametrize("is_placed", [False, True])
def test_it_is_answered_anew_only_on_purpose_and_in_the_same_message(
    tmp_path: Path, certificates: Certificates, outside: tuple[PracticeSlack, PracticeOpenAI], *, is_placed: bool
) -> None:
    """The reply that the lost machine has left is found in the thread, whether its placeholder is in the backup or not.

    The model is asked, and paid, once more: that is what the operator has asked for.
    """
    old_machine, new_machine = empty_machine(tmp_path / "old"), empty_machine(tmp_path / "new")
    new_machine.var.mkdir()
    old = AnswerHarness(old_machine.var, certificates, *outside)
    question = old.ask()
    (key,) = old.spool.keys("ready")
    if is_placed:
        for job in old.spool.each_without("placeholder"):
            old.answerer().post_placeholder(job)
        old.close_connections()
    backup = write_backup(old_machine.settings, str(tmp_path / "kept"), keep=7)
    old.run()
    (reply,) = old.replies(question)

    restore(new_machine.settings, io.BytesIO(Path(backup.path).read_bytes()), "FILE")
    new = AnswerHarness(new_machine.var, certificates, *outside)
    assert new.spool.claim() is None
    assert 1 == len(new.openai.requests)

    new.spool.retry(key)
    new.run()

    assert [reply.ts] == [message.ts for message in new.replies(question)]
    assert ("answer", (0, 1, 0), 2) == (new.reply(question)[0], new.ended(), len(new.openai.requests))
