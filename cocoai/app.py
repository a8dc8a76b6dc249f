"""The application: the only file that knows all rooms. build() joins them, and serve() runs the pool.

Everything is made in the master before it forks, so that its children share it: nothing here may open a
connection or a lock file.
"""

from __future__ import annotations

import argparse
import logging
import os
import ssl
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from cocoai import config
from cocoai.answer import AnswererFactory, AnswerOptions
from cocoai.chatgpt.chat import ChatGPTChat
from cocoai.engine.client.client import HttpClient
from cocoai.engine.client.factory import new_client
from cocoai.engine.client.tls import tls_context
from cocoai.engine.pool.listener import open_listener
from cocoai.engine.pool.master import Master
from cocoai.engine.pool.reload import inherited_listener
from cocoai.engine.pool.workers import WorkerLimits
from cocoai.engine.process.copy_on_write import freeze_memory
from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.engine.web import worker as web_worker
from cocoai.engine.web.request import Request
from cocoai.engine.web.response import Response, text_response
from cocoai.engine.web.router import Handler, Router
from cocoai.errors import COUNTERS, CocoAIError
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.download import AttachmentLimits
from cocoai.slack.api.identity_cache import IdentityCache
from cocoai.slack.inbound.access import AccessRules
from cocoai.slack.inbound.events import SlackEventAnalyzer
from cocoai.slack.inbound.interactions import InteractionAnalyzer
from cocoai.slack.markdown.message_layout import Layout
from cocoai.slack.model.identity import Identity
from cocoai.slack.model.job_kinds import JOB_KINDS
from cocoai.slack.thread import user_names
from cocoai.spool.generation import Generation
from cocoai.spool.runner import PeriodicTask, Runner
from cocoai.spool.spool import Spool
from cocoai.status.server import open_status_page
from cocoai.texts import TextsByLanguage
from cocoai.warmup import warm_up
from cocoai.webhook import EventsHandler, InteractionsHandler

SLACK_PATIENCE = 20.0
"""Seconds for which one call waits out Slack's rate limit; a longer one puts the job off."""

JOB_MARGIN = 120.0
"""Seconds that a job may take beyond the model's total_timeout: six such waits."""

MIB = 1024 * 1024

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CocoAI:
    """The parts that `build` makes: the router answers requests, the runner works on jobs behind them."""

    router: Router
    runner: Runner
    answerers: AnswererFactory
    scoreboard: Scoreboard


def build(settings: config.Settings, context: ssl.SSLContext | None = None) -> CocoAI:
    """Build CocoAI from its settings. Make folders, but open no connection, no lock and no socket.

    TLS is spoken on `context`; None makes one that trusts what the settings say. Raise OSError and `CocoAIError`.
    """
    var = settings.paths.var
    spool = Spool(var, kinds=JOB_KINDS)
    spool.make_folders()
    run = os.path.join(var, "run")
    os.makedirs(run, mode=0o700, exist_ok=True)
    scoreboard = Scoreboard(settings.paths.scoreboard, slots=settings.pool.slots, reasons=COUNTERS)
    connections = Connections(settings, context or tls_context(settings.network.ca_file or None))
    identity = IdentityCache(os.path.join(var, "identity.json"), connections.ask_identity)
    answerers = AnswererFactory(spool, options(settings, scoreboard), connections, identity, var)
    runner = Runner(
        spool,
        folder=os.path.join(var, "locks"),
        slots=settings.pool.slots,
        generation=Generation(os.path.join(run, "generation")),
        connect=answerers.make_for_job_process,
        tasks=[
            PeriodicTask(partial(sweep, spool, var), every=3600.0),
            PeriodicTask(partial(refresh, identity), every=60.0, is_wanted=identity.is_stale),
        ],
        limit=settings.openai.total_timeout + JOB_MARGIN,
        scoreboard=scoreboard,
    )

    events = EventsHandler(analyzer(settings, identity, spool), spool, runner, scoreboard)
    interactions = InteractionsHandler(click_analyzer(settings, identity), spool, runner, scoreboard)
    routes: dict[str, dict[str, Handler]] = {
        "/slack/events": {"POST": events},
        "/slack/interactions": {"POST": interactions},
        "/healthz": {"GET": healthz, "HEAD": healthz},
    }
    return CocoAI(Router(routes), runner, answerers, scoreboard)


class Connections:
    """Connections to Slack and OpenAI, made anew in each process that speaks to them."""

    def __init__(self, settings: config.Settings, context: ssl.SSLContext) -> None:
        self._settings = settings
        self._context = context

    def slack(self) -> SlackChat:
        """Return a new connection to Slack; it connects at the first call."""
        slack = self._settings.slack
        return SlackChat(self._client(), api_url=slack.api_url, token=slack.bot_token, patience=SLACK_PATIENCE)

    def chatgpt(self) -> ChatGPTChat:
        """Return a new connection to OpenAI; it connects at the first call."""
        # The section's keys are ChatGPTChat's own names.
        return ChatGPTChat(self._client(), **vars(self._settings.openai))

    def ask_identity(self) -> Identity:
        """Ask Slack who we are. Raise `Temporary` or `Permanent`."""
        return self.slack().auth_test()

    def _client(self) -> HttpClient:
        return new_client(self._context, self._settings.network.proxy or None)


def sweep(spool: Spool, folder: str) -> None:
    """Remove jobs and people's names that were kept for long enough. Raise OSError."""
    spool.sweep()
    user_names.sweep(os.path.join(folder, "people"))


def refresh(identity: IdentityCache) -> None:
    """Ask Slack who we are; a failure is logged, for the next try is a minute away."""
    try:
        known = identity.refresh()
        log.info("identity outcome=known team=%s user=%s", known.team_id, known.user_id)
    except (CocoAIError, OSError) as error:
        log.warning("identity outcome=unknown reason=%s", error)


def analyzer(settings: config.Settings, identity: IdentityCache, spool: Spool) -> SlackEventAnalyzer:
    """Return the analyzer of events, with the access rules of the settings."""
    slack = settings.slack
    return SlackEventAnalyzer(
        slack.signing_secret,
        who=identity.known,
        is_known_thread=spool.is_known_thread,
        follow_ups=slack.follow_ups,
        access=access_rules(settings),
    )


def click_analyzer(settings: config.Settings, identity: IdentityCache) -> InteractionAnalyzer:
    """Return the analyzer of clicks, with the same access rules."""
    return InteractionAnalyzer(settings.slack.signing_secret, who=identity.known, access=access_rules(settings))


def access_rules(settings: config.Settings) -> AccessRules:
    """Return who may ask and click, and where, as the settings say."""
    slack = settings.slack
    return AccessRules(slack.allow_channels, slack.allow_users, slack.external_users, slack.direct_messages)


def options(settings: config.Settings, scoreboard: Scoreboard) -> AnswerOptions:
    """Return how to answer, from the settings. Raise `CocoAIError` if a file that they name cannot be read."""
    answer = settings.answer
    return AnswerOptions(
        phrases=TextsByLanguage(settings.texts, answer.language),
        layout=Layout(settings.slack.format),
        personas=config.Personas(settings),
        model=settings.openai.model,
        round_trips=answer.round_trips,
        max_history_tokens=answer.max_history_tokens,
        update_interval=settings.slack.update_interval,
        writers=scoreboard,
        buttons=settings.slack.interactivity,
        attachments=AttachmentLimits(
            question_bytes=int(answer.attachments_mib * MIB), text_bytes=answer.attachment_text_kib * 1024
        ),
    )


def limits(pool: config.PoolSettings) -> WorkerLimits:
    """Return how many workers there may be, and how much time and memory each may take."""
    return WorkerLimits(
        *pool.workers,
        idle_timeout=pool.idle_timeout,
        slow_request=pool.slow_request,
        max_worker_mib=pool.max_worker_mib,
    )


class ScoreboardHandler(logging.Handler):
    """Keeps each process's last warning or error on the scoreboard, where `cocoai status` finds it."""

    def __init__(self, scoreboard: Scoreboard) -> None:
        super().__init__(logging.WARNING)
        self._scoreboard = scoreboard

    def emit(self, record: logging.LogRecord) -> None:
        """Record the message in this process's own row, with the class of the exception, if there is one."""
        # Not the exception's text: it may quote anything.
        error = record.exc_info[0] if record.exc_info else None
        self._scoreboard.own_row.record_error(record.getMessage() + (f" {error.__name__}" if error else ""))


def healthz(_: Request) -> Response:
    """Return 200: the pool answers, and nothing more is checked."""
    return text_response(200, "ok")


def serve(settings: config.Settings, *, bind: str | None, command: list[str]) -> None:
    """Run the pool's master until TERM. `command` is executed again at HUP. Raise OSError and `CocoAIError`."""
    listener = inherited_listener() or open_listener(bind)
    cocoai = build(settings)
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
        extra_listeners=[status_page] if status_page else [],
    )
    warm_up(settings, new_answerers)
    cocoai.scoreboard.memory_sharing = freeze_memory(immortals=settings.pool.immortals)
    master.run()


def new_answerers(settings: config.Settings, context: ssl.SSLContext) -> AnswererFactory:
    """Return the answerers of these settings, which speak TLS on `context`: what the warm-up uses."""
    return build(settings, context).answerers


def main(arguments: Sequence[str]) -> int:
    """Run the pool, or with `--check` only build it; return the exit code. `cocoai.fcgi` calls this."""
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
