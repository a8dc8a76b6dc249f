"""Two machines on one database: each with a folder, a pool and an nginx of its own, before the same Slack."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cocoai.documents.index_task import set_due
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from cocoai.spool.key import Key
from cocoai.up import Up
from tests.deployment import Deployment, deploy
from tests.held_answers import HeldAnswers
from tests.processes import free_port, wait_until

pytest.importorskip("pymysql", reason="MARIADB IS NOT TESTED: pymysql is missing")

from cocoai.spool.mariadb.tables import LEASE
from cocoai.store.schema import migrate

LOOKED = 60.0
"""Seconds within which each machine has looked at the history, several times: its master asks every ten."""

if TYPE_CHECKING:
    from cocoai.engine.mariadb.mariadb import MariaDB


@pytest.fixture
def first(
    short_folder: Callable[[], Path], certificates: Certificates, database: MariaDB, request: pytest.FixtureRequest
) -> Iterator[Deployment]:
    """Start the machine to which Slack delivers; the fixture's parameter is what its settings say beside."""
    migrate(database)
    with deploy(
        short_folder(),
        certificates,
        manner=SlackSwitches(echoes=False, retry_waits=(0.2, 1.0, 3.0)),
        more=getattr(request, "param", ""),
        COCOAI_STORE_URL=str(database.address),
        COCOAI_POOL_WORKERS="1",
        WHICH_MACHINE="first",
    ) as standing:
        yield standing


@contextlib.contextmanager
def another(first: Deployment, folder: Path) -> Iterator[None]:
    """Start another machine in `folder`, with the same settings, and stop it at the end."""
    shutil.copy(first.var / "cocoai.ini", folder)
    environ = {
        **os.environ,
        "COCOAI_STORE_URL": first.database,
        "COCOAI_POOL_STATUS_LISTEN": "off",
        "COCOAI_POOL_SELF_CHECK": "off",
        "COCOAI_BUDGET_QUESTIONS_PER_MINUTE": "0",
        "WHICH_MACHINE": "second",
    }
    listen, config = f"127.0.0.1:{free_port()}", str(folder / "cocoai.ini")
    with Up(str(folder), listen=listen, config=config, environ=environ):
        yield


def pids(machine: str, name: str = "") -> list[int]:
    """Return the processes of a machine, of this name or all, by the environment that they inherit."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            is_its = f"WHICH_MACHINE={machine}\0".encode() in Path(f"/proc/{entry}/environ").read_bytes()
            if is_its and name in ("", Path(f"/proc/{entry}/comm").read_text().strip()):
                found.append(int(entry))
    return found


def test_a_question_whose_process_is_killed_goes_on_at_once(first: Deployment) -> None:
    """Its machine frees the claim of its own dead process: nobody waits for the lease."""
    first.openai.switches.answer = answers = HeldAnswers("Whole.")
    question = first.ask("hello")
    wait_until(lambda: bool(answers.asked))
    [process] = pids("first", "cocoai-job")
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
        for process in pids("first"):
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
