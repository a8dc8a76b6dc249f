"""Build CocoAI from its settings, and run the pool: what `cocoai.fcgi` starts.

This is the only file that knows all packages and joins their parts. Everything is made in the master before it forks,
so that its children share it: nothing here may open a connection, nor a lock file but the master's own, which no child
keeps.
"""

from __future__ import annotations

import argparse
import logging
import os
import ssl
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from cocoai import __version__, config, last_check
from cocoai.answer import AnswererFactory, Books
from cocoai.answer.dead_holds import settle_dead_holds
from cocoai.answer.report_task import ReportTask
from cocoai.answer_settings import answer_options, job_limit
from cocoai.ask_forms import ask_forms
from cocoai.backup.contents import refuse_half_done
from cocoai.connections import Connections, books_of
from cocoai.document_tasks import document_tasks
from cocoai.engine.client.tls import tls_context
from cocoai.engine.pool.listener import open_listener
from cocoai.engine.pool.master import Master
from cocoai.engine.pool.master_lock import take_master_lock
from cocoai.engine.pool.reload import first_parent, inherited_listener, inherited_lock
from cocoai.engine.pool.workers import WorkerLimits
from cocoai.engine.process.code_pages import release_code_pages
from cocoai.engine.process.copy_on_write import freeze_memory
from cocoai.engine.process.replace_file import sweep_unfinished
from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.engine.process.scoreboard_handler import ScoreboardHandler
from cocoai.engine.web import worker as web_worker
from cocoai.engine.web.router import Handler, Router
from cocoai.errors import COUNTERS, CocoAIError
from cocoai.healthz import HealthHandler
from cocoai.slack.api.identity_cache import IdentityCache, binding
from cocoai.slack.model.job_kinds import JOB_KINDS, LIGHT_KINDS, UNMARKED_KINDS
from cocoai.slack.thread import user_names
from cocoai.slack_handlers import SlackHandlers, inbox_of, inbox_tasks
from cocoai.spool.generation import Generation
from cocoai.spool.runner import PeriodicTask, Runner
from cocoai.spool.spool import Spool
from cocoai.status.server import open_status_page
from cocoai.stores import check_tables, database_of, machine_tasks, spool_of
from cocoai.troubles.store import FOLDER, Troubles
from cocoai.troubles.watch import SLACK, SignatureWatch
from cocoai.usage.budget_advice import log_budget
from cocoai.version import read_commit
from cocoai.warmup import warm_up

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CocoAI:
    """The parts that `build` makes: the router responds to requests, the runner starts the processes that answer jobs.

    Each job process gets its answerer from `answerers`; the `scoreboard` shows what each process is doing.
    """

    router: Router
    runner: Runner
    answerers: AnswererFactory
    scoreboard: Scoreboard


def build(settings: config.Settings, context: ssl.SSLContext | None = None) -> CocoAI:
    """Make the folders below `var`, and build all parts of CocoAI. Leave no connection, lock or socket open.

    TLS is spoken on `context`; None makes one that trusts the settings' `ca_file`, or the usual authorities. Raise
    OSError if a folder cannot be made, `CocoAIError` if a file that the settings name cannot be read, or if a restore
    was cut off, or the database of [store] has other tables than ours.
    """
    var = settings.paths.var
    refuse_half_done(var)
    context = context or tls_context(settings.network.ca_file or None)
    database = database_of(settings, context, is_tallied=True)
    spool = spool_of(
        settings,
        database,
        kinds=JOB_KINDS,
        light_kinds=LIGHT_KINDS,
        unmarked_kinds=UNMARKED_KINDS,
        questions_per_minute=settings.budget.questions_per_minute,
    )
    if database is not None:
        check_tables(database)
    spool.prepare()
    inbox = inbox_of(spool, var)
    run = os.path.join(var, "run")
    os.makedirs(run, mode=0o700, exist_ok=True)
    scoreboard = Scoreboard(settings.paths.scoreboard, slots=settings.pool.slots, reasons=COUNTERS)
    connections = Connections(settings, context)
    bound_to = binding(settings.slack.api_url, settings.slack.bot_token)
    identity = IdentityCache(os.path.join(var, "identity.json"), connections.ask_identity, bound_to)
    books = books_of(settings, database)
    troubles = Troubles(var)
    answerers = AnswererFactory(
        spool, answer_options(settings, scoreboard, database), connections, identity, books, var, troubles
    )
    check = last_check.CheckTask(settings)
    report = ReportTask(spool, books.ledger, answerers.options.money)
    runner = Runner(
        spool,
        folder=os.path.join(var, "locks"),
        slots=settings.pool.slots,
        generation=Generation(os.path.join(run, "generation")),
        connect=answerers.make,
        tasks=[
            PeriodicTask(partial(sweep, spool, books, var), every=3600.0),
            PeriodicTask(answerers.tell_notices, every=3600.0),
            PeriodicTask(check.run, every=last_check.EVERY, is_wanted=check.is_wanted),
            PeriodicTask(report.run, every=3600.0, is_wanted=report.is_wanted),
            # While Slack refuses us, we ask once a minute whether it does still.
            PeriodicTask(
                identity.try_refresh, every=60.0, is_wanted=lambda: identity.is_stale() or troubles.has(SLACK)
            ),
            PeriodicTask(answerers.tell_troubles, every=60.0, is_wanted=troubles.has_files),
            *document_tasks(settings, database),
            *machine_tasks(settings, database, scoreboard),
            *inbox_tasks(inbox, lambda: handlers, var),
        ],
        limit=job_limit(settings),
        scoreboard=scoreboard,
        linger=settings.pool.linger,
    )

    forms = ask_forms(settings, spool, runner, scoreboard, connections, answerers.options.phrases)
    handlers = SlackHandlers(settings, identity, spool, runner, scoreboard, forms)
    health = HealthHandler(troubles)
    routes: dict[str, dict[str, Handler]] = {
        **{path: {"POST": each} for path, each in handlers.served(SignatureWatch(troubles), inbox).items()},
        "/healthz": {"GET": health, "HEAD": health},
    }
    return CocoAI(Router(routes), runner, answerers, scoreboard)


def sweep(spool: Spool, books: Books, folder: str) -> None:
    """Settle the holds of dead processes, then remove what is old.

    That is: files of the spool, people's names kept for 30 days, and what killed processes left unfinished. `folder` is
    `var`: the names lie in its `people/`. Raise OSError if that fails.
    """
    settle_dead_holds(spool, books)
    spool.sweep()
    user_names.sweep(os.path.join(folder, "people"))
    for each in (folder, os.path.join(folder, "run"), os.path.join(folder, "people"), os.path.join(folder, FOLDER)):
        sweep_unfinished(each)


def limits(pool: config.PoolSettings) -> WorkerLimits:
    """Return the limits of workers, from the settings: how many, how long idle, how slow, how large."""
    return WorkerLimits(
        *pool.workers,
        idle_timeout=pool.idle_timeout,
        slow_request=pool.slow_request,
        max_worker_mib=pool.max_worker_mib,
    )


def serve(settings: config.Settings, *, bind: str | None, command: list[str]) -> None:
    """Build CocoAI, warm it up, and run the pool's master in this process until it is stopped (TERM).

    It listens at `bind` (`unix:PATH`), or on descriptor 0 if that is None; after a reload, on the socket it had. At HUP
    it executes `command` in its place. While another master runs on the same `var`, it waits for that one's end before
    it accepts, warms up or writes. Raise OSError or `CocoAIError` if it cannot start.
    """
    parent = first_parent()
    cocoai = build(settings)
    lock = inherited_lock() or take_master_lock(os.path.join(settings.paths.var, "run"), parent)
    listener = inherited_listener() or open_listener(bind)
    # What this process runs until it executes itself again, whatever is installed over it meanwhile.
    cocoai.scoreboard.version, cocoai.scoreboard.commit = __version__, read_commit()
    log_budget(settings, time.time())
    logging.getLogger().addHandler(ScoreboardHandler(cocoai.scoreboard))
    worker = web_worker.Worker(
        cocoai.router,
        max_requests=settings.pool.max_requests,
        request_timeout=settings.pool.request_timeout,
        board=cocoai.scoreboard,
    )
    status_page = open_status_page(settings)
    master = Master(
        listener,
        serve=worker.serve,
        limits=limits(settings.pool),
        board=cocoai.scoreboard,
        maintenance=cocoai.runner,
        command=command,
        lock=lock,
        parent=parent,
        extra_listeners=[status_page] if status_page else [],
    )
    warm_up(settings, new_answerers)
    cocoai.scoreboard.memory_sharing = freeze_memory(immortals=settings.pool.immortals)
    release_code_pages()
    master.run()


def new_answerers(settings: config.Settings, context: ssl.SSLContext) -> AnswererFactory:
    """Build CocoAI from these settings for the warm-up; return its answerers, which speak TLS on `context`."""
    return build(settings, context).answerers


def main(arguments: Sequence[str]) -> int:
    """Run the pool until it is stopped, or with `--check` only build it. `cocoai.fcgi` calls this.

    Return the exit code: 0, or 1 with a line in the log if the settings are wrong or the pool cannot start.
    """
    parser = argparse.ArgumentParser(prog="cocoai.fcgi", description="CocoAI's FastCGI pool")
    parser.add_argument("--config", metavar="FILE", help="the settings (else $COCOAI_CONFIG, ./cocoai.ini, ...)")
    parser.add_argument("--bind", metavar="unix:PATH", help="listen here, not on descriptor 0")
    parser.add_argument("--check", action="store_true", help="build everything, serve nothing")
    chosen = parser.parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        settings = config.read(chosen.config, os.environ)
        for warning in settings.warnings:
            log.warning("settings %s", warning)
        if chosen.check:
            build(settings)
        else:
            serve(settings, bind=chosen.bind, command=[sys.executable, *sys.orig_argv[1:]])
    except (CocoAIError, OSError) as error:
        log.error("pool outcome=not-started reason=%s", error)  # noqa: TRY400 (the words are for an operator)
        return 1
    return 0
