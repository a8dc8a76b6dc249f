"""The roof: the one place where the floors meet. build() joins them; serve() is the pool's life.

Everything is made in the master before it forks, so that its children share it: nothing here may open a
connection or a lock file.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import ssl
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cocoai import board, config
from cocoai.answer import Answerer, AnswerOptions
from cocoai.chatgpt.chat import ChatGPTChat
from cocoai.engine.client.client import HttpClient
from cocoai.engine.client.factory import new_client
from cocoai.engine.client.tls import tls_context
from cocoai.engine.pool.listener import open_listener
from cocoai.engine.pool.master import Master
from cocoai.engine.pool.reload import inherited_listener
from cocoai.engine.pool.workers import WorkerLimits
from cocoai.engine.process import holes
from cocoai.engine.process.copy_on_write import make_all_immortal
from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.engine.process.wakeup import WakeupPipe
from cocoai.engine.web import worker as web_worker
from cocoai.engine.web.request import Request
from cocoai.engine.web.response import Response, line
from cocoai.engine.web.router import Handler, Router
from cocoai.errors import CocoAIError
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.download import AttachmentLimits as Attachments
from cocoai.slack.api.identity_cache import IdentityCache
from cocoai.slack.inbound.events import SlackEventAnalyzer
from cocoai.slack.inbound.interactions import InteractionAnalyzer
from cocoai.slack.markdown.message_layout import Layout
from cocoai.slack.model.job_kinds import JOB_KINDS
from cocoai.slack.thread import user_names
from cocoai.spool.generation import Generation
from cocoai.spool.runner import PeriodicTask, Runner
from cocoai.spool.spool import Spool
from cocoai.status.server import open_door
from cocoai.warmup import warm_up
from cocoai.webhook import Interactions, Webhook
from cocoai.words import Phrasebook

SLACK_PATIENCE = 20.0
"""Seconds for which one call waits out Slack's rate limit; a longer one puts the job off."""

JOB_MARGIN = 120.0
"""Seconds that a job may take beyond the model's total_timeout: six such waits."""

MIB = 1024 * 1024

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CocoAI:
    """The whole house: what answers requests, and what works behind them."""

    application: Router
    jobs: Runner
    answerer: Answerer
    board: Scoreboard


def build(settings: config.Settings, context: ssl.SSLContext | None = None) -> CocoAI:
    """Join the floors. Makes folders, but opens no connection, no lock and no socket. Raises OSError, `CocoAIError`.

    `context` is what TLS is spoken on, if not what the settings trust.
    """
    var = settings.paths.var
    spool = Spool(var, kinds=JOB_KINDS)
    spool.make_folders()
    run = os.path.join(var, "run")
    os.makedirs(run, mode=0o700, exist_ok=True)
    seen = board.new(settings)
    connect = Outside(settings, context or tls_context(settings.network.ca_file or None))
    who = IdentityCache(os.path.join(var, "identity.json"), ask=lambda: connect.slack().who())
    answerer = Answerer(
        spool,
        manner(settings, writers=seen.busy_jobs),
        outside=connect,
        own_user=lambda: (who.known() or who.refresh()).user_id,
        folder=var,
    )
    jobs = Runner(
        spool,
        folder=os.path.join(var, "locks"),
        slots=settings.pool.slots,
        generation=Generation(os.path.join(run, "generation")),
        answer=answerer.answer,
        post_placeholder=answerer.post_placeholder,
        tasks=[
            PeriodicTask(lambda: (spool.sweep(), user_names.sweep(os.path.join(var, "people"))), every=3600.0),
            PeriodicTask(refresher(who), every=60.0, is_wanted=who.is_stale),
        ],
        limit=settings.openai.total_timeout + JOB_MARGIN,
        start=lambda: answerer.begin(hung_up()),
        scoreboard=seen,
    )

    def note(key: str) -> None:
        seen.own_row.note(key)

    webhook = Webhook(analyzer(settings, who, spool), spool, wake=jobs.wake, note=note)
    interactions = Interactions(click_analyzer(settings, who), spool, stop=jobs.stop, wake=jobs.wake, note=note)
    routes: dict[str, dict[str, Handler]] = {
        "/slack/events": {"POST": webhook},
        "/slack/interactions": {"POST": interactions},
        "/healthz": {"GET": healthz, "HEAD": healthz},
    }
    router = Router(routes, refused=lambda reason: seen.own_row.count_refusal(reason))
    return CocoAI(router, jobs, answerer, seen)


class Outside:
    """The two connections to the world, made anew in each process that speaks to it."""

    def __init__(self, settings: config.Settings, context: ssl.SSLContext) -> None:
        self._settings = settings
        self._context = context

    def __call__(self) -> tuple[SlackChat, ChatGPTChat]:
        return self.slack(), self.chatgpt()

    def slack(self) -> SlackChat:
        slack = self._settings.slack
        return SlackChat(self._line(), api_url=slack.api_url, token=slack.bot_token, patience=SLACK_PATIENCE)

    def chatgpt(self) -> ChatGPTChat:
        # The section's keys are ChatGPTChat's own names.
        return ChatGPTChat(self._line(), **vars(self._settings.openai))

    def _line(self) -> HttpClient:
        return new_client(self._context, self._settings.network.proxy or None)


def analyzer(settings: config.Settings, who: IdentityCache, spool: Spool) -> SlackEventAnalyzer:
    """The analyzer with what the settings allow."""
    slack = settings.slack
    return SlackEventAnalyzer(
        slack.signing_secret,
        who=who.known,
        is_known_thread=spool.is_known_thread,
        follow_ups=slack.follow_ups,
        direct_messages=slack.direct_messages,
        allow_channels=slack.allow_channels,
        allow_users=slack.allow_users,
        external_users=slack.external_users,
    )


def click_analyzer(settings: config.Settings, who: IdentityCache) -> InteractionAnalyzer:
    """The same for what people click."""
    slack = settings.slack
    return InteractionAnalyzer(
        slack.signing_secret,
        who=who.known,
        allow_channels=slack.allow_channels,
        allow_users=slack.allow_users,
        external_users=slack.external_users,
    )


def manner(settings: config.Settings, *, writers: Callable[[], int]) -> AnswerOptions:
    """How to answer, from the settings. Raises `CocoAIError` if a file that they name cannot be read."""
    answer, personas = settings.answer, config.Personas(settings)
    return AnswerOptions(
        phrases=Phrasebook(settings.words, answer.language),
        layout=Layout(settings.slack.format),
        persona=personas.for_channel,
        deep=personas.deep,
        model=settings.openai.model,
        round_trips=answer.round_trips,
        max_history_tokens=answer.max_history_tokens,
        update_interval=settings.slack.update_interval,
        buttons=settings.slack.interactivity,
        attachments=Attachments(
            question_bytes=int(answer.attachments_mib * MIB), text_bytes=answer.attachment_text_kib * 1024
        ),
        writers=writers,
    )


def hung_up() -> WakeupPipe:
    """A job process's bell, in its place."""
    bell = WakeupPipe()
    bell.install()
    return bell


def limits(pool: config.Pool) -> WorkerLimits:
    """How many workers there may be, and what each may be, from the settings."""
    return WorkerLimits(
        *pool.workers,
        idle_timeout=pool.idle_timeout,
        slow_request=pool.slow_request,
        max_worker_mib=pool.max_worker_mib,
    )


class ScoreboardHandler(logging.Handler):
    """Keeps each process's last warning or error on the board, where `cocoai status` finds it."""

    def __init__(self, seen: Scoreboard) -> None:
        super().__init__(logging.WARNING)
        self._board = seen

    def emit(self, record: logging.LogRecord) -> None:
        """Of an exception only what kind it was: its words may quote anything."""
        error = record.exc_info[0] if record.exc_info else None
        self._board.own_row.record_error(record.getMessage() + (f" {error.__name__}" if error else ""))


def refresher(who: IdentityCache) -> Callable[[], None]:
    """Ask Slack who we are; what goes wrong is logged, for the next try is a minute away."""

    def refresh() -> None:
        try:
            known = who.refresh()
            log.info("identity outcome=known team=%s user=%s", known.team_id, known.user_id)
        except (CocoAIError, OSError) as error:
            log.warning("identity outcome=unknown reason=%s", error)

    return refresh


def healthz(_: Request) -> Response:
    """The pool answers: nothing more is meant."""
    return line(200, "ok")


def serve(settings: config.Settings, *, bind: str | None, command: list[str]) -> None:
    """Be the pool's master until TERM. `command` is what HUP runs again. Raises OSError, `CocoAIError`."""
    listener = inherited_listener() or open_listener(bind)
    cocoai = build(settings)
    logging.getLogger().addHandler(ScoreboardHandler(cocoai.board))
    worker = web_worker.Worker(
        cocoai.application,
        max_requests=settings.pool.max_requests,
        request_timeout=settings.pool.request_timeout,
        board=cocoai.board,
    )
    door = open_door(settings)
    pool = Master(
        listener,
        serve=worker.serve,
        limits=limits(settings.pool),
        board=cocoai.board,
        chores=cocoai.jobs,
        command=command,
        doors=[door] if door else [],
    )
    warm_up(settings, lambda practice, context: build(practice, context).answerer)
    settle()
    pool.run()


def settle() -> None:
    """What lives now lives as long as we do: never looked at again by the collector, nor counted, in any child.

    And no child puts anything between it.
    """
    gc.collect()
    holes.fill()
    try:
        make_all_immortal()
    except OSError as error:
        log.warning("memory outcome=counted reason=%s", error)  # a container may forbid it; it only takes more
    gc.freeze()


def main(arguments: Sequence[str]) -> int:
    """What `cocoai.fcgi` runs: the pool, or with `--check` nothing but what comes before it."""
    parser = argparse.ArgumentParser(prog="cocoai.fcgi", description="CocoAI's FastCGI pool")
    parser.add_argument("--config", metavar="FILE", help="the settings (else $COCOAI_CONFIG, ./cocoai.ini, ...)")
    parser.add_argument("--bind", metavar="unix:PATH", help="listen here, not on descriptor 0")
    parser.add_argument("--check", action="store_true", help="build everything, serve nothing")
    given = parser.parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        settings = config.read(given.config, os.environ)
        for warning in settings.warnings:
            log.warning("settings %s", warning)
        if given.check:
            build(settings)
        else:
            serve(settings, bind=given.bind, command=[sys.executable, *sys.orig_argv[1:]])
    except (CocoAIError, OSError) as error:
        log.error("pool outcome=not-started reason=%s", error)  # noqa: TRY400 (the words are for an operator)
        return 1
    return 0
