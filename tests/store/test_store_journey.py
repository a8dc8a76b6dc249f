"""A question's way where jobs and the ledger lie in MariaDB, over nginx and a pool, and what troubles do to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cocoai.ledger.calendar import read_calendar
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from cocoai.spool.key import Key
from tests.deployment import Deployment, deploy
from tests.processes import wait_until

pytest.importorskip("pymysql", reason="MARIADB IS NOT TESTED: pymysql is missing")

from cocoai.ledger.mariadb import MariaDBStore
from cocoai.ledger.summary import read_summary
from cocoai.store.schema import migrate

if TYPE_CHECKING:
    from cocoai.engine.mariadb.mariadb import MariaDB
    from tests.mariadb.server import Server


@pytest.fixture
def built(short_folder: Callable[[], Path], certificates: Certificates, database: MariaDB) -> Iterator[Deployment]:
    """Start a deployment on an empty database."""
    migrate(database)
    with deploy(
        short_folder(),
        certificates,
        manner=SlackSwitches(echoes=False, retry_waits=(0.2, 1.0, 3.0)),
        COCOAI_STORE_URL=str(database.address),
        COCOAI_POOL_WORKERS="2",
        COCOAI_BUDGET_TIMEZONE="UTC",
    ) as standing:
        yield standing


def test_a_thread_is_answered_and_paid_in_the_database(built: Deployment, database: MariaDB) -> None:
    """Nothing of it lies in this machine's files; a follow-up is known by the database too."""
    question = built.ask("hello")
    built.answer_to(question)
    follow_up = built.slack.say("U0ASKER01", "and now?", thread_ts=question.ts)
    built.answer_to(follow_up)

    wait_until(lambda: 2 == len(built.spool.keys("done")))
    month = read_calendar("UTC").month(float(question.ts))
    assert 2 == read_summary(MariaDBStore(database), month).calls
    assert not (built.var / "ledger.sqlite3").exists()
    assert 2 <= built.status()["store"]["puts"]  # what Slack delivers twice, too
    assert [] == [path for path in (built.var / "spool").rglob("*") if path.is_file()]


def test_what_is_asked_while_the_server_is_away_is_answered_when_it_is_back(built: Deployment, mariadb: Server) -> None:
    """Slack has its 200 at the first delivery; a process that finds the server away ends without a stack in the log."""
    built.answer_to(built.ask("before"))
    mariadb.kill9()
    before = len(built.slack.deliveries)
    question = built.ask("meanwhile")
    wait_until(lambda: len(built.slack.deliveries) > before)
    wait_until(lambda: "process outcome=ended" in built.log())
    mariadb.start()

    built.answer_to(question)
    assert {(0, 200)} == {(each.attempt, each.status) for each in built.slack.deliveries[before:]}
    assert 1 == len(built.replies(question))
    wait_until(lambda: Key(question.channel, question.ts, question.ts) in built.spool.keys("done"))
    assert "store_error.StoreUnreachable" not in built.log()
