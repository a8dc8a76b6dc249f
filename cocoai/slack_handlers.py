"""Build the handlers of what Slack posts: those that a worker calls, and those that take in what waited in the inbox.

There is an inbox only where the jobs lie in a database; nothing of it is imported where there is none.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from cocoai import config
from cocoai.answer_settings import access_rules
from cocoai.clicked_question import may_be_shared
from cocoai.document_events import change_note, event_reader
from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.engine.web.request import Request
from cocoai.engine.web.response import Response
from cocoai.interactions import Forms, InteractionsHandler
from cocoai.slack.api.identity_cache import IdentityCache
from cocoai.slack.inbound.commands import CommandAnalyzer
from cocoai.slack.inbound.events import SlackEventAnalyzer
from cocoai.slack.inbound.interactions import InteractionAnalyzer
from cocoai.slash_commands import CommandsHandler
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.runner import PeriodicTask
from cocoai.spool.spool import Spool
from cocoai.troubles.watch import SignatureWatch
from cocoai.webhook import EventsHandler, JobRunner

if TYPE_CHECKING:
    from cocoai.inbox.inbox import Inbox

EVENTS, INTERACTIONS, COMMANDS = "/slack/events", "/slack/interactions", "/slack/commands"
"""The paths of the handlers."""

SWEEP_EVERY = 3600.0
"""Seconds between two sweeps of the inbox."""


@dataclass(frozen=True)
class SlackHandlers:
    """What the handlers are built of; `spool` tells them and their analyzers what has happened before.

    `clock` returns epoch seconds.
    """

    settings: config.Settings
    identity: IdentityCache
    spool: Spool
    runner: JobRunner
    scoreboard: Scoreboard
    forms: Forms
    clock: Callable[[], float] = time.time

    def served(
        self, signatures: SignatureWatch | None, inbox: Inbox | None
    ) -> dict[str, EventsHandler | InteractionsHandler | CommandsHandler]:
        """Return the handlers by their paths; with an `inbox` nothing that waits in it is overtaken."""
        parts = (self.spool, self.runner, self.scoreboard)
        events = EventsHandler(
            self._event_analyzer(inbox),
            *parts,
            signatures=signatures,
            clock=self.clock,
            inbox=inbox,
            note_change=change_note(self.settings),
        )
        clicks = click_analyzer(self.settings, self.identity, self.spool)
        secret, access = self.settings.slack.signing_secret, access_rules(self.settings)
        typed = CommandAnalyzer(secret, who=self.identity.known, access=access)
        pressed = InteractionsHandler(clicks, *parts, self.forms, signatures=signatures, clock=self.clock, inbox=inbox)
        commands = CommandsHandler(typed, *parts, signatures=signatures, clock=self.clock, inbox=inbox)
        return {EVENTS: events, INTERACTIONS: pressed, COMMANDS: commands}

    def taking_in(self) -> dict[str, Callable[[Request, float], Response]]:
        """Return what takes in the requests that waited, by their paths: the same handlers without an inbox."""
        return {path: handler.take_in for path, handler in self.served(None, None).items()}

    def _event_analyzer(self, inbox: Inbox | None) -> SlackEventAnalyzer:
        """Return the analyzer of Slack's events, with the settings' secret and access rules.

        The spool tells it what has happened in the threads in which CocoAI was asked: there, questions may need no
        mention.
        """
        slack = self.settings.slack
        return SlackEventAnalyzer(
            slack.signing_secret,
            who=self.identity.known,
            mark_of=inbox.behind(self.spool.mark_of) if inbox else self.spool.mark_of,
            follow_ups=slack.follow_ups,
            access=access_rules(self.settings),
            reactions=self.settings.reactions,
            documents=event_reader(self.settings),
        )


def click_analyzer(settings: config.Settings, identity: IdentityCache, spool: Spool) -> InteractionAnalyzer:
    """Return the analyzer of clicks on our buttons, of shortcuts and of our form, by the settings' secret and rules.

    `spool` tells it whether the clicked question's channel may be shared with another organisation.
    """
    return InteractionAnalyzer(
        settings.slack.signing_secret,
        who=identity.known,
        may_be_shared=partial(may_be_shared, spool),
        access=access_rules(settings),
    )


def inbox_of(spool: Spool, var: str) -> Inbox | None:
    """Return the inbox below `var`, with its folders; None if the jobs lie on this machine themselves.

    Raise OSError if a folder cannot be made.
    """
    if isinstance(spool, FileSpool):
        return None
    from cocoai.inbox.inbox import Inbox

    inbox = Inbox(var)
    inbox.make_folders()
    return inbox


def inbox_tasks(inbox: Inbox | None, handlers: Callable[[], SlackHandlers], var: str) -> list[PeriodicTask]:
    """Return the tasks that take in what waits in the inbox, and sweep it; [] without one.

    `handlers` is called in the process that takes it in.
    """
    if inbox is None:
        return []
    from cocoai.inbox.forwarding import EVERY, Forwarding

    forwarding = Forwarding(inbox, lambda: handlers().taking_in(), os.path.join(var, "locks"))
    return [
        PeriodicTask(forwarding.run, every=EVERY, is_wanted=forwarding.is_wanted),
        PeriodicTask(inbox.sweep, every=SWEEP_EVERY),
    ]
