"""The inbox before a real server, which is killed and comes back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.slack_handlers import SlackHandlers, inbox_of, inbox_tasks
from tests.inbox.stage import Stage, settings_of
from tests.options import FixedIdentity

if TYPE_CHECKING:
    from cocoai.engine.mariadb.mariadb import MariaDB
    from tests.mariadb.server import Server


def test_what_comes_while_the_server_is_dead_becomes_jobs_once(
    tmp_path: Path, mariadb: Server, database: MariaDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A follow-up too; what another machine has put meanwhile stays one job."""
    from cocoai.engine.mariadb import mariadb as engine
    from cocoai.spool.mariadb.mariadb_spool import MariaDBSpool
    from cocoai.spool.mariadb.tables import SPOOL_TABLES

    monkeypatch.setattr(engine, "PAUSE", 0.0)
    for statement in SPOOL_TABLES:
        database.execute(statement)
    stage = Stage(tmp_path)
    spool = MariaDBSpool(database, str(stage.var), clock=stage.clock)
    spool.prepare()
    parts = (stage.runner, Scoreboard(None, slots=0), stage.forms, stage.clock)
    handlers = SlackHandlers(settings_of(stage.var), FixedIdentity(), spool, *parts)
    inbox = inbox_of(spool, str(stage.var))
    assert inbox is not None
    stage.served = handlers.served(None, inbox)
    heard = [stage.mention(1)]
    mariadb.kill9()
    heard += [stage.mention(2), stage.line(3, "And then?", thread_ts="1763822002.000100"), stage.mention(1)]
    forward = inbox_tasks(inbox, lambda: handlers, str(stage.var))[0]
    forward.run()
    waiting = inbox.state().waiting

    mariadb.start()
    forward.run()

    assert ([200] * 4, 3, 0) == (heard, waiting, inbox.state().waiting)
    texts = [spool.peek("ready", key)[0]["text"] for key in spool.keys("ready")]
    assert ["<@U0COCOAI> 1", "<@U0COCOAI> 2", "And then?"] == texts
    assert not forward.is_wanted()
