"""Two machines on one database: what one was doing when it died another goes on with, and each shows all."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from cocoai.documents.index_task import set_due
from cocoai.spool.key import Key
from tests.deployment import Deployment
from tests.held_answers import HeldAnswers
from tests.processes import wait_until

pytest.importorskip("pymysql", reason="MARIADB IS NOT TESTED: pymysql is missing")

from cocoai.spool.mariadb.tables import LEASE
from tests.store.machines import another, pids

LOOKED = 60.0
"""Seconds within which each machine has looked at the history, several times: its master asks every ten."""


def test_a_question_whose_process_is_killed_goes_on_at_once(first: Deployment) -> None:
    """Its machine frees the claim of its own dead process: nobody waits for the lease."""
    first.openai.switches.answer = answers = HeldAnswers("Whole.")
    question = first.ask("hello")
    wait_until(lambda: bool(answers.asked))
    for process in pids(first.var, "cocoai-job"):  # there may be another one that has found nothing to do
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    wait_until(lambda: 2 == len(answers.asked), LEASE / 2)
    answers.let_go.set()

    first.answer_to(question)
    assert 1 == len(first.replies(question))


@pytest.mark.long
def test_a_machine_that_dies_is_taken_over_by_another(first: Deployment, short_folder: Callable[[], Path]) -> None:
    """Whoever asked there has the one answer from here, once the lease is over."""
    first.openai.switches.answer = answers = HeldAnswers("Whole.")
    question = first.ask("hello")
    wait_until(lambda: bool(answers.asked))
    with another(first, short_folder()):
        for process in pids(first.var):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        answers.let_go.set()

        first.answer_to(question, 2 * LEASE)
        assert 1 == len(first.replies(question))
        wait_until(lambda: Key(question.channel, question.ts, question.ts) in first.spool.keys("done"))
    assert 2 == len(answers.asked)


def test_any_machine_shows_all(first: Deployment, short_folder: Callable[[], Path]) -> None:
    """Each by its folder, with when it was last heard of."""
    folder = short_folder()

    def folders() -> set[str]:
        return {each["facts"]["var"] for each in first.status()["machines"]}

    with another(first, folder):
        wait_until(lambda: folders() == {str(first.var), str(folder)})


def has_words(var: Path) -> bool | None:
    """Let a machine look at the history soon. Check whether what was asked stands in its files; None if some vanish."""
    with contextlib.suppress(OSError):
        set_due(str(var))
        return any(b"zebra-42" in path.read_bytes() for path in var.rglob("*") if path.is_file())
    return None


@pytest.mark.parametrize("first", ["[history]\nkeep_days = 90\n"], indirect=True)
def test_an_answer_is_found_on_each_machine_until_it_is_forgotten_on_one(
    first: Deployment, short_folder: Callable[[], Path]
) -> None:
    """By the asker's word: the other machine's next look at the history takes it out there."""
    folder = short_folder()
    question = first.ask("what about zebra-42?")
    first.answer_to(question)
    with another(first, folder):
        wait_until(lambda: has_words(first.var) and has_words(folder), LOOKED)
        first.ask("forget this", thread_ts=question.ts)
        wait_until(lambda: has_words(first.var) is False and has_words(folder) is False, LOOKED)
